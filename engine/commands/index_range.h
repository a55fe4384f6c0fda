#pragma once
// Ranges of indices as clients give them: first and last, negative ones from the end, the last included.

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace norn {

struct IndexRange {
  size_t first = 0;
  size_t count = 0;
};

// What of `first` to `last` lies within `size` elements.
inline IndexRange ClampRange(int64_t first, int64_t last, size_t size) {
  const auto end = static_cast<int64_t>(size);
  if (first < 0) first = std::max<int64_t>(first + end, 0);
  if (last < 0) last += end;
  last = std::min(last, end - 1);
  if (first > last || first >= end) return {};
  return {static_cast<size_t>(first), static_cast<size_t>(last - first + 1)};
}

}  // namespace norn
