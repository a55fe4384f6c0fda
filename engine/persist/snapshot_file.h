#pragma once
// A file that comes into being whole or not at all: written under another name in the same folder, synced, renamed, and the
// folder synced. A crash at any point leaves what was there before, or the new file, and at most a temporary one beside it.

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/env/disk.h"
#include "engine/persist/byte_sink.h"
#include "engine/persist/file_sink.h"

namespace norn::persist {

struct SnapshotFileOptions {
  std::string path;            // what the file will be called
  std::string temporary_name;  // meanwhile, in the same folder: "temp-<pid>.rdb"
  // Sync every so many bytes, so that the disk never has much to do at once and Commit is short. 0: at the end only.
  uint64_t sync_every_bytes = kSyncEveryBytes;

  static constexpr uint64_t kSyncEveryBytes = FileSink::kSyncEveryBytes;
};

// Every call parks. After the first error Write and Commit fail with it: what a failed sync left on the disk is unknown, and a
// later success would prove nothing. End with Commit or Abandon; merely destroyed, the temporary file stays.
class SnapshotFile : public ByteSink {
 public:
  // An older temporary file of that name is overwritten.
  static absl::StatusOr<std::unique_ptr<SnapshotFile>> Create(env::Disk& disk,
                                                              SnapshotFileOptions options);

  absl::Status Write(std::string_view bytes) override;
  // The file is at its path, for good, once this returns Ok. On an error the temporary file is removed; the path has the old
  // file, or, when only the last step failed (DataLoss), perhaps the new one.
  absl::Status Commit();
  // Removes the temporary file, as well as that goes.
  void Abandon();

  uint64_t bytes_written() const { return sink_.end(); }

 private:
  SnapshotFile(env::Disk& disk, SnapshotFileOptions options, std::unique_ptr<env::File> file);

  absl::Status FlushAndSync();

  env::Disk& disk_;
  SnapshotFileOptions options_;
  std::unique_ptr<env::File> file_;  // null once committed or abandoned
  FileSink sink_;
  absl::Status failure_;
};

}  // namespace norn::persist
