// Every check finds the mistake that is planted for it, in a whole run; and honest runs pass, with faults and without.

#include "scenarios/runner.h"

#include <gtest/gtest.h>

#include "scenarios/names.h"
#include "scenarios/scenario_file.h"
#include "scenarios/testing_server.h"

namespace norn::scenarios {
namespace {

constexpr const char* kCrowd = R"(
name = "crowd"
duration = "2s"
checks = ["linearizability", "reply_order", "no_extra_reply", "model_equality"]
[node]
threads = [1, 3]
drift_ppm = [-100, 100]
[clients]
count = 8
think_time = ["0s", "10ms"]
pipeline = [1, 4]
timeout = "500ms"
[workload]
read = 10
write = 6
counter = 6
expiry = 3
multi_key = 6
transaction = 3
watch = 2
scan = 2
flush = 1
token = 4
select = 1
)";

constexpr const char* kFaultsToml = R"(
[faults.reset]
every = ["200ms", "400ms"]
[faults.slow_link]
every = ["300ms", "500ms"]
lasts = "200ms"
latency = ["1ms", "40ms"]
[faults.half_open]
every = ["500ms", "700ms"]
[faults.partition]
every = ["400ms", "600ms"]
lasts = ["50ms", "700ms"]
[faults.crash]
every = ["700ms", "900ms"]
lasts = ["50ms", "200ms"]
[faults.pause]
every = ["500ms", "900ms"]
lasts = ["10ms", "100ms"]
)";

constexpr const char* kLone = R"(
name = "lone"
duration = "2s"
checks = ["exact_model", "linearizability", "reply_order", "no_extra_reply", "model_equality", "connection"]
[clients]
count = 1
think_time = ["0s", "5ms"]
[workload]
read = 10
write = 6
counter = 6
expiry = 6
multi_key = 6
transaction = 3
watch = 2
scan = 2
token = 2
select = 1
)";

RunResult RunOne(const std::string& toml, Mistake mistake, uint64_t seed) {
  const auto scenario = ParseScenario(toml, "test.toml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  RunOptions options;
  options.seed = seed;
  return RunScenario(*scenario, StandInFactory(mistake), options);
}

// The check that the mistake fails first, over a few seeds; "" if none did.
std::string CheckThatFails(const std::string& toml, Mistake mistake) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const RunResult result = RunOne(toml, mistake, seed);
    if (!result.passed()) return result.failed_check;
  }
  return "";
}

TEST(Runner, HonestCrowdPasses) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const RunResult result = RunOne(kCrowd, Mistake::kNone, seed);
    ASSERT_EQ(result.failed_check, "") << seed << ": " << result.message;
    EXPECT_GT(result.commands, 500u);
    for (const CheckId id : {CheckId::kLinearizability, CheckId::kReplyOrder,
                             CheckId::kNoExtraReply, CheckId::kModelEquality}) {
      EXPECT_GT(At(const_cast<CheckTallies&>(result.checks), id).examined, 0u);
    }
  }
}

TEST(Runner, HonestCrowdPassesUnderFaultsAndEachFaultHasAnEffect) {
  FaultCounts total{};
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const RunResult result = RunOne(std::string(kCrowd) + kFaultsToml, Mistake::kNone, seed);
    ASSERT_EQ(result.failed_check, "") << seed << ": " << result.message;
    for (size_t i = 0; i < kFaultKinds; ++i) {
      total[i].fired += result.faults[i].fired;
      total[i].effect += result.faults[i].effect;
    }
  }
  const auto scenario = ParseScenario(std::string(kCrowd) + kFaultsToml, "test.toml");
  for (const FaultRow& row : kFaultRows) {
    if (!scenario->faults[static_cast<size_t>(row.kind)].enabled()) continue;
    EXPECT_GT(total[static_cast<size_t>(row.kind)].effect, 0u) << row.name;
    EXPECT_GE(total[static_cast<size_t>(row.kind)].fired,
              total[static_cast<size_t>(row.kind)].effect);
  }
}

TEST(Runner, SwarmSparesSomeKindsInSomeSeeds) {
  const std::string toml = "swarm = true\n" + std::string(kCrowd) + kFaultsToml;
  uint64_t armed = 0;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const RunResult result = RunOne(toml, Mistake::kNone, seed);
    for (const FaultCount& count : result.faults) armed += count.armed;
  }
  EXPECT_GT(armed, 0u);
  EXPECT_LT(armed, 4 * kFaultKinds);
}

