#include "engine/keyspace/key_waits.h"

#include <gtest/gtest.h>

namespace norn {
namespace {

constexpr DbIndex kDb{0};

TEST(KeyWaits, FirstComeFirstInTheQueue) {
  KeyWaits waits;
  KeyWaiter a, b, c;
  waits.Add(kDb, "k", a);
  const KeyWaits::Place place = waits.Add(kDb, "k", b);
  waits.Add(kDb, "k", c);
  waits.Remove(place);
  ASSERT_NE(waits.Find(kDb, "k"), nullptr);
  EXPECT_EQ(*waits.Find(kDb, "k"), (KeyWaits::Queue{&a, &c}));
  EXPECT_EQ(waits.Find(DbIndex{1}, "k"), nullptr);
  EXPECT_EQ(waits.KeyCount(), 1u);
}

TEST(KeyWaits, ReadyKeysComeInTheOrderOfTheirFirstTouch) {
  KeyWaits waits;
  KeyWaiter a;
  waits.Add(kDb, "one", a);
  waits.Add(kDb, "two", a);
  for (const std::string_view key : {"two", "none", "one", "two"}) waits.Touch(kDb, key);
  ASSERT_TRUE(waits.has_ready());
  EXPECT_EQ(waits.TakeReady()->key, "two");
  EXPECT_EQ(waits.TakeReady()->key, "one");
  EXPECT_FALSE(waits.has_ready());
  waits.Touch(kDb, "two");
  EXPECT_EQ(waits.TakeReady()->key, "two");
}

TEST(KeyWaits, ARowThatCameAgainIsTouchedAgain) {
  KeyWaits waits;
  KeyWaiter a;
  waits.Remove([&] {
    const KeyWaits::Place place = waits.Add(kDb, "k", a);
    waits.Touch(kDb, "k");
    return place;
  }());
  EXPECT_EQ(waits.KeyCount(), 0u);
  waits.Add(kDb, "k", a);
  waits.Touch(kDb, "k");
  size_t taken = 0;
  while (waits.TakeReady()) ++taken;
  EXPECT_EQ(taken, 2u);  // of the old row, and of the new one
  waits.Touch(kDb, "k");
  EXPECT_TRUE(waits.has_ready());
}

TEST(KeyWaits, AllKeysOfOneDatabase) {
  KeyWaits waits;
  KeyWaiter a;
  KeyWaiter deletion{.type = ValueType::kStream, .on_any_change = true};
  waits.Add(kDb, "k", a);
  waits.Add(DbIndex{1}, "k", deletion);
  waits.Add(DbIndex{1}, "l", a);
  waits.TouchAll(DbIndex{1});
  EXPECT_EQ(waits.TakeReady()->key, "k");
  EXPECT_EQ(waits.TakeReady()->key, "l");
  EXPECT_FALSE(waits.TakeReady());
  EXPECT_EQ(waits.OnAnyChangeCount(), 1u);
}

}  // namespace
}  // namespace norn
