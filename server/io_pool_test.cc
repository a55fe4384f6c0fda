#include "server/io_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/fiber/spawn.h"
#include "server/real_env.h"

namespace norn::server {
namespace {

RealEnvOptions OneExecutor() {
  RealEnvOptions options;
  options.stack_bytes = 256 * 1024;
  return options;
}

TEST(IoPool, RunReturnsWhenTheWorkIsDone) {
  RealEnv env(OneExecutor());
  IoPool pool(2);
  int sum = 0;
  env.Run([&](env::Env& env) {
    for (int i = 1; i <= 100; ++i) {
      int result = 0;
      pool.Run([&result, i] { result = i; });
      sum += result;
    }
    env.Exit(0);
  });
  EXPECT_EQ(sum, 5050);
}

// The node ends while a job is done and on its way home: its task is dropped first, and the fiber
// that waits for it is killed after that.
TEST(IoPool, AJobThatIsOnItsWayHomeAtTheEndIsFreedOnce) {
  RealEnv env(OneExecutor());
  IoPool pool(1);
  std::atomic<bool> second_runs{false};
  bool returned = false;
  env.Run([&](env::Env& env) {
    SpawnFiber(env.executor(), [&] {
      pool.Run([] {});
      returned = true;
    });
    SpawnFiber(env.executor(), [&] { pool.Run([&] { second_runs = true; }); });
    env.executor().Yield();
    // The pool's one thread takes the second job after it has posted the first. This fiber does not
    // return to the loop meanwhile, so the task stays where it is.
    while (!second_runs) std::this_thread::yield();
    env.Exit(0);
  });
  EXPECT_TRUE(second_runs);
  EXPECT_FALSE(returned);
}

// The fiber's stack, which the work uses, stays until the work is over.
TEST(IoPool, AKilledFiberWaitsForItsRunningJobAndTakesBackAQueuedOne) {
  RealEnv env(OneExecutor());
  IoPool pool(1);
  std::atomic<bool> runs{false};
  std::atomic<bool> exited{false};
  bool finished = false;
  bool queued_ran = false;
  env.Run([&](env::Env& env) {
    SpawnFiber(env.executor(), [&] {
      int on_stack = 0;
      pool.Run([&] {
        runs = true;
        while (!exited) std::this_thread::yield();
        on_stack = 1;
        finished = on_stack == 1;
      });
    });
    SpawnFiber(env.executor(), [&] { pool.Run([&] { queued_ran = true; }); });
    env.executor().Yield();
    while (!runs) std::this_thread::yield();
    env.Exit(0);
    exited = true;
  });
  EXPECT_TRUE(finished);
  // Taken back, or run: whichever came first. Either way the node ended and nothing leaks.
  EXPECT_TRUE(runs && exited);
  (void)queued_ran;
}

}  // namespace
}  // namespace norn::server
