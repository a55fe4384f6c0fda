#pragma once
// The append-only log while the server runs: takes the bytes of executed writes, brings them to disk as the option appendfsync
// says, tells who asks how far it got, and changes its files under rewrites.
//
//                begin of the file written to
//                      |          synced          written              appended
//   ---- older files --[============|---------------|~~~~~~~~~~~~~~~~~~~~~|        positions, in bytes of the log's life
//                                     safe after a      in the kernel       only in memory
//                                     crash
//
// Two fibers of its own: the writer writes what was appended, in rounds (all that has come while the last round ran, so that
// under `always` one sync serves many writes), and changes the file; the syncer syncs. Each has a handle of its own on the file.
//
//   L1  synced <= written <= appended. synced and appended never fall. A byte at or above `synced` may be lost by a crash of the
//       machine, one below it is read back by LoadAof.
//   L2  Memory holds every byte from `synced` on (unless appendfsync is no, or syncs are suspended). So a sync that fails is
//       answered by writing those bytes again, never by syncing again: after a failed sync the kernel may have dropped them
//       and yet say that all is well. Where memory no longer has them, the failure is fatal.
//   L3  Bytes are written at the place where they belong, not "at the end": a write that failed half-way is written over. The
//       file is cut back at once all the same, for readers from outside.
//   L4  A file gets its first byte only when (a) every byte before it is synced in the file before, and (b) a durable manifest
//       names it. So only the last file with bytes in it can have a torn tail, which is what LoadAof relies on (T1).
//   L5  The order of a switch to a new file: drain and sync the old; create, empty and sync the new (its first line); sync the directory; store
//       the manifest. Of the end of a rewrite: sync the base; rename it into place (and the file of a log that is being
//       switched on); sync the directory; store the manifest; remove what is history; sync the directory; store the manifest
//       without it. A crash between any two leaves a manifest whose files are all there, and which describe the data.
//   L6  When storing a manifest fails, either may be in force. The log goes on as if the old were: the new one names the same
//       data (a switch adds a file without commands behind the last; a rewrite's base and increments stay in place). Names that it may
//       use are never used again.
//   L7  While the log is being switched on nothing of it counts as safe before the first rewrite's manifest is durable.
//
// When the disk fails. Under `always` a failed write or sync is fatal (on_fatal): replies that others have seen cannot be taken
// back. Otherwise ok() is false and the caller refuses writes; the log tries again until it succeeds (L2, L3).
//
// Runs on: one executor. What parks says so.

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/config/options.h"
#include "engine/env/env.h"
#include "engine/env/logger.h"
#include "engine/fiber/wait_queue.h"
#include "engine/persist/aof_buffer.h"
#include "engine/persist/aof_directory.h"
#include "engine/persist/aof_info.h"
#include "engine/persist/aof_loader.h"
#include "engine/persist/aof_rewrite_schedule.h"

namespace norn::persist {

struct AofOptions {
  config::AppendSync sync = config::AppendSync::kEverySecond;  // appendfsync
  bool no_sync_on_rewrite = false;                             // no-appendfsync-on-rewrite
  bool timestamps = false;                                     // aof-timestamp-enabled
  bool keep_history = false;                                   // aof-disable-auto-gc
  AofGrowthLimits growth = {};
};

struct AofHooks {
  // The process must stop: what clients were or will be told cannot be kept. Called once; must not park.
  std::function<void(const absl::Status&)> on_fatal;
  // How long a write or sync took: "aof-write", "aof-fsync-always", ... May be empty.
  std::function<void(std::string_view event, Duration took)> on_latency;
  // synced() has grown. Must not park. May be empty.
  std::function<void()> on_synced = {};
};

class AofLog : public std::enable_shared_from_this<AofLog> {
 public:
  enum class State : uint8_t {
    kOff,
    kWaitRewrite,  // switched on, waiting for the first rewrite to succeed
    kOn,
  };

  // Off. Its fibers run on the current executor until the node ends, and keep the log alive. `env` and `logger` outlive it.
  static std::shared_ptr<AofLog> Start(env::Env& env, env::Logger& logger, AofNames names,
                                       const AofOptions& options, AofHooks hooks);
  ~AofLog();

  // Goes on with a log that was loaded (or a new one, when there was none and the data is empty). Parks. Requires: kOff.
  // After an error: still off; the caller exits.
  absl::Status Open(const AofLoadResult& loaded);

