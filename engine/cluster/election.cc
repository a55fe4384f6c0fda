// One node's elections, put together.

#include "engine/cluster/election.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/plant.h"

namespace norn::cluster {

using election_action::PauseWrites;
using election_action::Persist;
using election_action::Promoted;
using election_action::ResumeWrites;
using election_action::Send;
using election_action::TellOffset;

namespace {

void Append(ElectionActions& to, ElectionActions from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

Election::Election(Topology& view, const FailureDetector& detector, const ElectionOptions& options,
                   ElectionRecord record, uint64_t boot, Prng random, Instant now)
    : view_(view),
      options_(options),
      record_(std::move(record)),
      voter_(view, detector, options, record_, now),
      candidate_(view, options, random.Fork()),
      legacy_(view, options, random.Fork()),
      manual_(options.manual_timeout),
      lease_(view, options, boot) {}

uint64_t Election::PromisedHere() const {
  const auto promise = record_.promises.find(view_.self().shard);
  const uint64_t own = promise == record_.promises.end() ? 0 : promise->second.ballot;
  return std::max({own, lease_.overtaken_by(), record_.reign});
}

// How old the data was when the primary failed. Valkey: goes on counting, so that a shard that waited for a quorum or for later
// data (election.h) too long has no candidate any more.
bool Election::DataIsFresh(const SelfFacts& facts, Instant failed_at, Instant now) const {
  if (options_.validity_factor == 0) return true;
  Duration age = facts.data_age;
  if (view_.electorate().norn_rules) age = age - (now - failed_at);
  // The time that it took to declare the primary failed is not the data's fault.
  if (age > options_.node_timeout) age = age - options_.node_timeout;
  return age <= options_.replica_ping_period + options_.node_timeout * options_.validity_factor;
}

Candidate::Mission Election::Mission(const SelfFacts& facts, Instant now) const {
  const ClusterNode& self = view_.self();
  if (self.is_primary()) {
    const bool lost = lease_.overtaken_by() > record_.reign && !lease_.IsHeld(now);
    const bool able = self.owns_slots() && facts.hears_quorum && !manual_.paused();
    return lost && able ? Candidate::Mission::kRenew : Candidate::Mission::kNone;
  }
  const ClusterNode* primary = view_.Find(self.primary);
  if (primary == nullptr || !primary->owns_slots()) return Candidate::Mission::kNone;
  if (manual_.MayStand(facts.history.offset)) return Candidate::Mission::kReplaceByHand;
  const bool able = facts.history.has_data && facts.hears_quorum && !facts.no_failover;
  const bool stands =
      primary->health == Health::kFailed && able && DataIsFresh(facts, primary->failed_at, now);
  return stands ? Candidate::Mission::kReplaceFailed : Candidate::Mission::kNone;
}

ElectionActions Election::StepNorn(const SelfFacts& facts, Instant now) {
  const Candidate::Mission mission = Mission(facts, now);
  ElectionActions actions =
      candidate_.Step(mission, facts, manual_.released(), PromisedHere(), now);
  return actions;
}

ElectionActions Election::Step(const SelfFacts& facts, Instant now) {
  ElectionActions actions;
  const bool deposed = manual_.paused() && !view_.self().is_primary();
  if (deposed) manual_.Stop();  // the failover is done: clients need not wait for the pause's end
  manual_.Step(now);
  // A pause may also have ended between two steps: deposed, and at once told to take over again.
  if (holds_writes_ && !manual_.paused()) {
    holds_writes_ = false;
    lease_.Resume();
    actions.push_back(ResumeWrites{});
  }
  const bool norn_rules = view_.electorate().norn_rules;
  if (norn_rules) {
    Append(actions, StepNorn(facts, now));
  } else {
    const Candidate::Mission mission = Mission(facts, now);
    const bool by_hand = mission == Candidate::Mission::kReplaceByHand;
    const bool stands = by_hand || mission == Candidate::Mission::kReplaceFailed;
    Append(actions, legacy_.Step(stands, by_hand, facts.history, now));
  }
  const ClusterNode& self = view_.self();
  if (!self.is_primary() || !self.owns_slots()) {
    lease_.Reset();
  } else if (self.told.norn_level > 0 && lease_.IsDue(now)) {
    AskForLease(actions, now);
  }
  return DeliverOwn(std::move(actions), now);
}

void Election::Win(uint64_t epoch, ElectionActions& actions, Instant now) {
  candidate_.Stop();
  legacy_.Reset();
  manual_.Stop();
  lease_.Reset();
  record_.reign = epoch;
  record_.reigns[view_.self().shard] = epoch;
  if (!view_.self().is_primary()) {
    view_.TakeOver(epoch);
  } else {
    view_.Renew(epoch);
  }
  actions.push_back(Persist{});
  actions.push_back(Promoted{epoch});
  AskForLease(actions, now);
}

// Also those who do not vote yet, and under legacy rules too: when they do, and when the rules change, their grants are there.
void Election::AskForLease(ElectionActions& actions, Instant now) {
  const LeaseRequest request = lease_.Ask(record_.reign, now);
  for (const auto& [id, node] : view_.nodes()) {
    if (node.told.norn_level > 0) actions.push_back(Send{id, request});
  }
}

ElectionActions Election::Answer(const ElectionMessage& message, Instant now) {
  ElectionActions actions;
  if (const auto* request = std::get_if<BallotRequest>(&message)) {
    view_.ObserveEpoch(request->ballot);
    return voter_.OnBallotRequest(*request, now);
  }
  if (const auto* vote = std::get_if<BallotVote>(&message)) {
    if (candidate_.OnVote(*vote)) Win(candidate_.ballot(), actions, now);
  } else if (const auto* denial = std::get_if<BallotDenial>(&message)) {
    candidate_.OnDenial(*denial, now);
  } else if (const auto* lease = std::get_if<LeaseRequest>(&message)) {
    return voter_.OnLeaseRequest(*lease, now);
  } else if (const auto* grant = std::get_if<LeaseGrant>(&message)) {
    lease_.OnGrant(*grant);
  } else if (const auto* legacy = std::get_if<LegacyVoteRequest>(&message)) {
    view_.ObserveEpoch(legacy->current_epoch);
    return voter_.OnLegacyRequest(*legacy, now);
  } else if (const auto* legacy_vote = std::get_if<LegacyVote>(&message)) {
    view_.ObserveEpoch(legacy_vote->current_epoch);
    if (legacy_.OnVote(*legacy_vote, now)) Win(legacy_.epoch(), actions, now);
  } else if (const auto* start = std::get_if<ManualStart>(&message)) {
    const ClusterNode* replica = view_.Find(start->replica);
    if (replica == nullptr || replica->primary != view_.self().id) return actions;
    const Instant until = manual_.Pause(now);
    released_ = lease_.Release();
    holds_writes_ = true;
    actions.push_back(PauseWrites{until});
    actions.push_back(TellOffset{start->replica});
  }
  return actions;
}

ElectionActions Election::DeliverOwn(ElectionActions actions, Instant now) {
  ElectionActions out;
  // A message to this node itself may be answered by more of them; each step goes from request to vote to win.
  for (size_t i = 0; i < actions.size(); ++i) {
    const auto* send = std::get_if<Send>(&actions[i]);
    if (send == nullptr || send->to != view_.self().id) {
      out.push_back(actions[i]);
      continue;
    }
    const ElectionMessage message = send->message;
    Append(actions, Answer(message, now));
  }
  return out;
}

ElectionActions Election::OnMessage(const ElectionMessage& message, Instant now) {
  return DeliverOwn(Answer(message, now), now);
}

void Election::OnOvertaken(uint64_t epoch) {
  if (!NORN_PLANTED("B06")) legacy_.OnOvertaken(epoch);
}

ElectionActions Election::StartManual(ManualMode mode, Instant now) {
  CHECK(view_.Find(view_.self().primary) != nullptr);
  ElectionActions actions;
  if (mode == ManualMode::kTakeover) {
    Win(std::max(view_.GreatestEpoch(), PromisedHere()) + 1, actions, now);
    return DeliverOwn(std::move(actions), now);
  }
  legacy_.Reset();
  manual_.Start(mode, now);
  // Under norn rules nobody votes while the primary's lease lasts: FORCE, too, asks it to give that up. It need not answer.
  if (mode == ManualMode::kNormal || view_.electorate().norn_rules) {
    actions.push_back(Send{view_.self().primary, ManualStart{.replica = view_.self().id}});
  }
  return actions;
}

void Election::OnPrimaryPaused(StreamOffset offset, LeaseStamp released) {
  manual_.OnPrimaryPaused(offset, released);
}

Instant Election::WritableUntil() const {
  const ClusterNode& self = view_.self();
  if (!self.is_primary()) return Instant::Past();
  if (!view_.electorate().norn_rules || !self.owns_slots()) return Instant::Never();
  return lease_.HeldUntil();
}

WriteFence Election::Fence() const {
  const bool fenced = view_.self().is_primary() && view_.electorate().norn_rules;
  return {WritableUntil(), fenced ? lease_.AwaitedUntil() : Instant::Past()};
}

Instant Election::next_at() const { return candidate_.next_at(); }

}  // namespace norn::cluster
