// Valkey's elections, the candidate's side.

#include "engine/cluster/legacy_candidate.h"

#include <algorithm>

#include "engine/base/check.h"

namespace norn::cluster {

using election_action::Persist;
using election_action::Send;
using election_action::SendAll;
using election_action::TellOffset;

namespace {

constexpr Duration kVotesMin = Duration::Seconds(2);
constexpr Duration kDelayUnitMax = Duration::Millis(500);
constexpr Duration kAskAgainAfter = Duration::Millis(200);

}  // namespace

Duration LegacyCandidate::VotesCountFor() const {
  return std::max(options_.node_timeout * 2, kVotesMin);
}

Duration LegacyCandidate::DelayUnit() const {
  return std::min(options_.node_timeout / 30, kDelayUnitMax);
}

int64_t LegacyCandidate::ReplicaRank(const History& own) const {
  int64_t rank = 0;
  for (const ClusterNode* sibling : view_.ReplicasOf(view_.self().primary)) {
    if (sibling->id == view_.self().id || sibling->told.no_failover) continue;
    const bool before = sibling->offset == own.offset ? sibling->id < view_.self().id
                                                      : sibling->offset > own.offset;
    rank += before ? 1 : 0;
  }
  return rank;
}

int64_t LegacyCandidate::ShardRank(Instant now) const {
  int64_t rank = 0;
  for (const auto& [id, node] : view_.nodes()) {
    if (node.health != Health::kFailed || !node.is_primary() || !node.owns_slots()) continue;
    if (!(node.shard < view_.self().shard) || view_.ReplicasOf(id).empty()) continue;
    const bool too_old = options_.validity_factor > 0 &&
                         now - node.failed_at > options_.node_timeout * options_.validity_factor;
    rank += too_old ? 0 : 1;
  }
  return rank;
}

void LegacyCandidate::Schedule(bool by_hand, const History& own, Instant now) {
  attempt_ = Attempt{.start_at = now};
  if (by_hand) return;
  const Duration unit = DelayUnit();
  attempt_->replica_rank = ReplicaRank(own);
  attempt_->shard_rank = ShardRank(now);
  const Duration jitter = Duration::Nanos(
      static_cast<int64_t>(random_.Below(static_cast<uint64_t>(std::max<int64_t>(unit.ns, 1)))));
  attempt_->start_at =
      now + unit + jitter + unit * (2 * attempt_->replica_rank) + unit * attempt_->shard_rank;
}

void LegacyCandidate::Reconsider(const History& own, Instant now) {
  const int64_t replica_rank = ReplicaRank(own);
  const int64_t shard_rank = ShardRank(now);
  const int64_t units =
      2 * (replica_rank - attempt_->replica_rank) + shard_rank - attempt_->shard_rank;
  attempt_->start_at = attempt_->start_at + DelayUnit() * units;
  attempt_->replica_rank = replica_rank;
  attempt_->shard_rank = shard_rank;
}

LegacyVoteRequest LegacyCandidate::Request(bool by_hand) const {
  const Claim claim = view_.OwnClaim();
  return {.candidate = view_.self().id,
          .current_epoch = attempt_->epoch,
          .config_epoch = claim.config_epoch,
          .slots = claim.slots.Ranges(),
          .force = by_hand};
}

ElectionActions LegacyCandidate::Ask(bool by_hand, Instant now) {
  view_.ObserveEpoch(view_.current_epoch() + 1);
  attempt_->asked = true;
  attempt_->epoch = view_.current_epoch();
  attempt_->ask_again_after = kAskAgainAfter;
  attempt_->ask_again_at = now + kAskAgainAfter;
  return {Persist{}, SendAll{Request(by_hand)}};
}

ElectionActions LegacyCandidate::AskAgain(bool by_hand, Instant now) {
  ElectionActions actions;
  if (now < attempt_->ask_again_at || view_.current_epoch() != attempt_->epoch) return actions;
  attempt_->ask_again_after = attempt_->ask_again_after * 2;
  attempt_->ask_again_at = now + attempt_->ask_again_after;
  const LegacyVoteRequest request = Request(by_hand);
  for (const auto& [id, node] : view_.nodes()) {
    if (view_.IsVoter(node) && !attempt_->votes.contains(id)) actions.push_back(Send{id, request});
  }
  return actions;
}

ElectionActions LegacyCandidate::Step(bool stands, bool by_hand, const History& own, Instant now) {
  ElectionActions actions;
  if (!stands) {
    if (attempt_ && !attempt_->asked) attempt_.reset();
    return actions;
  }
  const bool over = attempt_ && now - attempt_->start_at > VotesCountFor() * 2;
  if (!attempt_ || over) {
    Schedule(by_hand, own, now);
    actions.push_back(TellOffset{});
  } else if (!attempt_->asked && !by_hand) {
    Reconsider(own, now);
  }
  if (now < attempt_->start_at || now - attempt_->start_at > VotesCountFor()) return actions;
  const ElectionActions asked = attempt_->asked ? AskAgain(by_hand, now) : Ask(by_hand, now);
  actions.insert(actions.end(), asked.begin(), asked.end());
  return actions;
}

bool LegacyCandidate::OnVote(const LegacyVote& vote, Instant now) {
  if (!attempt_ || !attempt_->asked || vote.current_epoch < attempt_->epoch) return false;
  if (now - attempt_->start_at > VotesCountFor()) return false;
  const ClusterNode* voter = view_.Find(vote.voter);
  if (voter == nullptr || !view_.IsVoter(*voter)) return false;
  attempt_->votes.insert(vote.voter);  // Valkey: counts messages, we count voters (I4)
  return attempt_->votes.size() >= view_.electorate().quorum();
}

void LegacyCandidate::OnOvertaken(uint64_t epoch) {
  if (attempt_ && attempt_->asked && epoch >= attempt_->epoch) attempt_.reset();
}

}  // namespace norn::cluster
