#include "scenarios/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn::scenarios {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RunResult Sample() {
  RunResult result;
  result.seed = 7;
  result.hash = 0x0123456789abcdef;
  result.virtual_s = 60;
  result.events = 812345;
  result.commands = 5;
  result.faults[0] = {1, 4, 3};
  At(result.checks, CheckId::kLinearizability).examined = 9;
  return result;
}

TEST(Report, TheLineOfARun) {
  RunResult result = Sample();
  EXPECT_EQ(ResultLine(result, 0.214),
            "seed=7 hash=0123456789abcdef virtual_s=60.0 wall_s=0.21 events=812345 result=pass");
  result.failed_check = "reply_order";
  result.message = "client 3: wrong reply\n";
  EXPECT_THAT(ResultLine(result, 0), HasSubstr(" result=FAIL check=reply_order"));
  const std::string text = FailureText(result, "norn-sim", "x.toml");
  EXPECT_THAT(text, HasSubstr("again: norn-sim run x.toml --seed 7\n"));
  EXPECT_THAT(text, HasSubstr("client 3: wrong reply\n  drawn"));
}

TEST(Report, TotalsSurviveTheirText) {
  Totals sum = Totals::Of(Sample(), 0.5);
  Totals copy;
  ASSERT_TRUE(copy.Decode(sum.Encode()));
  EXPECT_EQ(copy.Encode(), sum.Encode());
  sum.Add(copy);
  EXPECT_EQ(sum.runs, 2u);
  EXPECT_EQ(sum.events, 2 * 812345u);
  EXPECT_EQ(sum.faults[0].effect, 6u);
  EXPECT_FALSE(copy.Decode("# 1 2"));
  EXPECT_FALSE(copy.Decode("seed=7"));
  EXPECT_FALSE(copy.Decode(sum.Encode() + " 9"));
}

TEST(Report, NamesWhatDidNothing) {
  Scenario scenario;
  scenario.checks = {"linearizability", "model_equality"};
  scenario.faults[0].every_ns = {1, 1};
  scenario.faults[1].every_ns = {1, 1};
  const Totals totals = Totals::Of(Sample(), 0.5);
  EXPECT_THAT(Idlers(scenario, totals),
              ElementsAre("fault slow_link never had an effect",
                          "check model_equality never examined anything"));
  scenario.faults[1].every_ns = {0, 0};
  scenario.checks.pop_back();
  EXPECT_THAT(Idlers(scenario, totals), IsEmpty());
  EXPECT_THAT(Summary(scenario, totals, 1),
              HasSubstr("fault reset            armed in 1 runs, fired 4, effect 3"));
}

}  // namespace
}  // namespace norn::scenarios
