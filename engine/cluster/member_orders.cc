// What people and tools tell a member to do (CLUSTER commands). Whether they may is checked where the words are understood.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/cluster/member.h"

namespace norn::cluster {
namespace {

// An epoch that nobody voted for is chosen so far above the known ones: ballots may be under way with the next few numbers.
constexpr uint64_t kBallotsUnderWay = 16;

}  // namespace

bool Member::Meet(const NodeEndpoint& endpoint, Instant now, WallTime wall) {
  wall_ = wall;
  if (!IpText::Parse(endpoint.ip) || endpoint.ip.empty()) return false;
  if (HasHandshakeWith(endpoint.ip, endpoint.bus_port)) return false;
  BeginHandshake(endpoint, true, now);
  return true;
}

bool Member::ForgetHere(const NodeId& id, Instant now) {
  const ClusterNode* node = view_->Find(id);
  const uint32_t seat = node == nullptr ? 0 : node->seat;
  if (!view_->Forget(id, now)) return false;
  Note(member_action::Log::Level::kNotice, fmt::format("Node {} is forgotten.", id.view()));
  pardoned_.erase(id);
  std::vector<LinkId> theirs;
  for (const auto& [link_id, link] : links_) {
    if (link->node == id) theirs.push_back(LinkId{link_id});
    if (link->node == id) link->peer = nullptr;
  }
  std::ranges::sort(theirs);
  for (const LinkId link : theirs) DropLink(link, now);
  if (seat < peers_.size()) peers_[seat] = nullptr;
  client_addresses_.erase(id);
  unlinked_.erase(id);
  detector_->Forget(seat);
  std::erase_if(migrating_, [&](const auto& open) { return open.second == id; });
  std::erase_if(importing_, [&](const auto& open) { return open.second == id; });
  Changed(true);
  return true;
}

void Member::Forget(const NodeId& id, Instant now) {
  CHECK(ForgetHere(id, now));
  to_forget_[id] = now + options_.topology.forget_ttl;
  for (const auto& [other, node] : view_->nodes()) {
    if (&node != &view_->self()) SendBeat(other, Heartbeat::Kind::kPing, now);
  }
}

void Member::SetOwner(const SlotSet& slots, const NodeId& owner, Instant now) {
  for (const SlotId slot : slots) {
    // Given away: what was open in that direction is done. Taken: likewise.
    if (owner == view_->self().id) {
      importing_.erase(slot);
    } else {
      migrating_.erase(slot);
    }
  }
  Apply(view_->SetOwner(slots, owner), now);
  const ClusterNode& self = view_->self();
  if (!owner.empty() && owner != self.id && owner != self.primary) view_->Promise(slots);
  JudgeState(now);
}

void Member::SetMigrating(SlotId slot, const NodeId& to) {
  migrating_[slot] = to;
  Changed(true);
}

void Member::SetImporting(SlotId slot, const NodeId& from) {
  importing_[slot] = from;
  Changed(true);
}

void Member::SetStable(SlotId slot) {
  const bool open = migrating_.erase(slot) + importing_.erase(slot) > 0;
  if (open) Changed(true);
}

bool Member::BumpEpoch() {
  const bool bumped = view_->BumpEpoch();
  if (bumped) Changed(true);
  return bumped;
}

void Member::Hold(const SlotSet& slots) {
  if (held_ == slots) return;
  held_ = slots;
  ++routes_version_;
}

void Member::GiveUp(const SlotSet& slots, const NodeId& to, Instant now) {
  SetOwner(slots, to, now);
  for (const SlotId slot : slots) {
    migrating_[slot] = to;
    importing_.erase(slot);
  }
  Changed(true);
}

std::map<NodeId, SlotSet> Member::GivenUp() const {
  std::map<NodeId, SlotSet> given;
  for (const auto& [slot, to] : migrating_) {
    if (!OwnsSlot(slot)) given[to].Set(slot);
  }
  return given;
}

void Member::TakeBack(const SlotSet& slots, uint64_t above_epoch, Instant now) {
  const ClusterNode& self = view_->self();
  for (const SlotId slot : slots) migrating_.erase(slot);
  for (const SlotId slot : slots) importing_.erase(slot);
  if (!self.is_primary() && view_->Find(self.primary) == nullptr) return Changed(true);
  SetOwner(slots, self.is_primary() ? self.id : self.primary, now);
  if (!self.is_primary()) return;
  ClaimAbove(above_epoch);
  TellAll(now);
}

void Member::LetGo(const SlotSet& slots) {
  for (const SlotId slot : slots) migrating_.erase(slot);
  Changed(true);
}

void Member::ClaimAbove(uint64_t epoch) {
  view_->RaiseEpoch(std::max(epoch, view_->GreatestEpoch()) + kBallotsUnderWay);
  Changed(true);
}

bool Member::SetConfigEpoch(uint64_t epoch) {
  const bool set = view_->SetConfigEpoch(epoch);
  if (set) Changed(true);
  return set;
}

void Member::TellAll(Instant now) { TellEveryone(now); }

void Member::Replicate(const NodeId& primary, Instant now) {
  if (view_->self().primary == primary) return;
  Apply(view_->FollowPrimary(primary), now);
  JudgeState(now);
}

void Member::Failover(ManualMode mode, Instant now) {
  Note(member_action::Log::Level::kNotice,
       mode == ManualMode::kTakeover ? "Taking over the primary (user request)."
       : mode == ManualMode::kForce  ? "Forced failover user request accepted."
                                     : "Manual failover user request accepted.");
  Apply(election_->StartManual(mode, now), now);
}

void Member::Reset(bool hard, const NodeId& fresh_id, const ClusterShardId& fresh_shard,
                   Instant now) {
  const bool was_replica = !view_->self().is_primary();
  const NodeId id = hard ? fresh_id : view_->self().id;
  const uint64_t epoch = hard ? 0 : view_->current_epoch();
  const uint64_t config_epoch = hard ? 0 : view_->self().config_epoch;
  ElectionRecord record = hard ? ElectionRecord{} : election_->record();
  std::vector<LinkId> all;
  for (const auto& [link_id, link] : links_) all.push_back(LinkId{link_id});
  std::ranges::sort(all);
  for (const LinkId link : all) Do(member_action::Close{link});
  links_.clear();
  handshakes_.clear();
  peers_.clear();
  client_addresses_.clear();
  to_forget_.clear();
  unlinked_.clear();
  membership_seen_ = UINT64_MAX;
  migrating_.clear();
  importing_.clear();
  view_ = std::make_unique<Topology>(id, fresh_shard, options_.topology);
  view_->RestoreEpochs(epoch, config_epoch);
  detector_ = std::make_unique<FailureDetector>(*view_);
  MakeElection(std::move(record), now);
  data_reign_ = 0;
  if (was_replica) {
    Do(member_action::BecomePrimary{.elected = false});
    Do(member_action::DropAllKeys{});
  }
  DescribeSelf(now);
  Changed(true);
  JudgeState(now);
  if (hard) {
    Note(member_action::Log::Level::kNotice, fmt::format("Node hard reset, now I'm {}", id.view()));
  }
}

void Member::SaveNow() { Changed(true); }

}  // namespace norn::cluster
