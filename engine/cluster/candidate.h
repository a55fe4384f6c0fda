#pragma once
// How a norn node asks for its shard: as a replica whose primary failed, or as the primary itself after others were promised the
// shard and nobody took it (its reign is then below their ballots, and they would never grant it the lease again).
//
// The problem. K shards fail at once; each must have a primary again after one round of votes, not after K. Two replicas of one
// shard must not split the votes for long, and the one with less data must not win because it was quicker.
//
// The design. A ballot is a number for one shard: votes of different shards do not disturb each other. Numbers are also config
// epochs, so candidates of shards that failed together choose different ones (by the order of their shards). The replica with
// the best history begins at once, the next ones later, in case it cannot; that voters compare histories (voter.h, V4) makes it
// right, the delay makes it quick. Requests are repeated to those who have not voted, since many denials are for a moment only.
//
//   C1  a ballot is greater than every epoch and promise seen, and durable (as the current epoch) before it is sent: a node
//       never asks twice with one number for two histories.
//   C2  won means: votes of a quorum of voters for this ballot, this candidate.
//
// Pure; the view's current epoch is raised.

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "engine/base/prng.h"
#include "engine/base/time.h"
#include "engine/cluster/election_types.h"
#include "engine/cluster/topology.h"

namespace norn::cluster {

class Candidate {
 public:
  Candidate(Topology& view, const ElectionOptions& options, Prng random)
      : view_(view), options_(options), random_(random) {}

  // Why this node stands. kReplaceByHand: the primary, paused at `released`, agreed.
  enum class Mission : uint8_t { kNone, kReplaceFailed, kReplaceByHand, kRenew };

  // Every 10 to 100 ms, and after a change. `seen`: the greatest ballot known to be promised in this shard.
  ElectionActions Step(Mission mission, const SelfFacts& facts, LeaseStamp released, uint64_t seen,
                       Instant now);
  // True: won.
  bool OnVote(const BallotVote& vote);
  void OnDenial(const BallotDenial& denial, Instant now);
  // The ballot asked for or won last.
  uint64_t ballot() const { return ballot_; }
  // Another primary claimed the shard, or the mission ended otherwise.
  void Stop();
  // When Step has something to do next.
  Instant next_at() const;

 private:
  enum class Phase : uint8_t { kIdle, kWaiting, kAsking };

  Duration Delay(Mission mission, const History& own, ElectionActions& actions);
  uint64_t FailedShardsBefore() const;
  ElectionActions Begin(Mission mission, const SelfFacts& facts, LeaseStamp released, uint64_t seen,
                        Instant now);
  void Ask(ElectionActions& actions, Instant now);
  void Retry(Instant now);
  bool Hopeless() const;

  Topology& view_;
  ElectionOptions options_;
  Prng random_;
  Phase phase_ = Phase::kIdle;
  Mission mission_ = Mission::kNone;
  Instant start_at_;
  Instant asked_at_;
  Instant repeat_at_;
  uint64_t ballot_ = 0;
  uint64_t seen_ = 0;
  bool old_data_ = false;  // a voter waits for a later reign's (V6)
  BallotRequest request_;
  std::set<NodeId> votes_;
  std::set<NodeId> refused_;  // for good, in this ballot
};

}  // namespace norn::cluster
