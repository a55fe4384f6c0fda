// The line in front of a block.

#include "engine/persist/aof_block.h"

#include <gtest/gtest.h>

namespace norn::persist {
namespace {

TEST(AofBlock, ComesBackAndMatchesOnlyItsBytesAtItsPlace) {
  const AofBlockLine line = AofBlockLine::For("payload", 1000, 900);
  const std::string text = line.Format(1000);
  ASSERT_EQ(text.size(), AofBlockLine::kBytes);
  const std::string_view bare = std::string_view(text).substr(0, text.size() - 2);
  const auto back = AofBlockLine::Parse(bare, 1000);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->SafeOffset(1000), 900u);
  EXPECT_TRUE(back->Matches("payload", 1000));
  EXPECT_FALSE(back->Matches("paxload", 1000));
  EXPECT_FALSE(back->Matches("payload", 1001));
  EXPECT_FALSE(AofBlockLine::Parse(bare, 1001)) << "a line of another place";
}

TEST(AofBlock, EveryBitOfTheLineIsChecked) {
  const std::string text = AofBlockLine::For("payload", 5, 0).Format(5).substr(0, 33);
  for (size_t i = 0; i < text.size() * 8; ++i) {
    std::string flipped = text;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(AofBlockLine::Parse(flipped, 5)) << i;
  }
}

TEST(AofBlock, AnOldSafePlaceIsNoClaim) {
  EXPECT_EQ(AofBlockLine::For("x", 1ull << 40, 7).SafeOffset(1ull << 40), 0u);
}

}  // namespace
}  // namespace norn::persist
