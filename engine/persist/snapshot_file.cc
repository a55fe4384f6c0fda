#include "engine/persist/snapshot_file.h"

#include <utility>

#include "engine/base/check.h"

namespace norn::persist {
namespace {

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

std::string TemporaryPathOf(const SnapshotFileOptions& options) {
  const size_t slash = options.path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? std::string() : options.path.substr(0, slash + 1);
  return folder + options.temporary_name;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SnapshotFile>> SnapshotFile::Create(env::Disk& disk,
                                                                   SnapshotFileOptions options) {
  absl::StatusOr<std::unique_ptr<env::File>> file =
      disk.Open(TemporaryPathOf(options), env::OpenMode::kCreateOrTrim);
  if (!file.ok()) return file.status();
  return std::unique_ptr<SnapshotFile>(
      new SnapshotFile(disk, std::move(options), *std::move(file)));
}

SnapshotFile::SnapshotFile(env::Disk& disk, SnapshotFileOptions options,
                           std::unique_ptr<env::File> file)
    : disk_(disk),
      options_(std::move(options)),
      file_(std::move(file)),
      sink_(*file_, 0, options_.sync_every_bytes) {}

absl::Status SnapshotFile::Write(std::string_view bytes) {
  CHECK(file_ != nullptr);
  if (failure_.ok()) failure_ = sink_.Write(bytes);
  return failure_;
}

absl::Status SnapshotFile::FlushAndSync() {
  if (absl::Status flushed = sink_.Flush(); !flushed.ok()) return flushed;
  return file_->Sync();
}

absl::Status SnapshotFile::Commit() {
  CHECK(file_ != nullptr);
  if (failure_.ok()) failure_ = FlushAndSync();
  if (failure_.ok()) failure_ = disk_.Rename(TemporaryPathOf(options_), options_.path);
  if (!failure_.ok()) {
    Abandon();
    return failure_;
  }
  file_.reset();
  return disk_.SyncDir(FolderOf(options_.path));
}

void SnapshotFile::Abandon() {
  CHECK(file_ != nullptr);
  file_.reset();
  // If it cannot be removed the next snapshot overwrites it.
  disk_.Remove(TemporaryPathOf(options_)).IgnoreError();
}

}  // namespace norn::persist
