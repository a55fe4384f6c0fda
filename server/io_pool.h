#pragma once
// Threads for system calls that block (files). The calling fiber parks; its executor goes on.

#include "server/event_loop.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace norn::server {

class IoPool {
 public:
  explicit IoPool(size_t threads) : threads_wanted_(threads) {}
  IoPool(const IoPool&) = delete;
  IoPool& operator=(const IoPool&) = delete;

  // Finishes what is queued, then ends the threads.
  ~IoPool();

  // Calls `work` on a thread of the pool and returns when it is done. Parks. `work` may use the
  // caller's stack: a fiber that is killed meanwhile first waits for it, or takes it off the queue.
  // Runs on: any executor.
  void Run(std::function<void()> work);

 private:
  struct Job;
  class Waiting;

  void Submit(Job* job);
  void Abandon(Job* job);
  void Work();
  void StartThreads();

  const size_t threads_wanted_;
  std::mutex mutex_;
  std::condition_variable work_there_;
  std::condition_variable job_done_;
  std::deque<Job*> queue_;
  std::vector<std::thread> threads_;  // started by the first job
  bool ending_ = false;
};

}  // namespace norn::server
