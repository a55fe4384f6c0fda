// Saving: the snapshot file, its save points, and the end of the node. persistence_log.cc has the append-only log,
// persistence_load.cc the start.

#include "engine/node/persistence.h"

#include <fmt/format.h>

#include <numeric>

#include "engine/base/status.h"
#include "engine/base/version.h"
#include "engine/fiber/spawn.h"
#include "engine/persist/snapshot_file.h"

namespace norn {
namespace {

// After a failed save, how long the save points wait before the next try.
constexpr int64_t kRetryS = 5;

double Megabytes(uint64_t bytes) { return static_cast<double>(bytes) / (1024.0 * 1024.0); }

}  // namespace

Persistence::Persistence(ExecutorState* const* states, SnapshotWriter& snapshots, Journal& journal,
                         Hooks hooks)
    : states_(states),
      snapshots_(snapshots),
      journal_(journal),
      hooks_(std::move(hooks)),
      changes_(states[0]->shard_count, 0),
      last_save_unix_s_(UnixSeconds()) {
  journal_.Listen(this);
}

Persistence::~Persistence() = default;

// ---- the snapshot file ----

persist::RdbEncodeOptions Persistence::EncodeOptions() const {
  return persist::RdbEncodeOptionsOf(options(), env().clock().Wall().unix_ms());
}

SnapshotFields SnapshotAux(env::Env& env, bool aof_base) {
  return {{"valkey-ver", std::string(kRedisVersion)},
          {"norn-ver", std::string(kVersion)},
          {"redis-bits", "64"},
          {"ctime", std::to_string(env.clock().Wall().unix_s())},
          {"used-mem", std::to_string(env.Stats().allocated_bytes)},
          {"aof-base", aof_base ? "1" : "0"}};
}

absl::Status Persistence::WriteSnapshotFile() {
  const config::Options& o = options();
  auto file = persist::SnapshotFile::Create(
      env().disk(),
      {.path = o.dbfilename,
       .temporary_name = fmt::format("temp-{}.rdb", env().Stats().pid),
       .sync_every_bytes =
           o.rdb_save_incremental_fsync ? persist::SnapshotFileOptions::kSyncEveryBytes : 0});
  if (!file.ok()) return file.status();
  uint64_t changes_at_cut = 0;
  const SnapshotRequest request{
      .encode = EncodeOptions(),
      .checksum = o.rdbchecksum,
      .format = SnapshotFormat::kRdb,
      .at_cut =
          [&] {
            journal_.Settle();
            for (uint32_t i = 0; i < states_[0]->shard_count; ++i) {
              changes_at_cut += states_[0]->keyspaces[i]->stats().changes;
            }
            auto aux = SnapshotAux(env(), false);
            for (auto& field : hooks_.history_aux()) aux.push_back(std::move(field));
            return aux;
          },
      .cancelled = [this] { return cancel_save_; },
  };
  const Instant began = env().clock().Now();
  absl::Status status = snapshots_.Write(request, **file);
  const uint64_t bytes = (*file)->bytes_written();
  if (status.ok() && cancel_save_) status = absl::CancelledError("cancelled");
  if (status.ok()) {
    const Instant commit_began = env().clock().Now();
    status = (*file)->Commit();
    // Valkey: its child process syncs, so it has no such event.
    hooks_.on_latency("rdb-fsync", env().clock().Now() - commit_began);
  } else {
    (*file)->Abandon();
  }
  if (!status.ok()) return status;
  saved_changes_ = changes_at_cut;
  last_save_unix_s_ = UnixSeconds();
  const double seconds = static_cast<double>((env().clock().Now() - began).ns) / 1e9;
  log_lines().Notice("DB saved on disk: {:.1f} MB in {:.2f} s ({:.1f} MB/s)", Megabytes(bytes),
                     seconds, Megabytes(bytes) / std::max(seconds, 1e-6));
  return absl::OkStatus();
}

absl::Status Persistence::Save() {
  if (saving_) return absl::FailedPreconditionError("Background save already in progress");
  saving_ = true;
  cancel_save_ = false;
  save_began_unix_s_ = UnixSeconds();
  ++saves_;
  const absl::Status status = WriteSnapshotFile();
  saving_ = false;
  if (status.ok()) {
    last_bgsave_ok_ = true;
    hooks_.on_condition();
    return status;
  }
  log_lines().Warning("Error saving the snapshot: {}", MessageOf(status));
  return status;
}

void Persistence::BeginBackgroundSave() {
  saving_ = true;
  save_scheduled_ = cancel_save_ = false;
  last_try_unix_s_ = save_began_unix_s_ = UnixSeconds();
  ++saves_;
  log_lines().Notice("Background saving started");
  SpawnFiber(env().executor(), [this] {
    const absl::Status status = WriteSnapshotFile();
    saving_ = false;
    last_bgsave_s_ = UnixSeconds() - save_began_unix_s_;
    if (status.ok()) {
      last_bgsave_ok_ = true;
      log_lines().Notice("Background saving terminated with success");
    } else if (absl::IsCancelled(status)) {
      log_lines().Notice("Background saving cancelled");
    } else {
      last_bgsave_ok_ = false;
      log_lines().Warning("Background saving error: {}", MessageOf(status));
    }
    hooks_.on_condition();
  });
}

absl::StatusOr<std::string> Persistence::SaveInBackground(bool schedule) {
  if (saving_) return absl::FailedPreconditionError("Background save already in progress");
  if (rewriting_ || snapshots_.progress().running) {
    if (!schedule) {
      return absl::FailedPreconditionError(
          "Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in "
          "order to schedule a BGSAVE whenever possible.");
    }
    save_scheduled_ = true;
    return "Background saving scheduled";
  }
  BeginBackgroundSave();
  return "Background saving started";
}

void Persistence::OnFlushed() {
  if (loading_ || options().save.empty()) return;
  CancelRunningSave();  // it holds what is gone
  save_scheduled_ = true;
  if (!snapshots_.progress().running && !saving_ && !rewriting_) BeginBackgroundSave();
}

void Persistence::CancelRunningSave() {
  if (!saving_) return;
  cancel_save_ = true;
  snapshots_.AskCancelled();
}

absl::StatusOr<std::string> Persistence::CancelSave() {
  if (saving_) {
    CancelRunningSave();
    return "Background saving cancelled";
  }
  if (save_scheduled_) {
    save_scheduled_ = false;
    return "Scheduled background saving cancelled";
  }
  return absl::FailedPreconditionError(
      "Background saving is currently not in progress or scheduled");
}

uint64_t Persistence::ChangesSinceSave(uint64_t changes_now) const {
  return changes_now > saved_changes_ ? changes_now - saved_changes_ : 0;
}

bool Persistence::SavePointReached() const {
  const uint64_t changes =
      ChangesSinceSave(std::accumulate(changes_.begin(), changes_.end(), uint64_t{0}));
  const int64_t now_s = UnixSeconds();
  if (!last_bgsave_ok_ && now_s - last_try_unix_s_ <= kRetryS) return false;
  for (const config::SavePoint& point : options().save) {
    const bool old_enough = now_s - last_save_unix_s_ > point.seconds;
    if (changes >= static_cast<uint64_t>(point.changes) && changes > 0 && old_enough) {
      log_lines().Notice("{} changes in {} seconds. Saving...", point.changes, point.seconds);
      return true;
    }
  }
  return false;
}

// ---- now and then ----

// A line a second about what takes longer than one.
void Persistence::TellProgress() {
  const Instant now = env().clock().Now();
  const SnapshotProgress progress = snapshots_.progress();
  if (!progress.running || !(saving_ || rewriting_)) {
    writing_began_ = now;
    next_progress_line_ = now + Duration::Seconds(1);
    return;
  }
  if (now < next_progress_line_) return;
  next_progress_line_ = now + Duration::Seconds(1);
  const double seconds = std::max(static_cast<double>((now - writing_began_).ns) / 1e9, 1e-3);
  const double done = static_cast<double>(progress.keys_done);
  const double total = static_cast<double>(std::max(progress.keys_total, progress.keys_done));
  const double left_s = done < 1 ? 0 : (total - done) / (done / seconds);
  log_lines().Notice("{}: {:.0f}% ({} of {} keys), {:.1f} MB, {:.1f} MB/s, {:.0f} s left",
                     saving_ ? "Saving" : "Rewriting the append only file",
                     total < 1 ? 100.0 : 100 * done / total, progress.keys_done,
                     progress.keys_total, Megabytes(progress.bytes_written),
                     Megabytes(progress.bytes_written) / seconds, left_s);
}

void Persistence::Tick() {
  if (loading_) return;
  TellProgress();
  if (answerable_until() != told_answerable_until_) {
    told_answerable_until_ = answerable_until();
    hooks_.on_condition();
  }
  if (!saving_ && !rewriting_ && !snapshots_.progress().running) {
    if (save_scheduled_ || SavePointReached()) BeginBackgroundSave();
  }
  if (!saving_ && !rewriting_ && log_->RewriteDue()) BeginBackgroundRewrite();
}

absl::Status Persistence::BeforeExit(const ShutdownRequest& request) {
  if (loading_) return absl::OkStatus();  // what is on disk is what there is
  const bool save = request.save || (!request.nosave && !options().save.empty());
  if (saving_) {
    log_lines().Warning("The save under way is cancelled: the node ends.");
    CancelRunningSave();
    while (saving_) env().executor().Yield();
  }
  absl::Status status;
  if (log_->state() == persist::AofLog::State::kOn) {
    log_lines().Notice("Calling fsync() on the AOF file.");
    status = log_->Flush(Instant::Never());
    if (!status.ok()) log_lines().Warning("Error syncing the log: {}", MessageOf(status));
  }
  if (save) {
    log_lines().Notice("Saving the final RDB snapshot before exiting.");
    status.Update(Save());
  }
  return status;
}

PersistenceStats Persistence::Stats(uint64_t changes_now) const {
  const SnapshotProgress progress = snapshots_.progress();
  PersistenceStats stats;
  stats.loading = loading_;
  stats.loading_start_unix_s = static_cast<uint64_t>(loading_began_unix_s_);
  stats.loading_total_bytes = loading_total_bytes_;
  stats.loading_loaded_bytes = loaded_bytes_;
  const double loading_s = static_cast<double>((env().clock().Now() - loading_began_).ns) / 1e9;
  stats.loading_bytes_per_s = static_cast<double>(loaded_bytes_) / std::max(loading_s, 1e-3);
  stats.save_keys_processed = progress.keys_done;
  stats.save_keys_total = progress.keys_total;
  stats.changes_since_last_save = ChangesSinceSave(changes_now);
  stats.bgsave_in_progress = saving_;
  stats.last_save_unix_s = last_save_unix_s_;
  stats.last_bgsave_ok = last_bgsave_ok_;
  stats.last_bgsave_s = last_bgsave_s_;
  stats.current_bgsave_s = saving_ ? UnixSeconds() - save_began_unix_s_ : -1;
  stats.saves = saves_;
  stats.last_load_keys_expired = last_load_expired_;
  stats.last_load_keys_loaded = last_load_keys_;
  stats.aof = log_->Info();
  // The log knows of a rewrite from its cut on only; whoever asked for one and waits must see it at once.
  stats.aof.aof_rewrite_in_progress = rewriting_ || switching_;
  return stats;
}

}  // namespace norn
