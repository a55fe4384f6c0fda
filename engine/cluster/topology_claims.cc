// Topology, second part: what others claim. The order in ApplyClaim matters: a claim is judged as a whole (T4) before any part
// of it is believed, roles come before shards, so that "were we of one shard?" is asked of the past, and slots come last, when
// the claimant is known to be a primary.

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/cover.h"
#include "engine/base/plant.h"
#include "engine/cluster/topology.h"

namespace norn::cluster {

TopologyEffects Topology::ApplyClaim(const Claim& claim, Instant now) {
  TopologyEffects effects;
  ClusterNode* const sender = Mutable(claim.sender);
  if (sender == nullptr || sender == self_) return effects;
  ObserveEpoch(std::max(claim.current_epoch, claim.config_epoch));
  const bool claims_primary = claim.replica_of.empty();
  if (IsStaleRole(*sender, claim)) {
    // Valkey: notices it and goes on with the message (B28).
    NORN_COVER("claim_stale_role");
    if (claims_primary) CorrectStaleOwner(*sender, claim, effects);
    if (!NORN_PLANTED("B28")) return effects;
  }
  const bool was_primary = sender->is_primary();
  ApplyFacts(*sender, claim, now, effects);
  ApplyRole(*sender, claim, effects);
  ApplyShard(*sender, claim, effects);
  if (!claims_primary && !NORN_PLANTED("B27")) return effects;
  if (Outranks(*sender, claim.config_epoch, claim.slots)) {
    NORN_COVER("claim_outranked");
    ClaimAgain(effects);
    return effects;
  }
  const bool confirms = promised_.Intersects(claim.slots);
  if (!was_primary || confirms || claim.slots.Ranges() != sender->slots) {
    ApplySlots(*sender, claim.config_epoch, claim.slots, effects);
    CorrectStaleOwner(*sender, claim, effects);
  } else if (!self_->owns_slots() && SameShard(*sender, *self_)) {
    AfterLosingSlots(*sender, claim.config_epoch, false, effects);
  }
  ResolveCollision(*sender, claim.config_epoch, effects);
  return effects;
}

// T4. A demoted primary's new primary has a greater epoch than it had itself; a replica that becomes a primary has a greater one
// than whoever owns the slots that it claims. What says otherwise was overtaken on its way.
bool Topology::IsStaleRole(const ClusterNode& sender, const Claim& claim) const {
  if (!claim.replica_of.empty()) {
    const ClusterNode* const target = Find(claim.replica_of);
    return sender.is_primary() && target != nullptr && SameShard(sender, *target) &&
           claim.config_epoch < sender.config_epoch;
  }
  if (sender.is_primary() || claim.slots.empty()) return false;
  for (const SlotId slot : claim.slots) {
    const ClusterNode* const owner = owners_[slot.value];
    if (owner == nullptr || owner == &sender || owner->config_epoch <= claim.config_epoch) {
      return false;
    }
  }
  return true;
}

// T6. Equal epochs are ResolveCollision's.
bool Topology::Outranks(const ClusterNode& claimant, uint64_t epoch, const SlotSet& slots) const {
  return electorate().norn_rules && self_->owns_slots() && SameShard(claimant, *self_) &&
         epoch > self_->config_epoch && self_->history.has_data &&
         claimant.history.reign < self_->history.reign && slots.Intersects(ToSet(self_->slots));
}

void Topology::ClaimAgain(TopologyEffects& effects) {
  RaiseEpoch(UnaskedEpoch());
  effects.changed = effects.must_sync = effects.tell_everyone = true;
}

void Topology::ApplyFacts(ClusterNode& sender, const Claim& claim, Instant now,
                          TopologyEffects& effects) {
  if (claim.replica_of.empty() && claim.config_epoch > sender.config_epoch) {
    sender.config_epoch = claim.config_epoch;
    effects.changed = effects.must_sync = true;
    effects.overtaken_by = claim.config_epoch;
  }
  if (sender.told != claim.description) {
    voters_stale_ |= sender.told.norn_level != claim.description.norn_level;
    sender.told = claim.description;
    effects.changed = true;
  }
  sender.offset = claim.offset;
  sender.offset_at = now;
  sender.history = claim.history;
  sender.hears_quorum = claim.hears_quorum;
}

void Topology::MakePrimary(ClusterNode& node) {
  if (node.is_primary()) return;
  if (&node != self_) node.has_spare_claim = true;
  node.primary = NodeId();
  RolesChanged();
}

void Topology::MakeReplica(ClusterNode& node, ClusterNode& primary, TopologyEffects& effects) {
  if (node.is_primary()) node.has_spare_claim = false;
  if (node.primary != primary.id) effects.changed = true;
  node.primary = primary.id;
  if (&primary != self_) primary.has_spare_claim = true;
  // The dead do not tell whom they follow now, and all views should come to the same.
  for (const ClusterNode* member : MembersOf(node.shard)) {
    const bool silent = member->primary == node.id && member->health == Health::kFailed;
    if (silent && SameShard(node, primary)) Mutable(member->id)->primary = primary.id;
  }
  RolesChanged();
}

bool Topology::BelieveReplica(const NodeId& id) {
  ClusterNode* const node = Mutable(id);
  if (node == nullptr || !node->is_primary() || node->owns_slots()) return false;
  if (node->health != Health::kFailed) return false;
  const ClusterNode* const leader = PrimaryOfShard(node->shard);
  if (leader == nullptr) return false;
  TopologyEffects effects;
  MakeReplica(*node, *Mutable(leader->id), effects);
  return true;
}

void Topology::ApplyRole(ClusterNode& sender, const Claim& claim, TopologyEffects& effects) {
  if (claim.replica_of.empty()) {
    if (!sender.is_primary()) effects.changed = true;
    MakePrimary(sender);
    return;
  }
  if (sender.primary == claim.replica_of) return;
  ClusterNode* const target = Mutable(claim.replica_of);
  if (sender.is_primary()) {
    if (target != nullptr && SameShard(sender, *target)) {
      // A failover that we had not heard of. Its winner's own claim will bring the slots.
      target->config_epoch = std::max(target->config_epoch, claim.config_epoch);
      if (target != self_) MakePrimary(*target);
    } else {
      Bind(ToSet(sender.slots), nullptr);  // it went to another shard
    }
  } else if (target != nullptr && target != self_ && target->primary == sender.id) {
    MakePrimary(*target);  // two replicas of each other: the one that is followed is none any more
  }
  effects.changed = true;
  if (target == nullptr) {  // not met yet; the id is enough to know that the sender is a replica
    sender.primary = claim.replica_of;
    voters_stale_ = true;
    return;
  }
  MakeReplica(sender, *target, effects);
  if (target == self_ && self_->primary == sender.id) {
    LeaveLoop(sender, effects);
  } else {
    FollowMyPrimarysPrimary(effects);
  }
}

// This node follows the sender, which says that it follows this node. One of the two has to be the primary, and both must
// choose the same: the one with the smaller id. What the sender owned it gave up by following.
void Topology::LeaveLoop(ClusterNode& sender, TopologyEffects& effects) {
  if (sender.id < self_->id) return;
  NORN_COVER("replicas_of_each_other");
  MakePrimary(*self_);
  if (sender.owns_slots()) {
    Bind(ToSet(sender.slots), self_);
    BumpEpoch();
  }
  effects.changed = effects.must_sync = effects.tell_everyone = true;
  effects.became_primary = true;
}

// A chain of replicas is cut short: whoever this node follows became a replica itself.
void Topology::FollowMyPrimarysPrimary(TopologyEffects& effects) {
  ClusterNode* const mine = Mutable(self_->primary);
  if (mine == nullptr || mine->is_primary() || mine->primary == self_->id) return;
  ClusterNode* const top = Mutable(mine->primary);
  if (top == nullptr || top == self_) return;
  NORN_COVER("chain_cut");
  effects.follow = TopologyEffects::Follow{top->id, SameShard(*top, *self_)};
  effects.changed = effects.must_sync = true;
  MakeReplica(*self_, *top, effects);
  SetShard(*self_, top->shard);
}

void Topology::ApplyShard(ClusterNode& sender, const Claim& claim, TopologyEffects& effects) {
  ClusterShardId shard = sender.shard;
  if (claim.shard) {
    shard = *claim.shard;
  } else if (const ClusterNode* primary = Find(sender.primary)) {
    shard = primary->shard;
  }
  if (shard.empty() || shard == sender.shard) return;
  SetShard(sender, shard);
  if (self_->primary == sender.id) SetShard(*self_, shard);
  effects.changed = true;
  voters_stale_ = true;
}

void Topology::ApplySlots(ClusterNode& claimant, uint64_t epoch, const SlotSet& slots,
                          TopologyEffects& effects) {
  CHECK(claimant.is_primary() || NORN_PLANTED("B27"));  // T1
  const NodeId mine = self_->is_primary() ? self_->id : self_->primary;
  SlotSet taken;
  SlotSet from_self;
  bool lost_mine = false;
  for (const SlotId slot : slots) {
    const ClusterNode* const owner = owners_[slot.value];
    if (owner == &claimant) {
      promised_.Clear(slot);
      continue;
    }
    // Whom this node was told to hold for the owner (SETSLOT), and who does not say so himself, has no claim to compare with.
    const bool claimed = owner != nullptr && !unclaimed_by_owner_.Contains(slot);
    if (claimed && owner->config_epoch >= epoch) continue;
    taken.Set(slot);
    if (owner == nullptr) continue;
    if (owner == self_) from_self.Set(slot);
    lost_mine |= owner->id == mine;
  }
  SlotSet kept = ToSet(claimant.slots);
  unclaimed_by_owner_ -= slots;
  kept -= slots;
  unclaimed_by_owner_ |= kept;
  if (!taken.empty()) {
    Bind(taken, &claimant);
    effects.changed = effects.must_sync = true;
  }
  effects.lost_slots = from_self;
  AfterLosingSlots(claimant, epoch, lost_mine, effects);
}

void Topology::AfterLosingSlots(ClusterNode& claimant, uint64_t epoch, bool lost_mine,
                                TopologyEffects& effects) {
  const ClusterNode* const mine = self_->is_primary() ? self_ : Find(self_->primary);
  if (mine == nullptr) return;
  const bool same_shard = SameShard(claimant, *self_);
  // A primary without slots does not stay one beside a later one in its shard, nor beside one that has slots: its own epoch may
  // be of slots that it took back and lost to another shard (I15). Valkey: only beside a later one, and if that has none either.
  const bool leads_us = same_shard && self_->primary != claimant.id && !mine->owns_slots() &&
                        (mine->config_epoch < epoch || claimant.owns_slots());
  if (!lost_mine && !leads_us) return;
  if (mine->owns_slots() || !(same_shard || options_.allow_replica_migration)) return;
  NORN_COVER("slots_lost_to_shard");
  effects.follow = TopologyEffects::Follow{claimant.id, same_shard};
  effects.changed = effects.must_sync = effects.tell_everyone = true;
  effects.lost_slots.ClearAll();  // a copy of the whole comes instead
  MakeReplica(*self_, claimant, effects);
  SetShard(*self_, claimant.shard);
}

// Every later owner of what the sender claims. Valkey: only the first one found.
void Topology::CorrectStaleOwner(const ClusterNode& sender, const Claim& claim,
                                 TopologyEffects& effects) {
  const ClusterNode* last = nullptr;
  for (const SlotId slot : claim.slots) {
    const ClusterNode* const owner = owners_[slot.value];
    if (owner == nullptr || owner == &sender || owner == last) continue;
    if (owner->config_epoch <= claim.config_epoch || unclaimed_by_owner_.Contains(slot)) continue;
    if (promised_.Contains(slot)) continue;
    last = owner;
    NORN_COVER("claim_stale_owner");
    const bool listed = std::ranges::any_of(
        effects.updates, [owner](const auto& update) { return update.about == owner->id; });
    if (!listed) effects.updates.push_back({.to = sender.id, .about = owner->id});
  }
}

void Topology::ResolveCollision(const ClusterNode& sender, uint64_t epoch,
                                TopologyEffects& effects) {
  if (!self_->is_primary() || !sender.is_primary() || epoch != self_->config_epoch) return;
  // Valkey: the smaller id moves on, always. Where both lead one shard the winner takes the slots, and so the data decides
  // first, if the sender tells what it has (B03).
  bool moves = self_->id < sender.id;
  const bool data_decides = SameShard(sender, *self_) && sender.told.norn_level > 0;
  if (data_decides && sender.history != self_->history && !NORN_PLANTED("B03")) {
    NORN_COVER("collision_by_data");
    moves = self_->history > sender.history;
  }
  // A primary that hears no quorum may have been replaced: raising its epoch could undo that.
  if (!moves || (electorate().norn_rules && !self_->hears_quorum)) return;
  NORN_COVER("collision_moves");
  // Of one shard: both may move at once, and are then to be equal again, until the data has decided.
  RaiseEpoch(SameShard(sender, *self_) ? GreatestEpoch() + 1 : UnaskedEpoch());
  effects.changed = effects.must_sync = true;
}

void Topology::ApplyNews(const ClusterNode& sender, const History& history, bool hears_quorum,
                         Instant now) {
  ClusterNode& node = const_cast<ClusterNode&>(sender);  // one of nodes_, without looking it up
  node.offset = history.offset;
  node.offset_at = now;
  node.history = history;
  node.hears_quorum = hears_quorum;
}

TopologyEffects Topology::ApplyUpdate(const NodeId& owner, uint64_t config_epoch,
                                      const SlotSet& slots) {
  TopologyEffects effects;
  ClusterNode* const node = Mutable(owner);
  if (node == nullptr || node == self_ || node->config_epoch >= config_epoch) return effects;
  // Who is a replica as far as is known here took over since, and with later data than it is known to have.
  if (node->is_primary() && Outranks(*node, config_epoch, slots)) {
    // Others came to believe an old primary that had raised its epoch unheard; its own word may be long in coming.
    NORN_COVER("update_outranked");
    ObserveEpoch(config_epoch);
    ClaimAgain(effects);
    return effects;
  }
  MakePrimary(*node);
  node->config_epoch = config_epoch;
  ObserveEpoch(config_epoch);
  effects.changed = effects.must_sync = true;
  effects.overtaken_by = config_epoch;
  ApplySlots(*node, config_epoch, slots, effects);
  return effects;
}

}  // namespace norn::cluster
