#include "engine/persist/file_source.h"

#include <algorithm>
#include <cstring>

#include "engine/base/check.h"

namespace norn::persist {

absl::StatusOr<size_t> FileSource::Read(std::span<char> buf) {
  CHECK(!buf.empty());
  if (piece_.empty()) {
    // A reader with a big buffer of its own needs no copy here.
    const bool direct = buf.size() >= kPieceBytes;
    const std::span<char> room = direct ? buf : std::span(piece_.Reserve(kPieceBytes), kPieceBytes);
    absl::StatusOr<size_t> read = file_.Read(next_offset_, room);
    if (!read.ok()) return read.status();
    next_offset_ += *read;
    if (direct || *read == 0) return *read;
    piece_.Commit(*read);
  }
  const size_t count = std::min(buf.size(), piece_.size());
  std::memcpy(buf.data(), piece_.data(), count);
  piece_.Consume(count);
  return count;
}

}  // namespace norn::persist
