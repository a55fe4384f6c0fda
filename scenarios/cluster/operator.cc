#include "scenarios/cluster/operator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace norn::scenarios {
namespace {

constexpr Duration kTurn = Duration::Millis(50);
constexpr Duration kTendEvery = Duration::Millis(500);
constexpr Duration kCallMax = Duration::Millis(500);
// A MEET of which nothing came by then is given again.
constexpr Duration kMeetAgain = Duration::Seconds(3);
// A primary without slots for that long is no primary on its way to become a replica.
constexpr Duration kSlotlessMax = Duration::Seconds(3);

}  // namespace

Operator::Operator(const Scenario& scenario, const ClusterLayout& layout, sim::World& world,
                   std::vector<ServerHost*> hosts, Observer& observer)
    : scenario_(scenario),
      layout_(layout),
      world_(world),
      hosts_(std::move(hosts)),
      observer_(observer),
      prng_(world.PrngOf("operator")),
      alone_until_(hosts_.size(), Instant::Past()),
      slotless_since_(hosts_.size(), Instant::Never()) {
  for (const ServerHost* host : hosts_) {
    wires_.push_back(std::make_unique<Wire>(fmt::format("{}:{}", host->node()->ip(), kServerPort)));
  }
}

void Operator::Pause(Duration span) { env_->executor().Park(env_->clock().Now() + span); }

bool Operator::Answers(NodeNumber node) const {
  return !IsGone(node) && hosts_[node]->member() != nullptr &&
         hosts_[node]->node()->state() == sim::NodeState::kRunning;
}

std::optional<std::string> Operator::Order(NodeNumber node, const Words& words) {
  Wire& wire = *wires_[node];
  if (!wire.Connect(*env_, kCallMax)) return std::nullopt;
  const auto replies = wire.Call(*env_, {words}, kCallMax);
  if (!replies || replies->front().IsError()) return std::nullopt;
  return replies->front().text;
}

void Operator::Run(env::Env& env) {
  env_ = &env;
  if (!scenario_.cluster.seed_config) Form();
  while (!AllOk()) Pause(kTurn);
  formed_ = true;
  const auto next = [this](const Range& every) {
    return every.high == 0 ? Instant::Never() : world_.now() + Duration::Nanos(every.Draw(prng_));
  };
  Instant failover_at = next(scenario_.cluster.failover_every_ns);
  Instant membership_at = next(scenario_.cluster.membership_every_ns);
  Instant move_at = next(scenario_.cluster.move_every_ns);
  Instant bump_at = next(scenario_.cluster.bump_every_ns);
  Instant tend_at = world_.now();
  for (;;) {
    Pause(kTurn);
    SetMemory();
    if (busy_ && world_.now() >= failover_at) {
      FailOver();
      failover_at = next(scenario_.cluster.failover_every_ns);
    }
    if (busy_ && world_.now() >= membership_at) {
      SendAway();
      membership_at = next(scenario_.cluster.membership_every_ns);
    }
    if (busy_ && world_.now() >= move_at) {
      MoveReplica();
      move_at = next(scenario_.cluster.move_every_ns);
    }
    if (busy_ && world_.now() >= bump_at) {
      BumpEpoch();
      bump_at = next(scenario_.cluster.bump_every_ns);
    }
    if (world_.now() >= tend_at) {
      TendAll();
      tend_at = world_.now() + kTendEvery;
    }
  }
}

// ---- making the cluster ----

