// When the log asks to be rewritten.

#include "engine/persist/aof_rewrite_schedule.h"

#include <gtest/gtest.h>

#include "engine/persist/aof_buffer.h"

namespace norn::persist {
namespace {

TEST(AofGrowth, CountsWholePercentsAboveTheMinimum) {
  const AofGrowthLimits limits{.percentage = 100, .min_bytes = 1000};
  EXPECT_FALSE(AofGrownEnough(limits, 1000, 10)) << "must exceed the minimum";
  EXPECT_TRUE(AofGrownEnough(limits, 1001, 10));
  EXPECT_FALSE(AofGrownEnough(limits, 3999, 2000));
  EXPECT_TRUE(AofGrownEnough(limits, 4000, 2000));
  EXPECT_TRUE(AofGrownEnough(limits, 1001, 0)) << "without a base any size is growth";
  EXPECT_FALSE(AofGrownEnough({.percentage = 0, .min_bytes = 0}, 1 << 30, 1));
}

TEST(AofRewriteBackoff, WaitsAfterTheThirdFailureAndEverLonger) {
  AofRewriteBackoff backoff;
  Instant now{0};
  backoff.Failed(now);
  backoff.Failed(now);
  EXPECT_TRUE(backoff.Allows(now));
  for (const int64_t minutes : {1, 2, 4, 8, 16, 32, 60, 60}) {
    backoff.Failed(now);
    EXPECT_FALSE(backoff.Allows(now + Duration::Seconds(minutes * 60 - 1))) << minutes;
    now = now + Duration::Seconds(minutes * 60);
    EXPECT_TRUE(backoff.Allows(now)) << minutes;
  }
  backoff.Succeeded();
  backoff.Failed(now);
  EXPECT_TRUE(backoff.Allows(now));
  EXPECT_EQ(backoff.failures(), 1u);
}

TEST(AofBuffer, KeepsWhatWasGivenOutInPlace) {
  AofBuffer buffer;
  buffer.Append("abc");
  buffer.Append("def");
  const std::string_view piece = buffer.PieceAt(0);
  EXPECT_EQ(piece, "abcdef");
  for (int i = 0; i < 1000; ++i) buffer.Append("0123456789");
  EXPECT_EQ(piece, "abcdef");
  EXPECT_EQ(buffer.end(), 10006u);
  EXPECT_EQ(buffer.PieceAt(6).size(), 10000u);
  EXPECT_EQ(buffer.PieceAt(4), "ef");
}

TEST(AofBuffer, DropsWholeChunksOnly) {
  AofBuffer buffer;
  buffer.Append("abc");
  buffer.Seal();
  buffer.Append("def");
  buffer.DropBefore(2);
  EXPECT_EQ(buffer.begin(), 0u);
  buffer.DropBefore(4);
  EXPECT_EQ(buffer.begin(), 3u);
  buffer.DropBefore(6);
  EXPECT_EQ(buffer.begin(), 6u);
  buffer.Append("g");
  EXPECT_EQ(buffer.PieceAt(6), "g");
}

}  // namespace
}  // namespace norn::persist
