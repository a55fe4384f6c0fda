#include "scenarios/scenario_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/drawn.h"

namespace norn::scenarios {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSmall = R"(
name = "small"
duration = "1.5s"
swarm = true
checks = ["linearizability", "reply_order"]
[node]
threads = [1, 4]
[node.options]
hz = [1, 10, 100]
maxmemory = "100mb"
[clients]
count = 3
think_time = ["0s", "20ms"]
[workload]
read = 5
[faults.slow_link]
every = ["1s", "2s"]
lasts = "100ms"
latency = "30ms"
)";

std::string ErrorOf(std::string_view text) {
  const auto scenario = ParseScenario(text, "x.toml");
  EXPECT_FALSE(scenario.ok()) << text;
  return std::string(scenario.status().message());
}

TEST(ScenarioFile, ReadsEveryForm) {
  const auto scenario = ParseScenario(kSmall, "x.toml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->name, "small");
  EXPECT_EQ(scenario->duration_ns, 1'500'000'000);
  EXPECT_TRUE(scenario->swarm);
  EXPECT_TRUE(scenario->Checks("reply_order"));
  EXPECT_FALSE(scenario->Checks("exact_model"));
  EXPECT_EQ(scenario->node.threads, (Range{1, 4}));
  ASSERT_EQ(scenario->node.options.size(), 2u);
  EXPECT_EQ(scenario->node.options[0].name, "hz");
  EXPECT_EQ(scenario->node.options[0].values, (std::vector<std::string>{"1", "10", "100"}));
  EXPECT_EQ(scenario->clients.count, (Range{3, 3}));
  EXPECT_EQ(scenario->clients.think_time_ns, (Range{0, 20'000'000}));
  EXPECT_EQ(scenario->weights[static_cast<size_t>(Family::kRead)], 5);
  const FaultRule& slow = scenario->faults[static_cast<size_t>(FaultKind::kSlowLink)];
  EXPECT_TRUE(slow.enabled());
  EXPECT_EQ(slow.latency_ns, (Range{30'000'000, 30'000'000}));
  EXPECT_FALSE(scenario->faults[static_cast<size_t>(FaultKind::kCrash)].enabled());
}

TEST(ScenarioFile, ErrorsNameFileLineKeyAndWhatIsAllowed) {
  EXPECT_THAT(ErrorOf("name = \"x\"\nnmae = 1\n"),
              HasSubstr("x.toml:2: nmae: no such key; the top has name"));
  EXPECT_THAT(
      ErrorOf("name = \"x\"\n[clients]\ncount = -1\n"),
      HasSubstr(
          "x.toml:3: clients.count: is out of range; allowed: a whole number from 0 to 1000"));
  EXPECT_THAT(ErrorOf("name = 5\n"), HasSubstr("x.toml:1: name: is not text"));
  EXPECT_THAT(ErrorOf("duration = \"5 parsecs\"\n"),
              HasSubstr("x.toml:1: duration: is not a time"));
  EXPECT_THAT(ErrorOf("[clients]\nthink_time = 5\n"),
              HasSubstr("clients.think_time: is not a time"));
  EXPECT_THAT(ErrorOf("[clients]\npipeline = [5, 1]\n"), HasSubstr("from high to low"));
  EXPECT_THAT(ErrorOf("[clients]\npipeline = [1, 2, 3]\n"), HasSubstr("not of that form"));
  EXPECT_THAT(ErrorOf("checks = [\"wishes\"]\n"), HasSubstr("no such check: wishes"));
  EXPECT_THAT(ErrorOf("swarm = 1\n"), HasSubstr("neither true nor false"));
  EXPECT_THAT(ErrorOf("faults = 1\n"), HasSubstr("must be a table"));
  EXPECT_THAT(ErrorOf("[faults.flood]\nevery = \"1s\"\n"),
              HasSubstr("faults.flood: no such key; [faults] has [reset]"));
  EXPECT_THAT(ErrorOf("[faults.reset]\nlasts = \"1s\"\n"), HasSubstr("no such key"));
  EXPECT_THAT(ErrorOf("[node.options]\nhz = 1.5\n"), HasSubstr("hz is neither text nor"));
  EXPECT_THAT(ErrorOf("[node.options]\nhz = []\n"), HasSubstr("has no value for hz"));
  EXPECT_THAT(ErrorOf("name = \n"), HasSubstr("x.toml:1: "));
  EXPECT_THAT(ErrorOf("\n[: what\n"), HasSubstr("x.toml:1: is not TOML"));
}

TEST(ScenarioFile, RefusesContradictions) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("name: is missing"));
  EXPECT_THAT(ErrorOf("name=\"x\"\n"), HasSubstr("at least one weight"));
  EXPECT_THAT(ErrorOf("name=\"x\"\n[clients]\ncount=0\n[replication]\nprimary_dies=true\n"),
              HasSubstr("primary_dies needs node.replicas"));
  EXPECT_THAT(ErrorOf("name=\"x\"\nchecks=[\"wait_never_over_reports\"]\n[clients]\ncount=0\n"),
              HasSubstr("needs replication.primary_dies"));
  EXPECT_THAT(ErrorOf("name=\"x\"\nchecks=[\"exact_model\"]\n[workload]\nread=1\n"),
              HasSubstr("exact_model needs clients.count = 1"));
  const std::string wrong_clocks =
      "[workload]\nexpiry=1\n[faults.clock_drift]\nevery=\"1s\"\nlasts=\"1s\"\n";
  EXPECT_THAT(ErrorOf("name=\"x\"\nchecks=[\"expired_never_seen\"]\n" + wrong_clocks),
              HasSubstr("expired_never_seen goes by the clocks"));
  EXPECT_THAT(ErrorOf("name=\"x\"\nchecks=[\"linearizability\"]\n" + wrong_clocks),
              HasSubstr("linearizability judges workload.expiry by the clocks"));
  EXPECT_THAT(ErrorOf("name=\"x\"\nchecks=[\"connection\"]\n[workload]\nread=1\n[faults.reset]"
                      "\nevery=\"1s\"\n"),
              HasSubstr("allows no faults"));
}

