// Whole clusters in small: a run passes, is the same with the same seed, and an ending that cannot be reached fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/norn_server.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"

namespace norn::scenarios {
namespace {

Scenario Parsed(const std::string& more) {
  const auto scenario = ParseScenario(
      "name = \"x\"\nduration = \"6s\"\nchecks = [\"one_claimant\", \"backed_promotions\", "
      "\"one_order\", \"loss_model\", \"slots_served\", \"views_converge\", \"redirects_reach\"]\n"
      "[cluster]\nshards = 3\nreplicas = 1\nnode_timeout = \"500ms\"\nseed_config = true\n"
      "[clients]\ncount = 3\n[workload]\nwrite = 1\nread = 1\n" +
          more,
      "x.toml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *scenario;
}

RunResult Play(const Scenario& scenario, uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  return RunScenario(scenario, NornServerFactory(), options);
}

const char kOneDies[] =
    "[faults.k_primaries]\nevery = \"2s\"\nlasts = \"10s\"\nprimaries = 1\n"
    "[budget]\nmachines_down = 1\n";

TEST(ClusterRun, AFailoverPassesAndIsExamined) {
  // A replica without a copy yet would not be elected (I7).
  const std::string copies_at_once = "[node.options]\nrepl-diskless-sync-delay = 0\n";
  const RunResult result = Play(Parsed(kOneDies + copies_at_once), 3);
  EXPECT_TRUE(result.passed()) << result.failed_check << ": " << result.message;
  EXPECT_GT(result.operations, 100u);
  EXPECT_GT(result.writes_survived, 50u);
  for (const CheckId id : {CheckId::kOneClaimant, CheckId::kBackedPromotions, CheckId::kOneOrder,
                           CheckId::kLossModel, CheckId::kSlotsServed, CheckId::kViewsConverge,
                           CheckId::kRedirectsReach, CheckId::kFailByQuorum}) {
    EXPECT_GT(result.checks[static_cast<size_t>(id)].examined, 0u)
        << kChecks[static_cast<size_t>(id)].name;
  }
}

TEST(ClusterRun, TheSeedDecidesAll) {
  const Scenario scenario = Parsed(kOneDies);
  const RunResult one = Play(scenario, 5);
  const RunResult same = Play(scenario, 5);
  EXPECT_EQ(one.hash, same.hash);
  EXPECT_EQ(one.events, same.events);
  EXPECT_NE(one.hash, Play(scenario, 6).hash);
}

TEST(ClusterRun, AnOperatorMakesAClusterThatOutlivesAMinority) {
  Scenario scenario = Parsed("[ending]\nkind = \"heal_quorum\"\n");
  scenario.cluster.seed_config = false;
  const RunResult result = Play(scenario, 1);
  EXPECT_TRUE(result.passed()) << result.failed_check << ": " << result.message;
  EXPECT_GT(result.restarts, 0u);
}

TEST(ClusterRun, ASlotThatTakesNoWritesIsFound) {
  Scenario scenario = Parsed(kOneDies);
  scenario.ending.serve_within_ns = 0;
  scenario.plan = faults::FaultPlan{};
  scenario.plan->push_back(
      {.at = Duration::Millis(5900), .kind = FaultKind::kMajority, .lasts = Duration::Seconds(5)});
  const RunResult result = Play(scenario, 1);
  EXPECT_EQ(result.failed_check, "slots_served") << result.message;
}

TEST(ClusterRun, NodesThatDoNotAgreeYetAreFound) {
  Scenario scenario = Parsed(kOneDies);
  scenario.checks = {"views_converge"};
  scenario.ending.converge_within_ns = 0;
  scenario.plan = faults::FaultPlan{};
  scenario.plan->push_back(
      {.at = Duration::Millis(2000), .kind = FaultKind::kIsolate, .lasts = Duration::Seconds(5)});
  const RunResult result = Play(scenario, 1);
  EXPECT_THAT(result.failed_check, ::testing::AnyOf("views_converge", "")) << result.message;
  EXPECT_EQ(result.checks[static_cast<size_t>(CheckId::kViewsConverge)].examined, 1u);
}

TEST(ClusterScenario, ChecksAndFamiliesAreOfTheirKind) {
  const auto error = [](const std::string& text) {
    return std::string(ParseScenario(text, "x.toml").status().message());
  };
  EXPECT_THAT(error("name=\"x\"\nchecks=[\"one_writer\"]\n[workload]\nread=1\n"),
              ::testing::HasSubstr("one_writer is only for a cluster"));
  EXPECT_THAT(
      error("name=\"x\"\nchecks=[\"linearizability\"]\n[cluster]\nshards=3\n[workload]\nread=1\n"),
      ::testing::HasSubstr("linearizability is not for a cluster"));
  EXPECT_THAT(error("name=\"x\"\n[cluster]\nshards=3\n[workload]\nflush=1\n"),
              ::testing::HasSubstr("flush is not for a cluster"));
  EXPECT_THAT(error("name=\"x\"\n[ending]\nkind=\"none\"\n[workload]\nread=1\n"),
              ::testing::HasSubstr("is no ending"));
}

}  // namespace
}  // namespace norn::scenarios
