// Numbers of epochs: both kinds grow, leave none of their own out, and never meet.

#include "engine/cluster/epoch_numbers.h"

#include <gtest/gtest.h>

#include <set>

namespace norn::cluster {
namespace {

TEST(EpochNumbers, BallotsAreTheNextOfTheirKind) {
  for (uint64_t known = 0; known < 100; ++known) {
    uint64_t next = known + 1;
    while (!IsBallotNumber(next)) ++next;
    EXPECT_EQ(BallotAfter(known, 0), next) << known;
  }
}

TEST(EpochNumbers, ShardsThatFailTogetherHaveBallotsOfTheirOwn) {
  for (uint64_t known = 0; known < 40; ++known) {
    std::set<uint64_t> ballots;
    for (uint64_t shard = 0; shard < 50; ++shard) {
      const uint64_t ballot = BallotAfter(known, shard);
      EXPECT_GT(ballot, known);
      EXPECT_TRUE(IsBallotNumber(ballot));
      EXPECT_TRUE(ballots.insert(ballot).second);
    }
  }
}

TEST(EpochNumbers, MembersOfAShardNeverChooseTheSameUnasked) {
  for (uint64_t rank = 0; rank < 8; ++rank) {
    for (uint64_t known = 0; known < 100; ++known) {
      const uint64_t chosen = UnaskedAfter(known, rank);
      EXPECT_GT(chosen, known);
      EXPECT_LE(chosen, known + kEpochsInTurn);
      EXPECT_FALSE(IsBallotNumber(chosen));
      EXPECT_EQ(chosen % kEpochsInTurn, kBallotsInTurn + rank);
    }
  }
}

TEST(EpochNumbers, AnUnaskedNumberIsOfItsKindWhateverTheRank) {
  EXPECT_EQ(UnaskedAfter(5, 0), 8);
  EXPECT_EQ(UnaskedAfter(15, 700), 31);
}

}  // namespace
}  // namespace norn::cluster
