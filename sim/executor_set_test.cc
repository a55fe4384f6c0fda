// Who runs when on a node: cores, random and PCT schedules, ends. The order rules themselves are
// the env contract's.

#include "sim/executor_set.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/room_testing.h"

namespace norn::sim {
namespace {

// The order in which three executors get their first `turns` turns when each has work all the time.
std::string Order(uint64_t seed, const ExecutorOptions& options, size_t turns = 12) {
  World world({.seed = seed});
  Node* node = world.AddNode({.executors = options});
  std::string order;
  world.Start(node, [&](env::Env& env) {
    for (size_t i = 0; i < env.executor().Count(); ++i) {
      PostCall(env.executor(), i, [&, i] {
        SpawnFiber(env.executor(), [&, i] {
          // Begin together, so that the choices and not the arrivals of the posts decide.
          SleepFor(env, Duration::Millis(5));
          for (;;) {
            order += static_cast<char>('a' + i);
            env.executor().Yield();
          }
        });
      });
    }
  });
  world.RunUntil([&] { return order.size() >= turns; }, Instant{0} + Duration::Seconds(10));
  return order;
}

std::set<std::string> Orders(const ExecutorOptions& options) {
  std::set<std::string> orders;
  for (uint64_t seed = 0; seed < 60; ++seed) orders.insert(Order(seed, options));
  return orders;
}

TEST(ExecutorSet, SeedsExploreDifferentOrders) {
  ExecutorOptions options;
  options.executors = 3;
  EXPECT_GT(Orders(options).size(), 50u);
}

TEST(ExecutorSet, ExecutorsOnOneCoreTakeTurnsAtRandom) {
  ExecutorOptions options;
  options.executors = 3;
  options.cores = 1;
  EXPECT_GT(Orders(options).size(), 50u);
}

TEST(ExecutorSet, OneCoreTakesAsLongAsAllItsStepsTogether) {
  ExecutorOptions options;
  options.executors = 4;
  options.step_cost = Delay{Duration::Micros(10), Duration::Micros(10)};
  auto steps_in = [&](size_t cores) {
    options.cores = cores;
    World world({.seed = 1});
    Node* node = world.AddNode({.executors = options});
    uint64_t steps = 0;
    world.Start(node, [&](env::Env& env) {
      for (size_t i = 0; i < env.executor().Count(); ++i) {
        PostCall(env.executor(), i, [&] {
          SpawnFiber(env.executor(), [&] {
            for (;; ++steps) env.executor().Yield();
          });
        });
      }
    });
    world.RunFor(Duration::Millis(100));
    return steps;
  };
  EXPECT_NEAR(static_cast<double>(steps_in(1)), 10000, 100);
  EXPECT_NEAR(static_cast<double>(steps_in(2)), 20000, 100);
  EXPECT_NEAR(static_cast<double>(steps_in(4)), 40000, 100);
}

ExecutorOptions Pct() {
  ExecutorOptions options;
  options.executors = 3;
  options.policy = SchedulePolicy::kPct;
  return options;
}

TEST(ExecutorSetPct, TheHighestPriorityRunsAloneUntilItStarvesTheOthers) {
  ExecutorOptions options = Pct();
  options.pct_change_points = 0;
  options.pct_horizon_steps = 1000000;
  options.step_cost = Delay{Duration::Micros(10), Duration::Micros(10)};
  options.starvation_max = Duration::Millis(1);
  std::set<char> firsts;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const std::string order = Order(seed, options, 500);
    const char top = order[50];
    firsts.insert(top);
    // Over a millisecond of 10 us steps each of the other two is let in once.
    EXPECT_GE(std::count(order.begin(), order.end(), top), 450) << "seed " << seed;
    for (const char other : {'a', 'b', 'c'}) {
      EXPECT_GE(std::count(order.begin(), order.end(), other), 3) << "seed " << seed;
    }
  }
  EXPECT_EQ(firsts.size(), 3u) << "every executor is the highest under some seed";
}

TEST(ExecutorSetPct, ChangePointsHandOver) {
  ExecutorOptions options = Pct();
  options.pct_change_points = 2;
  options.pct_horizon_steps = 200;
  options.starvation_max = Duration::Seconds(10);
  size_t handovers = 0;
  const std::string order = Order(5, options, 2000);
  for (size_t i = 1; i < order.size(); ++i) handovers += order[i] != order[i - 1] ? 1 : 0;
  EXPECT_GE(handovers, 10u);
  EXPECT_LE(handovers, 60u);
}

// ---- ends ----

struct EndTest : RoomTest {
  struct Note {
    int* count;
    ~Note() { ++*count; }
  };
  // A node full of things in all stages of waiting.
  void StartBusy() {
    world_.Start(b_, [this](env::Env& env) { ReceiveAll(env); });
    world_.RunFor(Duration::Millis(1));
    NodeOptions options;
    options.executors.executors = 3;
    busy_ = world_.AddNode(options);
    world_.Start(busy_, [this](env::Env& env) {
      env::Executor& executor = env.executor();
      for (size_t i = 0; i < executor.Count(); ++i) {
        PostCall(executor, i, [this, &env] { Spread(env); });
      }
    });
    world_.RunFor(Duration::Millis(2));
  }
  void Spread(env::Env& env) {
    env::Executor& executor = env.executor();
    SpawnFiber(executor, [this, &env] {  // parked without a deadline
      Note note{&unwound_};
      env.executor().Park(Instant::Never());
    });
    SpawnFiber(executor, [this, &env] {  // in a timer
      Note note{&unwound_};
      SleepFor(env, Duration::Seconds(3600));
    });
    SpawnFiber(executor, [this, &env] {  // in a read
      Note note{&unwound_};
      auto stream = env.network().Connect(kAddressOfB, Instant::Never());
      char buf[10];
      (*stream)->Read(std::span<char>(buf), Instant::Never());
    });
    SpawnFiber(executor, [this, &env] {  // in an accept
      Note note{&unwound_};
      auto listener = env.network().Listen("*:99", env::ListenOptions{});
      (*listener)->Accept().IgnoreError();
    });
    SpawnFiber(executor, [this, &env] {  // in a file operation, most of the time
      Note note{&unwound_};
      for (;;) env.disk().Open("file", env::OpenMode::kCreate).IgnoreError();
    });
    SpawnFiber(executor, [this, &env] {  // posting, with tasks on their way
      Note note{&unwound_};
      for (;;) {
        std::shared_ptr<Note> held(new Note{&released_});
        ++posted_;
        PostCall(env.executor(), 1, [held] {});
        SleepFor(env, Duration::Micros(20));
      }
    });
  }

