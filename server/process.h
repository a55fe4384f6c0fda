#pragma once
// What a server does about its own process before and after the node runs: descriptors, daemon,
// pid file, supervisor.

#include "engine/env/env.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace norn::server {

// Descriptors that are not clients: listeners, files, the loops' own. Valkey reserves as many.
inline constexpr uint64_t kReservedFiles = 32;

struct OpenFilesLimit {
  struct Line {
    env::LogLevel level;
    std::string text;
  };
  uint64_t open_files = 0;  // the limit now
  uint64_t maxclients = 0;  // what fits
  bool enough = true;       // false: not even one client fits; the server must not start
  std::vector<Line> lines;  // to be logged, in Valkey's words
};

// Raises the limit of open files to maxclients + reserved, or as far as the system lets it.
OpenFilesLimit AdjustOpenFilesLimit(uint64_t maxclients, uint64_t reserved = kReservedFiles);

// Leaves the terminal: the caller goes on as a child in a session of its own with its standard
// streams on /dev/null, and the parent exits with 0. Before any thread is started.
absl::Status Daemonize();

// "<pid>\n".
absl::Status WritePidFile(const std::string& path);
void RemovePidFile(const std::string& path);

enum class Supervisor : uint8_t { kNone, kUpstart, kSystemd };

// The supervisor that started us, by the environment it left.
Supervisor DetectSupervisor();

// upstart: stops until it says to go on. Others: nothing.
void AnnounceToUpstart(Supervisor supervisor);

// systemd: sends a state ("READY=1", "STATUS=...", "STOPPING=1") to its socket; false when there is
// none or it does not listen. Others: nothing, true.
bool NotifySystemd(Supervisor supervisor, std::string_view state);

}  // namespace norn::server
