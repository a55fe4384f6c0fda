#include "server/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "engine/base/check.h"
#include "server/errno_status.h"

namespace norn::server {
namespace {

// A loop that always has something to run still looks at its descriptors and deadlines this often.
constexpr Duration kPollInterval = Duration::Micros(50);

// Sleeping longer than this at once gains nothing, and keeps the conversions below in range.
constexpr Duration kSleepMax = Duration::Seconds(3600);

// Remembers who is parked for a descriptor, and forgets it however the park ends: a fiber that was
// killed must not be woken.
class ParkedFor {
 public:
  ParkedFor(env::FiberId& slot, env::FiberId self) : slot_(slot) {
    CHECK(slot == env::FiberId{});  // one fiber a direction
    slot_ = self;
  }
  ~ParkedFor() { slot_ = env::FiberId{}; }

 private:
  env::FiberId& slot_;
};

}  // namespace

EventLoop::EventLoop(size_t index, TscClock& clock, size_t stack_bytes)
    : index_(index), clock_(clock), fibers_(stack_bytes) {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  CHECK_MSG(epoll_fd_ >= 0, ErrnoText(errno));
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  CHECK_MSG(wake_fd_ >= 0, ErrnoText(errno));
  // Edge-triggered: every write is an event, so nobody has to read the counter back to zero.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  CHECK(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) == 0);
}

EventLoop::~EventLoop() {
  DropTasks();
  close(wake_fd_);
  close(epoll_fd_);
}

void EventLoop::Run() {
  current_ = this;
  polled_at_ = now_ = clock_.Now();
  while (!stopped()) {
    RunTasks();
    RunFibers();
    if (stopped()) return;
    if (mailbox_.HasMail()) mailbox_.MoveTo(tasks_);
    if (HasWork()) {
      now_ = clock_.Now();
      if (now_ - polled_at_ < kPollInterval) continue;
    }
    Poll();
  }
}

void EventLoop::Stop() {
  stop_.store(true, std::memory_order_relaxed);
  WakeUp();
}

void EventLoop::KillFibers() { fibers_.KillAll(); }

void EventLoop::DropTasks() {
  for (mailbox_.MoveTo(tasks_); !tasks_.empty(); mailbox_.MoveTo(tasks_)) {
    env::Task* task = tasks_.PopFront();
    if (task->drop != nullptr) task->drop(task);
  }
}

// Only the tasks that are here now: what they post in turn waits until the fibers had their turn.
void EventLoop::RunTasks() {
  TaskList batch = tasks_;
  tasks_ = TaskList();
  while (!batch.empty()) {
    if (stopped()) {  // what is left must not run; DropTasks finds it
      while (!batch.empty()) tasks_.PushBack(batch.PopFront());
      return;
    }
    env::Task* task = batch.PopFront();
    trace_.Add(now_.ns, LoopStep::kTask, reinterpret_cast<uint64_t>(task->run));
    task->run(task);
  }
}

// Only the fibers that are ready now, so that posted tasks are never starved by yielding ones.
void EventLoop::RunFibers() {
  const size_t ready = fibers_.ReadyCount();
  if (ready == 0) return;
  trace_.Add(now_.ns, LoopStep::kFibers, ready);
  for (size_t i = 0; i < ready && !stopped(); ++i) fibers_.RunOne();
}

void EventLoop::Poll() {
  const bool may_sleep = !HasWork() && mailbox_.PrepareToSleep();
  const int count = WaitForEvents(fibers_.NextDeadline(), may_sleep);
  mailbox_.MoveTo(tasks_);  // first, so that senders stop waking us
  polled_at_ = now_ = clock_.Now();
  trace_.Add(now_.ns, LoopStep::kWoke, static_cast<uint64_t>(std::max(count, 0)));
  for (int i = 0; i < count; ++i) Deal(events_[static_cast<size_t>(i)]);
  if (fibers_.NextDeadline() <= now_) {
    const size_t ready_before = fibers_.ReadyCount();
    fibers_.FireDeadlines(now_);
    trace_.Add(now_.ns, LoopStep::kDeadlines, fibers_.ReadyCount() - ready_before);
  }
  if (index_ == 0) clock_.Discipline(now_);
}

int EventLoop::WaitForEvents(Instant deadline, bool may_sleep) {
  const int room = static_cast<int>(kEventsMax);
  if (!may_sleep) return epoll_wait(epoll_fd_, events_.data(), room, 0);
  if (deadline == Instant::Never()) return epoll_wait(epoll_fd_, events_.data(), room, -1);
  const Instant now = clock_.Now();
  const Duration wait = deadline <= now ? Duration{0} : std::min(deadline - now, kSleepMax);
  const timespec timeout{static_cast<time_t>(wait.ns / 1000000000), wait.ns % 1000000000};
  const int count = epoll_pwait2(epoll_fd_, events_.data(), room, &timeout, nullptr);
  if (count >= 0 || errno == EINTR) return count;
  // A kernel before 5.11, or a sandbox that does not know the call: whole milliseconds, rounded up.
  return epoll_wait(epoll_fd_, events_.data(), room,
                    static_cast<int>((wait.ns + 999999) / 1000000));
}

void EventLoop::Deal(const epoll_event& event) {
  if (event.data.ptr == nullptr) return;  // the wake-up: its tasks are here already
  FdWatch& watch = *static_cast<FdWatch*>(event.data.ptr);
  trace_.Add(now_.ns, LoopStep::kFd, static_cast<uint64_t>(watch.fd), event.events);
  const bool hang_up = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (hang_up || (event.events & EPOLLIN) != 0) {
    watch.readable = FdWatch::Readable::kYes;
    watch.hang_up |= hang_up;
    if (watch.reader.fiber != nullptr) fibers_.Wake(watch.reader);
  }
  if ((event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
    watch.writable = true;
    if (watch.writer.fiber != nullptr) fibers_.Wake(watch.writer);
  }
}

// Writability is asked for when a write first finds no room (AwaitWritable): most connections never
// get there, and a Unix socket would report it after every reply that its peer reads.
absl::Status EventLoop::Watch(FdWatch* watch) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.ptr = watch;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, watch->fd, &event) == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError("epoll_ctl: " + ErrnoText(errno));
}

