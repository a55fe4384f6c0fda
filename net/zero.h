#pragma once
// Replication lives on executor 0; these bring work there.

#include <utility>

#include "engine/env/executor.h"
#include "engine/fiber/spawn.h"
#include "engine/shard/gather.h"

namespace norn::net {

// Runs `work`, which must not park, on executor 0: at once when that is here, else by post. Parks.
template <typename Work>
void AtZero(env::Executor& executor, Work work) {
  if (executor.Current() == 0) return work();
  OnExecutor(executor, 0, std::move(work));
}

// The same for work that may park: on a fiber of executor 0.
template <typename Work>
void OnFiberAtZero(env::Executor& executor, Work work) {
  if (executor.Current() == 0) return work();
  bool done = false;
  const env::FiberId asker = executor.Self();
  const size_t home = executor.Current();
  PostCall(executor, 0, [&executor, &work, &done, asker, home] {
    SpawnFiber(executor, [&executor, &work, &done, asker, home] {
      work();
      PostCall(executor, home, [&executor, &done, asker] {
        done = true;
        executor.Wake(asker);
      });
    });
  });
  while (!done) executor.Park(Instant::Never());
}

}  // namespace norn::net
