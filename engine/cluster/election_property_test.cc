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

// The successor takes writes that nobody copies, and is gone: what is left has the data of before. How long that took to lead.
Duration OlderData(uint64_t seed, Mistake mistake, std::optional<std::string>* violation) {
  ElectionWorld world(7, 1, seed, mistake);
  world.Run(Duration::Seconds(3));
  world.CutOff(1);
  while (world.WriterOf(1) <= 1) world.Run(Duration::Millis(10));
  const int successor = world.WriterOf(1);
  world.Run(Duration::Seconds(1));
  world.CutOff(successor);
  world.Run(Duration::Millis(20));
  world.Reconnect(1);
  world.Run(Duration::Millis(100));
  for (int node = 1; node <= 7; ++node) {
    if (node != successor) world.HistoryOf(node).reign = 0;
  }
  const Instant cut_at = world.now();
  const Instant end = cut_at + ElectionWorld::kPatience * 2;
  const auto is_led = [&] { return world.WriterOf(1) != successor && world.WriterOf(1) != 0; };
  while (!world.violation() && !is_led() && world.now() < end) world.Run(Duration::Millis(10));
  *violation = world.violation();
  return world.now() - cut_at;
}

TEST(ElectionStories, OlderDataLeadsAfterTheWaitAndNotBefore) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<std::string> violation;
    const Duration took = OlderData(seed, Mistake::kNone, &violation);
    EXPECT_EQ(violation, std::nullopt) << seed;
    EXPECT_GT(took.millis(), 3000) << seed;
    EXPECT_LT(took.millis(), 6000) << seed;
  }
}

TEST(ElectionMistakes, AHastyVoteForOlderDataIsFound) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<std::string> violation;
    OlderData(seed, Mistake::kIgnoresReigns, &violation);
    found += violation && violation->starts_with("older data") ? 1 : 0;
  }
  EXPECT_GT(found, 5);
}

}  // namespace
}  // namespace norn::cluster::testing
