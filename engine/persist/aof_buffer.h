#pragma once
// The end of the log that memory still holds: bytes that wait to be written, and behind them those that the disk was given but
// has not yet called safe. Positions count the bytes of the log's life and only grow.
//
// Bytes given out by ChunkAt stay where they are while more are appended, so that a write may be under way meanwhile: what
// was given out is sealed, and later bytes go to a new chunk. A chunk is a block of the file (aof_block.h): room for its line
// is left at its begin, counts as appended, and is filled when the chunk is given out first.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/persist/aof_block.h"

namespace norn::persist {

class AofBuffer {
 public:
  static constexpr size_t kChunkBytes = 256 * 1024;

  // The first byte held (or end(), when none is) and the next to be appended.
  uint64_t begin() const { return chunks_.empty() ? end_ : chunks_.front().begin; }
  uint64_t end() const { return end_; }

  void Append(std::string_view bytes) {
    if (sealed_ || chunks_.empty() || chunks_.back().bytes.size() >= kChunkBytes) {
      chunks_.push_back({end_, std::string(AofBlockLine::kBytes, '#')});
      end_ += AofBlockLine::kBytes;
      sealed_ = false;
    }
    chunks_.back().bytes.append(bytes);
    end_ += bytes.size();
  }

  // A chunk ends here.
  void Seal() { sealed_ = true; }

  // The chunk that begins at `at`, which will lie at `offset` of a file that is safe before `safe_offset`. Valid until it is dropped.
  // Requires at < end(), at the begin of a chunk.
  std::string_view ChunkAt(uint64_t at, uint64_t offset, uint64_t safe_offset) {
    CHECK(at >= begin() && at < end_);
    auto chunk = chunks_.rbegin();  // most are near the end
    while (chunk->begin > at) ++chunk;
    CHECK(chunk->begin == at);
    if (chunk == chunks_.rbegin()) sealed_ = true;
    const std::string_view payload = std::string_view(chunk->bytes).substr(AofBlockLine::kBytes);
    const std::string line = AofBlockLine::For(payload, offset, safe_offset).Format(offset);
    std::copy(line.begin(), line.end(), chunk->bytes.begin());
    return chunk->bytes;
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
