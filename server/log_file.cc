#include "server/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>
#include <ctime>

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
  WriteText(Format(getpid(), role_.load(std::memory_order_relaxed), now, level, line));
}

void LogFile::WriteText(std::string_view text) const {
  const int fd = Open();
  if (fd < 0) return;
  WriteWhole(fd, text);
  if (!path_.empty()) close(fd);
}

void LogFile::WriteOfSignal(std::string_view line) const {
  WriteText(fmt::format("{}:signal-handler ({}) {}\n", getpid(), std::time(nullptr), line));
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
