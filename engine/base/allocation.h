#pragma once
// What memory costs, by our own formula: behaviour (eviction) must be the same on every machine, and under every allocator.

#include <bit>
#include <cstddef>

namespace norn {

// The size that a general allocator really hands out for `bytes`: four classes a doubling, like jemalloc's.
constexpr size_t AllocationBytes(size_t bytes) {
  if (bytes <= 16) return 16;
  if (bytes <= 128) return (bytes + 15) & ~size_t{15};
  const size_t step = size_t{1} << (std::bit_width(bytes - 1) - 3);
  return (bytes + step - 1) & ~(step - 1);
}

}  // namespace norn
