#pragma once
// The replicas attached to this node, what they announced and what they acknowledged; and the questions that WAIT, WAITAOF,
// min-replicas-to-write, INFO and ROLE ask about them.
//
// Plain data of executor 0, in order of client id.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/replication/offset.h"
#include "engine/session/replica_facts.h"

namespace norn {

enum class ReplicaState : uint8_t {
  kWaitSnapshot,     // its full copy has not begun
  kSendSnapshot,     // the copy is on its way
  kOnline,           // gets the stream
  kSnapshotDone,     // wanted the copy only
  kLoadsInParallel,  // dual channel: this is the main connection, while the copy goes over the other
};

// As INFO names it.
std::string_view ReplicaStateName(ReplicaState state);

struct Replica {
  ReplicaFacts facts;
  ReplicaState state = ReplicaState::kWaitSnapshot;
  // -1: none yet. Online it is from the moment its copy is on the way; what it has it says after loading that. Valkey: counts
  // it for WAIT at once, after writes that came before there was a stream, whose offset is 0.
  StreamOffset acked = -1;
  StreamOffset acked_on_disk = -1;
  Instant last_ack;  // or when it came online, if it sent none since
  Instant state_since;
};

class ReplicaTable {
 public:
  // Requires: not there yet.
  Replica& Add(ClientId id, ReplicaFacts facts, ReplicaState state, Instant now);
  // Idempotent. `now` begins the time without replicas when it was the last.
  void Remove(ClientId id, Instant now);
  Replica* Find(ClientId id);
  void SetState(ClientId id, ReplicaState state, Instant now);

  // An acknowledgement, which never falls. Offsets past `end`, the stream's, are of another stream and count for nothing (G9).
  // `on_disk` -1: not told.
  void RecordAck(ClientId id, StreamOffset acked, StreamOffset on_disk, StreamOffset end,
                 Instant now);

  bool empty() const { return replicas_.empty(); }
  size_t size() const { return replicas_.size(); }
  const std::map<uint64_t, Replica>& all() const { return replicas_; }
  // When the last replica left; of no meaning while there are some.
  Instant empty_since() const { return empty_since_; }
  void RestartEmptyTime(Instant now) { empty_since_ = now; }

  // Online replicas that have everything before `offset`, in memory or on disk.
  size_t CountAcked(StreamOffset offset) const;
  size_t CountAckedOnDisk(StreamOffset offset) const;
  // Online replicas whose last acknowledgement is at most `lag_max` seconds old.
  size_t CountGood(int64_t lag_max_s, Instant now) const;
  // Online replicas that have acknowledged exactly up to `end`.
  std::vector<ClientId> CaughtUp(StreamOffset end) const;
  const Replica* FindByAddress(std::string_view ip, int64_t port) const;
  // Those who have been silent for longer than `timeout`: online ones that acknowledge.
  std::vector<ClientId> TimedOut(Duration timeout, Instant now) const;

  // "slave0:ip=10.0.0.2,port=6379,state=online,offset=15,lag=0,type=replica\r\n" and so on.
  std::string InfoLines(Instant now) const;

 private:
  std::map<uint64_t, Replica> replicas_;
  Instant empty_since_;
};

}  // namespace norn
