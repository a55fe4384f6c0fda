#pragma once
// Filters by level before a line is built, then hands it to the Env.

#include "engine/env/env.h"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace norn::env {

// Runs on any executor; never parks. `minimum` is read without a lock: change it from one executor
// and let the others see it late.
class Logger {
 public:
  Logger(Env& env, LogLevel minimum) : env_(env), minimum_(minimum) {}

  bool Wants(LogLevel level) const { return level >= minimum_; }
  void SetMinimum(LogLevel minimum) { minimum_ = minimum; }

  template <typename... Args>
  void Debug(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kDebug, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Verbose(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kVerbose, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Notice(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kNotice, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Warning(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kWarning, format, std::forward<Args>(args)...);
  }

 private:
  template <typename... Args>
  void Write(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (Wants(level)) env_.Log(level, fmt::format(format, std::forward<Args>(args)...));
  }

  Env& env_;
  LogLevel minimum_;
};

}  // namespace norn::env
