// Elections and fencing under everything that a network, clocks and crashes may do to them, and proof that the checks of the
// world would notice mistakes.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <utility>

#include "engine/cluster/election_world_testing.h"

namespace norn::cluster::testing {

namespace {

std::optional<std::string> Story(uint64_t seed, Mistake mistake, int* promotions = nullptr) {
  Prng random(seed);
  const int nodes = static_cast<int>(random.Between(3, 7));
  const int shards = static_cast<int>(random.Between(1, std::max(1, nodes / 3)));
  ElectionWorld world(nodes, shards, random.Next(), mistake);
  world.Run(Duration::Seconds(3));
  const auto disturbances = random.Between(3, 14);
  for (int64_t i = 0; i < disturbances; ++i) {
    world.DisturbOnce();
    world.Run(Duration::Millis(random.Between(20, 2500)));
  }
  world.Heal();
  world.Run(Duration::Seconds(12));
  if (promotions != nullptr) *promotions += world.promotions();
  if (world.violation()) return world.violation();
  for (int shard = 1; shard <= shards; ++shard) {
    if (world.WriterOf(shard) == 0) return "no writer of shard " + std::to_string(shard);
  }
  return std::nullopt;
}

bool IsFound(Mistake mistake, uint64_t seeds, const std::string& by) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::optional<std::string> violation = Story(seed, mistake);
    if (violation && violation->starts_with(by)) return true;
  }
  return false;
}

RC_GTEST_PROP(ElectionProperty, OneWriterTheBestAndSoonOneAgain, ()) {
  const auto seed = *rc::gen::arbitrary<uint64_t>();
  const std::optional<std::string> violation = Story(seed, Mistake::kNone);
  if (violation) RC_FAIL(*violation);
}

TEST(ElectionStories, HaveElections) {
  int promotions = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    EXPECT_EQ(Story(seed, Mistake::kNone, &promotions), std::nullopt) << "seed " << seed;
  }
  EXPECT_GT(promotions, 10);
}

// A voter restarts when its vote made somebody a writer whose claim it never heard, and meets only the old primary.
std::optional<std::string> RestartedVoter(uint64_t seed, Mistake mistake) {
  ElectionWorld world(3, 1, seed, mistake);
  world.MuteWinners();
  world.Run(Duration::Seconds(3));
  world.CutOff(1);
  for (int i = 0; i < 5000 && !world.IsWriter(2) && !world.IsWriter(3); ++i) {
    world.Run(Duration::Millis(1));
    if (world.IsWriter(1)) i = 0;
  }
  const int winner = world.IsWriter(2) ? 2 : 3;
  const int voter = 5 - winner;
  world.Heal();
  world.CutOff(winner);
  world.Crash(voter);
  world.Restart(voter);
  world.Run(Duration::Seconds(2));
  return world.violation();
}

TEST(ElectionMistakes, AForgottenVoteIsFound) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(RestartedVoter(seed, Mistake::kNone), std::nullopt);
    found += RestartedVoter(seed, Mistake::kVoteNotPersisted) ? 1 : 0;
  }
  EXPECT_GT(found, 0);
}

TEST(ElectionMistakes, AVoteGivenTwiceIsFound) {
  EXPECT_TRUE(IsFound(Mistake::kVotesTwice, 300, "two w"));
}

TEST(ElectionMistakes, ALateFenceIsFound) {
  EXPECT_TRUE(IsFound(Mistake::kFencesLate, 100, "two writers"));
}

TEST(ElectionMistakes, AVoteForLessDataIsFound) {
  EXPECT_TRUE(IsFound(Mistake::kIgnoresHistory, 300, "a vote for less"));
}

}  // namespace
}  // namespace norn::cluster::testing
