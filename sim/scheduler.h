#pragma once
// Virtual time and what happens when. An event is a small plain value in a heap; firing it is one
// virtual call. There are no ticks: time jumps from event to event.
//
//   E1  Events fire in order of time; now() never goes back.
//   E2  Of equal times, At() events fire first, in the order scheduled; then AtShuffled() events,
//       in an order that the seed chooses.
//
// Whatever a pending event points to must outlive it: targets carry an incarnation in `arg` and
// ignore what is stale.

#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/base/time.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace norn::sim {

class EventTarget {
 public:
  virtual void Fire(uint64_t arg) = 0;

 protected:
  ~EventTarget() = default;
};

struct Event {
  int64_t at_ns;
  uint64_t order;
  EventTarget* target;
  uint64_t arg;

  bool Before(const Event& other) const {
    return at_ns != other.at_ns ? at_ns < other.at_ns : order < other.order;
  }
};

// A 4-ary heap with one slot in front of it. Most events are the next to fire when they are
// scheduled (a busy executor's next step), and those never enter the heap.
//
//   H1  A full slot is Before() everything in the heap.
class EventHeap {
 public:
  bool empty() const { return !slot_full_ && heap_.empty(); }
  size_t size() const { return heap_.size() + (slot_full_ ? 1 : 0); }
  const Event& Top() const { return slot_full_ ? slot_ : heap_[0]; }

  void Push(const Event& event) {
    if (!empty() && !event.Before(Top())) {
      SiftUp(event);
      return;
    }
    if (slot_full_) SiftUp(slot_);
    slot_ = event;
    slot_full_ = true;
  }

  // Requires: !empty().
  Event Pop() {
    if (slot_full_) {
      slot_full_ = false;
      return slot_;
    }
    const Event top = heap_[0];
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) SiftDown(last);
    return top;
  }

 private:
  static constexpr size_t kWidth = 4;

  void SiftUp(const Event& event) {
    size_t at = heap_.size();
    heap_.push_back(event);
    while (at > 0) {
      const size_t parent = (at - 1) / kWidth;
      if (!event.Before(heap_[parent])) break;
      heap_[at] = heap_[parent];
      at = parent;
    }
    heap_[at] = event;
  }

  // Fills the hole at the root with `event`.
  void SiftDown(const Event& event) {
    size_t at = 0;
    for (;;) {
      const size_t first = at * kWidth + 1;
      if (first >= heap_.size()) break;
      const size_t end = first + kWidth < heap_.size() ? first + kWidth : heap_.size();
      size_t least = first;
      for (size_t child = first + 1; child < end; ++child) {
        if (heap_[child].Before(heap_[least])) least = child;
      }
      if (!heap_[least].Before(event)) break;
      heap_[at] = heap_[least];
      at = least;
    }
    heap_[at] = event;
  }

  Event slot_{};
  bool slot_full_ = false;
  std::vector<Event> heap_;
};

class Scheduler {
 public:
  explicit Scheduler(Prng prng) : prng_(prng) {}

  // World time: nanoseconds since the world began. Nodes see it through their own clocks.
  Instant now() const { return now_; }
  uint64_t events() const { return fired_; }
  size_t pending() const { return heap_.size(); }

  // Requires: at >= now().
  void At(Instant at, EventTarget* target, uint64_t arg) {
    CHECK(at >= now_);
    heap_.Push(Event{at.ns, sequence_++, target, arg});
  }

  void AtShuffled(Instant at, EventTarget* target, uint64_t arg) {
    CHECK(at >= now_);
    const uint64_t dice = prng_.Next() >> (64 - kDiceBits);
    const uint64_t order = kLast | (dice << kSequenceBits) | (sequence_++ & kSequenceMask);
    heap_.Push(Event{at.ns, order, target, arg});
  }

  // Fires the next event at or before `limit`; false when there is none.
  bool RunNext(Instant limit) {
    if (heap_.empty() || heap_.Top().at_ns > limit.ns) return false;
    const Event event = heap_.Pop();
    now_.ns = event.at_ns;
    ++fired_;
    event.target->Fire(event.arg);
    return true;
  }

  // Lets time pass in which nothing happens. Requires: no event pending before `to`.
  void SkipTo(Instant to) {
    CHECK(to >= now_);
    CHECK(heap_.empty() || heap_.Top().at_ns >= to.ns);
    now_ = to;
  }

 private:
  static constexpr int kSequenceBits = 40;
  static constexpr int kDiceBits = 23;
  static constexpr uint64_t kSequenceMask = (uint64_t{1} << kSequenceBits) - 1;
  static constexpr uint64_t kLast = uint64_t{1} << 63;

  Prng prng_;
  Instant now_{0};
  uint64_t sequence_ = 0;
  uint64_t fired_ = 0;
  EventHeap heap_;
};

}  // namespace norn::sim
