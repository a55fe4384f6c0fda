// Timelines: what was told is kept as spans, bins and arrows.

#include "scenarios/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn::scenarios {
namespace {

using ::testing::ElementsAre;
using Track = Timeline::Track;

TEST(Timeline, AStateLastsUntilAnotherIsTold) {
  Timeline timeline;
  const Timeline::Lane lane = timeline.AddLane("node0");
  timeline.Tell(lane, Track::kLife, 10, {.value = "up"});
  timeline.Tell(lane, Track::kLife, 20, {.value = "up"});
  timeline.Tell(lane, Track::kRole, 25, {.value = "primary"});
  timeline.Tell(lane, Track::kLife, 30, {.value = "down"});
  timeline.End(50);
  ASSERT_EQ(timeline.spans().size(), 3u);
  EXPECT_EQ(timeline.spans()[0].from_ns, 10);
  EXPECT_EQ(timeline.spans()[0].to_ns, 30);
  EXPECT_EQ(timeline.spans()[1].to_ns, 50);  // of another track
  EXPECT_EQ(timeline.spans()[2].state.value, "down");
  EXPECT_EQ(timeline.spans()[2].to_ns, 50);
}

TEST(Timeline, AnOperationWaitsInEveryBinUntilItsAnswer) {
  Timeline timeline;
  const size_t service = timeline.AddService("slots 0-16383");
  timeline.Served(service, 0, 1, true);
  timeline.Served(service, 10, 2 * Timeline::kBinNs, true);
  timeline.Served(service, Timeline::kBinNs, Timeline::kBinNs + 5, false);
  EXPECT_THAT(timeline.services()[0].answered, ElementsAre(1, 0, 1));
  EXPECT_THAT(timeline.services()[0].waiting, ElementsAre(1, 2));
}

TEST(Timeline, WhatIsTooMuchIsCounted) {
  Timeline timeline;
  for (size_t i = 0; i < Timeline::kEntriesMax; ++i) timeline.Add(Timeline::Arrow{});
  const size_t last = timeline.Add(Timeline::Arrow{});
  timeline.Arrived(last, 7);
  timeline.Arrived(0, 7);
  EXPECT_EQ(timeline.arrows().size(), Timeline::kEntriesMax);
  EXPECT_EQ(timeline.arrows()[0].arrived_ns, 7);
  EXPECT_EQ(timeline.dropped(), 1u);
}

TEST(Timeline, APlanHasTheTimesOfTheWorld) {
  Timeline timeline;
  timeline.SetPlan({{.at = Duration::Seconds(1),
                     .kind = faults::FaultKind::kPause,
                     .lasts = Duration::Seconds(9)}},
                   500);
  ASSERT_EQ(timeline.faults().size(), 1u);
  EXPECT_EQ(timeline.faults()[0].at_ns, 1'000'000'500);
  EXPECT_EQ(timeline.faults()[0].fate, Timeline::Fault::Fate::kNotReached);
  timeline.fault(0).fate = Timeline::Fault::Fate::kStruck;
  timeline.Healed(1'200'000'500);
  EXPECT_EQ(timeline.faults()[0].lasted, Duration::Millis(200));
}

}  // namespace
}  // namespace norn::scenarios
