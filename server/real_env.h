#pragma once
// The real world behind engine/env: one process, one thread an executor.
//
//   RealEnv env(options);
//   int code = env.Run([](env::Env& env) { ... });   // a fiber on executor 0
//
// A node ends as executor.h says, each step on all threads before the next begins: every loop stops; tasks that never ran
// are dropped; fibers are killed (their destructors run where they belong); tasks that this posted are dropped. Construct after any fork (process.h).

#include "engine/env/env.h"
#include "server/event_loop.h"
#include "server/io_pool.h"
#include "server/log_file.h"
#include "server/real_disk.h"
#include "server/real_entropy.h"
#include "server/real_network.h"
#include "server/tsc_clock.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace norn::server {

struct RealEnvOptions {
  size_t executors = 1;
  size_t stack_bytes = 64 * 1024;  // of a fiber
  size_t io_threads = 2;
  std::string logfile;  // "": standard output

  // Tests: receives the lines instead of the log; any thread.
  std::function<void(env::LogLevel, std::string_view)> log_sink;
};

class RealEnv : public env::Env, private env::Executor {
 public:
  explicit RealEnv(RealEnvOptions options);
  ~RealEnv() override;

  // Runs the node until Exit and returns its code. Once. The calling thread is executor 0.
  int Run(std::function<void(env::Env&)> start);

  env::Clock& clock() override { return clock_; }
  env::Entropy& entropy() override { return entropy_; }
  env::Executor& executor() override { return *this; }
  env::Network& network() override { return network_; }
  env::Disk& disk() override { return disk_; }
  void Log(env::LogLevel level, std::string_view line) override;  // any thread
  void Exit(int code) override;  // any thread; the first one counts
  env::ProcessStats Stats() override;

  // As Executor::Post, but callable from any thread.
  void PostFromAnywhere(size_t to, env::Task* task) { loops_[to]->PostRemote(task); }

  LogFile& log_file() { return log_; }

 private:
  // env::Executor, on the calling thread's loop.
  size_t Count() const override { return loops_.size(); }
  size_t Current() const override;
  void Post(size_t to, env::Task* task) override;
  void Spawn(void (*body)(void*), void (*drop)(void*), void* argument) override;
  env::FiberId Self() const override;
  env::ParkResult Park(Instant deadline) override;
  void Wake(env::FiberId fiber) override;
  void Yield() override;

  static EventLoop& Here();
  void RunLoop(size_t index);
  void AwaitOthers();

  const RealEnvOptions options_;
  LogFile log_;
  TscClock clock_;
  RealEntropy entropy_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  IoPool io_pool_;
  RealNetwork network_;
  RealDisk disk_;

  std::atomic<bool> exiting_{false};
  std::atomic<int> exit_code_{0};
  std::mutex end_mutex_;
  std::condition_variable end_;
  size_t loops_arrived_ = 0;
};

}  // namespace norn::server
