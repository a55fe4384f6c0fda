#pragma once
// The three logs of COMMANDLOG (SLOWLOG is the first one): commands that were slow, large, or had large replies. A node keeps
// one on executor 0.

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/commands/command.h"
#include "engine/commands/node_control.h"
#include "engine/config/options.h"

namespace norn {

// Whether a command with this value (microseconds or bytes) belongs in a log. Cheap: asked after every command.
bool CommandLogTakes(const config::Options& options, CommandLogKind kind, int64_t value);

// The words as a log keeps them: at most 32, of at most 128 bytes each, the rest counted; secrets (passwords) replaced.
std::vector<std::string> CommandLogWords(const CommandSpec& spec,
                                         std::span<const std::string_view> words);

// Bounded by the options' commandlog-*-max-len, the oldest entry goes first. Runs on one executor; never parks.
class CommandLog {
 public:
  // Gives the entry its id and keeps it, newest first.
  void Push(CommandLogKind kind, CommandLogEntry entry, const config::Options& options);

  // The newest `count` entries, newest first; -1: all.
  std::vector<CommandLogEntry> Newest(CommandLogKind kind, int64_t count) const;
  size_t Length(CommandLogKind kind) const { return Of(kind).entries.size(); }
  // Ids go on where they were.
  void Reset(CommandLogKind kind) { Of(kind).entries.clear(); }

 private:
  struct Log {
    uint64_t next_id = 0;
    std::deque<CommandLogEntry> entries;  // newest at the front
  };
  Log& Of(CommandLogKind kind) { return logs_[static_cast<size_t>(kind)]; }
  const Log& Of(CommandLogKind kind) const { return logs_[static_cast<size_t>(kind)]; }

  std::array<Log, kCommandLogKinds> logs_;
};

}  // namespace norn
