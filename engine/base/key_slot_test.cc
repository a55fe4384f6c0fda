#include "engine/base/key_slot.h"

#include <gtest/gtest.h>

namespace norn {
namespace {

TEST(KeySlot, TheChecksumIsXmodems) {
  EXPECT_EQ(Crc16("123456789"), 0x31c3);  // the check value of every catalogue of CRCs
  EXPECT_EQ(Crc16(""), 0);
}

TEST(KeySlot, IsTheSlotThatEveryClientComputes) {
  EXPECT_EQ(KeySlot("foo").value, 12182);
  EXPECT_EQ(KeySlot("bar").value, 5061);
  EXPECT_EQ(KeySlot("hello").value, 866);
  EXPECT_EQ(KeySlot("").value, 0);
}

TEST(KeySlot, AHashTagDecidesAlone) {
  EXPECT_EQ(HashTagOf("user:{1000}.following"), "1000");
  EXPECT_EQ(HashTagOf("{1000}"), "1000");
  EXPECT_EQ(HashTagOf("foo{bar}{zap}"), "bar");
  EXPECT_EQ(HashTagOf("foo{{bar}}zap"), "{bar");
  EXPECT_EQ(KeySlot("{user1000}.following"), KeySlot("{user1000}.followers"));
}

TEST(KeySlot, WithoutOneTheWholeKeyDecides) {
  for (const char* key : {"plain", "foo{}{bar}", "foo{bar", "foo}bar", "}{", "{", "{}"}) {
    EXPECT_EQ(HashTagOf(key), key);
  }
}

}  // namespace
}  // namespace norn
