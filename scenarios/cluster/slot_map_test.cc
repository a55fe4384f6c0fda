#include "scenarios/cluster/slot_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn::scenarios {
namespace {

constexpr std::string_view kTwoShards =
    "*2\r\n*4\r\n:0\r\n:99\r\n*3\r\n$8\r\n10.0.0.1\r\n:6379\r\n$1\r\na\r\n*3\r\n$8\r\n10.0.0.3\r\n"
    ":6379\r\n$1\r\nc\r\n*3\r\n:100\r\n:16383\r\n*3\r\n$8\r\n10.0.0.2\r\n:6379\r\n$1\r\nb\r\n";

TEST(SlotMap, LearnsWhoServesWhat) {
  SlotMap map;
  ASSERT_TRUE(map.Learn(*net::ParseReply(kTwoShards)));
  EXPECT_EQ(map.Find(SlotId{99})->primary, "10.0.0.1:6379");
  EXPECT_THAT(map.Find(SlotId{99})->replicas, ::testing::ElementsAre("10.0.0.3:6379"));
  EXPECT_EQ(map.Find(SlotId{16383})->primary, "10.0.0.2:6379");
}

TEST(SlotMap, KeepsWhatItHasWhenAReplyIsNoMap) {
  SlotMap map;
  ASSERT_TRUE(map.Learn(*net::ParseReply(kTwoShards)));
  EXPECT_FALSE(map.Learn(*net::ParseReply("-CLUSTERDOWN no\r\n")));
  EXPECT_FALSE(map.Learn(*net::ParseReply("*1\r\n*3\r\n:5\r\n:4\r\n*0\r\n")));
  EXPECT_EQ(map.ranges().size(), 2u);
}

TEST(SlotMap, ARedirectMovesTheShard) {
  SlotMap map;
  EXPECT_EQ(map.Find(SlotId{7}), nullptr);
  ASSERT_TRUE(map.Learn(*net::ParseReply(kTwoShards)));
  map.Moved(SlotId{7}, "10.0.0.3:6379");
  EXPECT_EQ(map.Find(SlotId{99})->primary, "10.0.0.3:6379");
  EXPECT_THAT(map.Find(SlotId{99})->replicas, ::testing::ElementsAre("10.0.0.1:6379"));
}

TEST(SlotMap, ReadsRedirects) {
  const auto moved = Redirect::Parse("MOVED 3999 10.0.0.2:6379");
  ASSERT_TRUE(moved);
  EXPECT_FALSE(moved->ask);
  EXPECT_EQ(moved->slot, SlotId{3999});
  EXPECT_EQ(moved->address, "10.0.0.2:6379");
  EXPECT_TRUE(Redirect::Parse("ASK 1 h:1")->ask);
  EXPECT_FALSE(Redirect::Parse("MOVED 16384 h:1"));
  EXPECT_FALSE(Redirect::Parse("MOVED 7"));
  EXPECT_FALSE(Redirect::Parse("ERR MOVED 7 h:1"));
}

}  // namespace
}  // namespace norn::scenarios
