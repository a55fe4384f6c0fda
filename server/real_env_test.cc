// Executors as threads: storms of posts, sleeping and waking, the end of a node.

#include "server/real_env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/fiber/spawn.h"

namespace norn::server {
namespace {

using ::testing::ElementsAre;

RealEnvOptions Executors(size_t count) {
  RealEnvOptions options;
  options.executors = count;
  options.stack_bytes = 256 * 1024;  // room for gtest's messages under sanitizers
  return options;
}

void Sleep(env::Env& env, Duration span) {
  const Instant until = env.clock().Now() + span;
  while (env.clock().Now() < until) env.executor().Park(until);
}

TEST(RealEnv, RunReturnsTheFirstExitCode) {
  RealEnv env(Executors(2));
  EXPECT_EQ(env.Run([](env::Env& env) {
    env.Exit(3);
    env.Exit(4);
  }),
            3);
}

TEST(RealEnv, ExitWorksFromAnyExecutorWhileOthersSleep) {
  RealEnv env(Executors(3));
  const int code =
      env.Run([](env::Env& env) { PostCall(env.executor(), 2, [&env] { env.Exit(5); }); });
  EXPECT_EQ(code, 5);
}

// Every executor sends to every other; each hop is a post of a task that is reused, so a lost or
// doubled one shows as a wrong count or a corrupt list.
TEST(RealEnv, AStormOfPostsBetweenFourExecutorsLosesNothing) {
  static constexpr size_t kExecutors = 4;
  static constexpr int kTokens = 64;
  static constexpr int kHops = 2000;
  struct Token : env::Task {
    env::Env* env;
    int hops = 0;
    size_t next = 0;
    std::atomic<int>* done;
  };
  RealEnv env(Executors(kExecutors));
  std::vector<Token> tokens(kTokens);
  std::atomic<int> done{0};
  env.Run([&](env::Env& env) {
    for (int i = 0; i < kTokens; ++i) {
      Token& token = tokens[static_cast<size_t>(i)];
      token.env = &env;
      token.next = static_cast<size_t>(i);
      token.done = &done;
      token.run = [](env::Task* task) {
        auto* self = static_cast<Token*>(task);
        if (++self->hops == kHops) {
          if (self->done->fetch_add(1) + 1 == kTokens) self->env->Exit(0);
          return;
        }
        self->next = self->next * 5 + 3;
        self->env->executor().Post(self->next % kExecutors, self);
      };
      env.executor().Post(static_cast<size_t>(i) % kExecutors, &token);
    }
  });
  EXPECT_EQ(done.load(), kTokens);
  for (const Token& token : tokens) EXPECT_EQ(token.hops, kHops);
}

TEST(RealEnv, PostsFromOutsideThreadsKeepTheirOrder) {
  constexpr int kSenders = 3;
  constexpr int kEach = 5000;
  struct Numbered : env::Task {
    std::vector<int>* log;
    int number;
  };
  RealEnv env(Executors(1));
  std::vector<int> logs[kSenders];
  std::vector<Numbered> tasks(kSenders * kEach);
  std::vector<std::thread> senders;
  env.Run([&](env::Env& outer) {
    for (int s = 0; s < kSenders; ++s) {
      senders.emplace_back([&, s] {
        for (int i = 0; i < kEach; ++i) {
          Numbered& task = tasks[static_cast<size_t>(s * kEach + i)];
          task.log = &logs[s];
          task.number = i;
          task.run = [](env::Task* t) {
            auto* self = static_cast<Numbered*>(t);
            self->log->push_back(self->number);
          };
          env.PostFromAnywhere(0, &task);
        }
      });
    }
    const auto all_there = [&] {
      size_t total = 0;
      for (const auto& log : logs) total += log.size();
      return total == tasks.size();
    };
    while (!all_there()) Sleep(outer, Duration::Millis(1));
    outer.Exit(0);
  });
  for (std::thread& sender : senders) sender.join();
  for (const std::vector<int>& log : logs) {
    ASSERT_EQ(log.size(), static_cast<size_t>(kEach));
    for (int i = 0; i < kEach; ++i) ASSERT_EQ(log[static_cast<size_t>(i)], i);
  }
}

TEST(RealEnv, APostWakesASleepingExecutor) {
  RealEnv env(Executors(2));
  int rounds = 0;  // handed over with each post
  env.Run([&](env::Env& env) {
    env::FiberId self = env.executor().Self();
    for (int i = 0; i < 20; ++i) {
      Sleep(env, Duration::Millis(1));  // executor 1 is asleep by now, mostly
      bool back = false;
      PostCall(env.executor(), 1, [&] {
        ++rounds;
        PostCall(env.executor(), 0, [&] {
          back = true;
          env.executor().Wake(self);
        });
      });
      while (!back) env.executor().Park(Instant::Never());
    }
    env.Exit(0);
  });
  EXPECT_EQ(rounds, 20);
}

// I2 of event_loop.h: an idle node uses no processor time to speak of.
TEST(RealEnv, AnIdleNodeSleeps) {
  RealEnv env(Executors(3));
  int64_t cpu_us = 0;
  env.Run([&](env::Env& env) {
    const env::ProcessStats before = env.Stats();
    Sleep(env, Duration::Millis(300));
    const env::ProcessStats after = env.Stats();
    cpu_us = after.cpu_user_us + after.cpu_system_us - before.cpu_user_us - before.cpu_system_us;
    env.Exit(0);
  });
  EXPECT_LT(cpu_us, 100000);
}

TEST(RealEnv, YieldingFibersDoNotStarveDeadlinesAndTasks) {
  RealEnv env(Executors(1));
  bool task_ran = false;
  bool timer_fired = false;
  env.Run([&](env::Env& env) {
    SpawnFiber(env.executor(), [&] {
      for (;;) env.executor().Yield();
    });
    PostCall(env.executor(), 0, [&] { task_ran = true; });
    Sleep(env, Duration::Millis(5));
    timer_fired = true;
    env.Exit(0);
  });
  EXPECT_TRUE(task_ran);
  EXPECT_TRUE(timer_fired);
}

// A killed fiber posts to an executor whose own fibers are gone already: dropped, not lost.
TEST(RealEnv, WhatUnwindingFibersPostIsDropped) {
  static std::atomic<int> drops;
  static std::atomic<int> runs;
  drops = runs = 0;
  struct PostAtEnd {
    env::Env& env;
    ~PostAtEnd() {
      for (size_t to = 0; to < 3; ++to) {
        auto* task = new env::Task;
        task->run = [](env::Task* self) {
          ++runs;
          delete self;
        };
        task->drop = [](env::Task* self) {
          ++drops;
          delete self;
        };
        env.executor().Post(to, task);
      }
    }
  };
  RealEnv env(Executors(3));
  env.Run([&](env::Env& env) {
    auto parked = std::make_shared<int>(0);
    for (size_t to = 0; to < 3; ++to) {
      PostCall(env.executor(), to, [&env, parked] {
        SpawnFiber(env.executor(), [&env, parked] {
          PostAtEnd at_end{env};
          PostCall(env.executor(), 0, [&env, parked] {
            if (++*parked == 3) env.Exit(0);
          });
          env.executor().Park(Instant::Never());
        });
      });
    }
    env.executor().Park(Instant::Never());
  });
  EXPECT_EQ(drops.load(), 9);
  EXPECT_EQ(runs.load(), 0);
}

TEST(RealEnv, AFiberMayDieWhileItsFileIsBeingRead) {
  for (int round = 0; round < 20; ++round) {
    RealEnv env(Executors(2));
    std::atomic<bool> opened{false};
    env.Run([&](env::Env& env) {
      PostCall(env.executor(), 1, [&] {
        SpawnFiber(env.executor(), [&] {
          auto file = env.disk().Open("/proc/self/status", env::OpenMode::kRead);
          EXPECT_TRUE(file.ok()) << file.status();
          opened = true;
          for (;;) {
            char buf[4096];
            EXPECT_TRUE((*file)->Read(0, buf).ok());
          }
        });
      });
      while (!opened) Sleep(env, Duration::Micros(100));
      env.Exit(0);
    });
    EXPECT_TRUE(opened);
  }
}

TEST(RealEnv, StatsKnowTheProcess) {
  RealEnv env(Executors(1));
  env::ProcessStats stats;
  env.Run([&](env::Env& env) {
    stats = env.Stats();
    env.Exit(0);
  });
  EXPECT_EQ(stats.pid, getpid());
  EXPECT_GT(stats.resident_bytes, 1u << 20);
  EXPECT_GT(stats.total_memory_bytes, stats.resident_bytes);
  EXPECT_GT(stats.cpu_user_us + stats.cpu_system_us, 0);
}

TEST(RealEnv, TheLogGoesToItsSink) {
  std::vector<std::string> lines;
  RealEnvOptions options = Executors(1);
  options.log_sink = [&](env::LogLevel, std::string_view line) { lines.emplace_back(line); };
  RealEnv env(options);
  env.Run([](env::Env& env) {
    env.Log(env::LogLevel::kNotice, "one");
    env.Exit(0);
  });
  EXPECT_THAT(lines, ElementsAre("one"));
}

}  // namespace
}  // namespace norn::server
