#pragma once
// Where the node's data lies on disk, and when it gets there: the snapshot file with its save points, the append-only log with
// its rewrites, and the loading of either at the start.
//
// Executor 0. What parks says so.

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/commands/node_control.h"
#include "engine/node/journal.h"
#include "engine/node/snapshot.h"
#include "engine/node/staged_dataset.h"
#include "engine/persist/aof_log.h"
#include "engine/shard/executor_state.h"

namespace norn {

class Persistence : private JournalListener {
 public:
  struct Hooks {
    // Effects are wanted, or no longer. Parks.
    std::function<void(bool)> set_journaling;
    // loading(), disk_broken() or log_broken() changed. Never parks.
    std::function<void()> on_condition;
    // Aux fields about the history that a snapshot belongs to, asked at its cut. Never parks.
    std::function<SnapshotFields()> history_aux;
    // The data came from a file that says where in which history it stood.
    std::function<void(const persist::RdbInfo&)> on_loaded;
    // The log was synced further. Never parks.
    std::function<void()> on_log_synced;
    // How long the disk took for something. Never parks.
    std::function<void(std::string_view event, Duration took)> on_latency;
  };

  Persistence(ExecutorState* const* states, SnapshotWriter& snapshots, Journal& journal,
              Hooks hooks);
  ~Persistence() override;

  // At the start, before any write: reads the log or the snapshot, and goes on with the log. An error says why the server must
  // not start. Parks.
  absl::Status Load();
  // Load found files, be there no key in them.
  bool found_data() const { return found_data_; }
  // Ten times a second. Never parks.
  void Tick();
  // Before the node ends: the data is safe as the options and the request want it. An error: it is not. Parks.
  absl::Status BeforeExit(const ShutdownRequest& request);
  // CONFIG SET changed something. Never parks.
  void OnConfig();

  // ---- commands; messages are replies ----
  absl::Status Save();  // parks
  absl::StatusOr<std::string> SaveInBackground(bool schedule);
  absl::StatusOr<std::string> CancelSave();
  // FLUSHALL: with save points the snapshot is written anew at once, in the background. Never parks.
  void OnFlushed();
  absl::StatusOr<std::string> RewriteInBackground();
  absl::Status Reload(bool save);  // parks
  absl::Status ReloadLog();        // parks
  int64_t last_save_unix_s() const { return last_save_unix_s_; }

  // How many changes shard `shard` has counted; each executor tells now and then.
  void NoteChanges(uint32_t shard, uint64_t changes) { changes_[shard] = changes; }

  // Everything in the journal now is as safe as appendfsync promises before a reply. Parks.
  absl::Status AwaitAnswerable();
  // Before then nobody needs to ask it. Grows while syncs go well.
  Instant answerable_until() const {
    return log_ == nullptr ? Instant::Never() : log_->AnswerableUntil();
  }
  // Null before Load.
  persist::AofLog& log() { return *log_; }
  persist::RdbEncodeOptions EncodeOptions() const;

  // All data is replaced by a copy of the primary's: the log stops before, and begins anew from the copy. Until its first
  // rewrite is done the files on disk are those of the old data, whole. BeforeSwap parks; AtSwap is called while every token
  // is held.
  void BeforeSwap();
  void AtSwap();
  void AfterSwap();

  bool loading() const { return loading_; }
  bool disk_broken() const { return !last_bgsave_ok_; }
  bool log_broken() const;
  // `changes_now`: summed over the shards.
  PersistenceStats Stats(uint64_t changes_now) const;

 private:
  class LogTarget;

  const config::Options& options() const { return states_[0]->options(); }
  env::Env& env() const { return states_[0]->env; }
  env::Logger& log_lines() const { return states_[0]->log; }
  int64_t UnixSeconds() const { return env().clock().Wall().unix_s(); }

  void OnEffects(DbIndex db, std::string_view resp) override;
  bool repeats_messages() const override { return false; }

  // ---- snapshot file ----
  absl::Status WriteSnapshotFile();
  void BeginBackgroundSave();
  void CancelRunningSave();
  bool SavePointReached() const;
  void TellProgress();
  uint64_t ChangesSinceSave(uint64_t changes_now) const;

  // ---- loading ----
  absl::Status LoadSnapshotFile(StagedDataset& dataset, bool* found);
  absl::Status LoadLog(StagedDataset& dataset, persist::AofLoadResult* result);
  void NoteLoaded(const StagedDataset::Loaded& loaded);
  void Progress(uint64_t done_bytes, uint64_t total_bytes);

  // ---- log ----
  persist::AofNames LogNames() const;
  persist::AofOptions LogOptions() const;
  void StartLog();
  absl::Status RewriteLog();
  absl::Status WriteBase(const std::string& path);
  void BeginBackgroundRewrite();
  void SwitchLog(bool on);
  void Die(const absl::Status& status);

  ExecutorState* const* states_;
  SnapshotWriter& snapshots_;
  Journal& journal_;
  const Hooks hooks_;
  std::shared_ptr<persist::AofLog> log_;

  std::vector<uint64_t> changes_;  // by shard, as last told
  uint64_t saved_changes_ = 0;     // their sum at the last save's cut

  bool saving_ = false;  // the snapshot file is being written
  bool save_scheduled_ = false;
  bool cancel_save_ = false;
  bool rewriting_ = false;
  bool switching_ = false;  // the log, on or off
  bool cancel_rewrite_ = false;
  Instant told_answerable_until_ = Instant::Never();
  int64_t last_save_unix_s_ = 0;
  int64_t last_try_unix_s_ = 0;
  int64_t save_began_unix_s_ = 0;
  bool last_bgsave_ok_ = true;
  int64_t last_bgsave_s_ = -1;
  uint64_t saves_ = 0;

  bool loading_ = false;
  Instant loading_began_;
  int64_t loading_began_unix_s_ = 0;
  uint64_t loaded_bytes_ = 0;
  uint64_t loading_total_bytes_ = 0;
  Instant next_progress_line_;
  Instant writing_began_;  // of the snapshot or rewrite under way
  uint64_t last_load_keys_ = 0;
  bool found_data_ = false;
  uint64_t last_load_expired_ = 0;
};

}  // namespace norn
