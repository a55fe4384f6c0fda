#include "engine/cluster/topology.h"

#include <gtest/gtest.h>

#include "engine/cluster/topology_testing.h"

namespace norn::cluster {
namespace {

using namespace testing;

// Node 1 with shards 1, 2, 3 led by nodes 1, 2, 3 with epochs 1, 2, 3.
class TopologyTest : public ::testing::Test {
 protected:
  TopologyTest() { Fill(view_, 1); }

  static void Fill(Topology& view, int self, uint16_t level = 0) {
    for (int i = 1; i <= 3; ++i) {
      ClusterNode node = Member(i, i, 0, level);
      node.config_epoch = static_cast<uint64_t>(i);
      if (i == self) {
        view.RestoreEpochs(0, node.config_epoch);
      } else {
        view.Add(node, At(0));
      }
      view.SetOwner(ThirdOf(i), Node(i));
    }
  }
  static SlotSet ThirdOf(int i) { return Slots((i - 1) * 5000, i == 3 ? 16383 : i * 5000 - 1); }

  Claim ClaimOf(int id, uint64_t epoch, const SlotSet& slots, int shard) {
    return {.sender = Node(id),
            .current_epoch = epoch,
            .config_epoch = epoch,
            .slots = slots,
            .shard = Shard(shard)};
  }
  Claim ReplicaClaim(int id, int primary, uint64_t epoch, int shard) {
    Claim claim = ClaimOf(id, epoch, {}, shard);
    claim.replica_of = Node(primary);
    return claim;
  }

