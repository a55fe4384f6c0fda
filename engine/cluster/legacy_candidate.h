#pragma once
// How a replica asks for its primary's place where Valkey or Redis nodes vote: by the rules that their voters expect.
//
// The problem there: one epoch for the whole cluster and one vote an epoch for each voter, who looks at no offset. Candidates
// that ask at the same time split the votes and lose seconds. So all is in the waiting: with D = min(NT / 30, 500 ms), a
// replica waits D + random(D), 2D for each sibling with more data, D for each failed shard before its own (as 9.0; ranks are
// looked at again until the request is out). Votes count for max(2 NT, 2 s); a new attempt begins after twice that, or at once
// when another's claim shows that the epoch is lost (B06).
//
// Who did not vote is asked again after 200 ms, and after twice as long each time: it may not have known this node, its role or
// the failure, or the request was lost with a link. Valkey: asks once. A voter that voted in this epoch is silent at a repeat, one
// that refuses writes a line of its log each time: so they are few (3 where votes count for 2 s, 7 where for 30 s), and end when the
// view's epoch has moved on, which the request would name instead of its own (I4: all votes are of one epoch).
//
// Pure; the view's current epoch is raised, and must be durable before the request leaves.

#include <cstdint>
#include <optional>
#include <set>

#include "engine/base/prng.h"
#include "engine/base/time.h"
#include "engine/cluster/election_types.h"
#include "engine/cluster/topology.h"

namespace norn::cluster {

class LegacyCandidate {
 public:
  LegacyCandidate(Topology& view, const ElectionOptions& options, Prng random)
      : view_(view), options_(options), random_(random) {}

  // `stands`: the conditions are met. `by_hand`: no delay, and voters need not see a failure.
  ElectionActions Step(bool stands, bool by_hand, const History& own, Instant now);
  // True: won.
  bool OnVote(const LegacyVote& vote, Instant now);
  void OnOvertaken(uint64_t epoch);
  // A failover by hand does not wait for an old attempt to end.
  void Reset() { attempt_.reset(); }
  uint64_t epoch() const { return attempt_ ? attempt_->epoch : 0; }

 private:
  struct Attempt {
    Instant start_at;
    int64_t replica_rank = 0;
    int64_t shard_rank = 0;
    bool asked = false;
    uint64_t epoch = 0;
    std::set<NodeId> votes = {};
    Instant ask_again_at = {};
    Duration ask_again_after = {};
  };

  Duration VotesCountFor() const;
  Duration DelayUnit() const;
  int64_t ReplicaRank(const History& own) const;
  int64_t ShardRank(Instant now) const;
  void Schedule(bool by_hand, const History& own, Instant now);
  void Reconsider(const History& own, Instant now);
  LegacyVoteRequest Request(bool by_hand) const;
  ElectionActions Ask(bool by_hand, Instant now);
  ElectionActions AskAgain(bool by_hand, Instant now);

  Topology& view_;
  ElectionOptions options_;
  Prng random_;
  std::optional<Attempt> attempt_;
};

}  // namespace norn::cluster
