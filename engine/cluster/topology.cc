// Topology, first part: membership, this node's own deeds, who votes, the state of the whole. Claims of others: topology_claims.cc.

#include "engine/cluster/topology.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/plant.h"
#include "engine/cluster/epoch_numbers.h"

namespace norn::cluster {

namespace {

// Valkey: CLUSTER_WRITABLE_DELAY and the bounds of the delay after a minority.
constexpr Duration kWritableDelay = Duration::Seconds(2);
constexpr Duration kRejoinMin = Duration::Millis(500);
constexpr Duration kRejoinMax = Duration::Seconds(5);

}  // namespace

SlotSet ToSet(const std::vector<SlotRange>& ranges) {
  // By whole bytes: every message that leaves makes one of these.
  std::array<char, SlotSet::kWireBytes> bytes{};
  for (const auto& [first, last] : ranges) {
    CHECK(first <= last && last.value < kSlotCount);
    for (uint32_t slot = first.value; slot <= last.value;) {
      if (slot % 8 == 0 && slot + 7u <= last.value) {
        const uint32_t full = (last.value + 1u - slot) / 8;
        std::fill_n(bytes.begin() + slot / 8, full, static_cast<char>(0xff));
        slot += full * 8;
      } else {
        bytes[slot / 8] = static_cast<char>(bytes[slot / 8] | (1 << (slot % 8)));
        ++slot;
      }
    }
  }
  return SlotSet::FromWire(bytes);
}

Topology::Topology(NodeId self, ClusterShardId shard, TopologyOptions options)
    : options_(options), owners_(kSlotCount, nullptr) {
  CHECK(!self.empty() && !shard.empty());
  self_ = &nodes_[self];
  index_[self] = self_;
  self_->id = self;
  SetShard(*self_, shard);
}

const ClusterNode* Topology::Find(const NodeId& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : found->second;
}

ClusterNode* Topology::Mutable(const NodeId& id) {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : found->second;
}

std::vector<const ClusterNode*> Topology::ReplicasOf(const NodeId& primary) const {
  std::vector<const ClusterNode*> replicas;
  for (const auto& [id, node] : nodes_) {
    if (node.primary == primary && !primary.empty()) replicas.push_back(&node);
  }
  return replicas;
}

const ClusterNode* Topology::PrimaryOfShard(const ClusterShardId& shard) const {
  const ClusterNode* best = nullptr;
  for (const ClusterNode* node : MembersOf(shard)) {
    if (!node->is_primary() || !node->owns_slots()) continue;
    if (best == nullptr || node->config_epoch > best->config_epoch) best = node;
  }
  return best;
}

const std::vector<const ClusterNode*>& Topology::MembersOf(const ClusterShardId& shard) const {
  static const std::vector<const ClusterNode*> kNone;
  const auto found = shards_.find(shard);
  return found == shards_.end() ? kNone : found->second;
}

void Topology::SetShard(ClusterNode& node, const ClusterShardId& shard) {
  if (const auto old = shards_.find(node.shard); old != shards_.end()) {
    std::erase(old->second, &node);
    if (old->second.empty()) shards_.erase(old);
  }
  if (node.shard != shard) voters_stale_ = true;
  node.shard = shard;
  std::vector<const ClusterNode*>& members = shards_[shard];
  members.insert(std::ranges::upper_bound(members, node.id, {}, &ClusterNode::id), &node);
}

SlotSet Topology::SlotsToTell(const ClusterNode& node) const {
  SlotSet slots = ToSet(node.slots);
  slots -= unclaimed_by_owner_;
  slots -= promised_;
  return slots;
}

// ---- who votes ----

void Topology::RecountVoters() const {
  uint32_t members = 0;
  uint32_t primaries = 0;
  bool all_norn = true;
  for (const auto& [shard, nodes] : shards_) {
    const auto owns_slots = [](const ClusterNode* node) { return node->owns_slots(); };
    const bool counts = std::ranges::any_of(nodes, owns_slots);
    for (const ClusterNode* node : nodes) {
      index_.find(node->id)->second->votes = counts;
      if (!counts) continue;
      ++members;
      primaries += node->is_primary() && node->owns_slots() ? 1 : 0;
      all_norn &= node->told.norn_level > 0;
    }
  }
  electorate_.norn_rules = all_norn && members > 0;
  const bool members_vote = electorate_.norn_rules && options_.members_vote;
  electorate_.size = members_vote ? members : primaries;
  for (const auto& [id, node] : index_) {
    if (!members_vote) node->votes = node->is_primary() && node->owns_slots();
  }
  voters_stale_ = false;
  health_stale_ = true;
  ++voters_version_;
}

const Electorate& Topology::electorate() const {
  if (voters_stale_) RecountVoters();
  return electorate_;
}

bool Topology::IsVoter(const ClusterNode& node) const {
  if (voters_stale_) RecountVoters();
  return node.votes;
}

// ---- membership ----

bool Topology::Add(const ClusterNode& node, Instant now) {
  CHECK(!node.id.empty());
  if (nodes_.contains(node.id)) return false;
  if (IsForgotten(node.id, now) && !NORN_PLANTED("B36")) return false;
  ClusterNode& added = nodes_[node.id];
  index_[node.id] = &added;
  added = node;
  added.seat = next_seat_++;
  added.slots.clear();
  added.slot_count = 0;
  added.shard = {};
  // Whoever never tells its shard (old servers) is in one named like itself, so that all observers agree.
  SetShard(added, node.shard.empty() ? *ClusterShardId::Parse(node.id.view()) : node.shard);
  if (added.health == Health::kSuspected) suspects_.insert(added.id);
  ++membership_version_;
  ObserveEpoch(added.config_epoch);
  if (!node.slots.empty()) Bind(ToSet(node.slots), &added);
  voters_stale_ = true;
  return true;
}

bool Topology::Forget(const NodeId& id, Instant now) {
  ClusterNode* node = Mutable(id);
  if (node == nullptr || node == self_ || self_->primary == id) return false;
  Bind(ToSet(node->slots), nullptr);
  std::erase_if(forgotten_until_, [now](const auto& entry) { return entry.second < now; });
  forgotten_until_[id] = now + options_.forget_ttl;
  const auto peers = shards_.find(node->shard);
  std::erase(peers->second, node);
  if (peers->second.empty()) shards_.erase(peers);
  suspects_.erase(id);
  index_.erase(id);
  nodes_.erase(id);
  ++membership_version_;
  voters_stale_ = true;
  return true;
}

bool Topology::IsForgotten(const NodeId& id, Instant now) const {
  const auto found = forgotten_until_.find(id);
  return found != forgotten_until_.end() && found->second >= now;
}

void Topology::SetEndpoint(const NodeId& id, const NodeEndpoint& endpoint) {
  ClusterNode* node = Mutable(id);
  if (node == nullptr) return;
  node->endpoint = endpoint;
  node->address_lost = false;
}

void Topology::LoseAddress(const NodeId& id, Instant now) {
  ClusterNode* node = Mutable(id);
  if (node == nullptr || node == self_) return;
  node->endpoint = NodeEndpoint{};
  node->address_lost = true;
  SetHealth(id, Health::kFailed, now);
}

// ---- slots ----

void Topology::StoreSlots(ClusterNode& node, const SlotSet& slots) {
  if (node.health != Health::kFailed) covered_ = covered_ - node.slot_count + slots.count();
  if (&node == self_ || node.id == self_->primary) ++own_slots_version_;
  node.slots = slots.Ranges();
  node.slot_count = slots.count();
  node.slots.shrink_to_fit();
}

void Topology::Bind(const SlotSet& slots, ClusterNode* owner) {
  if (slots.empty()) return;
  std::vector<ClusterNode*> losers;
  for (const SlotId slot : slots) {
    ClusterNode* const before = owners_[slot.value];
    if (before != nullptr && before != owner && std::ranges::find(losers, before) == losers.end()) {
      losers.push_back(before);
    }
    owners_[slot.value] = owner;
  }
  for (ClusterNode* loser : losers) {
    SlotSet kept = ToSet(loser->slots);
    kept -= slots;
    StoreSlots(*loser, kept);
  }
  if (owner != nullptr) {
    SlotSet all = ToSet(owner->slots);
    all |= slots;
    StoreSlots(*owner, all);
  }
  unclaimed_by_owner_ -= slots;
  promised_ -= slots;
  const bool within_shard =
      owner != nullptr && !losers.empty() &&
      std::ranges::all_of(losers, [&](const auto* loser) { return SameShard(*loser, *owner); });
  if (!within_shard) voters_stale_ = true;
  RolesChanged();
}

// Where members vote, a failover changes nothing about who votes; 500 at once must not cost 500 recounts.
void Topology::RolesChanged() {
  if (!electorate_.norn_rules || !options_.members_vote) voters_stale_ = true;
}

TopologyEffects Topology::SetOwner(const SlotSet& slots, const NodeId& owner) {
  ClusterNode* const node = owner.empty() ? nullptr : Mutable(owner);
  CHECK(owner.empty() || (node != nullptr && node->is_primary()));
  Bind(slots, node);
  return {.changed = true, .must_sync = true};
}

// ---- own deeds ----

void Topology::ObserveEpoch(uint64_t epoch) { current_epoch_ = std::max(current_epoch_, epoch); }

void Topology::RestoreEpochs(uint64_t current_epoch, uint64_t own_config_epoch) {
  self_->config_epoch = std::max(self_->config_epoch, own_config_epoch);
  ObserveEpoch(current_epoch);
  ObserveEpoch(own_config_epoch);
}

bool Topology::BumpEpoch() {
  if (self_->config_epoch != 0 && self_->config_epoch == GreatestEpoch()) return false;
  RaiseEpoch(UnaskedEpoch());
  return true;
}

uint64_t Topology::UnaskedEpoch() const {
  if (!electorate().norn_rules) return GreatestEpoch() + 1;
  uint64_t rank = 0;
  for (const ClusterNode* member : MembersOf(self_->shard)) rank += member->id < self_->id ? 1 : 0;
  return UnaskedAfter(GreatestEpoch(), rank);
}

uint64_t Topology::GreatestEpoch() const {
  uint64_t greatest = current_epoch_;
  for (const auto& [id, node] : nodes_) greatest = std::max(greatest, node.config_epoch);
  return greatest;
}

void Topology::RaiseEpoch(uint64_t epoch) {
  CHECK(epoch > GreatestEpoch());
  self_->config_epoch = current_epoch_ = epoch;
}

bool Topology::SetConfigEpoch(uint64_t epoch) {
  if (nodes_.size() > 1 || self_->config_epoch != 0) return false;
  self_->config_epoch = epoch;
  ObserveEpoch(epoch);
  return true;
}

TopologyEffects Topology::FollowPrimary(const NodeId& primary) {
  ClusterNode* const node = Mutable(primary);
  CHECK(node != nullptr && node != self_ && node->is_primary());
  CHECK(!self_->owns_slots());  // T3
  TopologyEffects effects{.changed = true, .must_sync = true, .tell_everyone = true};
  effects.follow = TopologyEffects::Follow{primary, SameShard(*node, *self_)};
  MakeReplica(*self_, *node, effects);
  SetShard(*self_, node->shard);
  return effects;
}

TopologyEffects Topology::TakeOver(uint64_t epoch) {
  CHECK(!self_->is_primary());
  SlotSet slots;
  // Not only its primary's: that may have taken over itself a moment ago, and its claim be on the way.
  for (const auto& [id, node] : nodes_) {
    if (SameShard(node, *self_)) slots |= ToSet(node.slots);
  }
  MakePrimary(*self_);
  Bind(slots, self_);
  self_->history.reign =
      std::max(self_->history.reign, epoch);  // or T6 would judge the next claim by the past
  self_->config_epoch = std::max(self_->config_epoch, epoch);  // T2
  ObserveEpoch(self_->config_epoch);
  return {.changed = true, .must_sync = true, .tell_everyone = true};
}

TopologyEffects Topology::Renew(uint64_t epoch) {
  CHECK(self_->is_primary());
  self_->history.reign = std::max(self_->history.reign, epoch);
  self_->config_epoch = std::max(self_->config_epoch, epoch);  // T2
  ObserveEpoch(self_->config_epoch);
  return {.changed = true, .must_sync = true, .tell_everyone = true};
}

void Topology::DescribeSelf(const NodeDescription& told, const History& history, bool hears_quorum,
                            Instant now) {
  if (self_->told.norn_level != told.norn_level) voters_stale_ = true;
  self_->told = told;
  self_->history = history;
  self_->hears_quorum = hears_quorum;
  self_->offset = history.offset;
  self_->offset_at = now;
}

Claim Topology::OwnClaim() const {
  const ClusterNode* const speaks_for = self_->is_primary() ? self_ : Find(self_->primary);
  Claim claim{.sender = self_->id,
              .replica_of = self_->primary,
              .current_epoch = current_epoch_,
              .shard = self_->shard};
  if (speaks_for != nullptr) {
    claim.config_epoch = speaks_for->config_epoch;
    claim.slots = ToSet(speaks_for->slots);
  }
  claim.offset = self_->offset;
  claim.description = self_->told;
  claim.history = self_->history;
  claim.hears_quorum = self_->hears_quorum;
  return claim;
}

// ---- health ----

void Topology::SetHealth(const NodeId& id, Health health, Instant now) {
  ClusterNode* node = Mutable(id);
  if (node == nullptr || node == self_) return;  // T5
  if (node->health == health) return;
  if (health == Health::kFailed) node->failed_at = now;
  if (voters_stale_) {
    health_stale_ = true;
  } else if (IsVoter(*node)) {
    reachable_ =
        reachable_ - (node->health == Health::kUp ? 1 : 0) + (health == Health::kUp ? 1 : 0);
  }
  if (health == Health::kFailed) covered_ -= node->slot_count;
  if (node->health == Health::kFailed) covered_ += node->slot_count;
  if (health == Health::kSuspected) suspects_.insert(id);
  if (node->health == Health::kSuspected) suspects_.erase(id);
  node->health = health;
}

void Topology::RecountHealth() const {
  covered_ = 0;
  reachable_ = 0;
  for (const auto& [id, node] : nodes_) {
    if (node.health != Health::kFailed) covered_ += node.slot_count;
    if (node.health == Health::kUp && IsVoter(node)) ++reachable_;
  }
  health_stale_ = false;
}

ClusterState Topology::JudgeState(Instant now) {
  const uint32_t quorum = electorate().quorum();
  if (health_stale_) RecountHealth();
  if (reachable_ < quorum) {
    last_minority_ = now;
    return {.ok = false, .reason = StateReason::kMinority};
  }
  if (options_.require_full_coverage && covered_ < kSlotCount) {
    return {.ok = false, .reason = StateReason::kSlotsUncovered};
  }
  return {.ok = true, .reason = StateReason::kNone};
}

ClusterState Topology::UpdateState(Instant now) {
  if (!first_judged_) first_judged_ = now;
  // A primary that restarts gives the others time to have replaced it (G6).
  if (self_->is_primary() && !state_.ok && now - *first_judged_ < kWritableDelay) return state_;
  const ClusterState judged = JudgeState(now);
  if (judged.ok && !state_.ok && self_->is_primary() && last_minority_) {
    const Duration rejoin = std::clamp(options_.node_timeout, kRejoinMin, kRejoinMax);
    if (now - *last_minority_ < rejoin) return state_;
  }
  state_ = judged;
  return state_;
}

}  // namespace norn::cluster
