// Fibers on Boost.Context. Each fiber is killed by an exception of ours before its context is
// destroyed, so that Boost's own forced unwinding never happens and the sanitizers see every
// switch.

#include "engine/fiber/fiber_set.h"

#include <boost/context/fiber.hpp>
#include <boost/context/preallocated.hpp>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/fiber/sanitizer.h"

namespace norn {
namespace {

namespace context = boost::context;

constexpr size_t kNotInHeap = static_cast<size_t>(-1);

// Hands a fiber's stack back to its pool when Boost is done with it.
struct PoolAllocator {
  StackPool* pool;
  context::stack_context allocate() { return pool->Take(); }
  void deallocate(context::stack_context& stack) { pool->Give(stack); }
};

}  // namespace

class Fiber {
 public:
  Fiber(FiberSet* set, void (*body)(void*), void (*drop)(void*), void* argument, uint64_t number)
      : body_(body), drop_(drop), argument_(argument), number_(number) {
    const context::stack_context stack = set->stacks_.Take();
#ifdef NORN_ASAN
    own_.stack_bottom = static_cast<char*>(stack.sp) - stack.size;
    own_.stack_bytes = stack.size;
#endif
#ifdef NORN_TSAN
    own_.tsan_fiber = __tsan_create_fiber(0);
#endif
    inside_ = context::fiber(std::allocator_arg, context::preallocated(stack.sp, stack.size, stack),
                             PoolAllocator{&set->stacks_},
                             [this](context::fiber&& outside) { return Main(std::move(outside)); });
  }

  ~Fiber() {
#ifdef NORN_TSAN
    __tsan_destroy_fiber(own_.tsan_fiber);
#endif
  }

  // From outside: runs the fiber until it switches out or ends.
  void Enter() {
    started_ = true;
#ifdef NORN_TSAN
    outer_.tsan_fiber = __tsan_get_current_fiber();
#endif
    SanitizerStartSwitch(outer_, own_, false);
    inside_ = std::move(inside_).resume();
    SanitizerFinishSwitch(outer_, own_);
  }

  // From inside: back to whoever entered. Throws FiberKilled when the set kills this fiber.
  void Leave() {
    SanitizerStartSwitch(own_, outer_, false);
    outside_ = std::move(outside_).resume();
    SanitizerFinishSwitch(own_, outer_);
    if (killed_) throw FiberKilled();
  }

  bool ended() const { return started_ && !inside_; }

 private:
  friend class FiberSet;

  context::fiber Main(context::fiber&& outside) {
    SanitizerFinishSwitch(own_, outer_);
    outside_ = std::move(outside);
    // A fiber that is killed before its first run unwinds as well (Boost must leave its stack),
    // without its body.
    if (killed_) {
      drop_(argument_);
    } else {
      try {
        body_(argument_);
      } catch (const FiberKilled&) {
      }
    }
    SanitizerStartSwitch(own_, outer_, true);
    return std::move(outside_);
  }

  void (*body_)(void*);
  void (*drop_)(void*);
  void* argument_;
  uint64_t number_;
  context::fiber inside_;   // valid while outside
  context::fiber outside_;  // valid while inside
  SanitizerContext own_;
  SanitizerContext outer_;
  bool started_ = false;
  bool killed_ = false;

  size_t list_at_ = 0;         // position in all_
  bool ready_ = false;         // in ready_
  bool wake_pending_ = false;  // woken while not parked
  bool parked_ = false;
  env::ParkResult result_ = env::ParkResult::kWoken;
  size_t heap_at_ = kNotInHeap;
  Instant deadline_ = Instant::Never();
  uint64_t parking_ = 0;  // orders equal deadlines
};

FiberSet::FiberSet(size_t stack_bytes) : stacks_(stack_bytes) {}

FiberSet::~FiberSet() { KillAll(); }

void FiberSet::Spawn(void (*body)(void*), void (*drop)(void*), void* argument) {
  Fiber* fiber = new Fiber(this, body, drop, argument, fibers_made_++);
  fiber->list_at_ = all_.size();
  all_.push_back(fiber);
  Ready(fiber);
}

env::FiberId FiberSet::Self() const {
  CHECK(running_ != nullptr);
  return env::FiberId{running_};
}

env::ParkResult FiberSet::Park(Instant deadline) {
  Fiber* self = running_;
  CHECK(self != nullptr);
  if (self->killed_) throw FiberKilled();
  if (self->wake_pending_) {
    self->wake_pending_ = false;
    return env::ParkResult::kWoken;
  }
  self->parked_ = true;
  self->deadline_ = deadline;
  if (deadline != Instant::Never()) HeapPush(self);
  self->Leave();
  return self->result_;
}

void FiberSet::Wake(env::FiberId id) {
  Fiber* fiber = static_cast<Fiber*>(id.fiber);
  if (!fiber->parked_) {
    fiber->wake_pending_ = true;
    return;
  }
  if (fiber->heap_at_ != kNotInHeap) HeapRemove(fiber);
  fiber->parked_ = false;
  fiber->result_ = env::ParkResult::kWoken;
  Ready(fiber);
}

void FiberSet::Yield() {
  Fiber* self = running_;
  CHECK(self != nullptr);
  if (self->killed_) throw FiberKilled();
  Ready(self);
  self->Leave();
}

void FiberSet::RunOne(size_t position) {
  CHECK(running_ == nullptr);
  CHECK(position < ready_.size());
  Fiber* fiber = ready_[position];
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(position));
  fiber->ready_ = false;
  SwitchTo(fiber);
}

