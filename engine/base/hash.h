#pragma once
// Hashes of bytes: XXH3 (Collet; the xxHash specification 0.8) from the system's header.

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace norn {

// 64 uniform bits of `bytes`. The seed keeps an adversary from choosing collisions; it comes from
// env::Entropy once per node, so that equal seeds give equal tables.
inline uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace norn
