#pragma once
// An open file as a source, read front to back in big pieces.

#include <cstdint>
#include <memory>
#include <span>

#include "engine/base/byte_buffer.h"
#include "engine/env/disk.h"
#include "engine/persist/byte_source.h"

namespace norn::persist {

class FileSource : public ByteSource {
 public:
  static constexpr size_t kPieceBytes = 256 * 1024;

  // Reads `file` from `offset` on; the file must outlive the source.
  explicit FileSource(env::File& file, uint64_t offset = 0) : file_(file), next_offset_(offset) {}

  absl::StatusOr<size_t> Read(std::span<char> buf) override;

  // The offset in the file of the next byte that Read returns.
  uint64_t offset() const { return next_offset_ - piece_.size(); }

 private:
  env::File& file_;
  uint64_t next_offset_;  // of the file's next piece
  ByteBuffer piece_;      // read and not yet asked for
};

}  // namespace norn::persist
