#include "server/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "engine/base/number.h"
#include "server/errno_status.h"

namespace norn::server {
namespace {

using env::LogLevel;

// 0, or the error of the attempt to get all of `wanted`. `limit` is what the process has after it.
int RaiseLimit(rlim_t wanted, rlimit& limit) {
  rlimit ask = limit;
  ask.rlim_cur = wanted;
  ask.rlim_max = std::max(limit.rlim_max, wanted);
  int error = 0;
  if (setrlimit(RLIMIT_NOFILE, &ask) != 0) {
    error = errno;
    // The hard limit is in the way (or a ceiling below it): as far as it lets us.
    ask = limit;
    ask.rlim_cur = std::min(wanted, limit.rlim_max);
    while (ask.rlim_cur > limit.rlim_cur && setrlimit(RLIMIT_NOFILE, &ask) != 0) ask.rlim_cur /= 2;
  }
  if (ask.rlim_cur > limit.rlim_cur) limit.rlim_cur = ask.rlim_cur;
  return error;
}

void ReportTooLow(OpenFilesLimit& result, uint64_t wanted_clients, uint64_t wanted_files,
                  uint64_t before, int error) {
  const auto warn = [&](std::string text) {
    result.lines.push_back({LogLevel::kWarning, std::move(text)});
  };
  if (!result.enough) {
    return warn(
        fmt::format("Your current 'ulimit -n' of {} is not enough for the server to start. "
                    "Please increase your open file limit to at least {}. Exiting.",
                    before, wanted_files));
  }
  warn(fmt::format("You requested maxclients of {} requiring at least {} max file descriptors.",
                   wanted_clients, wanted_files));
  warn(fmt::format("Server can't set maximum open files to {} because of OS error: {}.",
                   wanted_files, ErrnoText(error)));
  warn(
      fmt::format("Current maximum open files is {}. maxclients has been reduced to {} to "
                  "compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.",
                  result.open_files, result.maxclients));
}

}  // namespace

OpenFilesLimit AdjustOpenFilesLimit(uint64_t maxclients, uint64_t reserved) {
  OpenFilesLimit result;
  result.maxclients = maxclients;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    result.open_files = 1024;
    result.maxclients = 1024 - reserved;
    result.lines.push_back(
        {LogLevel::kWarning,
         fmt::format("Unable to obtain the current NOFILE limit ({}), assuming 1024 and setting "
                     "the max clients configuration accordingly.",
                     ErrnoText(errno))});
    return result;
  }
  const uint64_t before = limit.rlim_cur;
  const uint64_t wanted = maxclients + reserved;
  const int error = before < wanted ? RaiseLimit(wanted, limit) : 0;
  result.open_files = limit.rlim_cur;
  if (result.open_files < wanted) {
    result.enough = result.open_files > reserved;
    result.maxclients = result.enough ? result.open_files - reserved : 0;
    ReportTooLow(result, maxclients, wanted, before, error);
  } else if (before < wanted) {
    result.lines.push_back(
        {LogLevel::kNotice,
         fmt::format("Increased maximum number of open files to {} (it was originally set to {}).",
                     wanted, before)});
  }
  return result;
}

absl::Status Daemonize() {
  const pid_t child = fork();
  if (child < 0) return ErrnoStatus(errno, "fork");
  if (child > 0) _exit(0);
  setsid();
  const int null = open("/dev/null", O_RDWR);
  if (null < 0) return ErrnoStatus(errno, "/dev/null");
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, standard);
  if (null > STDERR_FILENO) close(null);
  return absl::OkStatus();
}

absl::Status WritePidFile(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoStatus(errno, "Failed to write PID file " + path);
  const std::string text = fmt::format("{}\n", getpid());
  const ssize_t n = write(fd, text.data(), text.size());
  const int error = n < 0 ? errno : ENOSPC;
  close(fd);
  if (n == static_cast<ssize_t>(text.size())) return absl::OkStatus();
  return ErrnoStatus(error, "Failed to write PID file " + path);
}

void RemovePidFile(const std::string& path) { unlink(path.c_str()); }

Supervisor DetectSupervisor() {
  if (std::getenv("UPSTART_JOB") != nullptr) return Supervisor::kUpstart;
  if (std::getenv("NOTIFY_SOCKET") != nullptr) return Supervisor::kSystemd;
  return Supervisor::kNone;
}

void AnnounceToUpstart(Supervisor supervisor) {
  if (supervisor != Supervisor::kUpstart || std::getenv("UPSTART_JOB") == nullptr) return;
  raise(SIGSTOP);
  unsetenv("UPSTART_JOB");
}

// The protocol of sd_notify(3): one datagram to the socket that the environment names.
bool NotifySystemd(Supervisor supervisor, std::string_view state) {
  if (supervisor != Supervisor::kSystemd) return true;
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || std::strlen(path) >= sizeof(address.sun_path)) return false;
  const size_t length = std::strlen(path);
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const socklen_t bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const ssize_t n = sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&address), bytes);
  close(fd);
  return n == static_cast<ssize_t>(state.size());
}

}  // namespace norn::server
