#pragma once
// Elections of one node, whole: the voter, the candidate, the lease and the failover by hand, put together so that a node has
// one thing to feed with messages and steps and one list of actions to carry out. The rules are explained where they live:
// voter.h, candidate.h, lease.h, legacy_candidate.h, manual_failover.h.
//
// Which rules apply is the electorate's matter (topology.h) at each moment: legacy elections among Valkey voters, ballots and
// leases among norn voters. A node that changes over keeps its record: votes of both kinds are never given twice.
//
// Old data. A primary that was replaced keeps what its successor never saw until it could copy; if the successor vanishes before
// that, the replaced one is the only replica that is up. Were it elected at once, clients would lose what the successor took,
// see again what they had lost with the first failover, and lose the successor's when it returns a second later. So data of an
// earlier reign waits for a later one's:
//
//   E1  Before a primary of reign R takes its first write, a quorum of voters has noted R, on disk: each does so before its first
//       grant to R, and without a quorum of grants nothing is written (lease.h; V6 of voter.h).
//   E2  Every quorum of votes contains one of those voters. It denies candidates whose history is of a reign before R as long as it
//       heard from R's primary (granted it a lease), or started itself, less than old_data_wait() ago. So within that time
//       from the last write of R only nodes with data of R, or the primary of R itself, lead the shard.
//   E3  After that time without a word of R it is given up: the best of what is left may win. A shard whose later data never returns
//       is without primary for old_data_wait() (10 s, or two node timeouts where that is more) and one round of votes.
//
// The age that cluster-replica-validity-factor bounds is taken when the primary failed, so that waiting makes nobody too old. A
// person who knows better need not wait: CLUSTER FAILOVER FORCE asks past V6, TAKEOVER asks nobody. What is left: a reign
// that is away for longer than E3's time loses its writes to the older data, as Valkey's always do.
//
// The caller: feeds every message and a Step every 10 to 100 ms (next_at()); carries out actions in order, with nothing behind
// a Persist before that is durable; lets writes through only while now < WritableUntil(); reports facts about itself truly, above
// all History (history.h). Pure; executor 0.

#include <optional>

#include "engine/base/prng.h"
#include "engine/cluster/candidate.h"
#include "engine/cluster/election_types.h"
#include "engine/cluster/failure_detector.h"
#include "engine/cluster/lease.h"
#include "engine/cluster/legacy_candidate.h"
#include "engine/cluster/manual_failover.h"
#include "engine/cluster/topology.h"
#include "engine/cluster/voter.h"
#include "engine/cluster/write_fence.h"

namespace norn::cluster {

class Election {
 public:
  // `record`: what the last Persist of an earlier life stored. `boot`: random bits of this life.
  Election(Topology& view, const FailureDetector& detector, const ElectionOptions& options,
           ElectionRecord record, uint64_t boot, Prng random, Instant now);
  Election(const Election&) = delete;
  Election& operator=(const Election&) = delete;

  ElectionActions Step(const SelfFacts& facts, Instant now);
  // From the node that `message` names as its sender, which the caller has checked.
  ElectionActions OnMessage(const ElectionMessage& message, Instant now);
  // A claim showed that this epoch is taken (TopologyEffects::overtaken_by).
  void OnOvertaken(uint64_t epoch);
  void OnLinkDown(const NodeId& id) { lease_.OnLinkDown(id); }

  // CLUSTER FAILOVER on a replica. Requires: this node follows a known primary.
  ElectionActions StartManual(ManualMode mode, Instant now);
  // A message of this node's primary said that it is paused, at `offset`. `released`: its word as a norn node.
  void OnPrimaryPaused(StreamOffset offset, LeaseStamp released);

  // Until when this node, as a primary, may take writes; Never(): the rules do not fence. Past(): not now.
  Instant WritableUntil() const;
  // That, and until when writes that come too early wait for it (Lease::AwaitedUntil).
  WriteFence Fence() const;
  // Paused for a failover by hand; what its messages to the replica say.
  bool paused() const { return manual_.paused(); }
  // PauseWrites was asked for, and ResumeWrites not yet.
  bool holds_writes() const { return holds_writes_; }
  bool manual_running() const { return manual_.running(); }
  LeaseStamp released() const { return released_; }
  const ElectionRecord& record() const { return record_; }
  Instant next_at() const;

 private:
  Candidate::Mission Mission(const SelfFacts& facts, Instant now) const;
  bool DataIsFresh(const SelfFacts& facts, Instant failed_at, Instant now) const;
  uint64_t PromisedHere() const;
  ElectionActions StepNorn(const SelfFacts& facts, Instant now);
  void AskForLease(ElectionActions& actions, Instant now);
  void Win(uint64_t epoch, ElectionActions& actions, Instant now);
  // Takes what is addressed to this node itself out of `actions`, and puts its answers in.
  ElectionActions DeliverOwn(ElectionActions actions, Instant now);
  ElectionActions Answer(const ElectionMessage& message, Instant now);

  Topology& view_;
  ElectionOptions options_;
  ElectionRecord record_;
  Voter voter_;
  Candidate candidate_;
  LegacyCandidate legacy_;
  ManualFailover manual_;
  Lease lease_;
  LeaseStamp released_;
  bool holds_writes_ = false;
};

}  // namespace norn::cluster
