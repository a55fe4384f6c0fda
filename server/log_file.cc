#include "server/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "engine/base/number.h"
#include "server/errno_status.h"

namespace norn::server {
namespace {

constexpr mode_t kLogMode = 0644;

char CharOf(env::LogLevel level) {
  switch (level) {
    case env::LogLevel::kDebug:
      return '.';
    case env::LogLevel::kVerbose:
      return '-';
    case env::LogLevel::kNotice:
      return '*';
    case env::LogLevel::kWarning:
      return '#';
  }
  return '#';
}

void WriteWhole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

int LogFile::Open() const {
  if (path_.empty()) return STDOUT_FILENO;
  return open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kLogMode);
}

absl::Status LogFile::Check() const {
  const int fd = Open();
  if (fd < 0) return ErrnoStatus(errno, "Can't open the log file " + path_);
  if (!path_.empty()) close(fd);
  return absl::OkStatus();
}

void LogFile::Write(env::LogLevel level, WallTime now, std::string_view line) {
  const std::string text =
      Format(getpid(), role_.load(std::memory_order_relaxed), now, level, line);
  const int fd = Open();
  if (fd < 0) return;
  WriteWhole(fd, text);
  if (!path_.empty()) close(fd);
}

// Async-signal-safe.
void LogFile::WriteFromHandler(std::string_view line) const {
  char text[256];
  size_t length = 0;
  const auto append = [&](std::string_view part) {
    const size_t n = std::min(part.size(), sizeof(text) - length);
    std::memcpy(text + length, part.data(), n);
    length += n;
  };
  char number[kInt64CharsMax];
  append({number, FormatInt64(getpid(), number)});
  append(":signal-handler (");
  append({number, FormatInt64(std::time(nullptr), number)});
  append(") ");
  append(line.substr(0, 160));
  append("\n");
  const int fd = Open();
  if (fd < 0) return;
  WriteWhole(fd, std::string_view(text, length));
  if (!path_.empty()) close(fd);
}

std::string LogFile::Format(int64_t pid, char role, WallTime now, env::LogLevel level,
                            std::string_view line) {
  const std::time_t seconds = now.unix_s();
  std::tm local{};
  localtime_r(&seconds, &local);
  char date[64];
  // Month names are English whatever the locale: nobody calls setlocale.
  const size_t length = std::strftime(date, sizeof(date), "%d %b %Y %H:%M:%S", &local);
  return fmt::format("{}:{} {}.{:03} {} {}\n", pid, role, std::string_view(date, length),
                     now.unix_ms() % 1000, CharOf(level), line);
}

}  // namespace norn::server