void Operator::Form() {
  for (NodeNumber i = 0; i < hosts_.size(); ++i) {
    // Where the answer is lost, it is looked at what became of the order.
    const cluster::ClusterNode& self = hosts_[i]->member()->view().self();
    const cluster::SlotRange slots = layout_.SlotsOf(layout_.ShardOf(i));
    while (layout_.IsPrimary(i) && !self.owns_slots()) {
      Order(i, {"CLUSTER", "ADDSLOTSRANGE", std::to_string(slots.first.value),
                std::to_string(slots.last.value)});
    }
    while (self.config_epoch == 0) {
      Order(i, {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
    }
  }
  for (NodeNumber i = 1; i < hosts_.size(); ++i) {
    Order(i, {"CLUSTER", "MEET", hosts_[0]->node()->ip(), std::to_string(kServerPort)});
  }
  // Looked at from where the order was given, as people do: who knows the first node has met it.
  for (Instant again_at = world_.now() + kMeetAgain; !AllKnowAll(); Pause(kTurn)) {
    if (world_.now() < again_at) continue;
    again_at = world_.now() + kMeetAgain;
    for (NodeNumber i = 1; i < hosts_.size(); ++i) {
      if (hosts_[i]->member()->view().Find(observer_.IdOf(0)) != nullptr) continue;
      Order(i, {"CLUSTER", "MEET", hosts_[0]->node()->ip(), std::to_string(kServerPort)});
    }
  }
  for (NodeNumber i = 0; i < hosts_.size(); ++i) {
    if (layout_.IsPrimary(i)) continue;
    const cluster::NodeId primary = observer_.IdOf(static_cast<NodeNumber>(layout_.ShardOf(i)));
    while (!Order(i, {"CLUSTER", "REPLICATE", primary.str()})) Pause(kTurn);
  }
}

bool Operator::AllKnowAll() const {
  return std::all_of(hosts_.begin(), hosts_.end(), [this](const ServerHost* host) {
    return host->member() != nullptr && host->member()->view().nodes().size() == hosts_.size();
  });
}

bool Operator::AllOk() const {
  return std::all_of(hosts_.begin(), hosts_.end(), [this](const ServerHost* host) {
    const cluster::Member* const member = host->member();
    return member != nullptr && member->view().state().ok &&
           member->view().nodes().size() == hosts_.size() &&
           (!member->view().self().is_primary() || member->view().self().owns_slots());
  });
}

// ---- looking after nodes ----

void Operator::TendAll() {
  for (NodeNumber i = 0; i < hosts_.size(); ++i) {
    if (!Answers(i)) continue;
    const cluster::Member& member = *hosts_[i]->member();
    const cluster::ClusterNode& self = member.view().self();
    if (!self.is_primary() || self.owns_slots()) {
      slotless_since_[i] = Instant::Never();
    } else {
      slotless_since_[i] = std::min(slotless_since_[i], world_.now());
      if (world_.now() >= alone_until_[i]) TakeIn(i);
    }
    // The node may have died meanwhile.
    if (Answers(i)) ForgetTheLost(i, *hosts_[i]->member());
  }
  for (NodeNumber i = 0; i < hosts_.size(); ++i) Introduce(i);
}

// To those that do not know it: who was forgotten a moment ago may have been met by some only.
void Operator::Introduce(NodeNumber node) {
  for (NodeNumber i = 0; i < hosts_.size(); ++i) {
    if (i == node || !Answers(i) || !Answers(node)) continue;
    if (world_.now() < alone_until_[node] || world_.now() < alone_until_[i]) continue;
    if (hosts_[i]->member()->view().Find(observer_.IdOf(node)) != nullptr) continue;
    observer_.MayMeet(i, observer_.IdOf(node));
    Order(i, {"CLUSTER", "MEET", hosts_[node]->node()->ip(), std::to_string(kServerPort)});
  }
}

// A primary without slots: somebody new, to be met and given to the shard that lacks it.
void Operator::TakeIn(NodeNumber node) {
  const cluster::Member& member = *hosts_[node]->member();
  const std::optional<NodeNumber> owner =
      observer_.OwnerOf(layout_.SlotsOf(layout_.ShardOf(node)).first);
  if (!owner || *owner == node || !Answers(*owner)) return;
  const cluster::NodeId primary = observer_.IdOf(*owner);
  if (member.view().Find(primary) == nullptr) {
    observer_.MayMeet(node, primary);
    Order(node, {"CLUSTER", "MEET", hosts_[*owner]->node()->ip(), std::to_string(kServerPort)});
    return;
  }
  if (world_.now() - slotless_since_[node] < kSlotlessMax) return;
  emptied_.push_back({node, world_.now().ns});
  Order(node, {"CLUSTER", "REPLICATE", primary.str()});
}

// Names that no node has any more.
void Operator::ForgetTheLost(NodeNumber node, const cluster::Member& member) {
  std::vector<cluster::NodeId> lost;
  for (const auto& [id, other] : member.view().nodes()) {
    if (!other.owns_slots() && !observer_.NumberOf(id)) lost.push_back(id);
  }
  for (const cluster::NodeId& id : lost) Order(node, {"CLUSTER", "FORGET", id.str()});
}

// ---- orders ----

void Operator::FailOver() {
  const NodeNumber node = static_cast<NodeNumber>(prng_.Below(hosts_.size()));
  const bool takeover = prng_.Between(0, 99) < scenario_.cluster.takeover_percent;
  const bool force = prng_.OneIn(3);
  if (!Answers(node) || hosts_[node]->member()->view().self().is_primary()) return;
  Words words = {"CLUSTER", "FAILOVER"};
  if (takeover) {
    words.emplace_back("TAKEOVER");
    observer_.MayTakeOver(node);
  } else if (force) {
    words.emplace_back("FORCE");
  }
  if (Order(node, words)) ++orders_;
  if (!takeover) return;
  // Somebody on the other side of a partition may have the same idea.
  for (NodeNumber other = 0; other < hosts_.size(); ++other) {
    if (other == node || !Answers(other) || !Answers(node)) continue;
    const cluster::ClusterNode& sibling = hosts_[other]->member()->view().self();
    if (sibling.is_primary()) continue;
    if (!(sibling.shard == hosts_[node]->member()->view().self().shard)) continue;
    observer_.MayTakeOver(other);
    if (Order(other, words)) ++orders_;
  }
}

// To another shard, whose data it has to copy first.
void Operator::MoveReplica() {
  const NodeNumber node = static_cast<NodeNumber>(prng_.Below(hosts_.size()));
  const size_t shard = prng_.Below(layout_.shards);
  if (!Answers(node) || hosts_[node]->member()->view().self().is_primary()) return;
  const std::optional<NodeNumber> owner = observer_.OwnerOf(layout_.SlotsOf(shard).first);
  if (!owner || !Answers(*owner)) return;
  const cluster::NodeId primary = observer_.IdOf(*owner);
  if (hosts_[node]->member()->view().self().primary == primary) return;
  emptied_.push_back({node, world_.now().ns});
  if (Order(node, {"CLUSTER", "REPLICATE", primary.str()})) ++orders_;
}

void Operator::LimitMemory(NodeNumber node, std::optional<int64_t> bytes,
                           std::function<void()> effect) {
  memory_orders_.push_back({node, bytes.value_or(0)});
  if (bytes) memory_effect_ = std::move(effect);
}

void Operator::OutOfMemory() {
  if (memory_effect_) std::exchange(memory_effect_, nullptr)();
}

// Until the node takes it; a new life has no bound.
void Operator::SetMemory() {
  for (const MemoryOrder& order : std::exchange(memory_orders_, {})) {
    if (!Answers(order.node)) continue;
    const bool done =
        Order(order.node, {"CONFIG", "SET", "maxmemory", std::to_string(order.bytes)}).has_value();
    if (!done) memory_orders_.push_back(order);
  }
}

void Operator::BumpEpoch() {
  const std::optional<NodeNumber> owner =
      observer_.OwnerOf(layout_.SlotsOf(prng_.Below(layout_.shards)).first);
  if (owner && Answers(*owner) && Order(*owner, {"CLUSTER", "BUMPEPOCH"})) ++orders_;
}

// A replica is forgotten by all, reset, and after a while taken in again.
void Operator::SendAway() {
  const NodeNumber node = static_cast<NodeNumber>(prng_.Below(hosts_.size()));
  const bool hard = prng_.OneIn(2);
  const Duration away = Duration::Millis(prng_.Between(0, 2000));
  if (!Answers(node) || hosts_[node]->member()->view().self().is_primary()) return;
  const cluster::NodeId id = observer_.IdOf(node);
  emptied_.push_back({node, world_.now().ns});
  alone_until_[node] = world_.now() + away;
  for (NodeNumber i = 0; i < hosts_.size(); ++i) {
    if (i != node && Answers(i)) Order(i, {"CLUSTER", "FORGET", id.str()});
  }
  if (Order(node, {"CLUSTER", "RESET", hard ? "HARD" : "SOFT"})) ++orders_;
}

}  // namespace norn::scenarios