TEST(Runner, HonestLoneClientEqualsTheModel) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const RunResult result = RunOne(kLone, Mistake::kNone, seed);
    ASSERT_EQ(result.failed_check, "") << seed << ": " << result.message;
    EXPECT_GT(At(const_cast<CheckTallies&>(result.checks), CheckId::kExactModel).examined, 100u);
  }
}

TEST(Runner, SameSeedSameHash) {
  const std::string toml = std::string(kCrowd) + kFaultsToml;
  const RunResult a = RunOne(toml, Mistake::kNone, 5);
  const RunResult b = RunOne(toml, Mistake::kNone, 5);
  EXPECT_EQ(a.hash, b.hash);
  EXPECT_EQ(a.events, b.events);
  EXPECT_EQ(a.commands, b.commands);
  EXPECT_NE(a.hash, RunOne(toml, Mistake::kNone, 6).hash);
}

TEST(Runner, EveryMistakeIsFound) {
  const std::string faulty = std::string(kCrowd) + kFaultsToml;
  EXPECT_EQ(CheckThatFails(kCrowd, Mistake::kStaleRead), "linearizability");
  EXPECT_EQ(CheckThatFails(kCrowd, Mistake::kLostUpdate), "linearizability");
  EXPECT_EQ(CheckThatFails(kCrowd, Mistake::kHalfMset), "linearizability");
  EXPECT_EQ(CheckThatFails(kCrowd, Mistake::kIgnoresWatch), "linearizability");
  EXPECT_EQ(CheckThatFails(kCrowd, Mistake::kNeverExpires), "linearizability");
  EXPECT_EQ(CheckThatFails(faulty, Mistake::kSurvivesCrash), "linearizability");
  EXPECT_EQ(CheckThatFails(kCrowd, Mistake::kSwappedReplies), "reply_order");
  EXPECT_EQ(CheckThatFails(kLone, Mistake::kWrongByte), "exact_model");
  EXPECT_EQ(CheckThatFails(kLone, Mistake::kClosesEarly), "connection");
  EXPECT_EQ(CheckThatFails(kCrowd, Mistake::kExits), "exit");
}

// The checks alone: what each finds when no other looks.
std::string Only(const std::string& toml, const std::string& check) {
  const size_t from = toml.find("checks = [");
  const size_t to = toml.find(']', from);
  return toml.substr(0, from) + "checks = [\"" + check + "\"" + toml.substr(to);
}

TEST(Runner, EachCheckAloneFindsItsMistake) {
  EXPECT_EQ(CheckThatFails(Only(kLone, "exact_model"), Mistake::kWrongByte), "exact_model");
  EXPECT_EQ(CheckThatFails(Only(kLone, "exact_model"), Mistake::kStaleRead), "exact_model");
  EXPECT_EQ(CheckThatFails(Only(kLone, "connection"), Mistake::kClosesEarly), "connection");
  EXPECT_EQ(CheckThatFails(Only(kLone, "connection"), Mistake::kHangs), "connection");
  EXPECT_EQ(CheckThatFails(Only(kCrowd, "model_equality"), Mistake::kScanOmits), "model_equality");
  EXPECT_EQ(CheckThatFails(Only(kCrowd, "reply_order"), Mistake::kSwappedReplies), "reply_order");
  EXPECT_EQ(CheckThatFails(Only(kCrowd, "no_extra_reply"), Mistake::kExtraReply), "no_extra_reply");
}

TEST(Runner, ANodeThatDoesNotStartIsAFailure) {
  class Broken : public Server {
   public:
    absl::Status Start() override { return absl::UnavailableError("port taken"); }
  };
  const auto scenario = ParseScenario(kLone, "test.toml");
  ASSERT_TRUE(scenario.ok());
  const RunResult result = RunScenario(
      *scenario, [](env::Env&, const ServerOptions&) { return std::make_unique<Broken>(); }, {});
  EXPECT_EQ(result.failed_check, "start");
  EXPECT_EQ(result.message, "port taken");
}

}  // namespace
}  // namespace norn::scenarios
