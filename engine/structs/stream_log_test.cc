#include "engine/structs/stream_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace norn {
namespace {

void Add(StreamLog& log, StreamId id, std::vector<std::string_view> words,
         StreamNodeLimits limits = {.entries_max = 3}) {
  log.Append(id, words, limits);
}

TEST(StreamIdTest, NeighboursWrapAround) {
  StreamId id{7, UINT64_MAX};
  EXPECT_TRUE(id.Increment());
  EXPECT_EQ(id, (StreamId{8, 0}));
  EXPECT_TRUE(id.Decrement());
  EXPECT_EQ(id, (StreamId{7, UINT64_MAX}));
  id = kStreamIdMax;
  EXPECT_FALSE(id.Increment());
  EXPECT_EQ(id, kStreamIdMin);
  EXPECT_FALSE(id.Decrement());
  EXPECT_EQ(id, kStreamIdMax);
  EXPECT_EQ(StreamIdText(id).view(), "18446744073709551615-18446744073709551615");
}

// What redis-server 7.0 makes of XADD s 1-1 a 1 b x, XADD s 2-0 a 2 b y, XADD s 2-5 c 3.
TEST(StreamLogTest, TheBytesOfANodeAreThoseOfSnapshots) {
  StreamLog log;
  Add(log, {1, 1}, {"a", "1", "b", "x"});
  Add(log, {2, 0}, {"a", "2", "b", "y"});
  Add(log, {2, 5}, {"c", "3"});
  std::string elements;
  log.ForEachNode([&](StreamId id, std::string_view bytes) {
    EXPECT_EQ(id, (StreamId{1, 1}));
    const ListpackView view(bytes);
    for (auto at = view.first(); at != view.end(); at = view.Next(at)) {
      elements += view.At(at).ToString() + " ";
    }
  });
  EXPECT_EQ(elements, "3 0 2 a b 0 2 0 0 1 x 5 2 1 -1 2 y 5 0 1 4 1 c 3 6 ");
}

TEST(StreamLogTest, ANodeGoesWithItsLastEntry) {
  StreamLog log;
  for (uint64_t i = 1; i <= 9; ++i) Add(log, {i, 0}, {"f", "v"});
  EXPECT_EQ(log.node_count(), 3u);
  EXPECT_TRUE(log.Erase({4, 0}));
  EXPECT_FALSE(log.Erase({4, 0}));
  EXPECT_TRUE(log.Erase({6, 0}));
  EXPECT_EQ(log.node_count(), 3u);
  EXPECT_TRUE(log.Erase({5, 0}));
  EXPECT_EQ(log.node_count(), 2u);
  log.CheckInvariants();
}

// The entries that a trim would leave in their node may have been erased before.
TEST(StreamLogTest, ATrimLeavesNoNodeOfErasedEntries) {
  StreamLog log;
  for (uint64_t i = 1; i <= 3; ++i) Add(log, {i, 0}, {"f", "v"});
  EXPECT_TRUE(log.Erase({3, 0}));
  EXPECT_EQ(log.Trim({.kind = StreamTrim::Kind::kId, .id_min = {3, 0}}), 2u);
  EXPECT_EQ(log.node_count(), 0u);
  log.CheckInvariants();
}

// A node that was read compressed, opened again, changed, and compressed again is not what it was.
TEST(StreamLogTest, ANodeThatWasOpenedIsReadAnew) {
  StreamLog log;
  const StreamNodeLimits limits{.entries_max = 50};
  for (uint64_t i = 0; i < 250; ++i) Add(log, {1 + i, 0}, {"field", "value"}, limits);
  const StreamId inner{60, 0};
  EXPECT_TRUE(log.Contains(inner));
  for (uint64_t i = 200; i < 250; ++i) EXPECT_TRUE(log.Erase({1 + i, 0}));
  EXPECT_TRUE(log.Erase(inner));
  Add(log, {1000, 0}, {"field", "value"}, limits);
  EXPECT_FALSE(log.Contains(inner));
  EXPECT_TRUE(log.Contains({61, 0}));
  log.CheckInvariants();
}

TEST(StreamLogTest, MemoryIsBoundedByNodes) {
  StreamLog log;
  for (uint64_t i = 1; i <= 10'000; ++i) {
    Add(log, {i, 0}, {"field", "12345678"}, {.bytes_max = 4096, .entries_max = 100});
  }
  EXPECT_EQ(log.node_count(), 100u);
  EXPECT_LT(log.UsedBytes(), 10'000u * 22);
  EXPECT_EQ(log.Trim({.length_max = 1000}), 9000u);
  EXPECT_EQ(log.node_count(), 10u);
  EXPECT_FALSE(log.FreeSome(9));
  EXPECT_TRUE(log.FreeSome(9));
}

}  // namespace
}  // namespace norn
