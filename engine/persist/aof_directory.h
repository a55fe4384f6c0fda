#pragma once
// The log's files on disk: where they lie, and how the manifest that names them changes.
//
// Everything here is one idea: the manifest is the only truth, and it changes by one atomic step.
//
//   M1  A manifest is written beside the old one, synced, renamed over it, and the directory synced: a crash leaves the old or
//       the new one, whole. When StoreManifest fails, either may be in force; both must describe the data.
//   M2  What a manifest names is durable, name and bytes, before the manifest is stored (an incremental file: created; a base:
//       synced and renamed into place).
//   M3  No file is removed, emptied or replaced while a manifest that may be in force names it as base or incremental. History
//       files may be gone or not; nobody reads them.
//
// Names are relative to the option dir (the working directory). All calls with a disk park.

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/disk.h"
#include "engine/persist/aof_manifest.h"

namespace norn::persist {

struct AofNames {
  std::string work_dir = ".";  // dir
  std::string dir_name = "appendonlydir";
  std::string prefix = "appendonly.aof";  // appendfilename

  std::string Dir() const { return work_dir + "/" + dir_name; }
  std::string Path(std::string_view name) const { return Dir() + "/" + std::string(name); }
  std::string ManifestPath() const { return Path(prefix + ".manifest"); }
  // Where writes go while the log is being switched on, before a manifest can name the file.
  std::string TempIncrPath() const { return Path("temp-" + prefix + ".incr"); }
  std::string OldStylePath() const { return work_dir + "/" + prefix; }
};

absl::StatusOr<bool> FileExists(env::Disk& disk, std::string_view path);
absl::StatusOr<uint64_t> FileSize(env::Disk& disk, std::string_view path);

// Makes the directory, durably.
absl::Status MakeAofDir(env::Disk& disk, const AofNames& names);

// An empty manifest when there is none. InvalidArgument: the manifest is damaged.
absl::StatusOr<AofManifest> LoadManifest(env::Disk& disk, const AofNames& names);

// M1. Requires: MakeAofDir.
absl::Status StoreManifest(env::Disk& disk, const AofNames& names, const AofManifest& manifest);

// What Redis before 7.0 wrote: one log file in dir itself. It becomes the base of a manifest. The manifest comes first and
// names the file under its old name; then the file moves into the directory. A crash in between leaves a manifest whose
// only file is still outside, which the next start recognises. True: the manifest was upgraded.
absl::StatusOr<bool> UpgradeOldStyleLog(env::Disk& disk, const AofNames& names,
                                        AofManifest* manifest);

// Removes the history files and then their lines (M3). What cannot be removed stays in the manifest for another time; the
// error is that of the manifest's own write.
absl::Status RemoveHistory(env::Disk& disk, const AofNames& names, AofManifest* manifest);

}  // namespace norn::persist
