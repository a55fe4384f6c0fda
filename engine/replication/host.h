#pragma once
// What replication needs of the node around it. Links and feeds (net/) decide when; the node (engine/node) knows how: shards,
// tokens, executors, persistence. Everything runs on fibers of executor 0 unless said otherwise.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/base/ids.h"
#include "engine/persist/byte_sink.h"
#include "engine/persist/byte_source.h"
#include "engine/replication/offset.h"
#include "engine/session/session.h"

namespace norn {

// Where in which history a snapshot stands: its aux fields repl-id, repl-offset, repl-stream-db.
struct SnapshotPlace {
  std::string id;
  StreamOffset offset = 0;
  int64_t stream_db = -1;  // -1: the stream selects one before its next effect
};

// What a loaded snapshot said of itself.
struct LoadedSnapshot {
  int64_t stream_db = -1;  // of its aux fields; -1: not told
  uint64_t keys = 0;
};

// A command of the primary's stream; views die with the call.
struct StreamCommand {
  std::span<const std::string_view> words;
  size_t bytes = 0;
};

// What the gates between parsing and handlers must know on every executor.
struct ReplicationGates {
  bool following = false;  // this node is a replica: READONLY, no expiry or eviction of its own
  bool link_up =
      false;  // its link applies the stream: else MASTERDOWN where replica-serve-stale-data is off
  size_t good_replicas = 0;  // for min-replicas-to-write: NOREPLICAS
  bool operator==(const ReplicationGates&) const = default;
};

class ReplicationHost {
 public:
  virtual ~ReplicationHost() = default;

  // From the return on every effect reaches the stream (PrimaryStream::Append), or none need to. Parks.
  virtual void SetJournaling(bool on) = 0;

  // Every executor has these gates when it returns. Turning `following` on also waits for the writes under way to have reached
  // the stream. Parks.
  virtual void SetGates(const ReplicationGates& gates) = 0;

  // Writes the dataset as it is at one cut across all shards. `at_cut` is called on executor 0 at the cut, before any byte is
  // written: what ran before is in the stream by then, and what runs after is not. `sink` is called on executor 0 and may park
  // for long; its error ends the snapshot. Parks until the last byte is written.
  virtual absl::Status WriteSnapshot(int rdb_version, const std::function<SnapshotPlace()>& at_cut,
                                     persist::ByteSink& sink) = 0;

  // Reads a snapshot beside the old data, which stays and is served until the last byte is verified; then replaces it at once.
  // `at_swap` is called on executor 0 at that moment, while no command runs. An error leaves the old data as it was. Parks.
  virtual absl::StatusOr<LoadedSnapshot> LoadSnapshot(
      persist::ByteSource& source, const std::function<void(const LoadedSnapshot&)>& at_swap) = 0;

  // A new link's first command will find `db` selected and no MULTI open. What a link before it left open is dropped.
  virtual void ResetPrimarySession(DbIndex db) = 0;
  // Runs commands of the primary's stream, in order, as no client could: no gate refuses them, nothing expires under them.
  // `on_durable_path` of each effect (the append log) is the host's own matter. Parks until they ran.
  virtual void Apply(std::span<const StreamCommand> commands) = 0;

  // A position of the stream behind everything that the session wrote, when the stream is there; 0 when it wrote nothing. Never
  // a made-up client's (B51). Runs on the session's executor. Parks.
  virtual StreamOffset WriteOffsetOf(Session& session) = 0;

  // The stream's position up to which this node's own append log is synced; -1 when it has none. Call
  // Replication::OnLogSynced after it moved.
  virtual StreamOffset LogSyncedOffset() = 0;

  // FAILOVER and the end of the node: holds back every write until it is released, and waits for those under way to have
  // reached the stream. Parks.
  virtual void HoldWrites(bool on) = 0;

  // The replica's history changed under its persistence (a copy was adopted, a role changed). May park.
  virtual void OnLineageChanged() = 0;
};

// The snapshot format that a replica reads: what its REPLCONF version tells, and what old servers read that tell nothing.
// `version` as ReplicaFacts has it; `own_version` is what this node writes.
inline int RdbVersionFor(int32_t version, int own_version) {
  const int readable = version >= (7 << 16 | 2 << 8) ? 11 : 10;
  return own_version < readable ? own_version : readable;
}

}  // namespace norn