  Node* busy_ = nullptr;
  int unwound_ = 0;
  int posted_ = 0;
  int released_ = 0;
};

TEST_F(EndTest, ACrashUnwindsAllFibersAndDropsAllTasks) {
  StartBusy();
  EXPECT_EQ(unwound_, 0);
  EXPECT_EQ(busy_->executors().FiberCount(), 18u);
  world_.Crash(busy_);
  EXPECT_EQ(unwound_, 18);
  EXPECT_GT(posted_, 10);
  EXPECT_EQ(released_, posted_);
  EXPECT_EQ(busy_->state(), NodeState::kDown);
  world_.RunFor(Duration::Seconds(1));
  EXPECT_EQ(busy_->executors().FiberCount(), 0u);
}

TEST_F(EndTest, ADestroyedWorldUnwindsWhatRuns) {
  int unwound = 0;
  {
    World world({.seed = 4});
    Node* node = world.AddNode({});
    world.Start(node, [&](env::Env& env) {
      Note note{&unwound};
      env.executor().Park(Instant::Never());
    });
    world.RunFor(Duration::Millis(1));
    EXPECT_EQ(unwound, 0);
  }
  EXPECT_EQ(unwound, 1);
}

TEST_F(EndTest, ExitStopsTheNodeAfterTheStepAndKeepsItsCode) {
  bool went_on = false;
  world_.Start(a_, [&](env::Env& env) {
    env.Exit(3);
    went_on = true;
    env.executor().Yield();
    ADD_FAILURE() << "ran after its end";
  });
  world_.RunFor(Duration::Millis(1));
  EXPECT_TRUE(went_on);
  EXPECT_EQ(a_->state(), NodeState::kDown);
  EXPECT_EQ(a_->exit_code(), 3);
}

TEST_F(EndTest, APausedNodeTakesNoStepsAndCatchesUpLater) {
  int ticks = 0;
  world_.Start(a_, [&](env::Env& env) {
    for (;; ++ticks) SleepFor(env, Duration::Millis(10));
  });
  world_.RunFor(Duration::Millis(55));
  EXPECT_EQ(ticks, 5);
  world_.Pause(a_);
  EXPECT_EQ(a_->state(), NodeState::kPaused);
  world_.RunFor(Duration::Seconds(1));
  EXPECT_EQ(ticks, 5);
  world_.Resume(a_);
  world_.RunFor(Duration::Millis(1));
  EXPECT_EQ(ticks, 6);
}

TEST_F(EndTest, ANewIncarnationHearsNothingOfTheOld) {
  int old_ticks = 0;
  int new_ticks = 0;
  world_.Start(a_, [&](env::Env& env) {
    for (;; ++old_ticks) SleepFor(env, Duration::Millis(10));
  });
  world_.RunFor(Duration::Millis(35));
  world_.Crash(a_);
  world_.Start(a_, [&](env::Env& env) {
    for (;; ++new_ticks) SleepFor(env, Duration::Millis(100));
  });
  world_.RunFor(Duration::Millis(350));
  EXPECT_EQ(a_->incarnation(), 2u);
  EXPECT_EQ(old_ticks, 3);
  EXPECT_EQ(new_ticks, 3);
}

// Tasks that died unrun are nothing that a Yield of the next life has to let pass.
TEST_F(EndTest, TasksThatWereDroppedHoldNobodyUpLater) {
  world_.Start(a_, [&](env::Env& env) {
    for (int i = 0; i < 100; ++i) PostCall(env.executor(), 0, [] {});
    env.executor().Park(Instant::Never());
  });
  while (a_->executors().in_step() || world_.now() < Instant{0} + Duration::Micros(5)) {
    if (!world_.Step()) break;
  }
  world_.Crash(a_);
  bool yielded = false;
  world_.Start(a_, [&](env::Env& env) {
    env.executor().Yield();
    yielded = true;
    env.executor().Park(Instant::Never());
  });
  world_.RunFor(Duration::Millis(10));
  EXPECT_TRUE(yielded);
}

}  // namespace
}  // namespace norn::sim
