// Against a plain array.

#include "engine/structs/prefix_sums.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "engine/base/prng.h"

namespace norn {
namespace {

RC_GTEST_PROP(PrefixSumsProperty, FindsThePlaceOfEveryUnit, (uint64_t seed)) {
  Prng prng(seed);
  std::vector<uint64_t> plain(1 + prng.Below(70));
  PrefixSums sums(plain.size());
  for (int change = 0; change < 200; ++change) {
    const size_t place = prng.Below(plain.size());
    if (prng.OneIn(3)) {
      const uint64_t taken = prng.Below(plain[place] + 1);
      plain[place] -= taken;
      sums.Add(place, 0 - taken);
    } else {
      const uint64_t added = prng.Below(5);
      plain[place] += added;
      sums.Add(place, added);
    }
  }
  RC_ASSERT(sums.total() == std::accumulate(plain.begin(), plain.end(), uint64_t{0}));
  uint64_t before = 0;
  for (size_t place = 0; place < plain.size(); ++place) {
    RC_ASSERT(sums.Before(place) == before);
    const auto next =
        std::find_if(plain.begin() + place, plain.end(), [](uint64_t n) { return n > 0; });
    const std::optional<size_t> found = sums.NextAboveZero(place);
    RC_ASSERT(found.has_value() == (next != plain.end()));
    if (found) RC_ASSERT(*found == static_cast<size_t>(next - plain.begin()));
    for (uint64_t within = 0; within < plain[place]; ++within) {
      uint64_t unit = before + within;
      RC_ASSERT(sums.Find(&unit) == place);
      RC_ASSERT(unit == within);
    }
    before += plain[place];
  }
  RC_ASSERT(!sums.NextAboveZero(plain.size()));
}

}  // namespace
}  // namespace norn
