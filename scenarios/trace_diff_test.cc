#include "scenarios/trace_diff.h"

#include <gtest/gtest.h>

namespace norn::scenarios {
namespace {

NextLine Lines(std::vector<std::string> lines) {
  return [lines, at = size_t{0}](std::string* line) mutable {
    if (at == lines.size()) return false;
    *line = lines[at++];
    return true;
  };
}

TEST(TraceDiff, EqualTracesHaveNone) {
  EXPECT_FALSE(FirstDifference(Lines({"a", "b"}), Lines({"a", "b"})).has_value());
  EXPECT_FALSE(FirstDifference(Lines({}), Lines({})).has_value());
}

TEST(TraceDiff, NamesTheFirstDifferenceFromBothSides) {
  const auto difference = FirstDifference(Lines({"1", "2", "3", "4", "5", "6", "x", "y"}),
                                          Lines({"1", "2", "3", "4", "5", "6", "z", "y"}));
  ASSERT_TRUE(difference.has_value());
  EXPECT_EQ(difference->event, 7u);
  EXPECT_EQ(difference->a, "x");
  EXPECT_EQ(difference->b, "z");
  EXPECT_EQ(difference->before, (std::vector<std::string>{"2", "3", "4", "5", "6"}));
}

TEST(TraceDiff, AShorterTraceDiffersAtItsEnd) {
  const auto difference = FirstDifference(Lines({"1"}), Lines({"1", "2"}));
  ASSERT_TRUE(difference.has_value());
  EXPECT_EQ(difference->a, "(end of trace)");
  EXPECT_EQ(difference->b, "2");
}

}  // namespace
}  // namespace norn::scenarios