env::ParkResult EventLoop::AwaitReadable(FdWatch& watch, Instant deadline) {
  if (watch.readable != FdWatch::Readable::kNo || watch.closed) return env::ParkResult::kWoken;
  if (deadline == Instant::Past()) return env::ParkResult::kDeadline;
  ParkedFor parked(watch.reader, fibers_.Self());
  while (watch.readable == FdWatch::Readable::kNo && !watch.closed) {
    const env::ParkResult result = fibers_.Park(deadline);
    if (result == env::ParkResult::kDeadline && watch.readable == FdWatch::Readable::kNo &&
        !watch.closed) {
      return env::ParkResult::kDeadline;
    }
  }
  return env::ParkResult::kWoken;
}

env::ParkResult EventLoop::AwaitWritable(FdWatch& watch, Instant deadline) {
  if (watch.writable || watch.closed) return env::ParkResult::kWoken;
  if (deadline == Instant::Past()) return env::ParkResult::kDeadline;
  if (!watch.watches_write) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &watch;
    CHECK(epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, watch.fd, &event) == 0);
    watch.watches_write = true;
  }
  ParkedFor parked(watch.writer, fibers_.Self());
  while (!watch.writable && !watch.closed) {
    const env::ParkResult result = fibers_.Park(deadline);
    if (result == env::ParkResult::kDeadline && !watch.writable && !watch.closed) {
      return env::ParkResult::kDeadline;
    }
  }
  return env::ParkResult::kWoken;
}

void EventLoop::CloseWatch(FdWatch& watch) {
  if (watch.closed) return;
  watch.closed = true;
  close(watch.fd);
  watch.fd = -1;
  if (watch.reader.fiber != nullptr) fibers_.Wake(watch.reader);
  if (watch.writer.fiber != nullptr) fibers_.Wake(watch.writer);
}

// Async-signal-safe.
void EventLoop::WakeUp() {
  const int saved_errno = errno;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t ignored = write(wake_fd_, &one, sizeof(one));
  errno = saved_errno;
}

}  // namespace norn::server
