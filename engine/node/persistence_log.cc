// The append-only log: fed from the journal, rewritten from snapshots, switched on and off.

#include <fmt/format.h>

#include "engine/base/status.h"
#include "engine/fiber/spawn.h"
#include "engine/node/persistence.h"
#include "engine/persist/file_sink.h"

namespace norn {

persist::AofNames Persistence::LogNames() const {
  return {.work_dir = ".", .dir_name = options().appenddirname, .prefix = options().appendfilename};
}

persist::AofOptions Persistence::LogOptions() const {
  const config::Options& o = options();
  persist::AofOptions log;
  log.sync = o.appendfsync;
  log.no_sync_on_rewrite = o.no_appendfsync_on_rewrite;
  log.timestamps = o.aof_timestamp_enabled;
  log.keep_history = o.aof_disable_auto_gc;
  log.growth.percentage = o.auto_aof_rewrite_percentage;
  log.growth.min_bytes = static_cast<uint64_t>(o.auto_aof_rewrite_min_size);
  return log;
}

void Persistence::StartLog() {
  persist::AofHooks hooks;
  hooks.on_fatal = [this](const absl::Status& status) { Die(status); };
  hooks.on_synced = hooks_.on_log_synced;
  hooks.on_latency = hooks_.on_latency;
  log_ = persist::AofLog::Start(env(), log_lines(), LogNames(), LogOptions(), std::move(hooks));
}

// What clients were told, or will be, cannot be kept: better no server than a wrong one.
void Persistence::Die(const absl::Status& status) {
  log_lines().Warning("Can't persist the append-only log under appendfsync always, exiting: {}",
                      MessageOf(status));
  env().Exit(1);
}

void Persistence::OnEffects(DbIndex db, std::string_view resp) {
  if (log_ != nullptr) log_->Append(db, resp);
}

bool Persistence::log_broken() const {
  return log_ != nullptr && log_->state() != persist::AofLog::State::kOff && !log_->ok();
}

absl::Status Persistence::AwaitAnswerable() { return log_->AwaitAnswerable(log_->appended()); }

void Persistence::OnConfig() {
  if (log_ == nullptr) return;
  log_->SetOptions(LogOptions());
  const auto differs = [this] {
    return (log_->state() != persist::AofLog::State::kOff) != options().appendonly;
  };
  if (loading_ || switching_ || !differs()) return;
  // One fiber, until the log is what the option says: it may change again while the last bytes are written. From now on, since who
  // has switched the log on asks whether its rewrite still runs.
  switching_ = true;
  SpawnFiber(env().executor(), [this, differs] {
    while (differs()) SwitchLog(options().appendonly);
    switching_ = false;
    hooks_.on_condition();
  });
}

void Persistence::SwitchLog(bool on) {
  if (on) {
    // One that runs began without this log, or is being cancelled: the log needs one of its own.
    while (rewriting_) env().executor().Park(env().clock().Now() + Duration::Millis(1));
    log_->TurnOn();
    hooks_.set_journaling(true);
    BeginBackgroundRewrite();
  } else {
    log_->TurnOff();
    hooks_.set_journaling(false);
  }
}

void Persistence::BeforeSwap() {
  if (saving_ || rewriting_) {
    log_lines().Notice("Saving is cancelled: the data is about to be replaced");
    cancel_save_ = cancel_rewrite_ = true;
    snapshots_.AskCancelled();
    while (saving_ || rewriting_) env().executor().Park(env().clock().Now() + Duration::Millis(1));
  }
  if (log_->state() != persist::AofLog::State::kOff) log_->TurnOff();
}

void Persistence::AtSwap() {
  if (options().appendonly) log_->TurnOn();
}

void Persistence::AfterSwap() {
  if (options().appendonly && !rewriting_) BeginBackgroundRewrite();
}

absl::StatusOr<std::string> Persistence::RewriteInBackground() {
  if (rewriting_) {
    return absl::FailedPreconditionError(
        "Background append only file rewriting already in progress");
  }
  if (saving_ || snapshots_.progress().running) {
    log_->ScheduleRewrite();
    return "Background append only file rewriting scheduled";
  }
  BeginBackgroundRewrite();
  return "Background append only file rewriting started";
}

void Persistence::BeginBackgroundRewrite() {
  rewriting_ = true;
  cancel_rewrite_ = false;
  log_lines().Notice("Background append only file rewriting started");
  SpawnFiber(env().executor(), [this] {
    const absl::Status status = RewriteLog();
    rewriting_ = false;
    if (status.ok()) {
      log_lines().Notice("Background AOF rewrite finished successfully");
    } else {
      log_lines().Warning("Background AOF rewrite failed: {}", MessageOf(status));
    }
    hooks_.on_condition();
  });
}

absl::Status Persistence::RewriteLog() {
  const std::string path =
      log_->names().Path(fmt::format("temp-rewriteaof-bg-{}.aof", env().Stats().pid));
  if (absl::Status made = persist::MakeAofDir(env().disk(), log_->names()); !made.ok()) return made;
  absl::Status status = WriteBase(path);
  const auto kind = options().aof_use_rdb_preamble ? persist::AofBaseKind::kSnapshot
                                                   : persist::AofBaseKind::kCommands;
  if (status.ok()) {
    status = log_->FinishRewrite(path, kind);
  } else {
    log_->AbortRewrite(!absl::IsCancelled(status));
  }
  if (!status.ok()) env().disk().Remove(path).IgnoreError();
  return status;
}

// The cut of the data and the cut of the log are one instant. The log's switch to its new file goes on beside the writing.
absl::Status Persistence::WriteBase(const std::string& path) {
  auto file = env().disk().Open(path, env::OpenMode::kCreateOrTrim);
  if (!file.ok()) return file.status();
  persist::FileSink sink(
      **file, 0, options().aof_rewrite_incremental_fsync ? persist::FileSink::kSyncEveryBytes : 0);
  std::optional<absl::Status> begun;
  SnapshotRequest request{
      .encode = EncodeOptions(),
      .checksum = options().rdbchecksum,
      .format = options().aof_use_rdb_preamble ? SnapshotFormat::kRdb : SnapshotFormat::kCommands,
      .at_cut =
          [&] {
            journal_.Settle();
            begun = log_->CutForRewrite();
            return SnapshotAux(env(), true);
          },
      .cancelled = [this] { return cancel_rewrite_; },
  };
  absl::Status status = snapshots_.Write(request, sink);
  if (!begun.has_value()) return status;  // never got to the cut
  if (begun->ok()) begun = log_->AwaitRewriteBegun();
  status.Update(*begun);
  if (status.ok()) status = sink.Flush();
  return status;
}

}  // namespace norn
