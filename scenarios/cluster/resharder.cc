#include "scenarios/cluster/resharder.h"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace norn::scenarios {
namespace {

constexpr Duration kTurn = Duration::Millis(20);
constexpr Duration kCallMax = Duration::Seconds(3);
constexpr Duration kAgainMin = Duration::Millis(50);
constexpr Duration kAgainMax = Duration::Millis(600);
constexpr int64_t kKeysAtOnce = 3;
constexpr int64_t kNeighboursMax = 30;
constexpr Duration kPatience = Duration::Millis(400);

}  // namespace

Resharder::Resharder(const Scenario& scenario, sim::World& world, std::vector<ServerHost*> hosts,
                     Observer& observer, std::function<SlotId(Prng&)> draw_slot)
    : scenario_(scenario),
      world_(world),
      hosts_(std::move(hosts)),
      observer_(observer),
      draw_slot_(std::move(draw_slot)),
      prng_(world.PrngOf("resharder")) {
  for (const ServerHost* host : hosts_) {
    wires_.push_back(std::make_unique<Wire>(fmt::format("{}:{}", host->node()->ip(), kServerPort)));
  }
}

bool Resharder::Answers(NodeNumber node) const {
  return hosts_[node]->member() != nullptr &&
         hosts_[node]->node()->state() == sim::NodeState::kRunning;
}

std::optional<net::Reply> Resharder::Ask(NodeNumber node, const Words& words) {
  Wire& wire = *wires_[node];
  if (!wire.Connect(*env_, kCallMax)) return std::nullopt;
  auto replies = wire.Call(*env_, {words}, kCallMax);
  if (!replies || replies->front().IsError()) return std::nullopt;
  return std::move(replies->front());
}

bool Resharder::Order(NodeNumber node, const Words& words) {
  const bool done = Ask(node, words).has_value();
  if (done) ++orders_;
  return done;
}

void Resharder::Run(env::Env& env) {
  env_ = &env;
  const auto pause = [&](Duration low, Duration high) {
    env.executor().Park(env.clock().Now() + Duration::Nanos(prng_.Between(low.ns, high.ns)));
  };
  for (;;) {
    const Range& every =
        atomic() ? scenario_.cluster.migrate_slots_every_ns : scenario_.cluster.reshard_every_ns;
    const Duration rest = Duration::Nanos(every.Draw(prng_));
    const Instant next = world_.now() + rest;
    while (!busy_ || world_.now() < next) pause(kTurn, kTurn);
    Begin();
    if (move_ && atomic()) Migrate();
    while (move_ && !atomic() && !GoOn()) pause(kAgainMin, kAgainMax);
    move_.reset();
  }
}

void Resharder::Begin() {
  const SlotId slot = draw_slot_(prng_);
  const auto to = static_cast<NodeNumber>(prng_.Below(hosts_.size()));
  const std::optional<NodeNumber> owner = observer_.OwnerOf(slot);
  const std::optional<NodeNumber> leader = observer_.LeaderOf(to);
  if (!owner || !leader || *owner == *leader) return;
  move_ = Move{slot, to};
  moved_.push_back(slot);
  observer_.MoveBegins(slot, !atomic());
}

// The node moves it, or leaves it where it was: both are well, and so is an operator who changes his mind.
void Resharder::Migrate() {
  const std::optional<NodeNumber> from = observer_.OwnerOf(move_->slot);
  const std::optional<NodeNumber> to = observer_.LeaderOf(move_->to);
  if (!from || !to || *from == *to || !Answers(*from)) return;
  Words words = {"CLUSTER", "MIGRATESLOTS", "SLOTSRANGE"};
  const auto wanted = static_cast<uint16_t>(prng_.Between(0, kNeighboursMax));
  uint16_t last = move_->slot.value;
  while (last - move_->slot.value < wanted && last + 1u < kSlotCount &&
         observer_.OwnerOf(SlotId{static_cast<uint16_t>(last + 1)}) == from) {
    ++last;
    moved_.push_back(SlotId{last});
    observer_.MoveBegins(SlotId{last}, false);
  }
  words.insert(words.end(), {std::to_string(move_->slot.value), std::to_string(last), "NODE",
                             observer_.IdOf(*to).str()});
  if (!Order(*from, words)) return;
  const Instant until = world_.now() + Duration::Nanos(prng_.Between(0, kPatience.ns));
  while (world_.now() < until && observer_.OwnerOf(move_->slot) == from) {
    env_->executor().Park(env_->clock().Now() + kTurn);
  }
  if (prng_.OneIn(4) && Answers(*from)) Order(*from, {"CLUSTER", "CANCELSLOTMIGRATIONS", "ALL"});
}

Words Resharder::SetSlot(std::string state, NodeNumber node) const {
  return {"CLUSTER", "SETSLOT", std::to_string(move_->slot.value), std::move(state),
          observer_.IdOf(node).str()};
}

bool Resharder::GoOn() {
  const std::optional<NodeNumber> from = observer_.OwnerOf(move_->slot);
  const std::optional<NodeNumber> to = observer_.LeaderOf(move_->to);
  if (!from || !to || !Answers(*from) || !Answers(*to)) return false;
  if (*from == *to) return CloseEverywhere(*to);
  if (!Order(*to, SetSlot("IMPORTING", *from))) return false;
  if (!Order(*from, SetSlot("MIGRATING", *to))) return false;
  if (!MoveKeys(*from, *to)) return false;
  if (!Order(*to, SetSlot("NODE", *to))) return false;
  Order(*from, SetSlot("NODE", *to));
  return CloseEverywhere(*to);
}

bool Resharder::MoveKeys(NodeNumber from, NodeNumber to) {
  for (;;) {
    const auto keys = Ask(from, {"CLUSTER", "GETKEYSINSLOT", std::to_string(move_->slot.value),
                                 std::to_string(kKeysAtOnce)});
    if (!keys) return false;
    if (keys->elements.empty()) return true;
    Words words = {"MIGRATE",
                   hosts_[to]->node()->ip(),
                   std::to_string(kServerPort),
                   "",
                   "0",
                   std::to_string(kCallMax.millis() / 2),
                   "REPLACE",
                   "KEYS"};
    for (const net::Reply& key : keys->elements) words.push_back(key.text);
    if (!Order(from, words)) return false;
  }
}

bool Resharder::IsOpenAt(NodeNumber node) const {
  const cluster::Member& member = *hosts_[node]->member();
  return member.migrating().contains(move_->slot) || member.importing().contains(move_->slot);
}

// Whoever else led a side before, and still has the slot open.
bool Resharder::CloseEverywhere(NodeNumber owner) {
  for (NodeNumber i = 0; i < hosts_.size(); ++i) {
    if (((gone_ >> i) & 1) != 0) continue;
    if (!Answers(i)) return false;
    if (!hosts_[i]->member()->view().self().is_primary() || !IsOpenAt(i)) continue;
    if (!Order(i, SetSlot("NODE", owner)) || !Answers(i)) return false;
    if (!IsOpenAt(i)) continue;
    if (!Order(i, {"CLUSTER", "SETSLOT", std::to_string(move_->slot.value), "STABLE"}))
      return false;
  }
  return observer_.OwnerOf(move_->slot) == observer_.LeaderOf(move_->to);
}

}  // namespace norn::scenarios
