#pragma once
// The signals that a server is told to stop by, and those it must not die of.

#include "server/real_env.h"

#include <atomic>
#include <functional>
#include <thread>

namespace norn::server {

// SIGPIPE (we look at write's result) and SIGHUP (a terminal that closes) do nothing.
void IgnoreNuisanceSignals();

// SIGTERM and SIGINT wait from now on until a ShutdownSignals takes them. Before the process has a second thread, so that no
// thread is interrupted by them: a handler would run in the midst of whatever a fiber does.
void BlockShutdownSignals();

// While it lives, SIGTERM and SIGINT are logged and call `on_signal(signal)` once, as a task on
// executor 0. A SIGINT while the node is stopping ends the process at once with code 1: somebody
// pressed ctrl-C again, and that works even if every executor hangs. One at a time; it must outlive env.Run.
// Requires: BlockShutdownSignals.
class ShutdownSignals {
 public:
  ShutdownSignals(RealEnv& env, std::function<void(int signal)> on_signal);
  ShutdownSignals(const ShutdownSignals&) = delete;
  ShutdownSignals& operator=(const ShutdownSignals&) = delete;
  ~ShutdownSignals();

  // The node decided not to stop (say, a failed save): the next signal counts again.
  void CallOff() { stopping_.store(false); }

 private:
  void Wait();
  void OnSignal(int signal);

  RealEnv& env_;
  std::function<void(int)> on_signal_;
  std::atomic<int> signal_{0};
  std::atomic<bool> stopping_{false};
  std::thread waiter_;  // sleeps in sigwait
};

}  // namespace norn::server
