#include "engine/persist/aof_directory.h"

#include <memory>
#include <span>
#include <utility>

#include "engine/base/plant.h"

namespace norn::persist {
namespace {

// A manifest of ten thousand files; more is not a manifest.
constexpr uint64_t kManifestBytesMax = 4 * 1024 * 1024;

absl::StatusOr<std::string> ReadWhole(env::Disk& disk, const std::string& path) {
  absl::StatusOr<std::unique_ptr<env::File>> file = disk.Open(path, env::OpenMode::kRead);
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  if (*size > kManifestBytesMax) return absl::InvalidArgumentError(path + ": too big");
  std::string text(*size, '\0');
  uint64_t at = 0;
  while (at < text.size()) {
    const absl::StatusOr<size_t> read =
        (*file)->Read(at, std::span<char>(text.data() + at, text.size() - at));
    if (!read.ok()) return read.status();
    if (*read == 0) break;
    at += *read;
  }
  text.resize(at);
  return text;
}

absl::Status WriteSynced(env::Disk& disk, const std::string& path, std::string_view text) {
  absl::StatusOr<std::unique_ptr<env::File>> file = disk.Open(path, env::OpenMode::kCreateOrTrim);
  if (!file.ok()) return file.status();
  const absl::Status status = (*file)->Write(0, std::span<const char>(text.data(), text.size()));
  if (!status.ok() || NORN_PLANTED("B41-switch")) return status;
  return (*file)->Sync();
}

// Whether the file outside is the log, or what a crash left of moving it (the manifest names it, and it is not yet inside).
absl::StatusOr<bool> WantsUpgrade(env::Disk& disk, const AofNames& names,
                                  const AofManifest& manifest) {
  if (!manifest.empty()) {
    const bool only_old = manifest.incrs.empty() && manifest.base->name == names.prefix;
    if (!only_old) return false;
    const absl::StatusOr<bool> inside = FileExists(disk, names.Path(names.prefix));
    if (!inside.ok() || *inside) return inside.ok() ? absl::StatusOr<bool>(false) : inside;
  }
  return FileExists(disk, names.OldStylePath());
}

}  // namespace

absl::StatusOr<bool> FileExists(env::Disk& disk, std::string_view path) {
  const absl::StatusOr<std::unique_ptr<env::File>> file = disk.Open(path, env::OpenMode::kRead);
  if (file.ok()) return true;
  if (absl::IsNotFound(file.status())) return false;
  return file.status();
}

absl::StatusOr<uint64_t> FileSize(env::Disk& disk, std::string_view path) {
  const absl::StatusOr<std::unique_ptr<env::File>> file = disk.Open(path, env::OpenMode::kRead);
  if (!file.ok()) return file.status();
  return (*file)->Size();
}

absl::Status MakeAofDir(env::Disk& disk, const AofNames& names) {
  const absl::Status status = disk.MakeDir(names.Dir());
  if (!status.ok()) return status;
  return disk.SyncDir(names.work_dir);
}

absl::StatusOr<AofManifest> LoadManifest(env::Disk& disk, const AofNames& names) {
  const std::string path = names.ManifestPath();
  absl::StatusOr<std::string> text = ReadWhole(disk, path);
  if (absl::IsNotFound(text.status())) return AofManifest();
  if (!text.ok()) return text.status();
  return AofManifest::Parse(*text, path);
}

absl::Status StoreManifest(env::Disk& disk, const AofNames& names, const AofManifest& manifest) {
  const std::string temp = names.Path("temp-" + names.prefix + ".manifest");
  absl::Status status = WriteSynced(disk, temp, manifest.Format());
  if (!status.ok()) return status;
  status = disk.Rename(temp, names.ManifestPath());
  if (!status.ok()) return status;
  return disk.SyncDir(names.Dir());
}

absl::StatusOr<bool> UpgradeOldStyleLog(env::Disk& disk, const AofNames& names,
                                        AofManifest* manifest) {
  const absl::StatusOr<bool> wanted = WantsUpgrade(disk, names, *manifest);
  if (!wanted.ok() || !*wanted) return wanted;
  absl::Status status = MakeAofDir(disk, names);
  if (!status.ok()) return status;
  AofManifest upgraded;
  upgraded.base = AofManifest::FileEntry{names.prefix, 1};
  upgraded.last_base_seq = 1;
  status = StoreManifest(disk, names, upgraded);
  if (!status.ok()) return status;
  status = disk.Rename(names.OldStylePath(), names.Path(names.prefix));
  if (!status.ok()) return status;
  status = disk.SyncDir(names.Dir());
  if (!status.ok()) return status;
  status = disk.SyncDir(names.work_dir);
  if (!status.ok()) return status;
  *manifest = std::move(upgraded);
  return true;
}

absl::Status RemoveHistory(env::Disk& disk, const AofNames& names, AofManifest* manifest) {
  std::vector<AofManifest::FileEntry> left;
  for (const AofManifest::FileEntry& file : manifest->history) {
    if (manifest->InUse(file.name)) continue;  // a manifest made by hand
    const absl::Status status = disk.Remove(names.Path(file.name));
    if (!status.ok() && !absl::IsNotFound(status)) left.push_back(file);
  }
  if (left == manifest->history) return absl::OkStatus();
  AofManifest without = *manifest;
  without.history = std::move(left);
  // A file that came back after its line was gone would stay for ever.
  absl::Status status = disk.SyncDir(names.Dir());
  if (!status.ok()) return status;
  status = StoreManifest(disk, names, without);
  if (status.ok()) *manifest = std::move(without);
  return status;
}

}  // namespace norn::persist
