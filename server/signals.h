#pragma once
// The signals that a server is told to stop by, and those it must not die of.

#include "server/real_env.h"

#include <atomic>
#include <functional>

namespace norn::server {

// SIGPIPE (we look at write's result) and SIGHUP (a terminal that closes) do nothing.
void IgnoreNuisanceSignals();

// While it lives, SIGTERM and SIGINT are logged and call `on_signal(signal)` once, as a task on
// executor 0. A SIGINT while the node is stopping ends the process at once with code 1: somebody
// pressed ctrl-C again. One at a time; it must outlive env.Run.
class ShutdownSignals {
 public:
  ShutdownSignals(RealEnv& env, std::function<void(int signal)> on_signal);
  ShutdownSignals(const ShutdownSignals&) = delete;
  ShutdownSignals& operator=(const ShutdownSignals&) = delete;
  ~ShutdownSignals();

  // The node decided not to stop (say, a failed save): the next signal counts again.
  void CallOff() { stopping_.store(false); }

 private:
  static void Handle(int signal);
  void OnSignal(int signal);

  RealEnv& env_;
  std::function<void(int)> on_signal_;
  std::atomic<int> signal_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace norn::server
