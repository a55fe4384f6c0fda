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

// Fibers are killed youngest first: here the one whose job is still queued, then the one whose job
// runs until the first is gone.
TEST(IoPool, AKilledFiberTakesBackAQueuedJobAndWaitsForARunningOne) {
  RealEnv env(OneExecutor());
  IoPool pool(1);
  std::atomic<bool> runs{false};
  std::atomic<bool> release{false};
  bool queued_ran = false;
  bool stack_was_there = false;
  env.Run([&](env::Env& env) {
    SpawnFiber(env.executor(), [&] {
      int on_stack = 0;
      struct AtEnd {
        int& on_stack;
        bool& seen;
        ~AtEnd() { seen = on_stack == 1; }
      } at_end{on_stack, stack_was_there};
      pool.Run([&] {
        runs = true;
        while (!release) std::this_thread::yield();
        on_stack = 1;
      });
    });
    SpawnFiber(env.executor(), [&] {
      struct AtEnd {
        std::atomic<bool>& release;
        ~AtEnd() { release = true; }
      } at_end{release};
      env.executor().Yield();  // queues behind the other
      pool.Run([&] { queued_ran = true; });
    });
    env.executor().Yield();
    env.executor().Yield();
    while (!runs) std::this_thread::yield();
    env.Exit(0);
  });
  EXPECT_FALSE(queued_ran);
  EXPECT_TRUE(stack_was_there) << "the fiber was gone before its work was done";
}

}  // namespace
}  // namespace norn::server
