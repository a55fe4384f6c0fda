// Against std::set.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "engine/base/prng.h"
#include "engine/structs/intset.h"

namespace norn {
namespace {

int64_t Draw(Prng& prng, int bits_max) {
  const auto magnitude = static_cast<int64_t>(prng.Next() >> (64 - 1 - prng.Below(bits_max)));
  return prng.OneIn(2) ? magnitude : -magnitude;
}

RC_GTEST_PROP(IntsetProperty, DoesWhatASetDoes, (uint64_t seed)) {
  Prng prng(seed);
  std::set<int64_t> plain;
  PackedBlock block(Intset::Empty());
  Intset set(block);
  for (int change = 0; change < 300; ++change) {
    const int64_t value = Draw(prng, change < 100 ? 8 : 63);
    if (prng.OneIn(3)) {
      RC_ASSERT(set.Erase(value) == (plain.erase(value) == 1));
    } else {
      RC_ASSERT(set.Insert(value) == plain.insert(value).second);
    }
    RC_ASSERT(IntsetIsValid(block.bytes()));
    RC_ASSERT(set.view().Count() == plain.size());
    const int64_t asked = Draw(prng, 10);
    RC_ASSERT(set.view().Contains(asked) == plain.contains(asked));
  }
  size_t index = 0;
  for (const int64_t value : plain) RC_ASSERT(set.view().At(index++) == value);
}

}  // namespace
}  // namespace norn
