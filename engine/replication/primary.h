#pragma once
// The one stream of changes that a node has, for its replicas: bytes with offsets (backlog), the history they belong to
// (lineage), who reads them (replica table). A primary writes the stream itself, from its effects; a replica repeats its
// primary's, byte for byte, so that offsets mean the same all along a chain.
//
//   P1  Every byte counts: effects, SELECT, PING, GETACK. offset() grows by exactly what is appended.
//   P2  A stream that replicas can join is active: it has a backlog and an id made when it became active. While it is not,
//       nobody can resume in it, so nothing is stored.
//   P3  A replica starts a stream behind a full copy with no database selected: the next effect selects one anew. A partial
//       one goes on with the database that it had.
//
// Pure: no I/O, no clock. Belongs to executor 0.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/ids.h"
#include "engine/base/prng.h"
#include "engine/base/time.h"
#include "engine/replication/backlog.h"
#include "engine/replication/lineage.h"
#include "engine/replication/offset.h"
#include "engine/replication/replica_table.h"

namespace norn {

struct SyncAnswer {
  enum class Kind : uint8_t { kContinue, kFull, kDualChannel };
  Kind kind = Kind::kFull;
  // The line to send; empty for kFull, whose line is known when the copy's cut is made (FullSyncLine).
  std::string line;
};

class PrimaryStream {
 public:
  PrimaryStream(size_t backlog_bytes, Prng ids);

  // ---- the stream ----
  bool active() const { return active_; }
  // This node is a replica: the stream is its primary's.
  bool following() const { return following_; }
  StreamOffset offset() const { return backlog_.end(); }
  const Lineage& lineage() const { return lineage_; }
  const Backlog& backlog() const { return backlog_; }
  ReplicaTable& replicas() { return replicas_; }
  const ReplicaTable& replicas() const { return replicas_; }
  // The database that the stream stands in; none: the next effect selects.
  std::optional<DbIndex> stream_db() const { return stream_db_; }

  // Whole commands of one database, none of them SELECT, in the one total order of the node. A replica's own writes are not part
  // of the stream that it repeats: while this node follows another, nothing happens.
  void Append(DbIndex db, std::string_view resp);
  // What came from this node's own primary, cut where commands and transactions end; `db` is the one selected behind it.
  void AppendFromPrimary(std::string_view bytes, DbIndex db);
  void AppendPing() { AppendRaw("*1\r\n$4\r\nPING\r\n"); }
  void AppendGetAck();

  // Called when bytes arrive after ArmWake; once for each arming.
  void SetWake(std::function<void()> wake) { wake_ = std::move(wake); }
  void ArmWake() { wake_armed_ = true; }

  // ---- histories ----
  // Becomes active, under a new id without a past (P2). Requires: not active.
  void Activate();
  // No replica for long, or a new past: the id changes so that nobody resumes over the gap.
  void Deactivate();
  // A snapshot or log was loaded at the start that says where in which history it stands. As a primary this node goes on under
  // a new id. Requires: not active.
  void RestoreAsPrimary(std::string id, StreamOffset at);
  void RestoreAsReplica(std::string id, StreamOffset at, DbIndex db);
  // This node was a replica and goes on as a primary, under a new id. Requires: following. Replicas must be disconnected to learn the new id.
  void Promote();
  // This node was a primary and will follow another: it keeps its place, so that it may resume there.
  void Demote();
  // An empty id: a primary without ids (SYNC), whose stream nobody can resume.
  // This node, as a replica, holds a full copy of its primary at `at`, where `db` is selected. Replicas must be disconnected before.
  void AdoptFullCopy(std::string primary_id, StreamOffset at, DbIndex db);
  // +CONTINUE from this node's primary. True: the id changed, so replicas must be disconnected.
  bool AdoptContinue(std::string_view primary_id);

  // ---- replicas ----
  // Requires: active for kContinue, which it checks itself. Never changes anything.
  SyncAnswer Answer(const SyncRequest& request, const ReplicaFacts& facts) const;
  // "+FULLRESYNC <id> <offset>\r\n" for a copy whose cut is here and now. Forces SELECT when this node is a primary (P3).
  std::string FullSyncLine();
  // "$ENDOFF:<offset> <id> <db> <client>\r\n" for the copy's own connection (dual channel).
  std::string EndOffsetLine(ClientId client);

  // The replica will read the stream from `at` on; what it has not read is kept. Requires: backlog().Contains(at).
  void StartFeed(ClientId id, StreamOffset at);
  bool HasFeed(ClientId id) const { return feeds_.count(id.value) > 0; }
  // Copies what comes next for it and moves on; 0: nothing new.
  size_t ReadFeed(ClientId id, std::span<char> out);
  // Bytes kept for it that it has not read.
  size_t Unread(ClientId id) const;
  // Moves the reading position to another replica: dual channel holds the stream for the copy's connection until the main one
  // takes over.
  void HandFeed(ClientId from, ClientId to);
  void StopFeed(ClientId id);  // idempotent

  void SetBacklogBytes(size_t bytes) { backlog_.SetLimit(bytes); }
  // The last replica left `ttl` ago; zero: never.
  bool BacklogExpired(Duration ttl, Instant now) const;

  // INFO replication from "master_replid" on.
  std::string InfoLines() const;

 private:
  void AppendRaw(std::string_view bytes);
  std::string NewId();

  Prng ids_;
  bool active_ = false;
  bool following_ = false;
  Backlog backlog_;
  Lineage lineage_;
  ReplicaTable replicas_;
  std::optional<DbIndex> stream_db_;
  std::map<uint64_t, Backlog::HoldId> feeds_;
  std::function<void()> wake_;
  bool wake_armed_ = false;
};

}  // namespace norn
