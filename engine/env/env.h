#pragma once
// The whole outside world of one node. Everything that is not a function of the engine's own state
// (time, randomness, other executors, peers, disks, the log, the end of the process) arrives
// through one Env&.
//
// This header is treated as a frozen binary interface: a simulation may load engines of several
// releases, each built against it. Keep the types plain and the methods few; add at the end, never
// reorder.
//
// Calls are virtual because they happen per I/O, never per key. Calls marked "parks" suspend the
// calling fiber and must be made from a fiber; all others may be made from any code on an executor.

#include "engine/env/clock.h"
#include "engine/env/disk.h"
#include "engine/env/entropy.h"
#include "engine/env/executor.h"
#include "engine/env/network.h"

#include <cstdint>
#include <string_view>

namespace norn::env {

enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning };

// What the world knows of this process. Zero where it does not know.
struct ProcessStats {
  uint64_t resident_bytes = 0;
  uint64_t allocated_bytes = 0;  // by the allocator, live
  uint64_t active_bytes = 0;     // in pages that hold a live allocation
  uint64_t mapped_bytes = 0;     // held by the allocator in all
  uint64_t total_memory_bytes = 0;
  int64_t cpu_user_us = 0;
  int64_t cpu_system_us = 0;
  int64_t pid = 0;
};

class Env {
 public:
  virtual ~Env() = default;

  virtual Clock& clock() = 0;
  virtual Entropy& entropy() = 0;
  virtual Executor& executor() = 0;
  virtual Network& network() = 0;
  virtual Disk& disk() = 0;

  // One line without its newline. The caller has already filtered by level.
  virtual void Log(LogLevel level, std::string_view line) = 0;

  // The node is done: no further fiber or message of it runs after the current one returns to its
  // executor. Exit codes as of a process.
  virtual void Exit(int code) = 0;

  // Cheap enough for once a second, not for once a command.
  virtual ProcessStats Stats() = 0;
};

}  // namespace norn::env
