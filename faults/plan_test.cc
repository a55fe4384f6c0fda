#include "faults/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine/base/hash.h"

namespace norn::faults {
namespace {

PrngOf PrngsOf(uint64_t seed) {
  return [seed](std::string_view purpose) { return Prng(HashBytes(purpose, seed)); };
}

FaultRules TwoRules() {
  FaultRules rules;
  rules[static_cast<size_t>(FaultKind::kReset)].every_ns = {1'000'000, 9'000'000};
  FaultRule& full = rules[static_cast<size_t>(FaultKind::kDiskFull)];
  full.every_ns = {2'000'000, 20'000'000};
  full.lasts_ns = {1000, 5'000'000};
  full.amount = {10, 20};
  return rules;
}

FaultPlan Only(const FaultPlan& plan, FaultKind kind) {
  FaultPlan only;
  std::copy_if(plan.begin(), plan.end(), std::back_inserter(only),
               [kind](const PlannedFault& fault) { return fault.kind == kind; });
  return only;
}

TEST(Plan, IsOrderedEndsInTimeAndKeepsToItsRules) {
  const FaultRules rules = TwoRules();
  const KindSet kinds = DrawKinds(rules, false, PrngsOf(1));
  const FaultPlan plan = DrawPlan(rules, kinds, Duration::Seconds(1), PrngsOf(1));
  EXPECT_TRUE(std::is_sorted(plan.begin(), plan.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
  EXPECT_GT(Only(plan, FaultKind::kReset).size(), 100u);
  const FaultPlan full = Only(plan, FaultKind::kDiskFull);
  EXPECT_GT(full.size(), 40u);
  for (const PlannedFault& fault : plan) {
    EXPECT_LT(fault.at, Duration::Seconds(1));
    EXPECT_LT(fault.target, kTargets);
    EXPECT_EQ(fault.at.ns % 1000, 0);
  }
  for (const PlannedFault& fault : full) {
    EXPECT_GE(fault.lasts.ns, 1000);
    EXPECT_LE(fault.lasts.ns, 5'000'000);
    EXPECT_GE(fault.amount, 10);
    EXPECT_LE(fault.amount, 20);
  }
  EXPECT_EQ(KindsOf(plan), kinds);
}

TEST(Plan, AKindMoreLeavesTheOthersAsTheyWere) {
  FaultRules rules = TwoRules();
  const auto draw = [&] {
    return DrawPlan(rules, DrawKinds(rules, false, PrngsOf(7)), Duration::Seconds(1), PrngsOf(7));
  };
  const FaultPlan before = draw();
  EXPECT_EQ(before, draw());
  rules[static_cast<size_t>(FaultKind::kPause)].every_ns = {1'000'000, 1'000'000};
  const FaultPlan after = draw();
  EXPECT_EQ(Only(after, FaultKind::kPause).size(), 999u);
  EXPECT_EQ(Only(after, FaultKind::kReset), Only(before, FaultKind::kReset));
  EXPECT_EQ(Only(after, FaultKind::kDiskFull), Only(before, FaultKind::kDiskFull));
}

TEST(Plan, TheSwarmSparesAboutHalfOfTheKinds) {
  const FaultRules rules = TwoRules();
  size_t armed = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const KindSet kinds = DrawKinds(rules, true, PrngsOf(seed));
    armed += static_cast<size_t>(std::count(kinds.begin(), kinds.end(), true));
  }
  EXPECT_GT(armed, 150u);
  EXPECT_LT(armed, 250u);
}

// Rules in nanoseconds that round to nothing must not make a plan that never ends.
TEST(Plan, TimePassesBetweenTwoOfAKind) {
  FaultRules rules;
  rules[static_cast<size_t>(FaultKind::kReset)].every_ns = {1, 1};
  const FaultPlan plan =
      DrawPlan(rules, DrawKinds(rules, false, PrngsOf(1)), Duration::Micros(10), PrngsOf(1));
  EXPECT_EQ(plan.size(), 9u);
}

}  // namespace
}  // namespace norn::faults
