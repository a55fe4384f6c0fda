#pragma once
// Work done on other executors while a fiber waits for it.

#include <cstdint>
#include <functional>

#include "engine/env/executor.h"
#include "engine/fiber/spawn.h"

namespace norn {

// Runs `work(i)` as a task on each of `count` executors, the own one included, and parks until all are done. What the
// work wrote is visible afterwards. `work` must not park; calls on different executors may run at the same time.
template <typename Work>
void OnEveryExecutor(env::Executor& executor, uint32_t count, Work work) {
  struct Progress {
    env::FiberId fiber;
    uint32_t outstanding;
  };
  Progress progress{executor.Self(), count};
  const size_t home = executor.Current();
  for (uint32_t i = 0; i < count; ++i) {
    PostCall(executor, i, [&executor, &progress, &work, home, i] {
      work(i);
      PostCall(executor, home, [&executor, &progress] {
        if (--progress.outstanding == 0) executor.Wake(progress.fiber);
      });
    });
  }
  while (progress.outstanding > 0) executor.Park(Instant::Never());
}

// The same for one executor.
template <typename Work>
void OnExecutor(env::Executor& executor, uint32_t target, Work work) {
  bool done = false;
  const env::FiberId fiber = executor.Self();
  const size_t home = executor.Current();
  PostCall(executor, target, [&executor, &done, &work, fiber, home] {
    work();
    PostCall(executor, home, [&executor, &done, fiber] {
      done = true;
      executor.Wake(fiber);
    });
  });
  while (!done) executor.Park(Instant::Never());
}

// The same on a fiber of its own there: `work` may park. From the target itself it runs on the calling fiber.
template <typename Work>
void OnExecutorFiber(env::Executor& executor, uint32_t target, Work work) {
  if (executor.Current() == target) return work();
  bool done = false;
  const env::FiberId fiber = executor.Self();
  const size_t home = executor.Current();
  PostCall(executor, target, [&executor, &done, &work, fiber, home] {
    SpawnFiber(executor, [&executor, &done, &work, fiber, home] {
      work();
      PostCall(executor, home, [&executor, &done, fiber] {
        done = true;
        executor.Wake(fiber);
      });
    });
  });
  while (!done) executor.Park(Instant::Never());
}

}  // namespace norn
