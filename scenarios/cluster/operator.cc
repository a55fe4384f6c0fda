#include "scenarios/cluster/operator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace norn::scenarios {
namespace {

constexpr Duration kTurn = Duration::Millis(50);
constexpr Duration kTendEvery = Duration::Millis(500);
constexpr Duration kCallMax = Duration::Millis(500);
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
  Instant tend_at = world_.now();
  for (;;) {
    Pause(kTurn);
    if (busy_ && world_.now() >= failover_at) {
      FailOver();
      failover_at = next(scenario_.cluster.failover_every_ns);
    }
    if (busy_ && world_.now() >= membership_at) {
      SendAway();
      membership_at = next(scenario_.cluster.membership_every_ns);
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
    if (layout_.IsPrimary(i)) {
      const cluster::SlotRange slots = layout_.SlotsOf(i);
      Order(i, {"CLUSTER", "ADDSLOTSRANGE", std::to_string(slots.first.value),
                std::to_string(slots.last.value)});
    }
    Order(i, {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  }
  for (NodeNumber i = 1; i < hosts_.size(); ++i) {
    Order(i, {"CLUSTER", "MEET", hosts_[0]->node()->ip(), std::to_string(kServerPort)});
  }
  while (!AllKnowAll()) Pause(kTurn);
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
