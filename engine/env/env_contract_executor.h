#pragma once
// Claims about executors, clocks and entropy (executor.h, clock.h, entropy.h, env.h).

#include "engine/env/env_contract_fixture.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace norn::env {

using ::testing::ElementsAre;
using ::testing::Ge;

// ---- order ----

TEST_P(EnvContract, SpawnAndPostRunNothingInside) {  // O3
  Run(1, [&](Env& env) {
    Executor& executor = env.executor();
    std::vector<std::string> log;
    Countdown done(executor, 2);
    Go(executor, [&] {
      log.push_back("fiber");
      done.Done();
    });
    PostTo(executor, 0, [&] {
      log.push_back("task");
      done.Done();
    });
    log.push_back("body");
    done.Wait();
    EXPECT_EQ(log.size(), 3u);
    EXPECT_EQ(log[0], "body");
  });
}

TEST_P(EnvContract, PostsOfOneSenderKeepTheirOrder) {  // O1
  constexpr int kPosts = 2000;
  Run(3, [&](Env& env) {
    Executor& executor = env.executor();
    std::vector<int> seen[3];  // touched by executor 0 only
    Countdown done(executor, 3 * kPosts);
    for (size_t sender = 0; sender < 3; ++sender) {
      GoOn(executor, sender, [&, sender] {
        for (int i = 0; i < kPosts; ++i) {
          PostTo(executor, 0, [&, sender, i] {
            seen[sender].push_back(i);
            done.Done();
          });
          if (i % 100 == 99) executor.Yield();
        }
      });
    }
    done.Wait();
    for (const std::vector<int>& order : seen) {
      ASSERT_EQ(order.size(), static_cast<size_t>(kPosts));
      for (int i = 0; i < kPosts; ++i) ASSERT_EQ(order[static_cast<size_t>(i)], i);
    }
  });
}

// Executor i writes to the log at 0, then tells the next one, which writes in turn: the log has no gap and no swap,
// though each entry came from another sender, some of them from executor 0 itself.
TEST_P(EnvContract, PostsKeepTheOrderOfCauseAndEffectAcrossSenders) {  // O1
  constexpr int kSteps = 3000;
  Run(3, [&](Env& env) {
    Executor& executor = env.executor();
    std::vector<int> log;
    Countdown done(executor, 1);
    std::function<void(int)> step = [&](int i) {
      PostTo(executor, 0, [&, i] {
        log.push_back(i);
        if (i == kSteps) done.Done();
      });
      if (i < kSteps) PostTo(executor, static_cast<size_t>(i * 7 % 5 % 3), [&, i] { step(i + 1); });
    };
    PostTo(executor, 1, [&] { step(1); });
    done.Wait();
    ASSERT_EQ(log.size(), static_cast<size_t>(kSteps));
    for (int i = 0; i < kSteps; ++i) ASSERT_EQ(log[static_cast<size_t>(i)], i + 1);
  });
}

TEST_P(EnvContract, FibersRunInTheOrderInWhichTheyBecameRunnable) {  // O2
  Run(1, [&](Env& env) {
    Executor& executor = env.executor();
    std::string log;
    FiberId fibers[3];
    Countdown done(executor, 3);
    for (int i = 0; i < 3; ++i) {
      Go(executor, [&, i] {
        log += static_cast<char>('a' + i);
        fibers[i] = executor.Self();
        executor.Park(Instant::Never());
        log += static_cast<char>('A' + i);
        done.Done();
      });
    }
    executor.Yield();
    EXPECT_EQ(log, "abc");
    executor.Wake(fibers[2]);
    executor.Wake(fibers[0]);
    executor.Wake(fibers[1]);
    done.Wait();
    EXPECT_EQ(log, "abcCAB");
  });
}

