#pragma once
// An open file as a sink: appends from an offset on, collecting small writes into big ones.

#include <absl/status/status.h>

#include <cstdint>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/env/disk.h"
#include "engine/persist/byte_sink.h"

namespace norn::persist {

class FileSink : public ByteSink {
 public:
  static constexpr size_t kPieceBytes = 256 * 1024;

  // Often enough that the disk never has much to do at once, and the last sync is short.
  static constexpr uint64_t kSyncEveryBytes = 4 * 1024 * 1024;

  // Writes to `file` from `offset` on; the file must outlive the sink. What was not flushed when the sink dies is lost. Syncs
  // every `sync_every_bytes`; 0: never.
  explicit FileSink(env::File& file, uint64_t offset = 0, uint64_t sync_every_bytes = 0)
      : file_(file),
        sync_every_bytes_(sync_every_bytes),
        flushed_end_(offset),
        synced_end_(offset) {}

  absl::Status Write(std::string_view bytes) override;
  // Hands everything to the file; syncs nothing.
  absl::Status Flush();

  // Where the next byte will stand in the file, and up to where bytes were handed to it.
  uint64_t end() const { return flushed_end_ + pending_.size(); }
  uint64_t flushed_end() const { return flushed_end_; }

 private:
  absl::Status Take(std::string_view bytes);
  absl::Status WriteThrough(std::string_view bytes);

  env::File& file_;
  const uint64_t sync_every_bytes_;
  uint64_t flushed_end_;
  uint64_t synced_end_;
  ByteBuffer pending_;
  absl::Status failure_;  // the first one; it stays
};

}  // namespace norn::persist