TEST(ScenarioFile, FaultsOfTheDiskHaveTheirOwnKeys) {
  const auto scenario = ParseScenario(
      "name=\"x\"\n[workload]\nledger=1\n[faults.power_loss]\nevery=\"1s\"\noperations=[0, 40]\n"
      "[faults.disk_full]\nevery=\"1s\"\nlasts=\"10ms\"\nroom=512\n",
      "x.toml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const auto amount = [&](FaultKind kind) {
    return scenario->faults[static_cast<size_t>(kind)].amount;
  };
  EXPECT_EQ(amount(FaultKind::kPowerLoss), (Range{0, 40}));
  EXPECT_EQ(amount(FaultKind::kDiskFull), (Range{512, 512}));
  EXPECT_THAT(ErrorOf("[faults.bit_rot]\nroom=5\n"), HasSubstr("[faults.bit_rot] has every, tail"));
}

TEST(ScenarioFile, DurabilityIsNotForNodesThatRestartEmpty) {
  EXPECT_THAT(ErrorOf("name=\"x\"\nchecks=[\"linearizability\"]\n[workload]\ntyped=1\n"),
              HasSubstr("linearizability knows strings only"));
  EXPECT_THAT(ErrorOf("name=\"x\"\nchecks=[\"durable_prefix\"]\n[workload]\nread=1\n"),
              HasSubstr("needs workload.ledger above 0"));
  EXPECT_THAT(ErrorOf("name=\"x\"\nchecks=[\"durable_prefix\", \"linearizability\"]\n[workload]\n"
                      "ledger=1\n"),
              HasSubstr("linearizability is for a node that restarts empty"));
  EXPECT_THAT(ErrorOf("name=\"x\"\nchecks=[\"durable_prefix\"]\n[workload]\nledger=1\n"
                      "[faults.wipe]\nevery=\"1s\"\n"),
              HasSubstr("durable_prefix needs disks that stay"));
}

