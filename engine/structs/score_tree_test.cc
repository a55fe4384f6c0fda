#include "engine/structs/score_tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace norn {
namespace {

class ScoreTreeTest : public testing::Test {
 protected:
  ~ScoreTreeTest() override {
    for (ScoredMember* member : members_) ScoredMember::Free(member);
  }
  ScoredMember* Add(double score, std::string_view name) {
    members_.push_back(ScoredMember::New(score, name));
    tree_.Insert(members_.back());
    return members_.back();
  }
  std::string NamesInOrder() const {
    std::string names;
    for (auto at = tree_.AtRank(0); at; at = tree_.Next(at)) names += at->name();
    return names;
  }

  ScoreTree tree_;
  std::vector<ScoredMember*> members_;
};

TEST_F(ScoreTreeTest, EmptyHasNoPlaces) {
  EXPECT_EQ(tree_.size(), 0u);
  EXPECT_FALSE(tree_.AtRank(0));
  EXPECT_EQ(tree_.UsedBytes(), 0u);
}

TEST_F(ScoreTreeTest, EqualScoresAreInOrderOfBytes) {
  Add(1, "b");
  Add(1, "");
  Add(1, "\xff");
  Add(1, "a");
  Add(-INFINITY, "z");
  Add(INFINITY, "0");
  EXPECT_EQ(NamesInOrder(),
            "zab\xff"
            "0");
}

// -0 and 0 are one score; the order among them is by bytes.
TEST_F(ScoreTreeTest, ZerosAreEqual) {
  Add(0.0, "b");
  Add(-0.0, "c");
  Add(-0.0, "a");
  EXPECT_EQ(NamesInOrder(), "abc");
}

TEST_F(ScoreTreeTest, AscendingOrderFillsTheNodes) {
  for (int i = 0; i < 100000; ++i) Add(i, "m");
  tree_.CheckInvariants();
  EXPECT_LE(tree_.UsedBytes(), 100000u * 18);
}

TEST_F(ScoreTreeTest, ErasingGivesNodesBack) {
  for (int i = 0; i < 10000; ++i) Add((i * 7919) % 10007, "m");
  for (int i = 0; i < 9900; ++i) tree_.Erase(*members_[static_cast<size_t>(i)]);
  tree_.CheckInvariants();
  EXPECT_LE(tree_.UsedBytes(), 10u * ScoreTree::kNodeBytes);
  for (size_t i = 9900; i < 10000; ++i) tree_.Erase(*members_[i]);
  EXPECT_EQ(tree_.UsedBytes(), 0u);
}

TEST_F(ScoreTreeTest, ASmallChangeOfScoreStaysInPlace) {
  for (int i = 0; i < 1000; ++i) Add(i, "m");
  tree_.SetScore(*members_[500], 500.5);
  tree_.SetScore(*members_[0], -10);
  tree_.SetScore(*members_[999], 5000);
  tree_.CheckInvariants();
  EXPECT_EQ(tree_.RankOf(*members_[500]), 500u);
  tree_.SetScore(*members_[500], 900.5);
  EXPECT_EQ(tree_.RankOf(*members_[500]), 900u);
  tree_.CheckInvariants();
}

TEST_F(ScoreTreeTest, IsFreedInSteps) {
  for (int i = 0; i < 10000; ++i) Add(i, "m");
  const size_t nodes = tree_.UsedBytes() / ScoreTree::kNodeBytes;
  size_t steps = 1;
  while (!tree_.FreeSome(10)) ++steps;
  EXPECT_EQ(steps, (nodes + 9) / 10);
  EXPECT_EQ(tree_.UsedBytes(), 0u);
}

}  // namespace
}  // namespace norn
