// The log's files come and go: opening, the switch to a new file, the end of a rewrite. The order of every step is L4 to L6 of
// aof_log.h; each call of the disk is a place where the machine may die.

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/status.h"
#include "engine/fiber/spawn.h"
#include "engine/persist/aof_log.h"

namespace norn::persist {

// One fiber at a time changes the manifest.
class AofLog::ManifestLock {
 public:
  explicit ManifestLock(AofLog& log) : log_(log) {
    while (log_.manifest_busy_) log_.manifest_free_.Wait(Instant::Never());
    log_.manifest_busy_ = true;
  }
  ~ManifestLock() {
    log_.manifest_busy_ = false;
    log_.manifest_free_.WakeAll();
  }
  ManifestLock(const ManifestLock&) = delete;
  ManifestLock& operator=(const ManifestLock&) = delete;

 private:
  AofLog& log_;
};

absl::StatusOr<AofLog::Handles> AofLog::OpenHandles(const std::string& path, bool fresh) {
  Handles handles;
  auto write =
      env_.disk().Open(path, fresh ? env::OpenMode::kCreateOrTrim : env::OpenMode::kReadWrite);
  if (!write.ok()) return write.status();
  auto sync = env_.disk().Open(path, env::OpenMode::kReadWrite);
  if (!sync.ok()) return sync.status();
  handles.write = *std::move(write);
  handles.sync = *std::move(sync);
  return handles;
}

// The line of an empty block at `offset`, durably; see aof_block.h.
absl::Status AofLog::WriteFirstLine(Handles* handles, uint64_t offset) {
  const std::string line = AofBlockLine::For("", offset, offset).Format(offset);
  const absl::Status status =
      handles->write->Write(offset, std::span<const char>(line.data(), line.size()));
  if (!status.ok()) return status;
  return handles->sync->Sync();
}

// ---- on and off ----

// What was loaded is what clients will see: it must not vanish in a later crash. The process before may have died with some of it
// only in the kernel.
absl::Status AofLog::SyncLoaded(const AofLoadResult& loaded) {
  std::vector<AofManifest::FileEntry> files = loaded.manifest.incrs;
  if (loaded.manifest.base) files.push_back(*loaded.manifest.base);
  for (const AofManifest::FileEntry& entry : files) {
    auto file = env_.disk().Open(names_.Path(entry.name), env::OpenMode::kReadWrite);
    if (!file.ok()) return file.status();
    const absl::Status status = (*file)->Sync();
    if (!status.ok()) return status;
  }
  return env_.disk().SyncDir(names_.Dir());
}

absl::Status AofLog::Open(const AofLoadResult& loaded) {
  CHECK(state_ == State::kOff && file_ == nullptr && !close_wanted_);
  ManifestLock lock(*this);
  absl::Status status = MakeAofDir(env_.disk(), names_);
  if (!status.ok()) return status;
  status = SyncLoaded(loaded);
  if (!status.ok()) return status;
  AofManifest manifest = loaded.manifest;
  Handles handles;
  uint64_t size = 0;
  if (manifest.incrs.empty()) {
    status = CreateNextIncr(&manifest, &handles);
    if (!status.ok()) return status;
  } else {
    absl::StatusOr<Handles> opened = OpenHandles(names_.Path(manifest.incrs.back().name), false);
    if (!opened.ok()) return opened.status();
    handles = *std::move(opened);
    const absl::StatusOr<uint64_t> file_size = handles.write->Size();
    if (!file_size.ok()) return file_size.status();
    size = *file_size;
    status = WriteFirstLine(&handles, size);
    if (!status.ok()) return status;
  }
  manifest_ = std::move(manifest);
  manifest_loaded_ = true;
  file_ = std::move(handles.write);
  sync_file_ = std::move(handles.sync);
  file_begin_ = appended();
  file_base_offset_ = size + AofBlockLine::kBytes;
  CHECK(loaded.total_bytes >= size);
  settled_bytes_ = loaded.total_bytes - size;
  size_after_rewrite_ = loaded.base_bytes;
  state_ = State::kOn;
  // What a log that was being switched on had gathered; no manifest ever named it.
  if (const absl::StatusOr<bool> left = FileExists(env_.disk(), names_.TempIncrPath());
      left.ok() && *left) {
    env_.disk().Remove(names_.TempIncrPath()).IgnoreError();
  }
  CollectHistory();
  WakeAll();
  return absl::OkStatus();
}

void AofLog::TurnOn() {
  if (state_ != State::kOff) return;
  state_ = State::kWaitRewrite;
  write_ok_ = true;
  sync_ok_ = true;
  WakeAll();
}

void AofLog::TurnOff() {
  if (state_ == State::kOff) return;
  const uint64_t position = appended();
  force_sync_to_ = std::max(force_sync_to_, position);
  WakeAll();
  while (state_ == State::kOn && ok() && synced_ < position) progress_.Wait(Instant::Never());
  ManifestLock lock(*this);
  if (state_ == State::kOff) return;
  if (switch_wanted_) {
    switch_wanted_ = false;
    switch_status_ = absl::CancelledError("the append-only log was switched off");
  }
  if (rewriting()) RewriteEnded(false, false);
  rewrite_scheduled_ = false;
  synced_when_off_ = synced();
  state_ = State::kOff;
  RequestClose();
  WakeAll();
}

// Asks the writer to close the file and forget what was appended until now.
void AofLog::RequestClose() {
  close_wanted_ = true;
  close_at_ = appended();
  buffer_.Seal();
  selected_db_.reset();
  writer_work_.WakeAll();
}

void AofLog::CloseFile() {
  close_wanted_ = false;
  file_ = nullptr;
  sync_file_ = nullptr;
  ForgetUpTo(close_at_);
}

// The bytes before `position` will not be written any more: a base holds them, or the log is off.
void AofLog::ForgetUpTo(uint64_t position) {
  CHECK(!sync_running_ && !round_running_);
  buffer_.DropBefore(position);
  written_ = std::max(written_, position);
  written_max_ = std::max(written_max_, written_);
  synced_ = written_;
  ForgetBatches(position);
  progress_.WakeAll();
}

// ---- the switch ----

absl::Status AofLog::BeginRewrite() {
  if (absl::Status cut = CutForRewrite(); !cut.ok()) return cut;
  return AwaitRewriteBegun();
}

absl::Status AofLog::CutForRewrite() {
  if (dead_) return last_error_;
  if (rewriting()) return absl::FailedPreconditionError("a rewrite of the log is running");
  rewrite_scheduled_ = false;
  rewrite_began_ = Now();
  ++rewrites_;
  if (state_ == State::kOff) {
    rewrite_ = Rewrite::kRunning;
    return absl::OkStatus();
  }
  rewrite_ = Rewrite::kSwitching;
  buffer_.Seal();
  switch_at_ = appended();
  switch_wanted_ = true;
  selected_db_.reset();
  last_timestamp_s_ = 0;
  force_sync_to_ = std::max(force_sync_to_, switch_at_);
  writer_work_.WakeAll();
  syncer_work_.WakeAll();
  return absl::OkStatus();
}

absl::Status AofLog::AwaitRewriteBegun() {
  if (rewrite_ == Rewrite::kRunning) return absl::OkStatus();  // the log was off
  while (switch_wanted_) progress_.Wait(Instant::Never());
  const absl::Status status = switch_status_;
  if (rewrite_ != Rewrite::kSwitching) {
    return status.ok() ? absl::CancelledError("the append-only log was switched off") : status;
  }
  if (status.ok()) {
    rewrite_ = Rewrite::kRunning;
  } else {
    RewriteEnded(false, true);
  }
  return status;
}

bool AofLog::ReadyToSwitch() const {
  if (sync_running_) return false;
  return state_ != State::kOn || (written_ == switch_at_ && synced_ == switch_at_);  // L4
}

void AofLog::FailSwitch(const absl::Status& status) {
  if (!switch_wanted_) return;
  switch_wanted_ = false;
  switch_status_ = status;
  progress_.WakeAll();
}

// Runs on the writer, so that nothing is written meanwhile.
void AofLog::SwitchFile() {
  ManifestLock lock(*this);
  if (!switch_wanted_) return;
  Handles handles;
  const absl::Status status =
      state_ == State::kOn ? SwitchToIncr(&handles) : SwitchToTemp(&handles);
  if (status.ok()) {
    file_ = std::move(handles.write);
    sync_file_ = std::move(handles.sync);
    file_begin_ = switch_at_;
    file_base_offset_ = AofBlockLine::kBytes;
  }
  switch_wanted_ = false;
  switch_status_ = status;
  progress_.WakeAll();
}

// A new, empty file behind the last. L5: every step makes durable what the next one builds upon.
absl::Status AofLog::CreateNextIncr(AofManifest* next, Handles* handles) {
  absl::StatusOr<Handles> opened = OpenHandles(names_.Path(next->AddIncr(names_.prefix)), true);
  if (!opened.ok()) return opened.status();
  *handles = *std::move(opened);
  absl::Status status = WriteFirstLine(handles, 0);
  if (!status.ok()) return status;
  status = env_.disk().SyncDir(names_.Dir());
  if (!status.ok()) return status;
  return StoreManifest(env_.disk(), names_, *next);
}

absl::Status AofLog::SwitchToIncr(Handles* handles) {
  AofManifest next = manifest_;
  const absl::Status status = CreateNextIncr(&next, handles);
  manifest_.last_incr_seq = next.last_incr_seq;  // L6
  if (!status.ok()) return status;
  settled_bytes_ += FileOffset(written_);
  manifest_ = std::move(next);
  rewrite_from_seq_ = manifest_.last_incr_seq;
  return absl::OkStatus();
}

// No manifest can name the new file yet: without the base that is to come it means nothing (L7).
absl::Status AofLog::SwitchToTemp(Handles* handles) {
  absl::Status status = LoadedManifest();
  if (status.ok() && manifest_.empty()) {
    // A manifest, though it names nothing: files of the log without any would look as if it were lost.
    status = StoreManifest(env_.disk(), names_, manifest_);
  }
  if (!status.ok()) return status;
  absl::StatusOr<Handles> opened = OpenHandles(names_.TempIncrPath(), true);
  if (!opened.ok()) return opened.status();
  *handles = *std::move(opened);
  status = WriteFirstLine(handles, 0);
  if (!status.ok()) return status;
  ForgetUpTo(switch_at_);
  return absl::OkStatus();
}

// ---- the end of a rewrite ----

absl::Status AofLog::FinishRewrite(std::string_view temp_path, AofBaseKind kind) {
  const absl::Status cancelled = absl::CancelledError("the rewrite of the log was cancelled");
  if (rewrite_ != Rewrite::kRunning) return cancelled;
  rewrite_ = Rewrite::kFinishing;
  ManifestLock lock(*this);
  if (rewrite_ != Rewrite::kFinishing) return cancelled;
  const absl::Status status = InstallBase(std::string(temp_path), kind);
  RewriteEnded(status.ok(), true);
  if (status.ok()) CollectHistory();
  return status;
}

// A manifest is read when it is needed first; a server that was started without a log may have an old one.
absl::Status AofLog::LoadedManifest() {
  if (manifest_loaded_) return absl::OkStatus();
  absl::Status status = MakeAofDir(env_.disk(), names_);
  if (!status.ok()) return status;
  absl::StatusOr<AofManifest> manifest = LoadManifest(env_.disk(), names_);
  if (!manifest.ok()) return manifest.status();
  manifest_ = *std::move(manifest);
  manifest_loaded_ = true;
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> AofLog::SyncBase(const std::string& path) {
  auto file = env_.disk().Open(path, env::OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  const absl::Status status = (*file)->Sync();
  if (!status.ok()) return status;
  return (*file)->Size();
}

absl::Status AofLog::InstallBase(const std::string& temp_path, AofBaseKind kind) {
  absl::Status status = LoadedManifest();
  if (!status.ok()) return status;
  const absl::StatusOr<uint64_t> base_bytes = SyncBase(temp_path);
  if (!base_bytes.ok()) return base_bytes.status();

  AofManifest next = manifest_;
  std::string incr_name;
  int64_t from_seq = INT64_MAX;  // off: no increments at all
  if (state_ == State::kOn) from_seq = rewrite_from_seq_;
  if (state_ == State::kWaitRewrite) {
    incr_name = next.AddIncr(names_.prefix);
    from_seq = next.last_incr_seq;
  }
  const std::string base_name = next.ReplaceBase(names_.prefix, kind, from_seq);
  manifest_.last_base_seq = next.last_base_seq;  // L6
  manifest_.last_incr_seq = next.last_incr_seq;

  env::Disk& disk = env_.disk();
  const Instant rename_began = Now();
  status = disk.Rename(temp_path, names_.Path(base_name));
  Latency("aof-rename", rename_began);
  if (!status.ok()) return status;
  if (!incr_name.empty()) {
    status = disk.Rename(names_.TempIncrPath(), names_.Path(incr_name));
    if (!status.ok()) return status;
  }
  status = disk.SyncDir(names_.Dir());
  if (!status.ok()) return status;
  status = StoreManifest(disk, names_, next);
  if (!status.ok()) return status;
  if (dead_) return last_error_;

  manifest_ = std::move(next);
  settled_bytes_ = *base_bytes;
  if (state_ == State::kWaitRewrite) state_ = State::kOn;  // L7
  size_after_rewrite_ = Info().aof_current_size;
  WakeAll();
  return absl::OkStatus();
}

void AofLog::AbortRewrite(bool failed) {
  if (rewrite_ == Rewrite::kRunning) RewriteEnded(false, failed);
}

void AofLog::RewriteEnded(bool ok, bool counts) {
  rewrite_ = Rewrite::kNone;
  last_rewrite_s_ = static_cast<int64_t>((Now() - rewrite_began_).seconds());
  if (ok) {
    last_rewrite_ok_ = true;
    backoff_.Succeeded();
    return;
  }
  if (counts) {
    last_rewrite_ok_ = false;
    backoff_.Failed(Now());
    if (backoff_.delay_s() > 0) {
      logger_.Warning("Background AOF rewrite has failed {} times; the next is tried in {} minutes",
                      backoff_.failures(), backoff_.delay_s() / 60);
    }
  }
  if (state_ == State::kWaitRewrite) RequestClose();
}

// Deleting big files takes long; nobody waits for it.
void AofLog::CollectHistory() {
  if (options_.keep_history || manifest_.history.empty()) return;
  SpawnFiber(env_.executor(), [log = shared_from_this()] {
    ManifestLock lock(*log);
    AofManifest manifest = log->manifest_;
    const absl::Status status = RemoveHistory(log->env_.disk(), log->names_, &manifest);
    if (status.ok()) {
      log->manifest_ = std::move(manifest);
    } else {
      log->logger_.Warning("Could not forget old files of the append-only log: {}",
                           MessageOf(status));
    }
  });
}

}  // namespace norn::persist
