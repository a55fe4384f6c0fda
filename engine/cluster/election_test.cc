// Whole elections in a quiet network: how long they take, who wins, what a failover by hand does; and the legacy candidate.

#include "engine/cluster/election.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "engine/cluster/election_world_testing.h"

namespace norn::cluster::testing {
namespace {

// Milliseconds until every shard has a writer again; -1: not within ten seconds.
int64_t TimeToWrite(ElectionWorld& world, int shards) {
  const Instant from = world.now();
  while (world.now() - from < Duration::Seconds(10)) {
    world.Run(Duration::Millis(5));
    bool all = !world.violation();
    for (int shard = 1; shard <= shards; ++shard) all &= world.WriterOf(shard) != 0;
    if (all) return (world.now() - from).millis();
  }
  return -1;
}

TEST(ElectionTimes, ASilentPrimaryIsReplacedWithinTheTimeoutAndSixTenths) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    ElectionWorld world(6, 3, seed, Mistake::kNone);
    world.Run(Duration::Seconds(3));
    world.CutOff(1);
    world.Run(ElectionWorld::kTimeout + Duration::Millis(100));  // its lease ends
    const int64_t more_ms = TimeToWrite(world, 3);
    EXPECT_GE(more_ms, 0);
    EXPECT_LE(more_ms, 500) << "seed " << seed;
  }
}

TEST(ElectionTimes, FourOfNineTakeNoLongerThanOne) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    ElectionWorld world(18, 9, seed, Mistake::kNone);
    world.Run(Duration::Seconds(3));
    for (int node = 1; node <= 4; ++node) world.CutOff(node);
    world.Run(ElectionWorld::kTimeout + Duration::Millis(100));
    const int64_t more_ms = TimeToWrite(world, 9);
    EXPECT_GE(more_ms, 0);
    EXPECT_LE(more_ms, 700) << "seed " << seed;
    std::set<uint64_t> epochs;
    for (int node = 5; node <= 18; ++node) {
      const ClusterNode& self = world.View(node).self();
      if (!self.is_primary()) continue;
      EXPECT_TRUE(epochs.insert(self.config_epoch).second);  // I5
    }
  }
}

TEST(ElectionTimes, AKilledProcessIsReplacedAtOnce) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    ElectionWorld world(6, 3, seed, Mistake::kNone);
    world.Run(Duration::Seconds(3));
    world.Crash(1);
    const int64_t ms = TimeToWrite(world, 3);
    EXPECT_GE(ms, 0);
    EXPECT_LE(ms, 600) << "seed " << seed;
  }
}

TEST(Elections, TheReplicaWithMoreDataWins) {  // I6
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    ElectionWorld world(5, 1, seed, Mistake::kNone);
    world.Run(Duration::Seconds(3));
    const int best = 2 + static_cast<int>(seed % 4);
    for (int node = 2; node <= 5; ++node) world.Cut(1, node);  // nobody reads on
    world.Run(Duration::Millis(30));
    world.HistoryOf(best).offset += 5;
    ASSERT_GE(TimeToWrite(world, 1), 0);
    world.Run(Duration::Seconds(4));
    EXPECT_EQ(world.WriterOf(1), best) << "seed " << seed;
  }
}

TEST(Elections, ByHandThePrimaryStopsBeforeTheReplicaWrites) {
  ElectionWorld world(6, 3, 1, Mistake::kNone);
  world.Run(Duration::Seconds(3));
  world.Perform(4, world.ElectionOf(4).StartManual(ManualMode::kNormal, world.Local(4)));
  world.Run(Duration::Millis(60));
  EXPECT_TRUE(world.ElectionOf(1).paused());
  EXPECT_FALSE(world.IsWriter(1));
  world.Run(Duration::Millis(300));
  world.ElectionOf(4).OnPrimaryPaused(world.HistoryOf(1).offset, world.ElectionOf(1).released());
  const Instant from = world.now();
  while (!world.IsWriter(4) && world.now() - from < Duration::Seconds(1)) {
    world.Run(Duration::Millis(5));
  }
  EXPECT_LE((world.now() - from).millis(), 100);
  EXPECT_EQ(world.violation(), std::nullopt);
}

TEST(Elections, AFailoverByHandThatFailsGivesThePrimaryBack) {
  ElectionWorld world(6, 3, 1, Mistake::kNone);
  world.Run(Duration::Seconds(3));
  world.Perform(4, world.ElectionOf(4).StartManual(ManualMode::kNormal, world.Local(4)));
  world.Run(Duration::Millis(60));
  EXPECT_FALSE(world.IsWriter(1));
  world.Run(Duration::Seconds(11));
  EXPECT_TRUE(world.IsWriter(1));
}

TEST(Elections, TakeoverAsksNobodyButFences) {
  ElectionWorld world(6, 3, 1, Mistake::kNone);
  world.Run(Duration::Seconds(3));
  world.Perform(4, world.ElectionOf(4).StartManual(ManualMode::kTakeover, world.Local(4)));
  EXPECT_TRUE(world.View(4).self().owns_slots());
  ASSERT_EQ(world.violation(), std::nullopt);
  world.Run(Duration::Seconds(3));
  EXPECT_EQ(world.WriterOf(1), 4);
  EXPECT_EQ(world.violation(), std::nullopt);
}

// ---- legacy candidates ----

class LegacyElection : public ::testing::Test {
 protected:
  static constexpr Duration kTimeout = Duration::Seconds(15);

