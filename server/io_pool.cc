#include "server/io_pool.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "engine/base/check.h"
#include "server/crash_report.h"

namespace norn::server {
namespace {

// Where threads are short of cores, commands come before copying into the page cache: without this a snapshot's writes take
// turns with a loop for a scheduler's slice each, and clients wait for as long.
constexpr int kNice = 3;

}  // namespace

// Travels: queue, a thread of the pool, back to its executor as a task. Two hold it there, the fiber
// that waits and the task; a node that ends takes either first (executor.h), so whichever goes last
// frees it. Both belong to the executor's thread.
struct IoPool::Job : env::Task {
  enum class State { kQueued, kRunning, kPosted };  // guarded by the pool's mutex

  std::function<void()> work;
  EventLoop* home = nullptr;
  env::FiberId waiter;
  State state = State::kQueued;
  bool task_gone = false;   // it ran or was dropped
  bool fiber_gone = false;  // it was killed
};

// The fiber's hold on its job.
class IoPool::Waiting {
 public:
  Waiting(IoPool& pool, Job* job) : pool_(pool), job_(job) {}
  ~Waiting() {
    if (job_->task_gone) {
      delete job_;
    } else {
      pool_.Abandon(job_);
    }
  }

 private:
  IoPool& pool_;
  Job* job_;
};

IoPool::~IoPool() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  work_there_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void IoPool::Run(std::function<void()> work) {
  EventLoop* home = EventLoop::Current();
  CHECK(home != nullptr);
  auto* job = new Job;
  job->work = std::move(work);
  job->home = home;
  job->waiter = home->fibers().Self();
  job->run = [](env::Task* task) {
    auto* self = static_cast<Job*>(task);
    self->task_gone = true;
    self->home->fibers().Wake(self->waiter);
  };
  job->drop = [](env::Task* task) {
    auto* self = static_cast<Job*>(task);
    self->task_gone = true;
    if (self->fiber_gone) delete self;
  };
  Waiting waiting(*this, job);
  Submit(job);
  while (!job->task_gone) home->fibers().Park(Instant::Never());
}

void IoPool::Submit(Job* job) {
  {
    std::lock_guard lock(mutex_);
    StartThreads();
    queue_.push_back(job);
  }
  work_there_.notify_one();
}

// The waiting fiber is being killed, and the executor has yet to drop the job's task, if there is
// one already.
void IoPool::Abandon(Job* job) {
  job->fiber_gone = true;
  std::unique_lock lock(mutex_);
  const auto queued = std::find(queue_.begin(), queue_.end(), job);
  if (queued != queue_.end()) {
    queue_.erase(queued);
    delete job;
    return;
  }
  job_done_.wait(lock, [&] { return job->state == Job::State::kPosted; });
}

void IoPool::Work() {
  CrashStack crash_stack;
  setpriority(PRIO_PROCESS, 0, kNice);  // of this thread alone; being nicer needs no permission
  std::unique_lock lock(mutex_);
  for (;;) {
    work_there_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Job* job = queue_.front();
    queue_.pop_front();
    job->state = Job::State::kRunning;
    lock.unlock();
    job->work();
    lock.lock();
    // Posted under the mutex: a killed fiber that waits for it then knows that its executor, which
    // drops its tasks later, has it.
    job->state = Job::State::kPosted;
    job->home->PostRemote(job);
    job_done_.notify_all();
  }
}

// Not in the constructor: many an Env never touches a file, and threads would not survive a fork.
void IoPool::StartThreads() {
  while (threads_.size() < threads_wanted_) {
    threads_.emplace_back([this] { Work(); });
    const std::string name = "norn/io" + std::to_string(threads_.size() - 1);
    pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

}  // namespace norn::server
