#pragma once
// A node's files. Paths are absolute or relative to the node's working directory. What a crash
// leaves: bytes that Sync covered, a file's name once SyncDir of its directory returned, and of the
// rest any subset.
//
// All calls park. Errors: NotFound, AlreadyExists, PermissionDenied, ResourceExhausted (disk full),
// DataLoss (the device failed: EIO), each with path and reason in the message.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace norn::env {

// An open file. Calls on one file come from one fiber at a time. Destroying it closes it without a
// sync.
class File {
 public:
  virtual ~File() = default;

  // Reads up to buf.size() bytes at `offset`; fewer only at the end of the file (0: at or past it).
  virtual absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> buf) = 0;

  // Writes all of `data` at `offset`, growing the file as needed (a gap reads as zeros).
  virtual absl::Status Write(uint64_t offset, std::span<const char> data) = 0;

  // Everything written before survives a crash once this returns Ok. After an error the state of
  // unsynced bytes is unknown: a retry that succeeds proves nothing about them.
  virtual absl::Status Sync() = 0;

  virtual absl::Status Truncate(uint64_t size) = 0;
  virtual absl::StatusOr<uint64_t> Size() = 0;
};

enum class OpenMode : uint8_t {
  kRead,          // must exist
  kReadWrite,     // must exist
  kCreate,        // read and write; created if missing
  kCreateNew,     // read and write; AlreadyExists if there
  kCreateOrTrim,  // read and write; emptied if there
};

class Disk {
 public:
  virtual ~Disk() = default;

  virtual absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path, OpenMode mode) = 0;

  // Atomic: after a crash `to` is the old or the new file, whole.
  virtual absl::Status Rename(std::string_view from, std::string_view to) = 0;
  virtual absl::Status Remove(std::string_view path) = 0;
  virtual absl::Status MakeDir(std::string_view path) = 0;  // Ok when it is there already
  virtual absl::Status SyncDir(std::string_view path) = 0;

  // Names (not paths) in a directory, sorted; without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(std::string_view path) = 0;

  // From now to the end of this process no other one gets this lock; the file is made if it is missing, and stays. Ok when this
  // process has it already. FailedPrecondition: another process has it.
  virtual absl::Status Lock(std::string_view path) = 0;
};

}  // namespace norn::env