TEST(ScenarioFile, APlanIsReadInItsOrder) {
  const auto scenario = ParseScenario(std::string(kSmall) + R"(
[[plan]]
at = "2s"
kind = "slow_link"
target = 5
lasts = "10ms"
latency = "1ms"
[[plan]]
at = "1500us"
kind = "reset"
other = true
)",
                                      "x.toml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  ASSERT_EQ(scenario->plan->size(), 2u);
  const faults::PlannedFault& first = scenario->plan->front();
  EXPECT_EQ(first.kind, FaultKind::kReset);
  EXPECT_EQ(first.at, Duration::Micros(1500));
  EXPECT_TRUE(first.other);
  EXPECT_EQ(scenario->plan->back().latency, Duration::Millis(1));
  EXPECT_TRUE(scenario->HasFault(FaultKind::kReset));
  EXPECT_FALSE(scenario->HasFault(FaultKind::kCrash));
}

TEST(ScenarioFile, ABadPlanIsRefusedWithItsLine) {
  const auto error = [](const std::string& plan) { return ErrorOf("name = \"x\"\n" + plan); };
  EXPECT_THAT(error("plan = 3"), HasSubstr("x.toml:2: plan: is not a list of tables"));
  EXPECT_THAT(error("[[plan]]\nat = \"1s\""), HasSubstr("plan: `kind` is missing"));
  EXPECT_THAT(error("[[plan]]\nkind = \"reset\""), HasSubstr("plan: `at` is missing"));
  EXPECT_THAT(error("[[plan]]\nat = \"1s\"\nkind = \"rain\""), HasSubstr("no fault"));
  EXPECT_THAT(error("[[plan]]\nat = \"1s\"\nkind = \"reset\"\nlasts = \"1s\""),
              HasSubstr("x.toml:5: plan.lasts: not of reset"));
  EXPECT_THAT(error("[[plan]]\nat = \"1s\"\nkind = \"reset\"\ntarget = 1000"),
              HasSubstr("plan.target: is out of range"));
}

TEST(ScenarioFile, WhatIsWrittenReadsBack) {
  auto scenario = ParseScenario(kSmall, "x.toml");
  ASSERT_TRUE(scenario.ok());
  const std::string text = ScenarioText(*scenario);
  const auto again = ParseScenario(text, "y.toml");
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << text;
  EXPECT_EQ(ScenarioText(*again), text);
  EXPECT_THAT(text, HasSubstr("think_time = [\"0s\", \"20ms\"]"));
  EXPECT_THAT(text, HasSubstr("[node.options]\nhz = [\"1\", \"10\", \"100\"]\n"));
  EXPECT_THAT(text, HasSubstr("[faults.slow_link]\nevery = [\"1s\", \"2s\"]\nlasts = \"100ms\"\n"));
  scenario->plan.emplace();
  const auto empty = ParseScenario(ScenarioText(*scenario), "z.toml");
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_TRUE(empty->plan && empty->plan->empty());
}

// Every kind that there is: read, drawn, printed as a plan, and read again.
TEST(ScenarioFile, EveryKindOfFaultIsPlannedAndReadBack) {
  std::string text = "name=\"x\"\nduration=\"5s\"\n[workload]\nread=1\n";
  for (const FaultRow& row : kFaultRows) {
    text += fmt::format("[faults.{}]\nevery=\"1s\"\n", row.name);
    if (row.lasts) text += "lasts=[\"10ms\", \"300ms\"]\n";
    if (row.latency) text += "latency=\"20ms\"\n";
    if (!row.amount_key.empty()) text += fmt::format("{}=[1, 90]\n", row.amount_key);
  }
  auto scenario = ParseScenario(text, "x.toml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  scenario->plan = Draw(*scenario, 3).plan;
  EXPECT_EQ(scenario->plan->size(), 4 * kFaultKinds);
  const auto again = ParseScenario(ScenarioText(*scenario), "y.toml");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->plan, scenario->plan);
  EXPECT_EQ(again->faults[static_cast<size_t>(FaultKind::kSwizzle)].amount, (Range{1, 90}));
  EXPECT_EQ(ScenarioText(*again), ScenarioText(*scenario));
}

