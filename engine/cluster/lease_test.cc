// The holder's side of a lease: when it counts, and when clients wait for it.

#include "engine/cluster/lease.h"

#include <gtest/gtest.h>

#include "engine/cluster/topology_testing.h"

namespace norn::cluster {
namespace {

using namespace testing;

constexpr Duration kTimeout = Duration::Seconds(2);

// Node 1 leads shard 1, to which 2 and 3 belong.
class LeaseTest : public ::testing::Test {
 protected:
  LeaseTest() {
    view_.DescribeSelf({.norn_level = 1}, {.has_data = true}, true, At(0));
    view_.RestoreEpochs(1, 1);
    for (int i : {2, 3}) view_.Add(Member(i, 1, 1, 1), At(0));
    view_.SetOwner(Slots(0, 99), Node(1));
  }
  void Grant(int voter) {
    lease_.OnGrant(
        {.voter = Node(voter), .shard = Shard(1), .stamp = asked_.stamp, .granted = true});
  }
  void Ask(int64_t ms) { asked_ = lease_.Ask(1, At(ms)); }

  Topology view_{Node(1), Shard(1), TopologyOptions{.node_timeout = kTimeout}};
  ElectionOptions options_{.node_timeout = kTimeout};
  Lease lease_{view_, options_, 7};
  LeaseRequest asked_;
};

TEST_F(LeaseTest, AQuorumOfGrantsCountsFromWhenTheyWereAskedFor) {  // L1
  Ask(10);
  Grant(1);
  EXPECT_EQ(lease_.HeldUntil(), Instant::Past());
  Grant(2);
  EXPECT_EQ(lease_.HeldUntil(), At(10) + options_.lease());
}

TEST_F(LeaseTest, TheFirstOneIsAwaited) {
  EXPECT_EQ(lease_.AwaitedUntil(), Instant::Past());
  Ask(10);
  EXPECT_EQ(lease_.AwaitedUntil(), At(510));
  Ask(100);  // once more: no longer
  Grant(1);
  EXPECT_EQ(lease_.AwaitedUntil(), At(510));
  Grant(2);
  EXPECT_EQ(lease_.AwaitedUntil(), Instant::Past());
}

TEST_F(LeaseTest, OneThatEndsIsNot) {
  Ask(10);
  Grant(1);
  Grant(2);
  ASSERT_TRUE(lease_.IsHeld(At(20)));
  lease_.OnLinkDown(Node(2));  // L3
  EXPECT_FALSE(lease_.IsHeld(At(20)));
  EXPECT_EQ(lease_.AwaitedUntil(), Instant::Past());
  Ask(5000);
  EXPECT_EQ(lease_.AwaitedUntil(), Instant::Past());
}

TEST_F(LeaseTest, WhereMoreVoteTheirGrantsAreAskedForAtOnceAndAwaited) {
  Ask(10);
  Grant(1);
  Grant(2);
  ASSERT_TRUE(lease_.IsHeld(At(20)));
  EXPECT_FALSE(lease_.IsDue(At(20)));
  for (int i : {4, 5}) view_.Add(Member(i, 1, 1, 1), At(20));
  EXPECT_FALSE(lease_.IsHeld(At(20)));
  EXPECT_EQ(lease_.AwaitedUntil(), At(10) + options_.lease());
  EXPECT_TRUE(lease_.IsDue(At(20)));
  Ask(20);
  EXPECT_FALSE(lease_.IsDue(At(20)));
  Grant(4);
  EXPECT_TRUE(lease_.IsHeld(At(20)));
  EXPECT_EQ(lease_.AwaitedUntil(), Instant::Past());
}

TEST_F(LeaseTest, WhoVotesOnlyNowMayHaveGrantedBefore) {
  Ask(10);
  for (int i = 1; i <= 5; ++i) Grant(i);
  for (int i : {4, 5}) view_.Add(Member(i, 1, 1, 1), At(20));
  EXPECT_TRUE(lease_.IsHeld(At(20)));
}

TEST_F(LeaseTest, OneThatIsTakenUpAgainAfterAReleaseIsAwaited) {  // L2
  Ask(10);
  Grant(1);
  Grant(2);
  EXPECT_EQ(lease_.Release(), asked_.stamp);
  EXPECT_EQ(lease_.HeldUntil(), Instant::Past());
  EXPECT_EQ(lease_.AwaitedUntil(), Instant::Past());
  EXPECT_FALSE(lease_.IsDue(At(1000)));
  lease_.Resume();
  EXPECT_TRUE(lease_.IsDue(At(1000)));
  Grant(1);  // of before
  Grant(2);
  EXPECT_EQ(lease_.HeldUntil(), Instant::Past());
  Ask(1000);
  EXPECT_EQ(lease_.AwaitedUntil(), At(1500));
}

}  // namespace
}  // namespace norn::cluster
