#pragma once
// One generator per purpose: a purpose that is added, or draws more than before, leaves the numbers
// of all others as they were.

#include "engine/base/hash.h"
#include "engine/base/prng.h"

#include <cstdint>
#include <string_view>

namespace norn::sim {

// The seed of one purpose under `seed` (a world's, a node's, a part's).
inline uint64_t SeedFor(uint64_t seed, std::string_view purpose) {
  return HashBytes(purpose, seed);
}

inline Prng PrngFor(uint64_t seed, std::string_view purpose) {
  return Prng(SeedFor(seed, purpose));
}

}  // namespace norn::sim
