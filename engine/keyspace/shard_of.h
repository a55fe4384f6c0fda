#pragma once
// Which shard of a node owns a key, when slots do not decide it.

#include <cstdint>

namespace norn {

// By bits 8 to 23 of the hash. The table reads the tag below them and its own position above them: a bit that is the same in
// a whole shard would leave half of the buckets empty.
inline uint32_t ShardOf(uint64_t hash, uint32_t count) {
  return static_cast<uint32_t>(((hash >> 8 & 0xffff) * count) >> 16);
}

}  // namespace norn
