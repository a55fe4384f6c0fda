// The state of a campaign: what was finished is there again, a torn end is not, and other builds are refused.

#include "scenarios/campaign/campaign_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/status.h"

namespace norn::scenarios {
namespace {

using ::testing::HasSubstr;

CampaignIdentity Identity() { return {7, {"a.toml", "b c.toml"}, {1, 2}, ""}; }

FinishedRun Failed(size_t story, uint64_t seed) {
  FinishedRun run{.story = story, .seed = seed, .check = "loss_model", .message = "a\tb\nc \\n d"};
  run.totals.runs = 1;
  run.totals.covers[3] = 5;
  return run;
}

std::string Text() {
  const CampaignState state(Identity());
  FinishedRun passed{.story = 0, .seed = 1};
  passed.totals.runs = passed.totals.passes = 1;
  return state.Header() + CampaignState::Line(passed) + CampaignState::Line(Failed(1, 9)) +
         CampaignState::PageLine(1, 9, "reports/x-9.html");
}

TEST(CampaignState, WhatWasFinishedIsThereAgain) {
  CampaignState state(Identity());
  const std::string text = Text();
  size_t whole = 0;
  ASSERT_TRUE(state.Load(text, &whole).ok());
  EXPECT_EQ(whole, text.size());
  ASSERT_EQ(state.runs().size(), 2u);
  EXPECT_EQ(state.runs()[0].check, "");
  EXPECT_EQ(state.runs()[1], Failed(1, 9));
  EXPECT_EQ(state.runs()[1].totals.covers[3], 5u);
  EXPECT_TRUE(state.IsFinished(0, 1));
  EXPECT_FALSE(state.IsFinished(1, 1));
  EXPECT_EQ(state.PageOf(1, 9), "reports/x-9.html");
}

TEST(CampaignState, EveryCutLosesAtMostTheLineThatWasCut) {
  const std::string text = Text();
  const size_t header = CampaignState(Identity()).Header().size();
  for (size_t cut = header; cut <= text.size(); ++cut) {
    CampaignState state(Identity());
    size_t whole = 0;
    ASSERT_TRUE(state.Load(std::string_view(text).substr(0, cut), &whole).ok()) << cut;
    EXPECT_LE(whole, cut);
    EXPECT_TRUE(whole == header || text[whole - 1] == '\n');
    EXPECT_EQ(state.runs().size() == 2, cut >= text.find("page"));
  }
}

TEST(CampaignState, ResultsOfAnotherBuildAreRefused) {
  CampaignIdentity other = Identity();
  other.program = 8;
  CampaignState state(other);
  size_t whole = 0;
  const absl::Status status = state.Load(Text(), &whole);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("--fresh"));
  EXPECT_TRUE(absl::IsDataLoss(state.Load("hello\n", &whole)));
}

TEST(CampaignState, ALineThatIsNoneIsDamage) {
  CampaignState state(Identity());
  size_t whole = 0;
  EXPECT_TRUE(absl::IsDataLoss(state.Load(Text() + "run\t5\t1\t# 1\t\t\n", &whole)));
}

TEST(CampaignState, ARunCountsOnce) {
  CampaignState state(Identity());
  state.Add(Failed(0, 1));
  state.Add(Failed(0, 1));
  EXPECT_EQ(state.runs().size(), 1u);
}

TEST(CampaignState, EscapedTextIsOneLineAndComesBack) {
  for (const std::string text : {"", "\\", "\n\n", "a\\nb\tc", "\\t\\"}) {
    const std::string line = EscapeLine(text);
    EXPECT_EQ(line.find_first_of("\n\t"), std::string::npos);
    EXPECT_EQ(UnescapeLine(line), text);
  }
}

}  // namespace
}  // namespace norn::scenarios
