#include "sim/sim_clock.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "sim/room_testing.h"

namespace norn::sim {
namespace {

// A clock in a world whose time the test moves.
struct SimClockTest : ::testing::Test {
  void Pass(Duration span) { scheduler.SkipTo(scheduler.now() + span); }

  Scheduler scheduler{Prng(1)};
  SimClock clock{scheduler, ClockOptions{Instant{5000}, WallTime{9000000}, 0}};
};

TEST_F(SimClockTest, RunsWithTheWorldFromItsOwnOrigin) {
  EXPECT_EQ(clock.Now(), Instant{5000});
  EXPECT_EQ(clock.Wall(), WallTime{9000000});
  Pass(Duration::Seconds(2));
  EXPECT_EQ(clock.Now(), Instant{5000} + Duration::Seconds(2));
  EXPECT_EQ(clock.Wall(), WallTime{11000000});
}

TEST_F(SimClockTest, DriftGainsOrLosesBySoManyPartsInAMillion) {
  clock.SetDrift(1000);
  Pass(Duration::Seconds(1));
  EXPECT_EQ(clock.Now(), Instant{5000} + Duration::Micros(1001000));
  clock.SetDrift(-500000);
  Pass(Duration::Seconds(1));
  EXPECT_EQ(clock.Now(), Instant{5000} + Duration::Micros(1501000));
}

TEST_F(SimClockTest, AFrozenClockStandsAndGoesOnFromThere) {
  Pass(Duration{100});
  clock.Freeze();
  Pass(Duration::Seconds(10));
  EXPECT_EQ(clock.Now(), Instant{5100});
  EXPECT_EQ(clock.Wall(), WallTime{9000000});
  EXPECT_EQ(clock.WorldTimeOf(Instant{5200}), Instant::Never());
  clock.Thaw();
  EXPECT_EQ(clock.Now(), Instant{5100});
  Pass(Duration{50});
  EXPECT_EQ(clock.Now(), Instant{5150});
}

TEST_F(SimClockTest, AWallStepMovesTheWallClockOnly) {
  clock.StepWall(Duration::Seconds(-3));
  EXPECT_EQ(clock.Wall(), WallTime{6000000});
  EXPECT_EQ(clock.Now(), Instant{5000});
  clock.JumpForward(Duration::Seconds(1));
  EXPECT_EQ(clock.Wall(), WallTime{7000000});
  EXPECT_EQ(clock.Now(), Instant{5000} + Duration::Seconds(1));
}

TEST_F(SimClockTest, ReadingsAreCountedOfEachClock) {
  clock.Now();
  clock.Wall();
  clock.Wall();
  clock.SetDrift(5);
  clock.WorldTimeOf(Instant{9000});
  EXPECT_EQ(clock.now_readings(), 1u);
  EXPECT_EQ(clock.wall_readings(), 2u);
  EXPECT_EQ(clock.drift_ppm(), 5);
}

RC_GTEST_PROP(SimClockProperty, WorldTimeOfIsTheFirstMomentThatShowsTheTime, ()) {
  const int64_t drift = *rc::gen::inRange<int64_t>(-900000, 900000);
  const int64_t passed = *rc::gen::inRange<int64_t>(0, 1000000000);
  const int64_t wait = *rc::gen::inRange<int64_t>(1, 1000000000);
  Scheduler scheduler{Prng(1)};
  SimClock clock(scheduler, ClockOptions{Instant{77}, WallTime{0}, drift});
  scheduler.SkipTo(Instant{passed});
  const Instant local = clock.Now() + Duration{wait};
  const Instant world = clock.WorldTimeOf(local);
  scheduler.SkipTo(Instant{world.ns - 1});
  RC_ASSERT(clock.Now() < local);
  scheduler.SkipTo(world);
  RC_ASSERT(clock.Now() >= local);
}

// ---- a node under clock faults ----

struct ClockFaults : RoomTest {
  // The world times at which a loop that sleeps 10 ms of the node's time wakes.
  void StartTicking() {
    world_.Start(a_, [this](env::Env& env) {
      for (;;) {
        SleepFor(env, Duration::Millis(10));
        ticks_.push_back(world_.now());
      }
    });
  }
  std::vector<Instant> ticks_;
};

TEST_F(ClockFaults, AFastClockShortensSleeps) {
  StartTicking();
  world_.RunFor(Duration::Millis(105));
  EXPECT_EQ(ticks_.size(), 10u);
  a_->sim_clock().SetDrift(1000000);  // twice as fast
  world_.RunFor(Duration::Millis(100));
  EXPECT_EQ(ticks_.size(), 30u);
  a_->sim_clock().SetDrift(-500000);  // half as fast
  world_.RunFor(Duration::Millis(100));
  EXPECT_EQ(ticks_.size(), 35u);
}

TEST_F(ClockFaults, NoTimerFiresWhileTheClockIsFrozen) {
  StartTicking();
  world_.RunFor(Duration::Millis(15));
  a_->sim_clock().Freeze();
  world_.RunFor(Duration::Seconds(5));
  EXPECT_EQ(ticks_.size(), 1u);
  a_->sim_clock().Thaw();
  world_.RunFor(Duration::Millis(6));
  EXPECT_EQ(ticks_.size(), 2u);
}

TEST_F(ClockFaults, AJumpMakesTimersDueAtOnce) {
  bool woken = false;
  world_.Start(a_, [&](env::Env& env) {
    SleepFor(env, Duration::Seconds(3600));
    woken = true;
  });
  world_.RunFor(Duration::Millis(1));
  a_->sim_clock().JumpForward(Duration::Seconds(3600));
  world_.RunFor(Duration::Millis(1));
  EXPECT_TRUE(woken);
}

}  // namespace
}  // namespace norn::sim
