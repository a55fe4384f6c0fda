#pragma once
// What elections are made of: the messages, what must survive a crash, the actions that an Election asks its node for.

#include <algorithm>
#include <cstdint>
#include <map>
#include <variant>
#include <vector>

#include "engine/base/time.h"
#include "engine/cluster/history.h"
#include "engine/cluster/node_id.h"
#include "engine/cluster/slot_set.h"

namespace norn::cluster {

// Numbers a primary's requests for its lease; those of another life of the process have another `boot`.
struct LeaseStamp {
  uint64_t boot = 0;
  uint64_t number = 0;
  bool operator==(const LeaseStamp&) const = default;
};

// ---- between norn nodes; all are safe to lose, repeat and delay ----

struct BallotRequest {
  NodeId candidate;
  ClusterShardId shard;
  uint64_t ballot = 0;
  uint64_t config_epoch = 0;  // of the shard's primary, as the candidate knows it
  History history;
  bool manual = false;  // asked for by a person: the primary may be up
  // Manual, from a primary that paused: it uses no grant up to this one any more. {0, 0}: none.
  LeaseStamp released;
};

struct BallotVote {
  NodeId voter;
  NodeId candidate;
  ClusterShardId shard;
  uint64_t ballot = 0;
};

enum class DenialReason : uint8_t {
  kNotReady,       // the voter started a moment ago, or knows too little
  kNotACandidate,  // not a member of that shard, in the voter's view
  kOldBallot,      // `seen` was promised
  kStaleConfig,    // the shard has a later primary
  kPrimaryUp,
  kLeaseHeld,  // until then it could be writing
  kBetterReplica,
  kNoData,
  kOldData,  // a later reign's data may come back yet
};

struct BallotDenial {
  NodeId voter;
  NodeId candidate;
  ClusterShardId shard;
  uint64_t ballot = 0;
  DenialReason reason = DenialReason::kNotReady;
  uint64_t seen = 0;
};

struct LeaseRequest {
  NodeId primary;
  ClusterShardId shard;
  uint64_t reign = 0;
  LeaseStamp stamp;
};

struct LeaseGrant {
  NodeId voter;
  ClusterShardId shard;
  LeaseStamp stamp;
  bool granted = false;
  // The ballot that was promised in this shard; when this primary's own number was promised to another, one more.
  uint64_t seen = 0;
};

// ---- the same in Valkey's words (the bus's AUTH_REQUEST, AUTH_ACK, MFSTART) ----

struct LegacyVoteRequest {
  NodeId candidate;
  uint64_t current_epoch = 0;
  uint64_t config_epoch = 0;
  std::vector<SlotRange> slots = {};  // a set would make every message and action 2 KiB
  bool force = false;
};

struct LegacyVote {
  NodeId voter;
  uint64_t current_epoch = 0;
};

struct ManualStart {
  NodeId replica;
};

using ElectionMessage = std::variant<BallotRequest, BallotVote, BallotDenial, LeaseRequest,
                                     LeaseGrant, LegacyVoteRequest, LegacyVote, ManualStart>;

// ---- what must survive a crash ----

struct ShardPromise {
  uint64_t ballot = 0;
  NodeId candidate;
  bool operator==(const ShardPromise&) const = default;
};

struct ElectionRecord {
  uint64_t last_vote_epoch = 0;  // legacy; nodes.conf: lastVoteEpoch
  std::map<ClusterShardId, ShardPromise> promises;
  uint64_t reign = 0;  // the last ballot that this node won
  // By shard: the latest reign that this node lent its voice to as a voter, so that it may hold writes.
  std::map<ClusterShardId, uint64_t> reigns;
  bool operator==(const ElectionRecord&) const = default;
};

// ---- what the node is to do, in this order ----

namespace election_action {
// The record and the topology (currentEpoch!). What follows may not happen before it is durable. Several steps may share one sync.
struct Persist {};
struct Send {
  NodeId to;
  ElectionMessage message;
};
// To every node of the cluster.
struct SendAll {
  ElectionMessage message;
};
// This node is its shard's primary (the view says so already): stop following, tell everyone.
struct Promoted {
  uint64_t epoch = 0;
};
struct PauseWrites {
  Instant until;
};
struct ResumeWrites {};
// A PING or PONG with this node's offset (and PAUSED) to a node, or to the other replicas of its primary.
struct TellOffset {
  NodeId to;  // empty: the siblings
};
// UPDATE: `to` is behind on what `about` owns.
struct TellConfig {
  NodeId to;
  NodeId about;
};
}  // namespace election_action

using ElectionAction = std::variant<election_action::Persist, election_action::Send,
                                    election_action::SendAll, election_action::Promoted,
                                    election_action::PauseWrites, election_action::ResumeWrites,
                                    election_action::TellOffset, election_action::TellConfig>;
using ElectionActions = std::vector<ElectionAction>;

struct ElectionOptions {
  Duration node_timeout = Duration::Seconds(15);
  // How wrong a clock's rate may be, in millionths: the bound of the proof in lease.h.
  int64_t max_drift_ppm = 5000;
  int64_t validity_factor = 10;  // 0: data of any age
  Duration replica_ping_period = Duration::Seconds(10);
  Duration manual_timeout = Duration::Seconds(5);
  // Valkey: up to 8.0 a voter voted once in two timeouts for a shard; that left shards without primary for long (#1305).
  int64_t legacy_vote_spacing_timeouts = 0;
  // How long data of an earlier reign waits for a later one's to come back (the essay of election.h), two timeouts at least.
  Duration old_data_patience = Duration::Seconds(10);

  Duration old_data_wait() const { return std::max(old_data_patience, node_timeout * 2); }
  // How long a grant lets a primary write, from the sending of the request, on its clock. Shorter than the node timeout, so that
  // promises are over by the time of the verdict: those who suspect first do so a heartbeat before the last.
  Duration lease() const { return node_timeout / 4 * 3; }
  // How long a grant binds the voter, from granting, on its own.
  Duration promise() const {
    const int64_t million = 1000000;
    return lease() / (million - max_drift_ppm) * (million + max_drift_ppm) +
           Duration::Nanos(2 * million);
  }
};

// What the node knows of itself at a step.
struct SelfFacts {
  History history;
  Duration data_age;  // since the last word of the primary
  bool no_failover = false;
  bool hears_quorum = true;
};

}  // namespace norn::cluster
