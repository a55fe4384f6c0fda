#pragma once
// The executors of a node: threads in the real world, cooperative tasks in the simulator. Each
// runs, one at a time and without preemption, fibers that were spawned on it and tasks that were
// posted to it. Executors share nothing; all that crosses goes through Post, which carries a
// happens-before edge.
//
// Order, in both worlds:
//   O1  Tasks posted to one executor run in the order in which they were posted, whoever posted them: what was posted
//       before another post was made (because one caused the other, over whatever way) runs before it. Posts that
//       know nothing of each other: any order. So one executor can order the doings of all others by when it hears of them.
//   O2  Fibers that become runnable on one executor run in the order in which they became so.
//   O3  A posted task never runs inside Post, not even on the own executor; a spawned fiber never
//       inside Spawn.
//   O4  No fiber runs twice at once, none changes its executor.
//
// The end of a node, each step on all its executors before the next: nothing runs any more; tasks that
// wait are dropped (Task::drop; some live on a fiber's stack); fibers are killed, youngest first; tasks
// that their destructors posted are dropped.

#include "engine/base/time.h"

#include <cstddef>
#include <cstdint>

namespace norn::env {

// A call to be made later: run(context). It must not park.
//
// Intrusive: the poster owns the memory and keeps it alive until run is called (run may free it);
// `next` belongs to the executor in between. So a post allocates nothing.
// When the node ends before `run` was called, `drop` is called instead (null: nothing to free).
struct Task {
  void (*run)(Task* task) = nullptr;
  void (*drop)(Task* task) = nullptr;
  Task* next = nullptr;
};

// A fiber, as a name for Wake. Valid until the fiber's body returns.
struct FiberId {
  void* fiber = nullptr;
  bool operator==(const FiberId&) const = default;
};

enum class ParkResult : uint8_t { kWoken, kDeadline };

class Executor {
 public:
  virtual ~Executor() = default;

  // Executors of this node, at least 1; constant.
  virtual size_t Count() const = 0;

  // The index of the executor that is calling, below Count().
  virtual size_t Current() const = 0;

  // Hands a task to executor `to` (which may be the current one). Callable from every executor of
  // this node.
  virtual void Post(size_t to, Task* task) = 0;

  // Starts a fiber on the current executor that calls body(argument); drop(argument) instead when
  // the node ends before the fiber had its first turn.
  virtual void Spawn(void (*body)(void* argument), void (*drop)(void* argument),
                     void* argument) = 0;

  // The running fiber. Requires: called from a fiber.
  virtual FiberId Self() const = 0;

  // Parks the calling fiber until Wake(Self()) or the deadline. A wake that came since the fiber
  // last left Park is not lost: Park then returns at once. Wakes do not add up. A caller loops over
  // its own condition.
  virtual ParkResult Park(Instant deadline) = 0;

  // Makes a parked fiber of the current executor runnable.
  virtual void Wake(FiberId fiber) = 0;

  // Parks until every fiber and task that is runnable now had its turn. Long loops call it to stay
  // fair.
  virtual void Yield() = 0;
};

}  // namespace norn::env
