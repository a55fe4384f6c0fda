// Whole runs with restarts: an honest log passes every death and every fault of the disk, and each mistake of a log is
// found by the check that is for it.

#include "scenarios/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/names.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "scenarios/testing_durable_server.h"

namespace norn::scenarios {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr const char* kLog = R"(
name = "log"
duration = "3s"
checks = ["no_extra_reply", "reply_order", "start_or_reason", "durable_prefix"]
[node.options]
appendonly = "yes"
appendfsync = "always"
[clients]
count = 5
think_time = ["0s", "10ms"]
pipeline = [1, 4]
timeout = "500ms"
[workload]
ledger = 10
select = 1
)";

constexpr const char* kDeaths = R"(
[faults.kill]
every = ["300ms", "900ms"]
lasts = ["1ms", "50ms"]
operations = [0, 20]
[faults.power_loss]
every = ["300ms", "900ms"]
lasts = ["1ms", "50ms"]
operations = [0, 20]
[faults.torn_writes]
every = ["300ms", "900ms"]
lasts = ["1ms", "50ms"]
operations = [0, 20]
[faults.reordered_writes]
every = ["300ms", "900ms"]
lasts = ["1ms", "50ms"]
operations = [0, 20]
)";

constexpr const char* kBrokenDisk = R"(
[faults.io_error]
every = ["500ms", "1s"]
calls = [1, 3]
[faults.failing_sync]
every = ["500ms", "1s"]
[faults.disk_full]
every = ["700ms", "1s"]
lasts = ["50ms", "300ms"]
room = [0, 3000]
[faults.slow_disk]
every = ["500ms", "1s"]
lasts = ["100ms", "300ms"]
latency = ["1ms", "50ms"]
)";

RunResult RunOne(const std::string& toml, LogMistake mistake, uint64_t seed) {
  const auto scenario = ParseScenario(toml, "test.toml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  RunOptions options;
  options.seed = seed;
  return RunScenario(*scenario, LogStandInFactory(mistake), options);
}

// What the mistake fails first, over a few seeds: "check: message", or "".
std::string WhatFails(const std::string& toml, LogMistake mistake) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const RunResult result = RunOne(toml, mistake, seed);
    if (!result.passed()) return result.failed_check + ": " + result.message;
  }
  return "";
}

// Plays a few seeds honestly; sums what the faults did.
FaultCounts HonestRuns(const std::string& toml, uint64_t seeds) {
  FaultCounts total{};
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const RunResult result = RunOne(toml, LogMistake::kNone, seed);
    EXPECT_EQ(result.failed_check, "") << seed << ": " << result.message << "\n" << result.drawn;
    EXPECT_GT(result.writes_survived + result.disk.lies, 0u) << "judged, unless the disk lied";
    for (size_t i = 0; i < kFaultKinds; ++i) total[i].effect += result.faults[i].effect;
  }
  return total;
}

uint64_t EffectOf(const FaultCounts& counts, FaultKind kind) {
  return counts[static_cast<size_t>(kind)].effect;
}

TEST(Durability, AnHonestLogSurvivesEveryDeath) {
  const FaultCounts total = HonestRuns(std::string(kLog) + kDeaths, 30);
  for (const FaultKind kind : {FaultKind::kKill, FaultKind::kPowerLoss, FaultKind::kTornWrites,
                               FaultKind::kReorderedWrites}) {
    EXPECT_GT(EffectOf(total, kind), 0u) << NameOf(kind);
  }
}

TEST(Durability, AnHonestLogSurvivesABrokenDisk) {
  const FaultCounts total = HonestRuns(std::string(kLog) + kDeaths + kBrokenDisk, 30);
  for (const FaultKind kind :
       {FaultKind::kIoError, FaultKind::kFailingSync, FaultKind::kDiskFull, FaultKind::kSlowDisk}) {
    EXPECT_GT(EffectOf(total, kind), 0u) << NameOf(kind);
  }
}

TEST(Durability, ALyingDiskIsADeclaredException) {
  const std::string lies = "[faults.lying_sync]\nevery = \"500ms\"\nlasts = \"300ms\"\n";
  const FaultCounts total = HonestRuns(std::string(kLog) + kDeaths + lies, 20);
  EXPECT_GT(EffectOf(total, FaultKind::kLyingSync), 0u);
}

TEST(Durability, EveryMistakeIsFound) {
  const std::string deaths = std::string(kLog) + kDeaths;
  EXPECT_THAT(WhatFails(deaths, LogMistake::kRepliesBeforeSync), HasSubstr("durable_prefix"));
  EXPECT_THAT(WhatFails(deaths, LogMistake::kSplitsTransactions),
              AnyOf(HasSubstr("L2"), HasSubstr("L4")));
  EXPECT_THAT(WhatFails(kLog, LogMistake::kForgetsOneInHundred), HasSubstr("durable_prefix"));
  EXPECT_THAT(WhatFails(kLog, LogMistake::kReplaysTwice), HasSubstr("durable_prefix"));
  std::string no_sync = deaths;
  no_sync.replace(no_sync.find("always"), 6, "no");
  EXPECT_THAT(WhatFails(no_sync, LogMistake::kSkipsDamage),
              AnyOf(HasSubstr("L2"), HasSubstr("L3"), HasSubstr("L4")));
  EXPECT_THAT(WhatFails(no_sync, LogMistake::kRepliesBeforeSync), "") << "nothing was promised";
  const std::string broken = deaths + kBrokenDisk;
  EXPECT_THAT(WhatFails(broken, LogMistake::kServesAfterLostSync), HasSubstr("durable_prefix"));
  EXPECT_THAT(WhatFails(broken, LogMistake::kDiesSilently), HasSubstr("start_or_reason"));
}

TEST(Durability, SameSeedSameHash) {
  const std::string toml = std::string(kLog) + kDeaths + kBrokenDisk;
  EXPECT_EQ(RunOne(toml, LogMistake::kNone, 5).hash, RunOne(toml, LogMistake::kNone, 5).hash);
}

TEST(DurabilityPromise, FollowsTheOptions) {
  const Instant died = Instant{0} + Duration::Seconds(10);
  Ledger ledger;
  ledger.Saved(7);
  ledger.Complete(ledger.Begin({.keys = {"a"}, .text = "1"}, 0), "+OK\r\n", 5'000'000'000);
  const auto before = [&](const ServerOptions& options, bool slow) {
    return DurabilityPromise::Of(options, slow).PromisedBefore(died, ledger);
  };
  EXPECT_EQ(before({}, false), 7) << "the last SAVE";
  EXPECT_EQ(before({{"appendonly", "no"}, {"appendfsync", "always"}}, false), 7);
  EXPECT_EQ(before({{"appendonly", "yes"}, {"appendfsync", "always"}}, false), kNeverNs);
  EXPECT_EQ(before({{"appendonly", "yes"}, {"appendfsync", "no"}}, false), 0);
  const int64_t everysec = before({{"appendonly", "yes"}}, false);
  EXPECT_LE(everysec, 9'000'000'000);
  EXPECT_LT(before({{"appendonly", "yes"}}, true), 4'000'000'000) << "counted from the last answer";
  EXPECT_EQ(before({{"appendonly", "yes"}, {"no-appendfsync-on-rewrite", "yes"}}, false), 0);
}

}  // namespace
}  // namespace norn::scenarios
