// Wrong clocks, and memory that becomes small.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/cluster_room_testing.h"

namespace norn::faults {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration kWhile = Duration::Millis(600);

TEST(InjectorClock, AnOffsetIsOfTheDateAndEnds) {
  for (const bool back : {false, true}) {
    ClusterRoom room;
    ExpectOneEffect(room.Play({.kind = FaultKind::kClockOffset,
                               .target = 1,
                               .other = back,
                               .lasts = kWhile,
                               .amount = 5000}));
    Life& life = room.lives[1];
    EXPECT_EQ(life.date_ahead, Duration::Millis(back ? 0 : 5000));
    EXPECT_EQ(life.date_behind, Duration::Millis(back ? 5000 : 0));
    EXPECT_EQ(life.clock_ahead + life.clock_behind, Duration{0});
    EXPECT_EQ(room.lives[0].date_ahead, Duration{0});
    life = {};
    room.world().RunFor(Duration::Millis(100));
    EXPECT_EQ(life.date_ahead + life.date_behind, Duration{0}) << "it is over";
  }
}

TEST(InjectorClock, AStepIsForGood) {
  for (const bool back : {false, true}) {
    ClusterRoom room;
    ExpectOneEffect(
        room.Play({.kind = FaultKind::kClockStep, .target = 1, .other = back, .amount = 5000}));
    Life& life = room.lives[1];
    life = {};
    room.world().RunFor(Duration::Millis(100));
    EXPECT_EQ(back ? life.date_behind : life.date_ahead, Duration::Millis(5000));
    EXPECT_EQ(life.clock_ahead + life.clock_behind, Duration{0});
  }
}

TEST(InjectorClock, AJumpIsOfBothClocks) {
  ClusterRoom room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kClockJump, .target = 1, .amount = 5000}));
  EXPECT_EQ(room.lives[1].clock_ahead, Duration::Millis(5000));
  EXPECT_EQ(room.lives[1].date_ahead, Duration::Millis(5000));
  EXPECT_EQ(room.lives[0].clock_ahead, Duration{0});
}

TEST(InjectorClock, ADriftAddsUpWhileItLasts) {
  for (const bool slow : {false, true}) {
    ClusterRoom room;
    ExpectOneEffect(room.Play({.kind = FaultKind::kClockDrift,
                               .target = 1,
                               .other = slow,
                               .lasts = Duration::Seconds(1),
                               .amount = 100'000}));
    const Life& life = room.lives[1];
    const Duration wrong = slow ? life.clock_behind : life.clock_ahead;
    EXPECT_GE(wrong, Duration::Millis(99));
    EXPECT_LE(wrong, Duration::Millis(101)) << "a tenth of a second in a second";
    EXPECT_EQ(room.node(1).sim_clock().drift_ppm(), 0);
  }
}

TEST(InjectorClock, AFrozenClockWakesNobody) {
  ClusterRoom room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kClockFreeze, .target = 1, .lasts = kWhile}));
  EXPECT_GE(room.lives[1].clock_behind, Duration::Millis(590));
  EXPECT_GE(room.talk(1, 0).longest_gap, Duration::Millis(590)) << "who waits for the clock";
  EXPECT_LT(room.talk(0, 1).longest_gap, Duration::Millis(100)) << "who is woken by others";
  EXPECT_TRUE(room.AllTalk(Duration::Seconds(1)));
}

TEST(InjectorClock, HealingMakesThemRightAgain) {
  ClusterRoom room;
  FaultPlan plan;
  for (const FaultKind kind :
       {FaultKind::kClockOffset, FaultKind::kClockDrift, FaultKind::kClockFreeze}) {
    plan.push_back({.kind = kind, .target = 1, .lasts = Duration::Seconds(3600), .amount = 900});
  }
  room.Begin(plan);
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_GT(room.lives[1].date_ahead, Duration::Millis(500));
  room.injector().Heal();
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_TRUE(room.AllTalk(Duration::Seconds(1)));
  EXPECT_EQ(room.node(1).sim_clock().drift_ppm(), 0);
  Life& life = room.lives[1];
  life = {};
  room.world().RunFor(Duration::Millis(100));
  EXPECT_EQ(life.date_ahead, Duration{0}) << "but for the second that it stood still";
  EXPECT_EQ(life.date_behind, life.clock_behind);
}

TEST(InjectorClock, NobodyLooksNobodyNotices) {
  for (const FaultKind kind :
       {FaultKind::kClockOffset, FaultKind::kClockStep, FaultKind::kClockJump,
        FaultKind::kClockDrift, FaultKind::kClockFreeze}) {
    ClusterRoom room({.clients = 0, .talks = false});
    const FaultCount count = room.Play({.kind = kind, .lasts = kWhile, .amount = 100});
    EXPECT_EQ(count.fired, 1u) << NameOf(kind);
    EXPECT_EQ(count.effect, 0u) << NameOf(kind);
  }
}

TEST(InjectorClock, MemoryIsForOthersToBound) {
  const PlannedFault fault{
      .kind = FaultKind::kMemoryPressure, .target = 1, .lasts = kWhile, .amount = 4096};
  ClusterRoom room;
  EXPECT_EQ(room.Play(fault, Duration::Millis(300)).effect, 0u) << "nothing had to go";
  EXPECT_THAT(room.memory_limits, ElementsAre(4096));
  room.memory_effect();
  ExpectOneEffect(room.CountOf(FaultKind::kMemoryPressure));
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_THAT(room.memory_limits, ElementsAre(4096, std::nullopt));
  ClusterRoom without({.has_memory_hook = false});
  EXPECT_EQ(without.Play(fault).fired, 0u);
  EXPECT_THAT(without.memory_limits, IsEmpty());
}

}  // namespace
}  // namespace norn::faults