  Topology view_{Node(1), Shard(1), TopologyOptions{}};
};

TEST_F(TopologyTest, GreaterEpochTakesSlotsAndSmallerIsCorrected) {
  view_.ApplyClaim(ClaimOf(3, 9, Slots(5000, 16383), 3), At(1));
  EXPECT_EQ(view_.OwnerOf(SlotId{5000})->id, Node(3));
  EXPECT_EQ(view_.Find(Node(2))->slot_count, 0u);
  EXPECT_EQ(view_.current_epoch(), 9u);
  const TopologyEffects stale = view_.ApplyClaim(ClaimOf(2, 2, ThirdOf(2), 2), At(2));
  ASSERT_EQ(stale.updates.size(), 1u);
  EXPECT_EQ(stale.updates[0].about, Node(3));
  EXPECT_EQ(view_.OwnerOf(SlotId{5000})->id, Node(3));
}

TEST_F(TopologyTest, ReplicasClaimNothing) {  // B27
  view_.Add(Member(4, 2, 2), At(0));
  Claim claim = ReplicaClaim(4, 2, 50, 2);
  claim.slots = ThirdOf(1);
  view_.ApplyClaim(claim, At(1));
  EXPECT_EQ(view_.OwnerOf(SlotId{0})->id, Node(1));
}

TEST_F(TopologyTest, ALateClaimOfADemotedPrimaryChangesNothing) {  // B28
  view_.Add(Member(4, 2, 2), At(0));
  view_.ApplyClaim(ClaimOf(4, 9, ThirdOf(2), 2), At(1));
  view_.ApplyClaim(ReplicaClaim(2, 4, 9, 2), At(2));
  const TopologyEffects late = view_.ApplyClaim(ClaimOf(2, 2, ThirdOf(2), 2), At(3));
  EXPECT_FALSE(view_.Find(Node(2))->is_primary());
  EXPECT_EQ(late.updates.size(), 1u);
  // And the other way round: a primary that was a replica in an earlier reign.
  view_.ApplyClaim(ReplicaClaim(4, 2, 2, 2), At(4));
  EXPECT_TRUE(view_.Find(Node(4))->is_primary());
}

TEST_F(TopologyTest, ADeposedPrimaryFollowsItsReplica) {
  view_.Add(Member(4, 1, 1), At(0));
  const TopologyEffects effects = view_.ApplyClaim(ClaimOf(4, 9, ThirdOf(1), 1), At(1));
  ASSERT_TRUE(effects.follow.has_value());
  EXPECT_EQ(effects.follow->primary, Node(4));
  EXPECT_TRUE(effects.follow->same_shard);
  EXPECT_TRUE(effects.must_sync);
  EXPECT_TRUE(effects.lost_slots.empty());
  EXPECT_FALSE(view_.self().is_primary());
}

TEST_F(TopologyTest, LosingSomeSlotsLeavesAPrimaryWithKeysToDelete) {
  const TopologyEffects effects = view_.ApplyClaim(ClaimOf(3, 9, Slots(4000, 4999), 3), At(1));
  EXPECT_EQ(effects.lost_slots, Slots(4000, 4999));
  EXPECT_FALSE(effects.follow.has_value());
  EXPECT_EQ(view_.self().slot_count, 4000u);
}

TEST_F(TopologyTest, AReplicaOfADemotedPrimaryFollowsTheNewOne) {
  view_.Add(Member(4, 2, 2), At(0));
  view_.SetOwner(ThirdOf(1), Node(3));
  view_.FollowPrimary(Node(2));
  const TopologyEffects claim = view_.ApplyClaim(ClaimOf(4, 9, ThirdOf(2), 2), At(1));
  ASSERT_TRUE(claim.follow.has_value());
  EXPECT_EQ(claim.follow->primary, Node(4));
}

TEST_F(TopologyTest, AChainIsCutShort) {
  view_.Add(Member(4, 2, 2), At(0));
  view_.SetOwner(ThirdOf(1), Node(3));
  view_.FollowPrimary(Node(2));
  const TopologyEffects effects = view_.ApplyClaim(ReplicaClaim(2, 4, 9, 2), At(1));
  ASSERT_TRUE(effects.follow.has_value());
  EXPECT_EQ(effects.follow->primary, Node(4));
  EXPECT_TRUE(view_.Find(Node(4))->is_primary());
}

TEST_F(TopologyTest, TwoThatFollowEachOtherAgreeWhoLeads) {  // I14
  view_.SetOwner(ThirdOf(1), Node(3));
  view_.FollowPrimary(Node(2));
  EXPECT_TRUE(view_.ApplyClaim(ReplicaClaim(2, 1, 2, 2), At(1)).became_primary);
  Topology other(Node(2), Shard(2), TopologyOptions{});
  other.Add(Member(1, 2), At(0));
  other.FollowPrimary(Node(1));
  EXPECT_FALSE(other.ApplyClaim(ReplicaClaim(1, 2, 2, 2), At(1)).became_primary);
  EXPECT_TRUE(view_.self().is_primary());
  EXPECT_FALSE(other.self().is_primary());
}

TEST_F(TopologyTest, UnclaimedSlotsStayBoundButAreNotTold) {
  view_.ApplyClaim(ClaimOf(2, 2, Slots(5000, 5999), 2), At(1));
  EXPECT_EQ(view_.OwnerOf(SlotId{6000})->id, Node(2));
  EXPECT_EQ(view_.SlotsToTell(*view_.Find(Node(2))), Slots(5000, 5999));
}

// Slots that were given to a node by hand, and that it never claimed: whoever owned them may claim them again with an epoch below
// that node's, which says nothing about them, and nobody is told otherwise.
TEST_F(TopologyTest, WhatAnOwnerHasYetToClaimIsNotTold) {
  view_.SetOwner(Slots(0, 99), Node(2));
  view_.Promise(Slots(0, 99));
  EXPECT_EQ(view_.SlotsToTell(*view_.Find(Node(2))), ThirdOf(2));
  EXPECT_TRUE(view_.ApplyClaim(ClaimOf(3, 1, Slots(0, 99), 3), At(1)).updates.empty());
  SlotSet claimed = ThirdOf(2);
  claimed |= Slots(0, 99);
  view_.ApplyClaim(ClaimOf(2, 2, claimed, 2), At(2));
  EXPECT_EQ(view_.SlotsToTell(*view_.Find(Node(2))), claimed);
  EXPECT_EQ(view_.ApplyClaim(ClaimOf(3, 1, Slots(0, 99), 3), At(3)).updates.size(), 1u);
}

TEST_F(TopologyTest, OfTwoWithOneEpochTheSmallerIdMoves) {
  Topology greater(Node(3), Shard(3), TopologyOptions{});
  Fill(greater, 3);
  greater.ApplyClaim(ClaimOf(1, 3, ThirdOf(1), 1), At(1));
  EXPECT_EQ(greater.self().config_epoch, 3u);
  Topology smaller(Node(1), Shard(1), TopologyOptions{});
  Fill(smaller, 1);
  smaller.ApplyClaim(ClaimOf(3, 1, ThirdOf(3), 3), At(1));
  EXPECT_EQ(smaller.self().config_epoch, 4u);
}

TEST_F(TopologyTest, TheWinnerDoesNotYieldToAnOlderReign) {  // T6
  Topology winner(Node(1), Shard(1), TopologyOptions{});
  Fill(winner, 1, 1);
  winner.DescribeSelf({.norn_level = 1}, {.has_data = true, .reign = 8, .offset = 5}, true, At(0));
  ClusterNode old = Member(4, 1, 1, 1);
  winner.Add(old, At(0));
  Claim claim = ClaimOf(4, 30, ThirdOf(1), 1);
  claim.description.norn_level = 1;
  claim.history = {.has_data = true, .reign = 3, .offset = 900};
  const TopologyEffects effects = winner.ApplyClaim(claim, At(1));
  EXPECT_FALSE(effects.follow.has_value());
  EXPECT_EQ(winner.self().config_epoch, 40u);  // the first of two members chooses unasked
  EXPECT_EQ(winner.OwnerOf(SlotId{0})->id, Node(1));
  // Others took that claim for the later one, and tell of it.
  const TopologyEffects told = winner.ApplyUpdate(Node(4), 50, ThirdOf(1));
  EXPECT_FALSE(told.follow.has_value());
  EXPECT_TRUE(told.tell_everyone);
  EXPECT_EQ(winner.self().config_epoch, 56u);
  claim.history.reign = 9;
  claim.config_epoch = 60;
  EXPECT_TRUE(winner.ApplyClaim(claim, At(2)).follow.has_value());
}

// Its reign is told by nobody but itself; a replica that others know as the primary was promoted since it was heard.
TEST_F(TopologyTest, AReplicaThatTookOverUnheardIsNotOfAnOlderReign) {
  Topology deposed(Node(1), Shard(1), TopologyOptions{});
  Fill(deposed, 1, 1);
  deposed.DescribeSelf({.norn_level = 1}, {.has_data = true, .reign = 8}, true, At(0));
  deposed.Add(Member(4, 1, 1, 1), At(0));
  const TopologyEffects told = deposed.ApplyUpdate(Node(4), 50, ThirdOf(1));
  ASSERT_TRUE(told.follow.has_value());
  EXPECT_EQ(told.follow->primary, Node(4));
  EXPECT_EQ(deposed.OwnerOf(SlotId{0})->id, Node(4));
}

TEST_F(TopologyTest, ForgottenStaysForgottenForAWhile) {  // B36
  EXPECT_TRUE(view_.Forget(Node(2), At(0)));
  EXPECT_EQ(view_.OwnerOf(SlotId{5000}), nullptr);
  EXPECT_FALSE(view_.Add(Member(2, 2), At(59'000)));
  EXPECT_TRUE(view_.Add(Member(2, 2), At(61'000)));
  EXPECT_FALSE(view_.Forget(Node(1), At(0)));
}

TEST_F(TopologyTest, VotersArePrimariesUnlessAllMembersAreNorn) {
  view_.Add(Member(4, 2, 2), At(0));
  EXPECT_FALSE(view_.electorate().norn_rules);
  EXPECT_EQ(view_.electorate().size, 3u);
  EXPECT_FALSE(view_.IsVoter(*view_.Find(Node(4))));
  view_.DescribeSelf({.norn_level = 1}, {}, true, At(0));
  for (int i : {2, 3}) {
    Claim claim = ClaimOf(i, static_cast<uint64_t>(i), ThirdOf(i), i);
    claim.description.norn_level = 1;
    view_.ApplyClaim(claim, At(1));
  }
  EXPECT_FALSE(view_.electorate().norn_rules);
  Claim replica = ReplicaClaim(4, 2, 2, 2);
  replica.description.norn_level = 1;
  view_.ApplyClaim(replica, At(1));
  EXPECT_TRUE(view_.electorate().norn_rules);
  EXPECT_EQ(view_.electorate().size, 4u);
  EXPECT_TRUE(view_.IsVoter(*view_.Find(Node(4))));
}

TEST_F(TopologyTest, StateWaitsAfterStartAndAfterAMinority) {  // G6
  EXPECT_FALSE(view_.UpdateState(At(0)).ok);
  EXPECT_FALSE(view_.UpdateState(At(1999)).ok);
  EXPECT_TRUE(view_.UpdateState(At(2000)).ok);
  view_.SetHealth(Node(2), Health::kFailed, At(3000));
  EXPECT_EQ(view_.UpdateState(At(3000)).reason, StateReason::kSlotsUncovered);
  view_.SetHealth(Node(3), Health::kSuspected, At(3000));
  EXPECT_EQ(view_.UpdateState(At(3000)).reason, StateReason::kMinority);
  view_.SetHealth(Node(2), Health::kUp, At(4000));
  view_.SetHealth(Node(3), Health::kUp, At(4000));
  EXPECT_FALSE(view_.UpdateState(At(7999)).ok);
  EXPECT_TRUE(view_.UpdateState(At(8000)).ok);
}

TEST_F(TopologyTest, TakingOverBindsThePrimarysSlots) {
  view_.SetOwner(ThirdOf(1), Node(3));
  view_.FollowPrimary(Node(2));
  EXPECT_TRUE(view_.BumpEpoch());
  EXPECT_TRUE(view_.TakeOver(view_.current_epoch()).must_sync);
  EXPECT_EQ(view_.OwnerOf(SlotId{5000})->id, Node(1));
  EXPECT_EQ(view_.self().slot_count, 5000u);
  EXPECT_EQ(view_.self().config_epoch, 4u);
}

}  // namespace
}  // namespace norn::cluster
