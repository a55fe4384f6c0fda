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

constexpr uint64_t kLine = AofBlockLine::kBytes;

TEST(AofBuffer, KeepsWhatWasGivenOutInPlace) {
  AofBuffer buffer;
  buffer.Append("abc");
  buffer.Append("def");
  const std::string_view chunk = buffer.ChunkAt(0, 0, 0);
  EXPECT_EQ(chunk.substr(kLine), "abcdef");
  const std::string before(chunk);
  for (int i = 0; i < 1000; ++i) buffer.Append("0123456789");
  EXPECT_EQ(chunk, before);
  EXPECT_EQ(buffer.end(), 2 * kLine + 10006);
  EXPECT_EQ(buffer.ChunkAt(kLine + 6, kLine + 6, 0).size(), kLine + 10000);
}

TEST(AofBuffer, DropsWholeChunksOnly) {
  AofBuffer buffer;
  buffer.Append("abc");
  buffer.Seal();
  const uint64_t second = buffer.end();
  buffer.Append("def");
  buffer.DropBefore(second - 1);
  EXPECT_EQ(buffer.begin(), 0u);
  buffer.DropBefore(second + 1);
  EXPECT_EQ(buffer.begin(), second);
  buffer.DropBefore(buffer.end());
  EXPECT_EQ(buffer.begin(), 2 * second);
  buffer.Append("g");
  EXPECT_EQ(buffer.ChunkAt(2 * second, 0, 0).substr(kLine), "g");
}

}  // namespace
}  // namespace norn::persist
