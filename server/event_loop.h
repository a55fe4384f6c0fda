#pragma once
// One executor: a thread's epoll loop, its fibers, and the tasks that were posted to it.
//
//   loop:  run the tasks that are here, then every fiber that is ready
//          more to run and polled lately?  again
//          epoll_wait: not at all when there is more to run, else until the next deadline
//          mark descriptors as ready, wake who waits for them, fire deadlines
//
//   I1  Nothing of the engine runs while events are dealt out, so a descriptor cannot be closed
//       between epoll_wait and the look at its event.
//   I2  An idle loop sleeps in epoll_wait. A thread that posts to a loop that is awake makes no
//       system call.
//
// All calls belong to the loop's own thread unless they say otherwise.

#include "engine/env/executor.h"
#include "engine/fiber/fiber_set.h"
#include "server/loop_trace.h"
#include "server/mailbox.h"
#include "server/tsc_clock.h"

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"

namespace norn::server {

// A file descriptor as its loop sees it. Reported edge-triggered: a flag stays up until a system
// call found nothing there.
struct FdWatch {
  enum class Readable : uint8_t {
    kNo,
    kMaybe,  // the last read took all it asked for; there may be more
    kYes,    // epoll said so and nothing was read since
  };

  int fd = -1;
  Readable readable = Readable::kNo;
  bool hang_up = false;  // the peer closed, or an error waits: read until it shows
  bool writable = true;
  bool watches_write = false;  // EPOLLOUT is asked for
  bool closed = false;
  env::FiberId reader;  // who is parked for it, if anyone
  env::FiberId writer;
};

class EventLoop {
 public:
  EventLoop(size_t index, TscClock& clock, size_t stack_bytes);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // The loop of the calling thread; null on a thread that runs none. Any thread.
  static EventLoop* Current() { return current_; }

  size_t index() const { return index_; }
  FiberSet& fibers() { return fibers_; }
  bool InFiber() const { return fibers_.InFiber(); }
  const LoopTrace& trace() const { return trace_; }
  TscClock& clock() { return clock_; }

  // Behind what others posted before (executor.h O1), read or not.
  void PostLocal(env::Task* task) {
    if (mailbox_.HasMail()) mailbox_.MoveTo(tasks_);
    tasks_.PushBack(task);
  }

  // Any thread, signal handlers too.
  void PostRemote(env::Task* task) {
    if (mailbox_.Push(task)) WakeUp();
  }

  // Runs until Stop on the calling thread, which becomes the loop's thread.
  void Run();

  // Any thread. Run returns when the fiber or task that is running has returned to the loop.
  void Stop();

  // After Run: ends every fiber. The thread is still the loop's.
  void KillFibers();

  // After every loop's KillFibers: drops the tasks that never ran.
  void DropTasks();

  // The thread is no longer the loop's.
  void Leave() { current_ = nullptr; }

  // Reports events of watch.fd to `watch` until the descriptor is closed; the watch must live as
  // long. ResourceExhausted: the kernel has no room.
  absl::Status Watch(FdWatch* watch);

  // Parks the calling fiber until the flag is up, the watch is closed (both kWoken) or the deadline
  // (kDeadline). Past(): does not park.
  env::ParkResult AwaitReadable(FdWatch& watch, Instant deadline);
  env::ParkResult AwaitWritable(FdWatch& watch, Instant deadline);

  // Closes the descriptor and wakes whoever is parked for it. Idempotent.
  void CloseWatch(FdWatch& watch);

 private:
  void RunTasks();
  void RunFibers();
  void Poll();
  void Deal(const epoll_event& event);
  int WaitForEvents(Instant deadline, bool may_sleep);
  void WakeUp();
  bool stopped() const { return stop_.load(std::memory_order_relaxed); }
  bool HasWork() const { return !tasks_.empty() || fibers_.HasReady(); }

  static constexpr size_t kEventsMax = 256;
  inline static constinit thread_local EventLoop* current_ = nullptr;

  const size_t index_;
  TscClock& clock_;
  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  Instant now_;  // when the loop last looked
  Instant polled_at_;
  TaskList tasks_;
  FiberSet fibers_;
  LoopTrace trace_;
  std::array<epoll_event, kEventsMax> events_;
  Mailbox mailbox_;
  std::atomic<bool> stop_{false};
};

}  // namespace norn::server
