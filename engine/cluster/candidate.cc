// A candidate's steps.

#include "engine/cluster/candidate.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/cover.h"
#include "engine/cluster/epoch_numbers.h"

namespace norn::cluster {

using election_action::Persist;
using election_action::Send;
using election_action::TellOffset;

namespace {

// A replica gives each better one this much of a start.
constexpr Duration kRankDelay = Duration::Millis(100);
// One with siblings lets their news arrive.
constexpr Duration kNewsDelay = Duration::Millis(10);
constexpr Duration kRepeat = Duration::Millis(50);
constexpr Duration kAttemptMin = Duration::Millis(400);
constexpr int64_t kBackoffMinMs = 10;
constexpr int64_t kBackoffMaxMs = 150;
// While later data is waited for, which takes seconds.
constexpr int64_t kPatientBackoffMs = 500;

}  // namespace

void Candidate::Stop() {
  phase_ = Phase::kIdle;
  mission_ = Mission::kNone;
  votes_.clear();
  refused_.clear();
}

Instant Candidate::next_at() const {
  if (phase_ == Phase::kIdle) return Instant::Never();
  return phase_ == Phase::kWaiting ? start_at_ : repeat_at_;
}

// Asks the siblings' news by giving its own.
Duration Candidate::Delay(Mission mission, const History& own, ElectionActions& actions) {
  if (mission == Mission::kReplaceByHand) return Duration{};
  if (mission == Mission::kRenew) {
    NORN_COVER("candidate_renews");
    return Duration::Millis(random_.Between(kBackoffMinMs, kBackoffMaxMs));
  }
  int64_t rank = 0;
  bool siblings = false;
  for (const ClusterNode* sibling : view_.ReplicasOf(view_.self().primary)) {
    if (sibling->id == view_.self().id || sibling->health != Health::kUp) continue;
    siblings = true;
    if (sibling->told.no_failover) continue;
    const bool before =
        sibling->history == own ? sibling->id < view_.self().id : sibling->history > own;
    rank += before ? 1 : 0;
  }
  if (!siblings) return Duration{};
  if (rank > 0) NORN_COVER("candidate_ranked");
  actions.push_back(TellOffset{});
  return kNewsDelay + kRankDelay * rank;
}

// Shards that failed together and come before this one: an offset that makes their ballots differ (I5).
uint64_t Candidate::FailedShardsBefore() const {
  uint64_t before = 0;
  for (const auto& [id, node] : view_.nodes()) {
    if (node.health == Health::kFailed && node.owns_slots() && node.shard < view_.self().shard) {
      ++before;
    }
  }
  if (before > 0) NORN_COVER("candidate_offset");
  return before;
}

ElectionActions Candidate::Begin(Mission mission, const SelfFacts& facts, LeaseStamp released,
                                 uint64_t seen, Instant now) {
  const ClusterNode* primary = view_.PrimaryOfShard(view_.self().shard);
  ballot_ = BallotAfter(std::max({view_.current_epoch(), seen, seen_}), FailedShardsBefore());
  view_.ObserveEpoch(ballot_);
  phase_ = Phase::kAsking;
  votes_.clear();
  refused_.clear();
  old_data_ = false;
  request_ = {.candidate = view_.self().id,
              .shard = view_.self().shard,
              .ballot = ballot_,
              .config_epoch = primary == nullptr ? 0 : primary->config_epoch,
              .history = facts.history,
              .manual = mission == Mission::kReplaceByHand,
              .released = released};
  asked_at_ = now;
  ElectionActions actions{Persist{}};  // C1
  Ask(actions, now);
  return actions;
}

void Candidate::Ask(ElectionActions& actions, Instant now) {
  for (const auto& [id, node] : view_.nodes()) {
    if (!view_.IsVoter(node) || votes_.contains(id)) continue;
    if (node.health == Health::kFailed) continue;
    actions.push_back(Send{id, request_});
  }
  repeat_at_ = now + kRepeat;
}

void Candidate::Retry(Instant now) {
  phase_ = Phase::kWaiting;
  start_at_ = now + Duration::Millis(random_.Between(kBackoffMinMs, kBackoffMaxMs) +
                                     (old_data_ ? kPatientBackoffMs : 0));
}

bool Candidate::Hopeless() const {
  return view_.electorate().size - std::min<size_t>(refused_.size(), view_.electorate().size) <
         view_.electorate().quorum();
}

ElectionActions Candidate::Step(Mission mission, const SelfFacts& facts, LeaseStamp released,
                                uint64_t seen, Instant now) {
  ElectionActions actions;
  if (mission == Mission::kNone) {
    Stop();
    return actions;
  }
  if (mission != mission_ || phase_ == Phase::kIdle) {
    Stop();
    mission_ = mission;
    phase_ = Phase::kWaiting;
    start_at_ = now + Delay(mission, facts.history, actions);
  }
  if (phase_ == Phase::kWaiting && now >= start_at_) {
    const ElectionActions begun = Begin(mission, facts, released, seen, now);
    actions.insert(actions.end(), begun.begin(), begun.end());
    return actions;
  }
  if (phase_ != Phase::kAsking) return actions;
  const Duration attempt = std::max(kAttemptMin, options_.node_timeout / 8);
  if (Hopeless() || now - asked_at_ > attempt) {
    if (Hopeless()) {
      NORN_COVER("candidate_hopeless");
    } else {
      NORN_COVER("candidate_timed_out");
    }
    Retry(now);
  } else if (now >= repeat_at_) {
    request_.released = released;  // it may have come meanwhile
    Ask(actions, now);
  }
  return actions;
}

bool Candidate::OnVote(const BallotVote& vote) {
  if (phase_ != Phase::kAsking || vote.ballot != ballot_) return false;
  if (vote.candidate != view_.self().id || vote.shard != view_.self().shard) return false;
  const ClusterNode* voter = view_.Find(vote.voter);
  if (voter == nullptr || !view_.IsVoter(*voter)) return false;
  votes_.insert(vote.voter);
  return votes_.size() >= view_.electorate().quorum();  // C2
}

void Candidate::OnDenial(const BallotDenial& denial, Instant) {
  if (denial.candidate != view_.self().id || denial.shard != view_.self().shard) return;
  seen_ = std::max(seen_, denial.seen);
  if (phase_ != Phase::kAsking || denial.ballot != ballot_) return;
  old_data_ |= denial.reason == DenialReason::kOldData;
  if (denial.reason == DenialReason::kOldBallot || denial.reason == DenialReason::kStaleConfig ||
      denial.reason == DenialReason::kOldData) {
    refused_.insert(denial.voter);
  }
}

}  // namespace norn::cluster