TEST_P(EnvContract, AFiberNeverChangesItsExecutor) {  // O4
  Run(3, [&](Env& env) {
    Executor& executor = env.executor();
    EXPECT_EQ(executor.Count(), 3u);
    EXPECT_EQ(executor.Current(), 0u);
    Countdown done(executor, 3);
    for (size_t to = 0; to < 3; ++to) {
      PostTo(executor, to, [&, to] {
        EXPECT_EQ(executor.Current(), to);
        Go(executor, [&, to] {
          EXPECT_EQ(executor.Current(), to);
          executor.Yield();
          EXPECT_EQ(executor.Current(), to);
          Sleep(env, Duration::Millis(1));
          EXPECT_EQ(executor.Current(), to);
          EXPECT_EQ(executor.Count(), 3u);
          done.Done();
        });
      });
    }
    done.Wait();
  });
}

TEST_P(EnvContract, YieldGivesAllThatIsRunnableItsTurn) {
  Run(1, [&](Env& env) {
    Executor& executor = env.executor();
    int ran = 0;
    for (int i = 0; i < 20; ++i) {
      Go(executor, [&] { ++ran; });
      PostTo(executor, 0, [&] { ++ran; });
    }
    executor.Yield();
    EXPECT_EQ(ran, 40);
  });
}

TEST_P(EnvContract, PostsGoBackAndForth) {
  constexpr int kRounds = 500;
  Run(2, [&](Env& env) {
    Executor& executor = env.executor();
    int count = 0;  // handed over with each post
    Countdown done(executor, 1);
    std::function<void()> bounce = [&] {
      if (++count == kRounds) {
        done.Done();
      } else {
        PostTo(executor, 1 - executor.Current(), bounce);
      }
    };
    PostTo(executor, 1, bounce);
    done.Wait();
    EXPECT_EQ(count, kRounds);
  });
}

// ---- park and wake ----

TEST_P(EnvContract, AWakeBeforeTheParkIsNotLostAndWakesDoNotAddUp) {
  Run(1, [&](Env& env) {
    Executor& executor = env.executor();
    executor.Wake(executor.Self());
    executor.Wake(executor.Self());
    EXPECT_EQ(executor.Park(Instant::Never()), ParkResult::kWoken);
    EXPECT_EQ(executor.Park(env.clock().Now() + Duration::Millis(2)), ParkResult::kDeadline);
  });
}

TEST_P(EnvContract, AParkEndsAtItsDeadlineAndNotBefore) {
  Run(1, [&](Env& env) {
    const Instant deadline = env.clock().Now() + Duration::Millis(10);
    EXPECT_EQ(env.executor().Park(deadline), ParkResult::kDeadline);
    EXPECT_GE(env.clock().Now(), deadline);
    EXPECT_EQ(env.executor().Park(Instant::Past()), ParkResult::kDeadline);
  });
}

TEST_P(EnvContract, AWakeEndsAParkBeforeItsDeadline) {
  Run(1, [&](Env& env) {
    Executor& executor = env.executor();
    const Instant deadline = env.clock().Now() + Duration::Seconds(3600);
    const FiberId self = executor.Self();
    Go(executor, [&] { executor.Wake(self); });
    EXPECT_EQ(executor.Park(deadline), ParkResult::kWoken);
    EXPECT_LT(env.clock().Now(), deadline);
  });
}

TEST_P(EnvContract, TimersFireInTheOrderOfTheirDeadlines) {
  Run(1, [&](Env& env) {
    Executor& executor = env.executor();
    std::vector<int> order;
    const Instant start = env.clock().Now();
    Countdown done(executor, 3);
    for (const int ms : {30, 10, 20}) {
      Go(executor, [&, ms] {
        const Instant until = start + Duration::Millis(ms);
        while (env.clock().Now() < until) executor.Park(until);
        order.push_back(ms);
        done.Done();
      });
    }
    done.Wait();
    EXPECT_THAT(order, ElementsAre(10, 20, 30));
  });
}