TEST(ScenarioFile, ABudgetIsKeptAndReadsBack) {
  const std::string text =
      "name=\"x\"\nduration=\"60s\"\n[node]\nreplicas=5\nzones=2\n[workload]\nread=1\n"
      "[faults.crash]\nevery=\"1s\"\nlasts=\"3s\"\n[faults.zone]\nevery=\"1s\"\nlasts=\"1s\"\n";
  const auto free = ParseScenario(text, "x.toml");
  ASSERT_TRUE(free.ok()) << free.status();
  EXPECT_EQ(Draw(*free, 1).plan.size(), 118u);
  const auto bounded = ParseScenario(
      text + "[budget]\nmachines_down=2\nmachines_cut=1\nclocks_wrong=1\nrecovery=\"500ms\"\n",
      "x.toml");
  ASSERT_TRUE(bounded.ok()) << bounded.status();
  const faults::FaultPlan plan = Draw(*bounded, 1).plan;
  EXPECT_GT(plan.size(), 20u);
  for (const faults::PlannedFault& fault : plan) EXPECT_EQ(fault.kind, FaultKind::kCrash);
  const std::string printed = ScenarioText(*bounded);
  EXPECT_THAT(printed, HasSubstr("[budget]\nmachines_down = 2\nmachines_cut = 1\n"));
  EXPECT_THAT(printed, HasSubstr("zones = 2\n"));
  EXPECT_EQ(ScenarioText(*ParseScenario(printed, "y.toml")), printed);
}

TEST(ScenarioFile, DepthAndLengthAreBounded) {
  std::string dotted = "a";
  for (int i = 0; i < 10000; ++i) dotted += ".a";
  EXPECT_THAT(ErrorOf(dotted + " = 1"), HasSubstr("dots in a line"));
  std::string nested = "a = ";
  for (int i = 0; i < 10000; ++i) nested += "[\n";
  EXPECT_THAT(ErrorOf(nested), HasSubstr("x.toml:"));
  EXPECT_THAT(ErrorOf(std::string(2 << 20, '#')), HasSubstr("x.toml:1: longer than"));
  EXPECT_THAT(ErrorOf("#\n# \xef\xaf\xbf"), HasSubstr("x.toml:2: holds a byte"));
}

TEST(ScenarioFile, HelpNamesEveryKey) {
  const std::string help = ScenarioHelp();
  for (const char* word : {"duration", "[node]", "think_time", "[faults.half_open]", "multi_key",
                           "model_equality", "default 20"}) {
    EXPECT_THAT(help, HasSubstr(word));
  }
}

TEST(Durations, ParseAndFormat) {
  int64_t ns = 0;
  for (const auto& [text, wanted] : std::vector<std::pair<std::string, int64_t>>{
           {"0s", 0}, {"7ns", 7}, {"1.5us", 1500}, {"20ms", 20'000'000}, {"2m", 120'000'000'000}}) {
    EXPECT_TRUE(ParseDuration(text, &ns)) << text;
    EXPECT_EQ(ns, wanted) << text;
  }
  for (const char* text : {"", "5", "s", "-1s", "1.5ns", "1..5s", "99999999999s", "1h", "1441m"}) {
    EXPECT_FALSE(ParseDuration(text, &ns)) << text;
  }
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(1'500'000), "1500us");
  EXPECT_EQ(FormatDuration(2'000'000'000), "2s");
}

}  // namespace
}  // namespace norn::scenarios