  LegacyElection() {
    view_.RestoreEpochs(3, 0);
    for (int i = 1; i <= 3; ++i) view_.Add(Member(i, i), At(0));
    for (int i = 1; i <= 3; ++i) view_.SetOwner(Slots(i * 100, i * 100 + 9), Node(i));
    view_.Add(Member(5, 1, 1), At(0));
    view_.FollowPrimary(Node(1));
  }
  // When the request leaves, in ms, stepping every 10.
  int64_t AskedAt(int64_t from_ms) {
    for (int64_t ms = from_ms; ms < from_ms + 100'000; ms += 10) {
      for (const ElectionAction& action : Step(ms)) {
        if (std::holds_alternative<election_action::SendAll>(action)) return ms;
      }
    }
    return -1;
  }
  ElectionActions Step(int64_t ms) {
    return election_.Step({.history = {.has_data = true, .reign = 0, .offset = 50}, .data_age = {}},
                          At(ms));
  }

  Topology view_{Node(4), Shard(1), TopologyOptions{.node_timeout = kTimeout}};
  FailureDetector detector_{view_};
  Election election_{view_,   detector_, ElectionOptions{.node_timeout = kTimeout}, {}, 1,
                     Prng(1), At(0)};
};

TEST_F(LegacyElection, WaitsByRankThenAsksAndWins) {
  EXPECT_TRUE(Step(0).empty());
  view_.SetHealth(Node(1), Health::kFailed, At(1000));
  const int64_t asked = AskedAt(1000);
  EXPECT_GE(asked, 1500);
  EXPECT_LE(asked, 2010);
  EXPECT_EQ(view_.current_epoch(), 4u);
  EXPECT_TRUE(election_.OnMessage(LegacyVote{Node(2), 4}, At(asked + 5)).empty());
  EXPECT_TRUE(election_.OnMessage(LegacyVote{Node(2), 4}, At(asked + 6)).empty());  // I4
  EXPECT_FALSE(election_.OnMessage(LegacyVote{Node(3), 4}, At(asked + 7)).empty());
  EXPECT_TRUE(view_.self().is_primary());
  EXPECT_EQ(view_.self().config_epoch, 4u);
  EXPECT_EQ(election_.WritableUntil(), Instant::Never());
}

// In ms after the request, by voter: when it was asked again.
TEST_F(LegacyElection, WhoDidNotVoteIsAskedAgainAFewTimes) {
  view_.SetHealth(Node(1), Health::kFailed, At(1000));
  const int64_t asked = AskedAt(1000);
  election_.OnMessage(LegacyVote{Node(2), 4}, At(asked + 5));
  std::vector<int64_t> repeats;
  for (int64_t ms = 10; ms <= 70'000; ms += 10) {
    for (const ElectionAction& action : Step(asked + ms)) {
      if (std::holds_alternative<election_action::SendAll>(action)) ms = 80'000;  // a new attempt
      const auto* send = std::get_if<election_action::Send>(&action);
      if (send == nullptr) continue;
      EXPECT_NE(send->to, Node(2)) << ms;  // voted
      ASSERT_TRUE(std::holds_alternative<LegacyVoteRequest>(send->message));
      EXPECT_EQ(std::get<LegacyVoteRequest>(send->message).current_epoch, 4u);
      if (send->to == Node(3)) repeats.push_back(ms);
    }
  }
  EXPECT_THAT(repeats, ::testing::ElementsAre(200, 600, 1400, 3000, 6200, 12600, 25400));
}

TEST_F(LegacyElection, NobodyIsAskedAgainOnceTheEpochMovedOn) {
  view_.SetHealth(Node(1), Health::kFailed, At(1000));
  const int64_t asked = AskedAt(1000);
  view_.ObserveEpoch(5);
  for (int64_t ms = 10; ms <= 30'000; ms += 10) EXPECT_TRUE(Step(asked + ms).empty()) << ms;
}

// It may not have known the candidate as a replica yet. One vote, however often it is asked.
TEST_F(LegacyElection, ALateVoteWinsAndIsCountedOnce) {
  view_.SetHealth(Node(1), Health::kFailed, At(1000));
  const int64_t asked = AskedAt(1000);
  EXPECT_FALSE(Step(asked + 200).empty());
  EXPECT_TRUE(election_.OnMessage(LegacyVote{Node(3), 4}, At(asked + 210)).empty());
  EXPECT_TRUE(election_.OnMessage(LegacyVote{Node(3), 4}, At(asked + 220)).empty());
  EXPECT_FALSE(view_.self().is_primary());
  EXPECT_FALSE(election_.OnMessage(LegacyVote{Node(2), 4}, At(asked + 610)).empty());
  EXPECT_TRUE(view_.self().is_primary());
  EXPECT_TRUE(Step(asked + 620).empty());
}

TEST_F(LegacyElection, ABetterSiblingGoesFirst) {
  Claim claim{.sender = Node(5), .replica_of = Node(1), .shard = Shard(1)};
  claim.offset = 60;
  view_.ApplyClaim(claim, At(0));
  view_.SetHealth(Node(1), Health::kFailed, At(1000));
  EXPECT_GE(AskedAt(1000), 2500);
}

TEST_F(LegacyElection, AnOvertakenAttemptBeginsAnew) {  // B06
  view_.SetHealth(Node(1), Health::kFailed, At(1000));
  const int64_t first = AskedAt(1000);
  election_.OnOvertaken(4);
  EXPECT_LE(AskedAt(first + 10), first + 1100);
}

TEST_F(LegacyElection, OldDataDoesNotStand) {
  view_.SetHealth(Node(1), Health::kFailed, At(1000));
  const SelfFacts old{.history = {.has_data = true, .reign = 0, .offset = 50},
                      .data_age = Duration::Seconds(176)};
  EXPECT_TRUE(election_.Step(old, At(1000)).empty());
  const SelfFacts fresh{.history = old.history, .data_age = Duration::Seconds(174)};
  EXPECT_FALSE(election_.Step(fresh, At(1000)).empty());
}

}  // namespace
}  // namespace norn::cluster::testing
