#pragma once
// Numbers at places 0 to n - 1, with the place where a running sum is reached in log n steps: for drawing a place with a
// chance in proportion to its number, and for passing over zeros. A binary indexed tree (Fenwick 1994).
//
//   I1  tree_[i] is the sum of the numbers at the places i - (i & -i) .. i - 1 (i from 1)
//
// Runs on one thread; never parks.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/check.h"

namespace norn {

class PrefixSums {
 public:
  explicit PrefixSums(size_t places) : tree_(places + 1) {}

  uint64_t total() const { return total_; }

  // Adds modulo 2^64: `0 - n` takes n away. Requires: no number and no sum becomes negative or too big.
  void Add(size_t place, uint64_t amount) {
    CHECK(place + 1 < tree_.size());
    total_ += amount;
    for (size_t i = place + 1; i < tree_.size(); i += i & (~i + 1)) tree_[i] += amount;
  }

  // The sum of the numbers before `place`; total() for any place behind the last.
  uint64_t Before(size_t place) const {
    uint64_t sum = 0;
    for (size_t i = std::min(place, tree_.size() - 1); i > 0; i &= i - 1) sum += tree_[i];
    return sum;
  }
  // The first place from `place` on with a number above zero; nullopt when there is none.
  std::optional<size_t> NextAboveZero(size_t place) const {
    uint64_t unit = Before(place);
    if (unit == total_) return std::nullopt;
    return Find(&unit);
  }
  // The place that holds unit *unit when all numbers are laid end to end; *unit becomes its place within that number.
  // Requires *unit < total().
  size_t Find(uint64_t* unit) const {
    CHECK(*unit < total_);
    size_t at = 0;
    for (size_t step = std::bit_floor(tree_.size() - 1); step > 0; step /= 2) {
      if (at + step >= tree_.size() || tree_[at + step] > *unit) continue;
      at += step;
      *unit -= tree_[at];
    }
    return at;
  }

 private:
  std::vector<uint64_t> tree_;
  uint64_t total_ = 0;
};

}  // namespace norn
