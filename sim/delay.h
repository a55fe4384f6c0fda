#pragma once
// A distribution of delays. Whole nanoseconds and integer arithmetic only: libm's last bit differs
// between machines, and a seed must not.

#include "engine/base/prng.h"
#include "engine/base/time.h"

#include <cstdint>

namespace norn::sim {

// Between min and max. skew 1 is uniform, mean at 1/2 of the range; 2 and 3 are products of that
// many uniforms, with means at 1/4 and 1/8: mostly short, sometimes long. Requires min <= max and
// max - min below an hour.
struct Delay {
  Duration min;
  Duration max;
  int skew = 1;

  // One draw from the generator.
  Duration Draw(Prng& prng) const {
    constexpr int kBits = 21;
    constexpr uint64_t kMask = (uint64_t{1} << kBits) - 1;
    const uint64_t bits = prng.Next();
    uint64_t extra = static_cast<uint64_t>(max.ns - min.ns) + 1;
    for (int factor = 0; factor < skew; ++factor) {
      extra = (extra * ((bits >> (factor * kBits)) & kMask)) >> kBits;
    }
    return Duration{min.ns + static_cast<int64_t>(extra)};
  }
};

}  // namespace norn::sim
