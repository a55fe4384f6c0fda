#pragma once
// What replication needs of a node (ReplicationHost), done with its shards, snapshots and log.
//
// Executor 0, but for what says otherwise.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/node/journal.h"
#include "engine/node/persistence.h"
#include "engine/node/snapshot.h"
#include "engine/replication/host.h"
#include "engine/replication/primary.h"
#include "engine/shard/dispatcher.h"

namespace norn {

class NodeReplication : public ReplicationHost,
                        private JournalListener,
                        private ReplySink,
                        private CutGate {
 public:
  struct Hooks {
    // Effects are wanted for the stream, or no longer. Parks.
    std::function<void(bool)> set_journaling;
    // Every executor has the condition when it returns. `settle`: what was under way has reached the journal too. Parks.
    std::function<void(bool settle)> publish_condition;
  };

  NodeReplication(ExecutorState* const* states, SnapshotWriter& snapshots, Journal& journal,
                  Persistence& persistence, Hooks hooks);
  ~NodeReplication() override;

  // The stream that effects go to; it outlives this. Before the first write.
  void Attach(PrimaryStream& stream, std::function<void()> on_log_synced);

  const ReplicationGates& gates() const { return gates_; }
  // repl-id, repl-offset, repl-stream-db and, in a cluster, norn-shard, when there is a history to tell of.
  SnapshotFields HistoryFields() const;
  // The node will follow somebody from the start, though `replicaof` does not say so. Before the data is read.
  void SetStartsAsReplica() { starts_as_replica_ = true; }
  // Asked for each snapshot: which shard's data this is (RdbInfo::cluster_shard).
  void SetDataShard(std::function<std::string()> shard) { data_shard_ = std::move(shard); }
  // What the file that was loaded at the start said there.
  const std::optional<std::string>& loaded_shard() const { return loaded_shard_; }
  // The node started from files, be there no key in them.
  bool found_data() const { return persistence_.found_data(); }
  // The data comes from a file that says where in which history it stood.
  void OnLoaded(const persist::RdbInfo& info);
  // The log may have been synced further. Never parks.
  void OnLogSynced();

  // ---- ReplicationHost ----
  void SetJournaling(bool on) override { hooks_.set_journaling(on); }
  void SetGates(const ReplicationGates& gates) override;
  absl::Status WriteSnapshot(int rdb_version, const std::function<SnapshotPlace()>& at_cut,
                             persist::ByteSink& sink) override;
  absl::StatusOr<LoadedSnapshot> LoadSnapshot(
      persist::ByteSource& source,
      const std::function<void(const LoadedSnapshot&)>& at_swap) override;
  void ResetPrimarySession(DbIndex db) override;
  void Apply(std::span<const StreamCommand> commands) override;
  StreamOffset WriteOffsetOf(Session& session) override;
  StreamOffset LogSyncedOffset() override;
  void HoldWrites(bool on) override;
  void OnLineageChanged() override {}

 private:
  // Where the log and the stream stood at the same time.
  struct Mark {
    uint64_t log;
    StreamOffset stream;
  };

  void OnEffects(DbIndex db, std::string_view resp) override;
  bool repeats_messages() const override { return true; }
  bool Drain() override;
  void RunPrimaryCommands(std::span<const StreamCommand> commands);
  void Close() override;
  void Open() override;

  ExecutorState* const* states_;
  SnapshotWriter& snapshots_;
  Journal& journal_;
  Persistence& persistence_;
  const Hooks hooks_;
  PrimaryStream* stream_ = nullptr;
  std::function<void()> on_log_synced_;
  ReplicationGates gates_;
  bool starts_as_replica_ = false;
  std::function<std::string()> data_shard_;  // null: no cluster
  std::optional<std::string> loaded_shard_;

  std::deque<Mark> marks_;
  StreamOffset synced_stream_ = 0;

  // ---- the primary's commands ----
  Session session_;
  Dispatcher dispatcher_;
  ByteBuffer replies_;
  bool applying_ = false;
  bool cutting_ = false;
  WaitQueue apply_turn_;
  uint64_t errors_told_ = 0;
};

}  // namespace norn
