#include "scenarios/minimise.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "scenarios/drawn.h"
#include "scenarios/scenario_file.h"

namespace norn::scenarios {
namespace {

constexpr const char* kStory = R"(
name = "story"
duration = "10s"
swarm = true
seed = 9
[node]
threads = [1, 8]
[node.options]
hz = [1, 10, 100]
maxmemory = ["100mb", "200mb"]
appendonly = "yes"
[clients]
count = [5, 30]
[workload]
read = 5
write = 5
scan = 1
[faults.reset]
every = ["10ms", "50ms"]
[faults.pause]
every = ["50ms", "300ms"]
lasts = ["1ms", "20ms"]
[faults.crash]
every = ["200ms", "900ms"]
lasts = ["1ms", "20ms"]
)";

Scenario Story() {
  auto scenario = ParseScenario(kStory, "story.toml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  // Every kind happens, whatever the swarm would spare.
  scenario->swarm = false;
  return *scenario;
}

size_t CountOf(const Scenario& scenario, FaultKind kind) {
  return static_cast<size_t>(
      std::count_if(scenario.plan->begin(), scenario.plan->end(),
                    [kind](const faults::PlannedFault& fault) { return fault.kind == kind; }));
}

bool HasOption(const Scenario& scenario, const std::string& name, const std::string& value) {
  const Drawn drawn = Draw(scenario, static_cast<uint64_t>(scenario.seed));
  return std::count(drawn.options.begin(), drawn.options.end(), std::pair(name, value)) > 0;
}

MinimiseResult Small(const Scenario& scenario, const PlayForCheck& play, uint64_t runs = 2000) {
  return Minimise(scenario, runs, play, [](const MinimiseProgress&) {});
}

TEST(Minimise, KeepsWhatTheFailureNeeds) {
  const Scenario story = Story();
  const Drawn drawn = Draw(story, 9);
  const std::string hz = drawn.options[1].second;  // read in the order of their names
  const MinimiseResult small = Small(story, [&](const Scenario& s) -> std::string {
    const bool fails = CountOf(s, FaultKind::kPause) >= 2 && CountOf(s, FaultKind::kCrash) >= 1 &&
                       HasOption(s, "hz", hz) && s.clients.count.high >= 7 &&
                       s.weights[static_cast<size_t>(Family::kWrite)] > 0;
    return fails ? "linearizability" : "";
  });
  EXPECT_EQ(small.check, "linearizability");
  EXPECT_EQ(small.scenario.plan->size(), 3u);
  EXPECT_EQ(CountOf(small.scenario, FaultKind::kPause), 2u);
  EXPECT_EQ(CountOf(small.scenario, FaultKind::kCrash), 1u);
  ASSERT_EQ(small.scenario.node.options.size(), 1u);
  EXPECT_EQ(small.scenario.node.options[0].values, std::vector<std::string>{hz});
  EXPECT_EQ(small.scenario.clients.count, (Range{7, 7}));
  EXPECT_EQ(small.scenario.node.threads, (Range{1, 1}));
  EXPECT_EQ(small.scenario.weights[static_cast<size_t>(Family::kRead)], 0);
  EXPECT_EQ(small.scenario.weights[static_cast<size_t>(Family::kScan)], 0);
  EXPECT_LT(small.scenario.duration_ns, story.duration_ns);
  EXPECT_LT(small.runs, 400u);
}

TEST(Minimise, AnotherFailureIsNotTheSame) {
  const MinimiseResult small = Small(Story(), [](const Scenario& s) -> std::string {
    return CountOf(s, FaultKind::kCrash) > 0 ? "first" : "second";
  });
  EXPECT_EQ(small.check, "first");
  EXPECT_EQ(CountOf(small.scenario, FaultKind::kCrash), 1u);
  EXPECT_EQ(small.scenario.plan->size(), 1u);
}

TEST(Minimise, ARunThatPassesIsLeftAlone) {
  const MinimiseResult small = Small(Story(), [](const Scenario&) -> std::string { return ""; });
  EXPECT_EQ(small.check, "");
  EXPECT_EQ(small.runs, 1u);
}

TEST(Minimise, EndsWithItsBudget) {
  const MinimiseResult small = Small(
      Story(), [](const Scenario& s) -> std::string { return s.plan->size() > 40 ? "x" : ""; }, 25);
  EXPECT_EQ(small.runs, 25u);
  EXPECT_GT(small.scenario.plan->size(), 40u);
}

TEST(Minimise, WhatIsLeftReadsBack) {
  const MinimiseResult small = Small(Story(), [](const Scenario& s) -> std::string {
    return CountOf(s, FaultKind::kPause) > 0 ? "x" : "";
  });
  const auto again = ParseScenario(ScenarioText(small.scenario), "small.toml");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->plan, small.scenario.plan);
  EXPECT_EQ(again->seed, 9);
  EXPECT_EQ(ScenarioText(*again), ScenarioText(small.scenario));
}

TEST(Minimise, AClusterKeepsTheNodesAndOrdersThatItMust) {
  auto story = ParseScenario(R"(
name = "story"
duration = "10s"
seed = 9
[cluster]
shards = [3, 5]
replicas = 2
old_nodes = [2, 4]
failover_every = ["1s", "2s"]
move_every = ["1s", "2s"]
bump_every = "1s"
wait_percent = 10
[clients]
count = 5
[workload]
write = 5
read = 1
[faults.crash]
every = ["200ms", "900ms"]
lasts = ["1ms", "20ms"]
)",
                             "story.toml");
  ASSERT_TRUE(story.ok()) << story.status();
  const MinimiseResult small = Small(*story, [](const Scenario& s) -> std::string {
    const bool fails = s.cluster.shards.low >= 2 && s.cluster.move_every_ns.high > 0 &&
                       s.cluster.old_nodes.low >= 1 && CountOf(s, FaultKind::kCrash) > 0;
    return fails ? "x" : "";
  });
  EXPECT_EQ(small.scenario.cluster.shards, (Range{2, 2}));
  EXPECT_EQ(small.scenario.cluster.replicas, (Range{1, 1}));
  EXPECT_EQ(small.scenario.cluster.old_nodes, (Range{1, 1}));
  EXPECT_EQ(small.scenario.cluster.move_every_ns, story->cluster.move_every_ns);
  EXPECT_EQ(small.scenario.cluster.failover_every_ns, (Range{0, 0}));
  EXPECT_EQ(small.scenario.cluster.bump_every_ns, (Range{0, 0}));
  EXPECT_EQ(small.scenario.cluster.wait_percent, 0);
  EXPECT_EQ(small.scenario.plan->size(), 1u);
  EXPECT_EQ(small.scenario.weights[static_cast<size_t>(Family::kRead)], 0);
  const auto again = ParseScenario(ScenarioText(small.scenario), "small.toml");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ScenarioText(*again), ScenarioText(small.scenario));
}

TEST(Minimise, FaultsOfManyStrikeNoMoreThanTheyMust) {
  Scenario story = Story();
  story.plan.emplace();
  story.plan->push_back({.kind = FaultKind::kKPrimaries, .amount = 9});
  story.plan->push_back({.kind = FaultKind::kSwizzle, .amount = 4});
  const MinimiseResult small = Small(story, [](const Scenario& s) -> std::string {
    int64_t primaries = 0;
    for (const faults::PlannedFault& fault : *s.plan) {
      if (fault.kind == FaultKind::kKPrimaries) primaries += fault.amount;
    }
    return primaries >= 3 && CountOf(s, FaultKind::kSwizzle) > 0 ? "x" : "";
  });
  ASSERT_EQ(small.scenario.plan->size(), 2u);
  EXPECT_EQ(small.scenario.plan->front().amount, 3);
  EXPECT_EQ(small.scenario.plan->back().amount, 1);
}

}  // namespace
}  // namespace norn::scenarios
