#pragma once
// The fibers of one executor: who exists, who is runnable, who waits until when. Both worlds build
// their env::Executor on it: the real one runs it from its epoll loop, the simulated one a fiber at
// a time from its scheduler.
//
//   I1  A fiber is in exactly one state: running (at most one of a set), ready (in the queue once), or
//       parked.
//   I2  Ready fibers run in the order in which they became ready (executor.h O2).
//   I3  A fiber in the timer heap is parked and has a deadline before Never().
//
// Not thread-safe: everything happens on the owning executor. Destroying a set kills the fibers
// that are left.

#include "engine/base/time.h"
#include "engine/env/executor.h"
#include "engine/fiber/stack_pool.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace norn {

// Thrown out of Park in a fiber that is being killed, so that its destructors run. Never catch it
// without rethrowing.
struct FiberKilled {};

class Fiber;

class FiberSet {
 public:
  explicit FiberSet(size_t stack_bytes);
  ~FiberSet();

  // The env::Executor calls of the same names (executor.h).
  void Spawn(void (*body)(void*), void (*drop)(void*), void* argument);
  env::FiberId Self() const;
  env::ParkResult Park(Instant deadline);
  void Wake(env::FiberId fiber);
  void Yield();

  bool HasReady() const { return !ready_.empty(); }
  size_t ReadyCount() const { return ready_.size(); }
  size_t Count() const { return all_.size(); }
  bool InFiber() const { return running_ != nullptr; }

  // Runs the ready fiber at `position` of the queue (0: the longest waiting) until it parks or
  // ends. Requires: position < ReadyCount(), not called from a fiber.
  void RunOne(size_t position = 0);

  // The earliest deadline of a parked fiber, or Never().
  Instant NextDeadline() const;

  // Readies every fiber whose deadline is at or before `now`, earliest first, ties in order of
  // parking.
  void FireDeadlines(Instant now);

  // Ends every fiber by throwing FiberKilled out of its Park, the youngest first: a fiber's helpers unwind
  // before what they use is destroyed with it. A fiber that never ran is dropped. What the unwinding spawns or wakes is ended too. Requires: not called
  // from a fiber.
  void KillAll();

 private:
  friend class Fiber;

  void Ready(Fiber* fiber);
  void Unlist(Fiber* fiber);
  void SwitchTo(Fiber* fiber);
  void HeapPush(Fiber* fiber);
  void HeapRemove(Fiber* fiber);
  void SiftUp(size_t at);
  void SiftDown(size_t at);
  void HeapPlace(Fiber* fiber, size_t at);
  static bool Earlier(const Fiber* a, const Fiber* b);

  StackPool stacks_;
  std::vector<Fiber*> all_;  // order of creation is Fiber::number_, not position
  std::deque<Fiber*> ready_;
  std::vector<Fiber*> heap_;  // by (deadline, parking number)
  Fiber* running_ = nullptr;
  uint64_t fibers_made_ = 0;
  uint64_t parkings_ = 0;
  bool killing_ = false;
};

}  // namespace norn
