#include "engine/types/stream_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "engine/types/testing.h"

namespace norn {
namespace {

class StreamValueTest : public testing::Test {
 protected:
  void Add(uint64_t ms) { stream_.Append({ms, 0}, std::vector<std::string_view>{"f", "v"}, {}); }
  std::optional<int64_t> LagAt(uint64_t ms, int64_t read) {
    stream_.EraseGroup("g");
    return stream_.Lag(*stream_.AddGroup("g", {ms, 0}, read));
  }

  Stream stream_;
};

TEST_F(StreamValueTest, IdsOnlyGrow) {
  EXPECT_EQ(stream_.NextId(5), (StreamId{5, 0}));
  EXPECT_EQ(stream_.NextIdOf(0), (StreamId{0, 1}));
  Add(5);
  EXPECT_EQ(stream_.NextId(5), (StreamId{5, 1}));
  EXPECT_EQ(stream_.NextId(4), (StreamId{5, 1}));
  EXPECT_EQ(stream_.NextId(6), (StreamId{6, 0}));
  EXPECT_EQ(stream_.NextIdOf(4), std::nullopt);
  EXPECT_EQ(stream_.NextIdOf(5), (StreamId{5, 1}));
  stream_.SetIds(kStreamIdMax, {}, 1);
  EXPECT_EQ(stream_.NextId(7), std::nullopt);
  EXPECT_EQ(stream_.NextIdOf(UINT64_MAX), std::nullopt);
}

TEST_F(StreamValueTest, LagIsKnownWhereNothingWasErasedAhead) {
  EXPECT_EQ(LagAt(0, -1), 0);
  for (uint64_t ms = 1; ms <= 5; ++ms) Add(ms);
  EXPECT_EQ(LagAt(0, -1), 5);
  EXPECT_EQ(LagAt(1, -1), 4);
  EXPECT_EQ(LagAt(2, -1), std::nullopt);
  EXPECT_EQ(LagAt(2, 2), 3);
  EXPECT_EQ(LagAt(5, -1), 0);
  EXPECT_EQ(LagAt(9, -1), std::nullopt);
  EXPECT_TRUE(stream_.Erase({3, 0}));
  EXPECT_EQ(LagAt(2, 2), std::nullopt);
  EXPECT_EQ(LagAt(4, 4), 1);
  EXPECT_EQ(LagAt(0, 0), std::nullopt);
  EXPECT_EQ(stream_.Trim({.length_max = 1}), 3u);
  EXPECT_EQ(LagAt(4, 4), 1);
  EXPECT_EQ(LagAt(0, -1), 1);
  EXPECT_EQ(stream_.Trim({}), 1u);
  EXPECT_EQ(LagAt(4, -1), 0);
}

TEST_F(StreamValueTest, PendingEntriesHaveOneOwner) {
  StreamGroup& group = *stream_.AddGroup("g", {}, 0);
  EXPECT_EQ(stream_.AddGroup("g", {}, 0), nullptr);
  const size_t empty_bytes = stream_.UsedBytes();
  StreamConsumer& a = group.AddConsumer("a", 1);
  StreamConsumer& b = group.AddConsumer("b", 2);
  group.Assign({1, 0}, a).deliveries = 7;
  group.Assign({3, 0}, a);
  group.Assign({2, 0}, b);
  EXPECT_EQ(group.Assign({1, 0}, b).deliveries, 7u);
  EXPECT_EQ(a.pending().size(), 1u);
  EXPECT_EQ(b.pending().size(), 2u);
  EXPECT_FALSE(group.ErasePending({9, 0}));
  EXPECT_TRUE(group.ErasePending({2, 0}));
  stream_.CheckInvariants();
  const Stream copy(stream_);
  copy.CheckInvariants();
  EXPECT_EQ(copy.UsedBytes(), stream_.UsedBytes());
  EXPECT_EQ(copy.FindGroup("g")->pending().at({1, 0}).consumer->name(), "b");
  EXPECT_NE(copy.FindGroup("g")->FindConsumer("b"), &b);
  group.EraseConsumer(b);
  EXPECT_EQ(group.pending().size(), 1u);
  group.EraseConsumer(a);
  EXPECT_EQ(group.pending().size(), 0u);
  EXPECT_EQ(stream_.UsedBytes(), empty_bytes);
  EXPECT_TRUE(stream_.EraseGroup("g"));
  EXPECT_FALSE(stream_.EraseGroup("g"));
  EXPECT_EQ(stream_.UsedBytes(), sizeof(Stream));
}

TEST_F(StreamValueTest, IsFreedInSteps) {
  for (uint64_t ms = 1; ms <= 500; ++ms) {
    stream_.Append({ms, 0}, std::vector<std::string_view>{"f", "v"}, {});
  }
  for (const std::string name : {"g", "h"}) {
    StreamGroup& group = *stream_.AddGroup(name, {}, 0);
    StreamConsumer& consumer = group.AddConsumer("a", 1);
    for (uint64_t ms = 1; ms <= 500; ++ms) group.Assign({ms, 0}, consumer);
  }
  EXPECT_GT(stream_.FreeEffort(), 100u);
  int steps = 0;
  while (!stream_.FreeSome(50)) ++steps;
  EXPECT_GT(steps, 10);
}

RC_GTEST_PROP(StreamGroupProperty, IsAMapOfOwners, ()) {
  Stream stream;
  StreamGroup& group = *stream.AddGroup("g", {}, 0);
  std::map<StreamId, std::string> owners;
  for (const auto& [number, action] :
       *rc::gen::arbitrary<std::vector<std::pair<uint8_t, uint8_t>>>()) {
    const StreamId id{number % 16u, 0};
    const std::string name(1, static_cast<char>('a' + action % 3));
    StreamConsumer* consumer = group.FindConsumer(name);
    if (consumer == nullptr) consumer = &group.AddConsumer(name, 0);
    if (action < 150) {
      group.Assign(id, *consumer);
      owners[id] = name;
    } else if (action < 240) {
      RC_ASSERT(group.ErasePending(id) == (owners.erase(id) > 0));
    } else {
      group.EraseConsumer(*consumer);
      std::erase_if(owners, [&](const auto& owner) { return owner.second == name; });
    }
    group.CheckInvariants();
    RC_ASSERT(group.pending().size() == owners.size());
    for (const auto& [owned, owner] : owners) {
      RC_ASSERT(group.FindPending(owned)->consumer->name() == owner);
    }
  }
}

}  // namespace
}  // namespace norn
