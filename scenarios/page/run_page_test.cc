// Pages: what a run did is in its data, a run is the same when it is watched, and no text becomes markup.

#include "scenarios/page/run_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "scenarios/norn_server.h"
#include "scenarios/page/json_text.h"
#include "scenarios/scenario_file.h"

namespace norn::scenarios {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFailover = R"(
name = "failover"
duration = "6s"
checks = ["one_claimant", "slots_served"]
[cluster]
shards = 3
replicas = 1
node_timeout = "500ms"
seed_config = true
[clients]
count = 3
[workload]
write = 1
read = 1
[faults.k_primaries]
every = "2s"
lasts = "10s"
primaries = 1
[faults.isolate]
every = "4s"
lasts = "300ms"
)";

constexpr const char* kReplicated = R"(
name = "replicated"
duration = "2s"
checks = ["reply_order"]
[node]
replicas = 1
[clients]
count = 3
[workload]
write = 1
token = 1
[faults.pause]
every = "500ms"
lasts = "100ms"
)";

Scenario Parsed(const char* toml) {
  const auto scenario = ParseScenario(toml, "x.toml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *scenario;
}

RunResult Play(const Scenario& scenario, uint64_t seed, Timeline* timeline) {
  RunOptions options;
  options.seed = seed;
  options.timeline = timeline;
  return RunScenario(scenario, NornServerFactory(), options);
}

TEST(RunPage, AWatchedRunIsTheSame) {
  for (const char* toml : {kFailover, kReplicated}) {
    const Scenario scenario = Parsed(toml);
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      Timeline timeline;
      const RunResult watched = Play(scenario, seed, &timeline);
      const RunResult alone = Play(scenario, seed, nullptr);
      EXPECT_EQ(watched.hash, alone.hash) << scenario.name << " " << seed;
      EXPECT_EQ(watched.events, alone.events);
      EXPECT_FALSE(timeline.spans().empty());
    }
  }
}

TEST(RunPage, AFailoverIsSeen) {
  Timeline timeline;
  const RunResult result = Play(Parsed(kFailover), 3, &timeline);
  EXPECT_TRUE(result.passed()) << result.failed_check << ": " << result.message;
  EXPECT_EQ(timeline.lanes().size(), 6u);
  std::set<std::string_view> kinds;
  for (const Timeline::Arrow& arrow : timeline.arrows()) {
    kinds.insert(arrow.kind);
    EXPECT_NE(arrow.from, arrow.to);
    EXPECT_GT(arrow.arrived_ns, arrow.sent_ns);
  }
  EXPECT_THAT(kinds, ::testing::IsSupersetOf({"request", "grant", "fail"}));
  const auto killed = std::find_if(timeline.faults().begin(), timeline.faults().end(),
                                   [](const Timeline::Fault& fault) {
                                     return fault.planned.kind == FaultKind::kKPrimaries &&
                                            fault.fate == Timeline::Fault::Fate::kStruck;
                                   });
  ASSERT_NE(killed, timeline.faults().end());
  ASSERT_EQ(killed->lanes.size(), 1u);
  const bool down = std::any_of(
      timeline.spans().begin(), timeline.spans().end(), [&](const Timeline::Span& span) {
        return span.lane == killed->lanes[0] && span.track == Timeline::Track::kLife &&
               span.state.value == "down" && span.from_ns == killed->at_ns;
      });
  EXPECT_TRUE(down);
  const bool alone =
      std::any_of(timeline.spans().begin(), timeline.spans().end(), [](const Timeline::Span& span) {
        return span.track == Timeline::Track::kReach && span.state.value == "none";
      });
  EXPECT_TRUE(alone);
  EXPECT_EQ(timeline.services().size(), 3u);
}

TEST(RunPage, OnlyChecksThatAreAskedForFail) {
  // Pauses break promises of the check `connection`, which is for runs without faults.
  for (const bool asked : {true, false}) {
    Scenario scenario = Parsed(kReplicated);
    scenario.clients.timeout_ns = {20'000'000, 20'000'000};
    if (asked) scenario.checks.push_back("connection");
    Timeline timeline;
    const RunResult result = Play(scenario, 1, &timeline);
    EXPECT_EQ(result.passed(), !asked);
    const bool shown =
        std::any_of(timeline.events().begin(), timeline.events().end(),
                    [](const Timeline::Event& event) { return event.kind == "check"; });
    EXPECT_EQ(shown, asked);
  }
}

TEST(RunPage, DataTellsTheVerdictAndTheCommand) {
  Timeline timeline;
  timeline.AddLane("node0");
  timeline.Add(Timeline::Arrow{"grant", 0, 1, 1'000'000'000, 1'500'000'000, "promises"});
  timeline.Add(Timeline::Arrow{"denial", 0, 1, 2'000'000'000, Timeline::kNotYetNs, "denies"});
  timeline.SetPlan({{.at = Duration::Seconds(3), .kind = FaultKind::kPause}}, 0);
  timeline.End(9'000'000'000);
  RunResult result;
  result.seed = 7;
  result.failed_check = "one_writer";
  result.message = "two of them";
  const std::string data =
      RunData(timeline, Parsed(kFailover), result, "norn-sim run x.toml --seed 7");
  EXPECT_THAT(data, HasSubstr("\"check\":\"one_writer\""));
  EXPECT_THAT(data, HasSubstr("\"command\":\"norn-sim run x.toml --seed 7\""));
  EXPECT_THAT(data, HasSubstr("[\"grant\",0,1,1.000000,1.500000,\"promises\"]"));
  EXPECT_THAT(data, HasSubstr("[\"denial\",0,1,2.000000,null,\"denies\"]"));
  EXPECT_THAT(data, HasSubstr("\"kind\":\"pause\""));
}

TEST(RunPage, TextIsNeverMarkup) {
  EXPECT_EQ(JsonText("a\"b\\c\n"), "\"a\\\"b\\\\c\\n\"");
  EXPECT_EQ(JsonText(std::string_view("\x00\xff", 2)), "\"\\\\x00\\\\xff\"");
  EXPECT_EQ(HtmlText("<b> & \"x\""), "&lt;b&gt; &amp; &quot;x&quot;");
  Timeline timeline;
  timeline.AddLane("<b>node</b>");
  timeline.Add(Timeline::Event{0, 0, "log", "</script><script>alert(1)</script>/*{D3}*/"});
  timeline.End(1);
  ASSERT_TRUE(HasPages()) << "node-d3 is of the packages that tests need (ci/packages.txt)";
  const std::string page = RunPage(timeline, Parsed(kFailover), RunResult{}, "x <y>");
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("<b>node")));
  EXPECT_THAT(page, Not(HasSubstr("x <y>")));
  EXPECT_THAT(page, HasSubstr("/*{D3}*/"));  // the log's: it is only text
}

}  // namespace
}  // namespace norn::scenarios
