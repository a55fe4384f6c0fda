#pragma once
// Fibers of one executor that wait for something, first come first served.

#include "engine/env/executor.h"

#include <deque>

namespace norn {

class WaitQueue {
 public:
  explicit WaitQueue(env::Executor& executor) : executor_(executor) {}

  bool empty() const { return waiting_.empty(); }

  // Parks the calling fiber until a wake of this queue reaches it (kWoken) or the deadline
  // (kDeadline). Wakes that are not from this queue are absorbed.
  env::ParkResult Wait(Instant deadline);

  // Each wakes what waits now; a fiber that begins to wait later is not affected.
  void WakeOne();
  void WakeAll();

 private:
  struct Waiter {
    env::FiberId fiber;
    bool woken = false;
  };
  // Takes the waiter off the queue however Wait ends, also by FiberKilled.
  struct Registration;

  env::Executor& executor_;
  std::deque<Waiter*> waiting_;
};

}  // namespace norn
