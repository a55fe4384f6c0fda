#pragma once
// To whom this node lends its voice. Two kinds of requests, each with its own rules: of norn nodes (ballots for one shard, with
// the candidate's history) and of Valkey's (one vote an epoch for the whole cluster).
//
//   V1  at most one candidate for a shard and ballot, at most one for a legacy epoch, across restarts: the record is durable
//       before the answer leaves (I3, B41). Ballots that are promised only grow.
//   V2  while a grant that it gave may still let somebody write, no vote and no grant for another in that shard (lease.h).
//   V3  no grant to a reign below the promised ballot.
//   V4  a vote goes only to a history that no reachable, able replica of the shard is known to exceed, and never to a node
//       without data unless a person insists (I6, I7).
//   V5  no vote for a configuration older than what is known here (the requester is told, B11).
//   V6  no vote for data of an earlier reign than the latest that this node granted a lease to, until that reign was not heard of
//       for old_data_wait(), unless a person insists. The latest is durable before the first grant leaves (election.h):
//       by a note of its own, or by the promise to a candidate who is a primary in the file.
//
// Pure: the record changes in memory, `persist` says when it must be stored.

#include <absl/container/flat_hash_map.h>

#include <map>
#include <optional>
#include <vector>

#include "engine/cluster/election_types.h"
#include "engine/cluster/failure_detector.h"
#include "engine/cluster/topology.h"

namespace norn::cluster {

class Voter {
 public:
  // How long after a failure votes wait for the news of the failed primary's other replicas.
  static constexpr Duration kNewsWait = Duration::Millis(250);

  // Remembers nothing of grants before `now`, and so is quiet for a while.
  Voter(const Topology& view, const FailureDetector& detector, const ElectionOptions& options,
        ElectionRecord& record, Instant now);

  // [Persist,] then the answer to the candidate.
  ElectionActions OnBallotRequest(const BallotRequest& request, Instant now);
  // [Persist,] then the answer to the primary.
  ElectionActions OnLeaseRequest(const LeaseRequest& request, Instant now);
  // Empty: denied. The sender's current epoch must be observed by the view before.
  ElectionActions OnLegacyRequest(const LegacyVoteRequest& request, Instant now);

 private:
  struct Given {
    NodeId holder;
    LeaseStamp stamp;
    Instant at;
    bool over = false;  // this node voted for another since
  };

  std::optional<DenialReason> WhyNot(const BallotRequest& request, Instant now) const;
  bool IsBound(const ClusterShardId& shard, const NodeId& other, Instant now) const;
  bool WasReleased(const BallotRequest& request) const;
  bool KnowsBetter(const BallotRequest& request, Instant now) const;
  bool MayBeOutlived(const BallotRequest& request, Instant now) const;
  bool ShowsInFile(const LeaseRequest& request) const;
  LeaseGrant Grant(const LeaseRequest& request, Instant now);
  std::vector<NodeId> LaterOwners(const LegacyVoteRequest& request) const;

  const Topology& view_;
  const FailureDetector& detector_;
  ElectionOptions options_;
  ElectionRecord& record_;
  Instant started_;
  absl::flat_hash_map<ClusterShardId, Given> given_;  // looked up only
  std::map<NodeId, Instant> legacy_voted_at_;         // by failed primary
};

}  // namespace norn::cluster
