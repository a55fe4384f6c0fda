// The two fibers of the log: write rounds and syncs. aof_log.h has the invariants.

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/cover.h"
#include "engine/base/status.h"
#include "engine/persist/aof_log.h"

namespace norn::persist {
namespace {

constexpr Duration kSyncEvery = Duration::Seconds(1);
// That much unsynced is not left to wait for its second: it would have to be held in memory (L2).
constexpr uint64_t kUnsyncedBytesMax = 32ull * 1024 * 1024;
// How long a write round waits for a sync that runs, with appendfsync everysec.
constexpr Duration kPostponeMax = Duration::Seconds(2);
constexpr Duration kRetryWriteAfter = Duration::Millis(100);
constexpr Duration kRetrySyncAfter = Duration::Seconds(1);

}  // namespace

// ---- the writer ----

void AofLog::RunWriter() {
  while (!dead_) {
    if (close_wanted_ && !sync_running_) {
      CloseFile();
      continue;
    }
    if (switch_wanted_ && ReadyToSwitch()) {
      SwitchFile();
      continue;
    }
    const uint64_t target = WriteTarget();
    Instant at = Instant::Never();
    if (target > written_) {
      at = MayWriteAt(Now());
      if (at <= Now()) {
        WriteRound(target);
        continue;
      }
    }
    writer_idle_ = target <= written_;
    writer_work_.Wait(at);
    writer_idle_ = false;
  }
}

// Up to where bytes belong to the file that is open.
uint64_t AofLog::WriteTarget() const {
  if (file_ == nullptr || close_wanted_) return 0;
  if (!switch_wanted_) return appended();
  // While the log is being switched on, what the old file misses will be in the new base.
  return state_ == State::kOn ? switch_at_ : 0;
}

// A write during a sync of the same file makes both slow, so rounds wait for it; under everysec not for long, because a process
// that is killed loses what it has not written.
Instant AofLog::MayWriteAt(Instant now) {
  if (retry_at_ > now) return retry_at_;
  if (!sync_running_) {
    postponed_since_.reset();
    return Instant::Past();
  }
  if (options_.sync == config::AppendSync::kAlways) return Instant::Never();
  if (options_.sync == config::AppendSync::kNo) return Instant::Past();
  if (!postponed_since_) postponed_since_ = now;
  const Instant at = *postponed_since_ + kPostponeMax;
  if (now >= at) {
    ++delayed_syncs_;
    postponed_since_.reset();
    logger_.Notice(
        "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without "
        "waiting for it.");
    return Instant::Past();
  }
  return at;
}

void AofLog::WriteRound(uint64_t target) {
  const Instant began = Now();
  const uint64_t rewinds = rewinds_;
  round_running_ = true;
  absl::Status status;
  while (written_ < target && status.ok()) {
    const uint64_t offset = FileOffset(written_);
    const std::string_view chunk = buffer_.ChunkAt(written_, offset, FileOffset(synced_));
    status = file_->Write(offset, std::span<const char>(chunk.data(), chunk.size()));
    if (rewinds != rewinds_) break;  // a sync failed meanwhile; written_ is back where it was (L2)
    if (status.ok()) written_ += chunk.size();
  }
  round_running_ = false;
  written_max_ = std::max(written_max_, written_);
  Latency(sync_running_ ? "aof-write-pending-fsync"
          : disk_busy_  ? "aof-write-active-child"
                        : "aof-write-alone",
          began);
  Latency("aof-write", began);
  if (dead_) return;
  if (!status.ok()) {
    WriteFailed(status);
  } else if (!write_ok_) {
    write_ok_ = true;
    logger_.Notice("AOF write error looks solved. The server can write again.");
  }
  DropSafe();
  syncer_work_.WakeAll();
  progress_.WakeAll();
}

void AofLog::WriteFailed(const absl::Status& status) {
  if (options_.sync == config::AppendSync::kAlways && state_ == State::kOn) {
    Fatal(status);
    return;
  }
  if (write_ok_) {
    logger_.Warning("Error writing to the AOF file: {}. Writes are refused until it is solved.",
                    MessageOf(status));
  }
  NORN_COVER("aof_write_failed");
  write_ok_ = false;
  last_error_ = status;
  retry_at_ = Now() + kRetryWriteAfter;
  FailSwitch(status);
  // L3. Not needed by this server: the bytes will be written over, and a tail that is torn is cut by the next start.
  const absl::Status cut = file_->Truncate(FileOffset(written_));
  if (!cut.ok()) {
    logger_.Warning("Could not cut a short write off the AOF file: {}", MessageOf(cut));
  }
}

// ---- the syncer ----

void AofLog::RunSyncer() {
  while (!dead_) {
    const Instant due = SyncDueAt();
    if (due > Now()) {
      syncer_work_.Wait(due);
    } else {
      SyncOnce();
    }
  }
}

Instant AofLog::SyncDueAt() const {
  if (sync_file_ == nullptr || close_wanted_ || synced_ >= written_) return Instant::Never();
  if (force_sync_to_ > synced_ && written_ >= std::min(force_sync_to_, appended())) {
    return Instant::Past();
  }
  if (SyncsSuspended()) return Instant::Never();
  switch (options_.sync) {
    case config::AppendSync::kAlways:
      return round_running_ ? Instant::Never() : Instant::Past();
    case config::AppendSync::kEverySecond:
      if (written_ - synced_ >= kUnsyncedBytesMax) return Instant::Past();
      return last_sync_began_ + kSyncEvery;
    case config::AppendSync::kNo:
      return Instant::Never();
  }
  return Instant::Never();
}

void AofLog::SyncOnce() {
  const uint64_t covered = written_;
  const std::shared_ptr<env::File> file = sync_file_;
  sync_running_ = true;
  last_sync_began_ = Now();
  const absl::Status status = file->Sync();
  sync_running_ = false;
  if (options_.sync == config::AppendSync::kAlways) Latency("aof-fsync-always", last_sync_began_);
  if (dead_) return;
  if (!status.ok()) {
    SyncFailed(status);
  } else {
    CHECK(covered <= written_);
    synced_ = std::max(synced_, covered);
    if (!sync_ok_) logger_.Notice("AOF fsync error looks solved. The server can write again.");
    sync_ok_ = true;
    ForgetBatches(synced_);
    DropSafe();
    if (hooks_.on_synced) hooks_.on_synced();
  }
  writer_work_.WakeAll();
  progress_.WakeAll();
}

void AofLog::SyncFailed(const absl::Status& status) {
  const bool promised = options_.sync == config::AppendSync::kAlways && state_ == State::kOn;
  if (promised || buffer_.begin() > synced_) {
    Fatal(status);
    return;
  }
  if (sync_ok_) {
    logger_.Warning("Error syncing the AOF file: {}. Writes are refused until it is solved.",
                    MessageOf(status));
  }
  NORN_COVER("aof_sync_failed");
  sync_ok_ = false;
  last_error_ = status;
  written_ = synced_;  // L2
  ++rewinds_;
  retry_at_ = Now() + kRetrySyncAfter;
  FailSwitch(status);
}

// Forgets the bytes that need not be written again.
void AofLog::DropSafe() {
  const bool kept = options_.sync != config::AppendSync::kNo && !SyncsSuspended();
  buffer_.DropBefore(kept ? synced_ : written_);
  if (!kept) ForgetBatches(written_);
}

void AofLog::Fatal(const absl::Status& status) {
  CHECK(!status.ok());
  if (dead_) return;
  dead_ = true;
  last_error_ = status;
  logger_.Warning("Cannot keep the append-only log: {}. Exiting.", MessageOf(status));
  FailSwitch(status);
  WakeAll();
  if (hooks_.on_fatal) hooks_.on_fatal(status);
}

void AofLog::Latency(std::string_view event, Instant began) const {
  if (hooks_.on_latency) hooks_.on_latency(event, Now() - began);
}

}  // namespace norn::persist
