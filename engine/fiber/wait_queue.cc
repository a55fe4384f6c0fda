#include "engine/fiber/wait_queue.h"

#include <algorithm>

namespace norn {

struct WaitQueue::Registration {
  Registration(WaitQueue& queue, Waiter* waiter) : queue(queue), waiter(waiter) {
    queue.waiting_.push_back(waiter);
  }
  ~Registration() {
    auto at = std::find(queue.waiting_.begin(), queue.waiting_.end(), waiter);
    if (at != queue.waiting_.end()) queue.waiting_.erase(at);
  }
  WaitQueue& queue;
  Waiter* waiter;
};

env::ParkResult WaitQueue::Wait(Instant deadline) {
  Waiter waiter{executor_.Self()};
  Registration registration(*this, &waiter);
  while (!waiter.woken) {
    const bool expired = executor_.Park(deadline) == env::ParkResult::kDeadline;
    if (expired && !waiter.woken) return env::ParkResult::kDeadline;
  }
  return env::ParkResult::kWoken;
}

void WaitQueue::WakeOne() {
  if (waiting_.empty()) return;
  Waiter* waiter = waiting_.front();
  waiting_.pop_front();
  waiter->woken = true;
  executor_.Wake(waiter->fiber);
}

void WaitQueue::WakeAll() {
  std::deque<Waiter*> all = std::move(waiting_);
  waiting_.clear();
  for (Waiter* waiter : all) {
    waiter->woken = true;
    executor_.Wake(waiter->fiber);
  }
}

}  // namespace norn
