#pragma once
// How other threads hand tasks to an executor: a stack of tasks in one atomic word, which the owner
// empties in one exchange and turns around. Lock-free; a push is one compare-and-swap, emptying a
// hundred tasks one exchange.
//
// The same word says whether the owner sleeps, so "is anything here?" and "wake me" are one step:
//
//   null       empty, the owner is awake
//   &asleep_   empty, the owner sleeps or is about to: whoever pushes next must wake it
//   a task     the newest of a chain; the owner is awake or has been told
//
//   I1  Tasks come out in the order in which they were pushed (executor.h O1).
//   I2  Exactly one Push after a successful PrepareToSleep returns true.

#include "engine/env/executor.h"

#include <atomic>

namespace norn::server {

// Tasks in the order in which they will run. One thread.
class TaskList {
 public:
  bool empty() const { return head_ == nullptr; }

  void PushBack(env::Task* task) {
    task->next = nullptr;
    if (head_ == nullptr) {
      head_ = task;
    } else {
      tail_->next = task;
    }
    tail_ = task;
  }

  // Requires: !empty().
  env::Task* PopFront() {
    env::Task* task = head_;
    head_ = task->next;
    return task;
  }

 private:
  env::Task* head_ = nullptr;
  env::Task* tail_ = nullptr;  // meaningless when empty
};

class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Any thread. True: the caller must wake the owner.
  [[nodiscard]] bool Push(env::Task* task) {
    env::Task* head = head_.load(std::memory_order_relaxed);
    do {
      task->next = head == &asleep_ ? nullptr : head;
    } while (!head_.compare_exchange_weak(head, task, std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
    return head == &asleep_;
  }

  // The rest is the owner's. Cheap enough between any two fibers.
  bool HasMail() const {
    const env::Task* head = head_.load(std::memory_order_relaxed);
    return head != nullptr && head != &asleep_;
  }

  // False: there is mail, do not sleep.
  [[nodiscard]] bool PrepareToSleep() {
    env::Task* empty = nullptr;
    return head_.compare_exchange_strong(empty, &asleep_, std::memory_order_acq_rel,
                                         std::memory_order_relaxed);
  }

  // Appends everything that was pushed to `out`, oldest first, and ends a sleep.
  void MoveTo(TaskList& out) {
    if (head_.load(std::memory_order_relaxed) == nullptr) return;
    env::Task* newest = head_.exchange(nullptr, std::memory_order_acquire);
    if (newest == &asleep_) return;
    env::Task* oldest = nullptr;
    while (newest != nullptr) {
      env::Task* older = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = older;
    }
    while (oldest != nullptr) {
      env::Task* next = oldest->next;
      out.PushBack(oldest);
      oldest = next;
    }
  }

 private:
  // On a line of its own: every other thread writes it.
  alignas(64) std::atomic<env::Task*> head_{nullptr};
  alignas(64) env::Task asleep_;
};

}  // namespace norn::server
