#include "engine/structs/field_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace norn {
namespace {

TEST(FieldTable, AShortMemberTakesSixteenBytes) {
  FieldTable table(1);
  for (int i = 0; i < 100000; ++i) table.Add("member:" + std::to_string(1000000 + i));
  EXPECT_LE(table.UsedBytes(), 100000u * 30);
}

TEST(FieldTable, AnEmptyValueIsAValue) {
  FieldTable table(1);
  EXPECT_TRUE(table.Set("f", "", Field::kNoDeadline));
  ASSERT_NE(table.Find("f"), nullptr);
  EXPECT_EQ(table.Find("f")->value(), "");
  EXPECT_FALSE(table.Set("f", "x", 5));
  EXPECT_EQ(table.Find("f")->value(), "x");
  EXPECT_EQ(table.Find("f")->deadline_ms(), 5);
  EXPECT_EQ(table.DeadlineCount(), 1u);
}

TEST(FieldTable, RandomMeetsEveryField) {
  FieldTable table(3);
  for (int i = 0; i < 20; ++i) table.Add(std::to_string(i));
  Prng prng(1);
  std::set<std::string> met;
  for (int i = 0; i < 2000; ++i) met.emplace(table.Random(prng)->name());
  EXPECT_EQ(met.size(), 20u);
}

TEST(FieldTable, IsFreedInSteps) {
  FieldTable table(1);
  for (int i = 0; i < 5000; ++i) table.Add(std::to_string(i));
  int steps = 0;
  while (!table.FreeSome(256)) ++steps;
  EXPECT_GT(steps, 5);
}

}  // namespace
}  // namespace norn
