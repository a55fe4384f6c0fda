#include "faults/budget.h"

#include <gtest/gtest.h>

namespace norn::faults {
namespace {

PlannedFault At(int64_t at_ms, FaultKind kind, int64_t lasts_ms, int64_t amount = 1) {
  return {.at = Duration::Millis(at_ms),
          .kind = kind,
          .lasts = Duration::Millis(lasts_ms),
          .amount = amount};
}

TEST(Budget, WithoutBoundNothingIsLeftOut) {
  const FaultPlan plan = {At(1, FaultKind::kMajority, 100), At(2, FaultKind::kMajority, 100),
                          At(3, FaultKind::kSplit, 100), At(4, FaultKind::kClockStep, 0)};
  EXPECT_EQ(Within({}, {.machines = 1000, .zones = 3}, plan), plan);
}

TEST(Budget, OneAtATimeAndThenTheNext) {
  const FaultPlan plan = {At(0, FaultKind::kCrash, 100), At(50, FaultKind::kPause, 10),
                          At(60, FaultKind::kReset, 0), At(101, FaultKind::kHostDead, 10),
                          At(120, FaultKind::kZone, 10)};
  const FaultPlan expected = {plan[0], plan[2], plan[3]};
  EXPECT_EQ(Within({.machines_down = 1}, {.machines = 6, .zones = 3}, plan), expected)
      << "what costs nothing stays; a zone is two machines";
}

TEST(Budget, RecoveryCountsToo) {
  const FaultPlan plan = {At(0, FaultKind::kCrash, 100), At(150, FaultKind::kCrash, 100),
                          At(301, FaultKind::kCrash, 100)};
  const FaultPlan expected = {plan[0], plan[2]};
  EXPECT_EQ(Within({.machines_down = 1, .recovery_ns = 200'000'000}, {}, plan), expected);
}

TEST(Budget, EachIsItsOwn) {
  const FaultPlan plan = {At(0, FaultKind::kCrash, 100), At(1, FaultKind::kIsolate, 100),
                          At(2, FaultKind::kClockFreeze, 100), At(3, FaultKind::kIsolate, 100)};
  const FaultPlan expected = {plan[0], plan[1], plan[2]};
  const Budget one_each{.machines_down = 1, .machines_cut = 1, .clocks_wrong = 1};
  EXPECT_EQ(Within(one_each, {.machines = 3}, plan), expected);
}

TEST(Budget, TheSizeOfTheClusterDecidesWhatManyAre) {
  const Extent nine{.machines = 9, .zones = 2};
  EXPECT_EQ(TollOf(At(0, FaultKind::kZone, 1), nine).machines_down, 5);
  EXPECT_EQ(TollOf(At(0, FaultKind::kMajority, 1), nine).machines_down, 5);
  EXPECT_EQ(TollOf(At(0, FaultKind::kKPrimaries, 1, 4), nine).machines_down, 4);
  EXPECT_EQ(TollOf(At(0, FaultKind::kSplit, 1), nine).machines_cut, 4);
  EXPECT_EQ(TollOf(At(0, FaultKind::kSwizzle, 1, 70), nine).machines_cut, 9);
  EXPECT_EQ(TollOf(At(0, FaultKind::kKill, 1), nine).lasts, Duration::Millis(1001))
      << "it may be a while until it dies";
}

}  // namespace
}  // namespace norn::faults
