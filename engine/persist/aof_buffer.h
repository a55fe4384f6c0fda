#pragma once
// The end of the log that memory still holds: bytes that wait to be written, and behind them those that the disk was given but
// has not yet called safe. Positions count the bytes of the log's life and only grow.
//
// Bytes given out by PieceAt stay where they are while more are appended, so that a write may be under way meanwhile: what
// was given out is sealed, and later bytes go to a new chunk.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "engine/base/check.h"

namespace norn::persist {

class AofBuffer {
 public:
  static constexpr size_t kChunkBytes = 256 * 1024;

  // The first byte held (or end(), when none is) and the next to be appended.
  uint64_t begin() const { return chunks_.empty() ? end_ : chunks_.front().begin; }
  uint64_t end() const { return end_; }

  void Append(std::string_view bytes) {
    if (sealed_ || chunks_.empty() || chunks_.back().bytes.size() >= kChunkBytes) {
      chunks_.push_back({end_, {}});
      sealed_ = false;
    }
    chunks_.back().bytes.append(bytes);
    end_ += bytes.size();
  }

  // A chunk ends here.
  void Seal() { sealed_ = true; }

  // Bytes from `at` on, up to the end of a chunk. Valid until they are dropped. Requires begin() <= at < end().
  std::string_view PieceAt(uint64_t at) {
    CHECK(at >= begin() && at < end_);
    // Most pieces are near the end.
    auto chunk = chunks_.rbegin();
    while (chunk->begin > at) ++chunk;
    if (chunk == chunks_.rbegin()) sealed_ = true;
    return std::string_view(chunk->bytes).substr(at - chunk->begin);
  }

  // Forgets the chunks that end at or before `position`.
  void DropBefore(uint64_t position) {
    while (!chunks_.empty() && chunks_.front().begin + chunks_.front().bytes.size() <= position) {
      chunks_.pop_front();
    }
  }

 private:
  struct Chunk {
    uint64_t begin;
    std::string bytes;
  };
  std::deque<Chunk> chunks_;
  uint64_t end_ = 0;
  bool sealed_ = false;  // the last chunk
};

}  // namespace norn::persist
