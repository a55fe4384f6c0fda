#include "engine/cluster/slot_set.h"

#include <gtest/gtest.h>

namespace norn::cluster {
namespace {

TEST(SlotSet, TheWholeRingIsOneRange) {
  const SlotSet all = SlotSet::All();
  EXPECT_EQ(all.count(), kSlotCount);
  const std::vector<SlotRange> whole = {{SlotId{0}, SlotId{16383}}};
  EXPECT_EQ(all.Ranges(), whole);
  EXPECT_FALSE(all.NextGapFrom(0));
}

TEST(SlotSet, TheEmptyOneHasNoRangesAndNoMembers) {
  const SlotSet none;
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(none.Ranges().empty());
  EXPECT_FALSE(none.NextFrom(0));
  EXPECT_TRUE(none.begin() == none.end());
}

TEST(SlotSet, TheLastSlotIsAMemberLikeOthers) {
  SlotSet set;
  EXPECT_TRUE(set.Set(SlotId{16383}));
  EXPECT_FALSE(set.Set(SlotId{16383}));
  EXPECT_EQ(set.NextFrom(0), SlotId{16383});
  EXPECT_FALSE(set.NextFrom(kSlotCount));
  set.ClearAll();
  EXPECT_TRUE(set.empty());
}

}  // namespace
}  // namespace norn::cluster