  // appendonly yes at run time: kOff -> kWaitRewrite. Now the caller rewrites; the log is on once that succeeds.
  void TurnOn();
  // appendonly no: what was appended is written and synced if the disk can, then the log is off. A rewrite that runs is
  // aborted. Parks.
  void TurnOff();

  void SetOptions(const AofOptions& options);
  // A snapshot or rewrite is being written: for no-appendfsync-on-rewrite.
  void SetDiskBusy(bool busy);

  // ---- appending ----

  // Adds whole commands, preceded by a SELECT and a timestamp where needed; MULTI and EXEC may come in calls of their own.
  // Returns the position behind them. Never parks. Ignored when the log is off, or waits for a rewrite that does not run.
  uint64_t Append(DbIndex db, std::string_view commands);

  uint64_t appended() const { return buffer_.end(); }
  uint64_t written() const { return written_max_; }
  uint64_t synced() const { return state_ == State::kOn ? synced_ : synced_when_off_; }

  // Parks until every byte before `position` is written, or safe. Requires position <= appended(). FailedPrecondition: the log
  // is off, or was switched off meanwhile. DeadlineExceeded. DataLoss and others: the fatal error.
  absl::Status AwaitWritten(uint64_t position, Instant deadline);
  absl::Status AwaitSynced(uint64_t position, Instant deadline);

  // Parks until appendfsync lets a reply leave that depends on the bytes before `position`: `always`: when they are safe;
  // `everysec`: at once, unless bytes wait for a sync for over two seconds; `no`, or the log off: at once.
  absl::Status AwaitAnswerable(uint64_t position);
  // Whether AwaitAnswerable would return Ok at once.
  bool Answerable(uint64_t position) const;
  // Before this instant a reply may leave without asking AwaitAnswerable, whatever is appended meanwhile: with everysec two
  // seconds after the oldest byte came that is not safe. So who hears of it late, or no more, asks too often, never too seldom.
  Instant AnswerableUntil() const;

  // Writes and syncs all that is appended now, whatever the options. Parks. Ok when the log is not on.
  absl::Status Flush(Instant deadline);

  // False: the disk fails, and writes should be refused.
  bool ok() const { return write_ok_ && sync_ok_ && !dead_; }
  const absl::Status& last_error() const { return last_error_; }
  State state() const { return state_; }

  // ---- rewriting: Begin, then Finish or Abort ----

  // From this instant on appends go to a new file; the caller takes the data's state at this same instant and writes it as a base.
  // When off: does nothing but mark the rewrite. FailedPrecondition: a rewrite runs. After Ok, AwaitRewriteBegun is due.
  absl::Status CutForRewrite();
  // Parks until the new file is in force. An error, from the disk: nothing changed, and the failure is counted.
  absl::Status AwaitRewriteBegun();
  // Both.
  absl::Status BeginRewrite();
  // `temp_path`, in the log's directory, holds the whole base. After an error the rewrite has failed, and that is counted; the caller
  // may remove the temporary file if it is still there. Parks.
  absl::Status FinishRewrite(std::string_view temp_path, AofBaseKind kind);
  // The rewrite failed, or was cancelled by the user (not counted as a failure then). Nothing when none runs between Begin and
  // Finish.
  void AbortRewrite(bool failed);

  bool rewriting() const { return rewrite_ != Rewrite::kNone; }
  // BGREWRITEAOF while another child works.
  void ScheduleRewrite() { rewrite_scheduled_ = true; }
  // Asked several times a second: whether a rewrite should begin now by itself.
  bool RewriteDue() const;

  AofInfo Info() const;
  const AofNames& names() const { return names_; }
  const AofManifest& manifest() const { return manifest_; }

 private:
  enum class Rewrite : uint8_t { kNone, kSwitching, kRunning, kFinishing };
  class ManifestLock;
  // Bytes that were appended at about the same time.
  struct Batch {
    uint64_t end;
    Instant began;
  };

  AofLog(env::Env& env, env::Logger& logger, AofNames names, const AofOptions& options,
         AofHooks hooks);

  // ---- aof_log.cc ----
  bool TakesAppends() const;
  bool SyncsSuspended() const { return options_.no_sync_on_rewrite && disk_busy_; }
  void NoteAppended();
  void ForgetBatches(uint64_t position);
  Duration OldestUnsynced() const;
  absl::Status Await(uint64_t position, bool safe, Instant deadline);
  void WakeAll();
  Instant Now() const { return env_.clock().Now(); }

