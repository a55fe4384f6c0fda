#pragma once
// An Env for tests of handlers that ask their node's world for little: one executor, a clock that Park moves, a log that is
// kept. It has no network, disk or entropy.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/check.h"
#include "engine/env/env.h"

namespace norn {

class OneExecutorEnv : public env::Env, private env::Clock, private env::Executor {
 public:
  env::Clock& clock() override { return *this; }
  env::Executor& executor() override { return *this; }
  env::Entropy& entropy() override { Missing("entropy"); }
  env::Network& network() override { Missing("network"); }
  env::Disk& disk() override { Missing("disk"); }
  void Log(env::LogLevel, std::string_view line) override { log.emplace_back(line); }
  void Exit(int) override { Missing("exit"); }
  env::ProcessStats Stats() override { return {}; }

  Instant now;
  int wakes_early = 0;  // how many times Park returns halfway to its deadline
  std::vector<std::string> log;

 private:
  [[noreturn]] static void Missing(std::string_view what) {
    CheckFailed(__FILE__, __LINE__, "the test's Env has it", what);
  }

  Instant Now() override { return now; }
  WallTime Wall() override { return {}; }

  size_t Count() const override { return 1; }
  size_t Current() const override { return 0; }
  void Post(size_t, env::Task*) override { Missing("Post"); }
  void Spawn(void (*)(void*), void (*)(void*), void*) override { Missing("Spawn"); }
  env::FiberId Self() const override { Missing("Self"); }
  env::ParkResult Park(Instant deadline) override {
    if (wakes_early > 0) {
      --wakes_early;
      now = now + (deadline - now) / 2;
      return env::ParkResult::kWoken;
    }
    now = deadline;
    return env::ParkResult::kDeadline;
  }
  void Wake(env::FiberId) override { Missing("Wake"); }
  void Yield() override { Missing("Yield"); }
};

}  // namespace norn
