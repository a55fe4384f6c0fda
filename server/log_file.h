#pragma once
// The server's log, in Valkey's form:
//
//   4711:M 20 Nov 2026 10:12:14.123 * Ready to accept connections tcp
//
// process id, role (M primary, S replica), local time, level (. debug, - verbose, * notice,
// # warning), message.

#include "engine/base/time.h"
#include "engine/env/env.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace norn::server {

class LogFile {
 public:
  // "": standard output. The file is opened for every line, so that it may be moved away or
  // truncated at any time.
  explicit LogFile(std::string path) : path_(std::move(path)) {}

  // Can it be written? Said once at the start; later failures lose the line.
  absl::Status Check() const;

  // One line in one write. Any thread.
  void Write(env::LogLevel level, WallTime now, std::string_view line);

  // What a signal asked for, in the form that Valkey has for it. Any thread:
  // "4711:signal-handler (1795169534) Received SIGTERM scheduling shutdown...".
  void WriteOfSignal(std::string_view line) const;

  // 'M' or 'S'. Any thread.
  void SetRole(char role) { role_.store(role, std::memory_order_relaxed); }

  const std::string& path() const { return path_; }

  static std::string Format(int64_t pid, char role, WallTime now, env::LogLevel level,
                            std::string_view line);

 private:
  void WriteText(std::string_view text) const;
  int Open() const;

  const std::string path_;
  std::atomic<char> role_{'M'};
};

}  // namespace norn::server