  // ---- aof_writer.cc ----
  void RunWriter();
  void RunSyncer();
  uint64_t WriteTarget() const;
  Instant MayWriteAt(Instant now);
  void WriteRound(uint64_t target);
  void WriteFailed(const absl::Status& status);
  Instant SyncDueAt() const;
  void SyncOnce();
  void SyncFailed(const absl::Status& status);
  void DropSafe();
  void Fatal(const absl::Status& status);
  uint64_t FileOffset(uint64_t position) const {
    return file_base_offset_ + (position - file_begin_);
  }
  void Latency(std::string_view event, Instant began) const;

  // ---- aof_rewrite.cc ----
  struct Handles {
    std::unique_ptr<env::File> write;
    std::shared_ptr<env::File> sync;
  };
  absl::StatusOr<Handles> OpenHandles(const std::string& path, bool fresh);
  absl::Status WriteFirstLine(Handles* handles, uint64_t offset);
  absl::Status CreateNextIncr(AofManifest* next, Handles* handles);
  void RequestClose();
  void CloseFile();
  void ForgetUpTo(uint64_t position);
  bool ReadyToSwitch() const;
  void FailSwitch(const absl::Status& status);
  void SwitchFile();
  absl::Status SwitchToIncr(Handles* handles);
  absl::Status SwitchToTemp(Handles* handles);
  absl::Status LoadedManifest();
  absl::StatusOr<uint64_t> SyncBase(const std::string& path);
  absl::Status InstallBase(const std::string& temp_path, AofBaseKind kind);
  void RewriteEnded(bool ok, bool counts);
  void CollectHistory();
  absl::Status SyncLoaded(const AofLoadResult& loaded);

  env::Env& env_;
  env::Logger& logger_;
  const AofNames names_;
  AofOptions options_;
  const AofHooks hooks_;

  State state_ = State::kOff;
  bool dead_ = false;
  absl::Status last_error_;
  bool write_ok_ = true;
  bool sync_ok_ = true;

  // ---- bytes ----
  AofBuffer buffer_;
  std::optional<DbIndex> selected_db_;  // in the file, behind all that is appended
  int64_t last_timestamp_s_ = 0;
  uint64_t written_ = 0;  // falls back to synced_ when a sync fails (L2)
  uint64_t written_max_ = 0;
  uint64_t synced_ = 0;
  uint64_t synced_when_off_ = 0;
  uint64_t force_sync_to_ = 0;  // asked for whatever the options say
  std::deque<Batch> batches_;   // not yet synced

  // ---- the file ----
  std::unique_ptr<env::File> file_;       // the writer's
  std::shared_ptr<env::File> sync_file_;  // the syncer's
  uint64_t file_begin_ = 0;               // the position that lies at
  uint64_t file_base_offset_ = 0;         // this offset
  bool close_wanted_ = false;
  uint64_t close_at_ = 0;

  // ---- the fibers ----
  bool writer_idle_ = false;
  bool round_running_ = false;
  bool sync_running_ = false;
  bool disk_busy_ = false;
  uint64_t rewinds_ = 0;
  Instant retry_at_ = Instant::Past();
  Instant last_sync_began_ = Instant::Past();
  std::optional<Instant> postponed_since_;
  uint64_t delayed_syncs_ = 0;
  WaitQueue writer_work_;
  WaitQueue syncer_work_;
  WaitQueue progress_;  // who waits for written, synced, state

  // ---- files and rewrites ----
  AofManifest manifest_;
  bool manifest_loaded_ = false;
  bool manifest_busy_ = false;
  WaitQueue manifest_free_;
  Rewrite rewrite_ = Rewrite::kNone;
  bool switch_wanted_ = false;
  uint64_t switch_at_ = 0;
  absl::Status switch_status_;
  int64_t rewrite_from_seq_ = 0;
  Instant rewrite_began_{};
  bool rewrite_scheduled_ = false;
  bool last_rewrite_ok_ = true;
  int64_t last_rewrite_s_ = -1;
  uint64_t rewrites_ = 0;
  AofRewriteBackoff backoff_;
  uint64_t settled_bytes_ = 0;  // in base and files before the current one
  uint64_t size_after_rewrite_ = 0;
};

}  // namespace norn::persist
