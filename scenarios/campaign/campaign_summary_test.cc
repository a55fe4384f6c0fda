// What a campaign says: equal causes are one group, idle marks are named, no text becomes markup.

#include "scenarios/campaign/campaign_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn::scenarios {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CauseOf, WhatDiffersFromRunToRunIsLeftOut) {
  EXPECT_EQ(CauseOf("node 3 (91ab22cd) at 5.402133 s: epoch 7 after 9\nmore"),
            "node <n> (<id>) at <n> s: epoch <n> after <n>");
  EXPECT_EQ(CauseOf("10.0.0.3:6379 says facade and deadbeef1"), "<n> says facade and <id>");
  EXPECT_EQ(CauseOf("node12: no such file"), "node<n>: no such file");
  EXPECT_EQ(CauseOf(""), "");
  EXPECT_EQ(CauseOf("8."), "<n>.");
}

Scenario Named(const std::string& name) {
  Scenario scenario;
  scenario.name = name;
  scenario.checks = {"loss_model"};
  return scenario;
}

FinishedRun Finished(size_t story, uint64_t seed, const std::string& check,
                     const std::string& message) {
  FinishedRun run{.story = story, .seed = seed, .check = check, .message = message};
  run.totals.runs = 1;
  run.totals.passes = check.empty() ? 1 : 0;
  return run;
}

class Summaries : public ::testing::Test {
 protected:
  Summaries()
      : state_({1, {"a.toml", "b.toml"}, {1, 2}, ""}), scenarios_({Named("a"), Named("<b>")}) {
    state_.Add(Finished(0, 1, "", ""));
    state_.Add(Finished(0, 2, "vote_once", "node 1: once"));
    state_.Add(Finished(0, 3, "loss_model", "write 17 of key <k> is lost"));
    state_.Add(Finished(1, 3, "loss_model", "write 4 of key <k> is lost"));
    FinishedRun marked = Finished(1, 4, "", "");
    marked.totals.covers[RequireCover("vote_old_data")] = 2;
    state_.Add(marked);
    state_.AddPage(1, 3, "reports/b-3.html");
  }
  CampaignState state_;
  std::vector<Scenario> scenarios_;
  CampaignSession session_{.elapsed_s = 2, .runs = 5, .program = "norn-sim", .complete = true};
};

TEST_F(Summaries, FailuresOfOneCauseAreOneGroupAcrossStories) {
  const CampaignSummary summary(state_, scenarios_);
  ASSERT_EQ(summary.groups.size(), 2u);
  EXPECT_EQ(summary.groups[0].check, "loss_model");
  EXPECT_EQ(summary.groups[0].runs.size(), 2u);
  EXPECT_EQ(summary.groups[1].runs.size(), 1u);
  EXPECT_EQ(summary.failed(), 3u);
  EXPECT_EQ(summary.stories[0].runs, 3u);
}

TEST_F(Summaries, MarksThatNobodyPassedAreNamed) {
  const CampaignSummary summary(state_, scenarios_);
  EXPECT_EQ(summary.never.size(), kCovers.size() - 1);
  const std::string text = CampaignText(summary, session_);
  EXPECT_THAT(text, HasSubstr("never vote_primary_up"));
  EXPECT_THAT(text, Not(HasSubstr("never vote_old_data")));
  EXPECT_THAT(text, HasSubstr("2.50 seeds/s"));
  EXPECT_THAT(text, HasSubstr("norn-sim run b.toml --seed 3"));
}

TEST_F(Summaries, AStoryOfRecordMustHaveDoneSomething) {
  for (uint64_t seed = 10; seed < 10 + kSeedsOfRecord; ++seed)
    state_.Add(Finished(0, seed, "", ""));
  const CampaignSummary summary(state_, scenarios_);
  ASSERT_EQ(summary.idlers.size(), 1u);
  EXPECT_THAT(summary.idlers[0], HasSubstr("check loss_model never examined anything"));
}

TEST_F(Summaries, PagesAreLinkedAndTextIsNoMarkup) {
  const CampaignSummary summary(state_, scenarios_);
  const std::string page = CampaignPage(summary, session_);
  EXPECT_THAT(page, HasSubstr("<a href=\"reports/b-3.html\">&lt;b&gt; 3</a>"));
  EXPECT_THAT(page, Not(HasSubstr("key <k>")));
  const std::string json = CampaignJson(summary, session_);
  EXPECT_THAT(json, HasSubstr("\"check\":\"vote_once\""));
  EXPECT_THAT(json, HasSubstr("\"page\":\"reports/b-3.html\""));
  EXPECT_THAT(json, HasSubstr("\"vote_old_data\":2"));
}

}  // namespace
}  // namespace norn::scenarios
