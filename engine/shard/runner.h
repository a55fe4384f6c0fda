#pragma once
// Runs one command whose tokens are held: the memory gate, the handler, and what is counted about it. The innermost step of
// every path (inline, batch, transaction).

#include "engine/commands/command.h"
#include "engine/shard/command_ref.h"
#include "engine/shard/executor_state.h"

namespace norn {

inline constexpr std::string_view kOutOfMemory =
    "OOM command not allowed when used memory > 'maxmemory'.";

class Runner {
 public:
  // `state` of the executor that runs it (not necessarily the connection's).
  explicit Runner(ExecutorState& state)
      : state_(state), effects_(&state.effects), time_(state.env.clock()) {}

  // Before a batch of Run calls, and after every park between them.
  void RestartClock() { time_.Restart(); }

  // Writes exactly one reply (what the handler writes), or none where the handler asks `wait` for a wait; null: it may not.
  // Then serves who waited for what the command made ready. Parks only where the handler may.
  void Run(const CommandRef& command, Session& session, ReplyWriter& reply,
           KeyWait* wait = nullptr);

  // The shards whose tokens are held, when it is not just the one that each command names; empty again: just that one.
  // `shards` must outlive its use.
  void HoldShards(std::span<const uint32_t> shards) { held_ = shards; }

  // What runs until CollectEffects(nullptr) is recorded in `group`, not with what others record here: for a transaction, whose
  // commands may park in between.
  void CollectEffects(EffectLog* group) { effects_ = group != nullptr ? group : &state_.effects; }

  // Hands what was recorded to whoever repeats it. Required before a token goes, a reply leaves or the fiber parks.
  void Settle() {
    if (__builtin_expect(!state_.effects.empty(), 0)) state_.effect_sink->Accept(state_.effects);
  }
  // Deletions of keys found to be expired outside of Run: for those who repeat them, and for those who hear of them.
  void RecordDeletions(std::span<const uint32_t> shards);
  // Serves who waits for keys of `shards` that became ready (blocking.h). For EXEC, after its last command.
  void ServeReady(std::span<const uint32_t> shards);

  // Whether `spec` may run on `shards` as far as maxmemory goes; evicts what can be. Requires their tokens.
  bool FitsMemory(const CommandSpec& spec, std::span<const uint32_t> shards);

  // Refuses without running: the error, and its counters.
  void Refuse(const CommandSpec* spec, std::string_view text, ReplyWriter& reply);

  // A command that the dispatcher itself ran and that failed: the error, counted as a failed call.
  void Fail(const CommandSpec& spec, std::string_view text, ReplyWriter& reply);

  // Commands and refusals of this runner that ended in an error.
  uint64_t errors() const { return errors_; }

  // What a command may know of now.
  Moment MomentOf(const CommandRef& command, const Session& session) const;
  WallTime wall() const { return time_.wall(); }
  Instant instant() const { return time_.instant(); }

 private:
  // The shards whose tokens it runs under.
  std::span<const uint32_t> HeldBy(const CommandRef& command) const;
  // What happened to keys of `shards`, to subscribers.
  void TellEvents(std::span<const uint32_t> shards);
  void CountSlot(const CommandRef& command, Duration took, size_t reply_bytes);
  uint64_t Changes(const CommandRef& command) const;
  void Record(const CommandRef& command, DbIndex db, const Effect& effect, uint64_t changes_before);
  // False, with the error written, when memory is full and nothing can be evicted.
  bool HasMemory(const CommandRef& command, ReplyWriter& reply);
  // Evicts until the shard keeps to its part of maxmemory. False: nothing more can go.
  bool MakeRoom(uint32_t shard);
  void Account(const CommandRef& command, const Session& session, Duration took, size_t reply_bytes,
               const ReplyWriter& reply);
  void CountErrors(const ReplyWriter& reply);
  void Log(CommandLogKind kind, const CommandRef& command, const Session& session, int64_t value);

  ExecutorState& state_;
  EffectLog* effects_;
  std::span<const uint32_t> held_;
  uint64_t errors_ = 0;
  TimeBase time_;
};

}  // namespace norn
