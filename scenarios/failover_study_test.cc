// The targets for elections, over a few seeds each; `norn-sim failover` has the distributions.

#include "scenarios/failover_study.h"

#include <gtest/gtest.h>

#include <vector>

#include "scenarios/member_world.h"

namespace norn::scenarios {
namespace {

constexpr uint64_t kSeeds = 25;

void ExpectRoutedWithin(const FailoverSetup& setup, Duration bound) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const FailoverTimes times = MeasureFailover(setup, seed);
    ASSERT_TRUE(times.routed) << "seed " << seed;
    EXPECT_LE(*times.routed, bound) << "seed " << seed;
    EXPECT_EQ(times.promotions, setup.victims) << "seed " << seed;
  }
}

TEST(FailoverStudy, ASilentPrimary) {
  ExpectRoutedWithin({.shards = 5, .victims = 1}, Duration::Millis(2600));
}

TEST(FailoverStudy, FourOfNineSilentPrimaries) {
  ExpectRoutedWithin({.shards = 9, .victims = 4}, Duration::Millis(2800));
}

TEST(FailoverStudy, AKilledProcess) {
  ExpectRoutedWithin({.shards = 5, .victims = 1, .form = FaultForm::kKilled},
                     Duration::Millis(600));
  ExpectRoutedWithin({.shards = 5,
                      .victims = 1,
                      .form = FaultForm::kKilled,
                      .node_timeout = Duration::Seconds(15)},
                     Duration::Millis(600));
}

TEST(FailoverStudy, AHealthyClusterElectsNobody) {
  const HealthySetup setup{.span = Duration::Seconds(120)};
  for (uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(CountSpuriousFailovers(setup, seed), 0u);
}

TEST(MemberWorld, TheSameSeedIsTheSameRun) {
  const FailoverSetup setup{.shards = 5, .victims = 2};
  const FailoverTimes once = MeasureFailover(setup, 7);
  const FailoverTimes again = MeasureFailover(setup, 7);
  EXPECT_EQ(once.routed, again.routed);
  EXPECT_EQ(once.messages, again.messages);
  EXPECT_NE(once.messages, MeasureFailover(setup, 8).messages);
}

TEST(MemberWorld, ARestartedPrimaryFollowsItsSuccessor) {
  MemberWorld world({.shards = 3, .replicas = 1, .seed = 3});
  world.Run(Duration::Seconds(8));
  ASSERT_TRUE(world.IsRouted());
  world.Kill(0);
  ASSERT_TRUE(world.RunUntil(world.now() + Duration::Seconds(5), [&] { return world.IsRouted(); }));
  world.Restart(0);
  world.Run(Duration::Seconds(5));
  EXPECT_EQ(world.member(0).view().self().primary, world.member(3).view().self().id);
  EXPECT_TRUE(world.IsRouted());
}

TEST(Percentile, IsTheSmallestThatCoversTheShare) {
  const std::vector<Duration> sorted{{1}, {2}, {3}, {4}};
  EXPECT_EQ(Percentile(sorted, 50).ns, 2);
  EXPECT_EQ(Percentile(sorted, 99).ns, 4);
  EXPECT_EQ(Percentile(sorted, 1).ns, 1);
}

}  // namespace
}  // namespace norn::scenarios
