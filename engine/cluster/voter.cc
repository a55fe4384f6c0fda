// The rules of voting.

#include "engine/cluster/voter.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/cover.h"
#include "engine/base/plant.h"

namespace norn::cluster {

using election_action::Persist;
using election_action::Send;
using election_action::TellConfig;

namespace {

void Mark(DenialReason reason) {
  switch (reason) {
    case DenialReason::kNotReady:
      NORN_COVER("vote_not_ready");
      return;
    case DenialReason::kNotACandidate:
      NORN_COVER("vote_not_a_candidate");
      return;
    case DenialReason::kOldBallot:
      NORN_COVER("vote_old_ballot");
      return;
    case DenialReason::kStaleConfig:
      NORN_COVER("vote_stale_config");
      return;
    case DenialReason::kPrimaryUp:
      NORN_COVER("vote_primary_up");
      return;
    case DenialReason::kLeaseHeld:
      NORN_COVER("vote_lease_held");
      return;
    case DenialReason::kBetterReplica:
      NORN_COVER("vote_better_replica");
      return;
    case DenialReason::kOldData:
      NORN_COVER("vote_old_data");
      return;
    case DenialReason::kNoData:
      return;  // no mark: who keeps the rules does not ask without data (Election::Mission)
  }
}

}  // namespace

Voter::Voter(const Topology& view, const FailureDetector& detector, const ElectionOptions& options,
             ElectionRecord& record, Instant now)
    : view_(view), detector_(detector), options_(options), record_(record), started_(now) {
  for (const auto& [shard, promise] : record_.promises) {
    const ClusterNode* candidate = view_.Find(promise.candidate);
    if (candidate == nullptr || !candidate->is_primary()) continue;
    uint64_t& latest = record_.reigns[shard];
    latest = std::max(latest, promise.ballot);  // V6: it won, and may have been granted a lease
  }
}

// ---- leases ----

// V2: somebody other than `other` may be writing on this node's word.
bool Voter::IsBound(const ClusterShardId& shard, const NodeId& other, Instant now) const {
  const auto given = given_.find(shard);
  if (given == given_.end() || given->second.over || given->second.holder == other) return false;
  if (now - given->second.at > options_.promise()) return false;
  return !detector_.IsGone(given->second.holder);
}

LeaseGrant Voter::Grant(const LeaseRequest& request, Instant now) {
  LeaseGrant answer{
      .voter = view_.self().id, .shard = request.shard, .stamp = request.stamp, .granted = false};
  const auto promise = record_.promises.find(request.shard);
  if (promise != record_.promises.end()) {
    const ShardPromise& promised = promise->second;
    answer.seen = promised.ballot;
    if (request.reign < promised.ballot) {  // V3
      NORN_COVER("lease_old_reign");
      return answer;
    }
    if (request.reign == promised.ballot && request.primary != promised.candidate) {
      // A TAKEOVER chose the number that a candidate was promised: only a greater one can settle it.
      NORN_COVER("lease_number_taken");
      answer.seen = promised.ballot + 1;
      return answer;
    }
  }
  const auto latest = record_.reigns.find(request.shard);
  if (latest != record_.reigns.end() && request.reign < latest->second) {
    answer.seen = std::max(answer.seen, latest->second);
    return answer;  // V3
  }
  if (IsBound(request.shard, request.primary, now)) {
    NORN_COVER("lease_bound");
    return answer;
  }
  given_[request.shard] = {request.primary, request.stamp, now};
  answer.granted = true;
  return answer;
}

// That reign is what a later life of this node would conclude from what is durable: its promise, and that claim of a primary
// (which is saved before anything else is said). A sync less before a winner's first write.
bool Voter::ShowsInFile(const LeaseRequest& request) const {
  const auto promise = record_.promises.find(request.shard);
  const ClusterNode* primary = view_.Find(request.primary);
  return promise != record_.promises.end() && promise->second.ballot == request.reign &&
         promise->second.candidate == request.primary && primary != nullptr &&
         primary->is_primary() && primary->config_epoch >= request.reign;
}

ElectionActions Voter::OnLeaseRequest(const LeaseRequest& request, Instant now) {
  ElectionActions actions;
  const LeaseGrant answer = Grant(request, now);
  const auto latest = record_.reigns.find(request.shard);
  const uint64_t known = latest == record_.reigns.end() ? 0 : latest->second;
  if (answer.granted && request.reign > known) {
    record_.reigns[request.shard] = request.reign;
    if (!ShowsInFile(request)) actions.push_back(Persist{});  // V6
  }
  actions.push_back(Send{request.primary, answer});
  return actions;
}

// ---- ballots ----

// The primary itself said that it writes no more, and this node granted it nothing since.
bool Voter::WasReleased(const BallotRequest& request) const {
  const auto given = given_.find(request.shard);
  if (!request.manual || given == given_.end()) return false;
  const bool released = given->second.stamp.boot == request.released.boot &&
                        given->second.stamp.number <= request.released.number;
  if (released) NORN_COVER("vote_released");
  return released;
}

// A replica whose last word is older than the failure may have read more of the stream since. It speaks up when it learns of
// the failure; that much time it is given.
bool Voter::KnowsBetter(const BallotRequest& request, Instant now) const {
  const ClusterNode* primary = view_.PrimaryOfShard(request.shard);
  const bool failed = primary != nullptr && primary->health == Health::kFailed;
  const bool early = failed && now - primary->failed_at < kNewsWait;
  for (const ClusterNode* node : view_.MembersOf(request.shard)) {
    if (node->id == request.candidate || node->is_primary()) continue;
    const bool able = node->health == Health::kUp && node->hears_quorum && !node->told.no_failover;
    if (able && node->history > request.history) return true;
    if (able && early && node->offset_at < primary->failed_at) return true;
  }
  return false;
}

bool Voter::MayBeOutlived(const BallotRequest& request, Instant now) const {
  const auto latest = record_.reigns.find(request.shard);
  if (latest == record_.reigns.end() || request.history.reign >= latest->second) return false;
  const auto given = given_.find(request.shard);
  const Instant heard_of = given == given_.end() ? started_ : given->second.at;
  return now - heard_of <= options_.old_data_wait();
}

std::optional<DenialReason> Voter::WhyNot(const BallotRequest& request, Instant now) const {
  const ClusterNode* candidate = view_.Find(request.candidate);
  if (candidate == nullptr || candidate->shard != request.shard) {
    return DenialReason::kNotACandidate;
  }
  if (now < started_ + options_.promise()) return DenialReason::kNotReady;
  const auto promise = record_.promises.find(request.shard);
  if (promise != record_.promises.end()) {
    const ShardPromise& promised = promise->second;
    const bool again = promised.ballot == request.ballot && promised.candidate == request.candidate;
    if (request.ballot <= promised.ballot && !again) return DenialReason::kOldBallot;  // V1
  }
  const ClusterNode* primary = view_.PrimaryOfShard(request.shard);
  if (primary != nullptr && primary != candidate) {
    if (primary->config_epoch > request.config_epoch) return DenialReason::kStaleConfig;  // V5
    const bool down = primary->health == Health::kFailed || detector_.IsGone(primary->id);
    if (!down && !request.manual) return DenialReason::kPrimaryUp;
  }
  if (IsBound(request.shard, request.candidate, now) && !WasReleased(request)) {
    return DenialReason::kLeaseHeld;  // V2
  }
  if (!request.manual && !request.history.has_data) return DenialReason::kNoData;     // V4
  if (!request.manual && MayBeOutlived(request, now)) return DenialReason::kOldData;  // V6
  if (!request.manual && KnowsBetter(request, now)) return DenialReason::kBetterReplica;
  return std::nullopt;
}

ElectionActions Voter::OnBallotRequest(const BallotRequest& request, Instant now) {
  ElectionActions actions;
  if (const std::optional<DenialReason> reason = WhyNot(request, now)) {
    Mark(*reason);
    const auto promise = record_.promises.find(request.shard);
    if (*reason == DenialReason::kStaleConfig && !NORN_PLANTED("B11")) {
      const ClusterNode* primary = view_.PrimaryOfShard(request.shard);
      actions.push_back(TellConfig{request.candidate, primary->id});
    }
    actions.push_back(
        Send{request.candidate,
             BallotDenial{.voter = view_.self().id,
                          .candidate = request.candidate,
                          .shard = request.shard,
                          .ballot = request.ballot,
                          .reason = *reason,
                          .seen = promise == record_.promises.end() ? 0 : promise->second.ballot}});
    return actions;
  }
  record_.promises[request.shard] = {request.ballot, request.candidate};
  // What bound this node to another is over (released, expired, or its holder gone), or WhyNot had said so.
  const auto given = given_.find(request.shard);
  if (given != given_.end() && given->second.holder != request.candidate) given->second.over = true;
  actions.push_back(Persist{});  // V1
  actions.push_back(Send{request.candidate, BallotVote{.voter = view_.self().id,
                                                       .candidate = request.candidate,
                                                       .shard = request.shard,
                                                       .ballot = request.ballot}});
  return actions;
}

// ---- legacy ----

// V5: who owns claimed slots by a later configuration.
std::vector<NodeId> Voter::LaterOwners(const LegacyVoteRequest& request) const {
  std::vector<NodeId> owners;
  for (const SlotId slot : ToSet(request.slots)) {
    const ClusterNode* owner = view_.OwnerOf(slot);
    if (owner == nullptr || owner->config_epoch <= request.config_epoch) continue;
    if (std::ranges::find(owners, owner->id) == owners.end()) owners.push_back(owner->id);
  }
  return owners;
}

ElectionActions Voter::OnLegacyRequest(const LegacyVoteRequest& request, Instant now) {
  ElectionActions actions;
  // Where all are norn nodes only ballots count: two kinds of votes at once would elect two.
  if (view_.electorate().norn_rules || !view_.IsVoter(view_.self())) return actions;
  if (request.current_epoch < view_.current_epoch()) return actions;
  if (record_.last_vote_epoch >= view_.current_epoch()) return actions;  // V1
  const ClusterNode* candidate = view_.Find(request.candidate);
  if (candidate == nullptr || candidate->is_primary()) return actions;
  const ClusterNode* primary = view_.Find(candidate->primary);
  if (primary == nullptr) return actions;
  if (primary->health != Health::kFailed && !request.force) return actions;
  const Duration spacing = options_.node_timeout * options_.legacy_vote_spacing_timeouts;
  const auto voted = legacy_voted_at_.find(primary->id);
  if (voted != legacy_voted_at_.end() && now - voted->second < spacing) return actions;
  const std::vector<NodeId> later = LaterOwners(request);
  if (!later.empty() && NORN_PLANTED("B11")) return actions;
  for (const NodeId& owner : later) actions.push_back(TellConfig{request.candidate, owner});
  if (!later.empty()) return actions;
  record_.last_vote_epoch = view_.current_epoch();
  legacy_voted_at_[primary->id] = now;
  actions.push_back(Persist{});  // V1
  actions.push_back(Send{request.candidate, LegacyVote{.voter = view_.self().id,
                                                       .current_epoch = view_.current_epoch()}});
  return actions;
}

}  // namespace norn::cluster