Instant FiberSet::NextDeadline() const {
  return heap_.empty() ? Instant::Never() : heap_[0]->deadline_;
}

void FiberSet::FireDeadlines(Instant now) {
  while (!heap_.empty() && heap_[0]->deadline_ <= now) {
    Fiber* fiber = heap_[0];
    HeapRemove(fiber);
    fiber->parked_ = false;
    fiber->result_ = env::ParkResult::kDeadline;
    Ready(fiber);
  }
}

void FiberSet::KillAll() {
  CHECK(running_ == nullptr);
  killing_ = true;
  while (!all_.empty()) {
    Fiber* youngest =
        *std::max_element(all_.begin(), all_.end(),
                          [](const Fiber* a, const Fiber* b) { return a->number_ < b->number_; });
    youngest->killed_ = true;
    if (youngest->heap_at_ != kNotInHeap) HeapRemove(youngest);
    youngest->parked_ = false;
    if (youngest->ready_) {
      ready_.erase(std::find(ready_.begin(), ready_.end(), youngest));
      youngest->ready_ = false;
    }
    SwitchTo(youngest);
  }
  killing_ = false;
}

void FiberSet::Ready(Fiber* fiber) {
  CHECK(!fiber->ready_);  // I1
  fiber->ready_ = true;
  ready_.push_back(fiber);
}

void FiberSet::SwitchTo(Fiber* fiber) {
  running_ = fiber;
  fiber->Enter();
  running_ = nullptr;
  if (fiber->ended()) {
    Unlist(fiber);
    delete fiber;
  } else {
    CHECK(fiber->parked_ || fiber->ready_);  // I1
  }
}

void FiberSet::Unlist(Fiber* fiber) {
  all_.back()->list_at_ = fiber->list_at_;
  all_[fiber->list_at_] = all_.back();
  all_.pop_back();
}

// ---- the timer heap: a binary heap of fibers that know their position ----

bool FiberSet::Earlier(const Fiber* a, const Fiber* b) {
  return a->deadline_ != b->deadline_ ? a->deadline_ < b->deadline_ : a->parking_ < b->parking_;
}

void FiberSet::HeapPush(Fiber* fiber) {
  fiber->parking_ = parkings_++;
  heap_.push_back(fiber);
  fiber->heap_at_ = heap_.size() - 1;
  SiftUp(fiber->heap_at_);
}

void FiberSet::HeapRemove(Fiber* fiber) {
  const size_t at = fiber->heap_at_;
  fiber->heap_at_ = kNotInHeap;
  Fiber* last = heap_.back();
  heap_.pop_back();
  if (last == fiber) return;
  HeapPlace(last, at);
  SiftUp(at);
  SiftDown(last->heap_at_);
}

void FiberSet::HeapPlace(Fiber* fiber, size_t at) {
  heap_[at] = fiber;
  fiber->heap_at_ = at;
}

void FiberSet::SiftUp(size_t at) {
  while (at > 0) {
    const size_t parent = (at - 1) / 2;
    Fiber* a = heap_[at];
    Fiber* b = heap_[parent];
    if (!Earlier(a, b)) return;
    HeapPlace(a, parent);
    HeapPlace(b, at);
    at = parent;
  }
}

void FiberSet::SiftDown(size_t at) {
  for (;;) {
    size_t least = at;
    for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap_.size(); ++child) {
      Fiber* a = heap_[child];
      Fiber* b = heap_[least];
      if (Earlier(a, b)) least = child;
    }
    if (least == at) return;
    Fiber* a = heap_[at];
    Fiber* b = heap_[least];
    HeapPlace(a, least);
    HeapPlace(b, at);
    at = least;
  }
}

}  // namespace norn
