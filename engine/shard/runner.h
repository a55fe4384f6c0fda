#pragma once
// Runs one command whose tokens are held: the memory gate, the handler, and what is counted about it. The innermost step of
// every path (inline, batch, transaction).

#include "engine/commands/command.h"
#include "engine/shard/command_ref.h"
#include "engine/shard/executor_state.h"

namespace norn {

class Runner {
 public:
  // `state` of the executor that runs it (not necessarily the connection's).
  explicit Runner(ExecutorState& state) : state_(state), time_(state.env.clock()) {}

  // Before a batch of Run calls, and after every park between them.
  void RestartClock() { time_.Restart(); }

  // Writes exactly one reply (what the handler writes). Parks only where the handler may.
  void Run(const CommandRef& command, Session& session, ReplyWriter& reply);

  // Refuses without running: the error, and its counters.
  void Refuse(const CommandSpec* spec, std::string_view text, ReplyWriter& reply);

  // A command that the dispatcher itself ran and that failed: the error, counted as a failed call.
  void Fail(const CommandSpec& spec, std::string_view text, ReplyWriter& reply);

  WallTime wall() const { return time_.wall(); }
  Instant instant() const { return time_.instant(); }

 private:
  // False, with the error written, when memory is full and nothing can be evicted.
  bool HasMemory(const CommandRef& command, ReplyWriter& reply);
  bool HasMemorySlow(const CommandRef& command, ReplyWriter& reply);
  void Account(const CommandRef& command, const Session& session, Duration took, size_t reply_bytes,
               const ReplyWriter& reply);
  void CountErrors(const ReplyWriter& reply);
  void Log(CommandLogKind kind, const CommandRef& command, const Session& session, int64_t value);

  ExecutorState& state_;
  TimeBase time_;
};

}  // namespace norn