TEST_P(EnvContract, TimersOfAllExecutorsFire) {
  Run(3, [&](Env& env) {
    Executor& executor = env.executor();
    Countdown done(executor, 3);
    for (size_t to = 0; to < 3; ++to) {
      GoOn(executor, to, [&] {
        const Instant start = env.clock().Now();
        for (int i = 0; i < 5; ++i) Sleep(env, Duration::Millis(1));
        EXPECT_GE(env.clock().Now() - start, Duration::Millis(5));
        done.Done();
      });
    }
    done.Wait();
  });
}

// ---- clocks, entropy ----

TEST_P(EnvContract, TheClockNeverGoesBackAcrossExecutors) {
  constexpr int kRounds = 200;
  Run(2, [&](Env& env) {
    Executor& executor = env.executor();
    Instant last = env.clock().Now();  // handed over with each post
    int count = 0;
    Countdown done(executor, 1);
    std::function<void()> look = [&] {
      const Instant now = env.clock().Now();
      EXPECT_GE(now, last);
      last = now;
      if (++count == kRounds) {
        done.Done();
      } else {
        PostTo(executor, 1 - executor.Current(), look);
      }
    };
    PostTo(executor, 1, look);
    done.Wait();
  });
}

TEST_P(EnvContract, BothClocksMoveWithASleep) {
  Run(1, [&](Env& env) {
    const Instant start = env.clock().Now();
    const WallTime wall = env.clock().Wall();
    EXPECT_THAT(wall.unix_s(), Ge(1600000000)) << "a wall clock of this century";
    Sleep(env, Duration::Millis(20));
    EXPECT_GE(env.clock().Now() - start, Duration::Millis(20));
    EXPECT_GE(env.clock().Wall().us - wall.us, 10000);
  });
}

TEST_P(EnvContract, EntropyDoesNotRepeatOnAnyExecutor) {
  Run(2, [&](Env& env) {
    std::vector<uint64_t> drawn;
    for (int i = 0; i < 100; ++i) drawn.push_back(env.entropy().Next());
    Countdown done(env.executor(), 1);
    PostTo(env.executor(), 1, [&] {
      for (int i = 0; i < 100; ++i) drawn.push_back(env.entropy().Next());
      done.Done();
    });
    done.Wait();
    std::sort(drawn.begin(), drawn.end());
    EXPECT_EQ(std::unique(drawn.begin(), drawn.end()), drawn.end());
  });
}

// ---- the end ----

TEST_P(EnvContract, ExitUnwindsParkedFibersOnAllExecutors) {
  struct Note {
    bool* unwound;
    ~Note() { *unwound = true; }
  };
  bool unwound[2] = {false, false};
  Run(2, [&](Env& env) {
    Countdown parked(env.executor(), 2);
    for (size_t to = 0; to < 2; ++to) {
      GoOn(env.executor(), to, [&, to] {
        Note note{&unwound[to]};
        parked.Done();
        env.executor().Park(Instant::Never());
        ADD_FAILURE() << "a fiber ran after the node's end";
      });
    }
    parked.Wait();
  });
  EXPECT_TRUE(unwound[0]);
  EXPECT_TRUE(unwound[1]);
}

TEST_P(EnvContract, ExitDropsWhatNeverRan) {
  struct CountedTask : Task {
    int drops = 0;
    int runs = 0;
  };
  CountedTask task;
  int fiber_drops = 0;
  Run(1, [&](Env& env) {
    task.run = [](Task* self) { ++static_cast<CountedTask*>(self)->runs; };
    task.drop = [](Task* self) { ++static_cast<CountedTask*>(self)->drops; };
    env.executor().Post(0, &task);
    env.executor().Spawn([](void*) { ADD_FAILURE() << "ran after the node's end"; },
                         [](void* count) { ++*static_cast<int*>(count); }, &fiber_drops);
  });
  EXPECT_EQ(task.runs, 0);
  EXPECT_EQ(task.drops, 1);
  EXPECT_EQ(fiber_drops, 1);
}

}  // namespace norn::env
