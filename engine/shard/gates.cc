#include "engine/shard/gates.h"

#include <fmt/format.h>

#include <algorithm>

namespace norn {
namespace {

constexpr size_t kShownBytesMax = 128;

std::string WithoutLineBreaks(std::string text) {
  std::replace(text.begin(), text.end(), '\r', ' ');
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// Valkey prints words as C strings.
std::string_view UpToNul(std::string_view word) { return word.substr(0, word.find('\0')); }

bool IsLocal(const Session& session) {
  return session.unix_socket || session.peer_address.starts_with("127.") ||
         session.peer_address.starts_with("[::1]");
}

bool Allowed(config::ProtectedAction action, const Session& session) {
  return action == config::ProtectedAction::kYes ||
         (action == config::ProtectedAction::kLocal && IsLocal(session));
}

std::string WriteText(const NodeCondition& condition) {
  if (condition.disk_broken) {
    return "MISCONF norn is configured to save RDB snapshots, but it's currently unable to persist "
           "to "
           "disk. Commands that may modify the data set are disabled, because this instance is "
           "configured to report errors during writes if RDB snapshotting fails "
           "(stop-writes-on-bgsave-error option). Please check the norn logs for details about the "
           "RDB error.";
  }
  if (condition.log_broken) return "MISCONF Errors writing to the AOF file: see the log";
  if (condition.few_replicas) return "NOREPLICAS Not enough good replicas to write.";
  if (condition.replica && condition.replica_read_only) {
    return "READONLY You can't write against a read only replica.";
  }
  return {};
}

}  // namespace

std::string UnknownCommandText(std::span<const std::string_view> words, bool unknown_subcommand) {
  if (unknown_subcommand) {
    std::string command(UpToNul(words[0]));
    for (char& c : command) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return WithoutLineBreaks(fmt::format("ERR unknown subcommand '{}'. Try {} HELP.",
                                         UpToNul(words[1]).substr(0, kShownBytesMax), command));
  }
  std::string shown;
  for (size_t i = 1; i < words.size() && shown.size() < kShownBytesMax; ++i) {
    shown += fmt::format("'{}' ", UpToNul(words[i]).substr(0, kShownBytesMax - shown.size()));
  }
  return WithoutLineBreaks(fmt::format("ERR unknown command '{}', with args beginning with: {}",
                                       UpToNul(words[0]).substr(0, kShownBytesMax), shown));
}

std::string RefusalText(const CommandSpec& spec, std::span<const std::string_view> words,
                        const Session& session, const ExecutorState& state) {
  const int count = static_cast<int>(words.size());
  if ((spec.arity > 0 && spec.arity != count) || count < -spec.arity) {
    return fmt::format("ERR wrong number of arguments for '{}' command", spec.full_name);
  }
  if (spec.Has(kProtected) && !Allowed(state.options().enable_debug_command, session)) {
    return "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
           "you can run it from a local connection, otherwise you need to set this option in the "
           "configuration file, and then restart the server.";
  }
  if (!session.authenticated && !spec.Has(kNoAuth)) return "NOAUTH Authentication required.";
  if (session.transaction.open && spec.Has(kNoMulti)) {
    return "ERR Command not allowed inside a transaction";
  }
  return {};
}

std::string SubscriberText(const CommandSpec& spec, const Session& session) {
  if (!session.in_subscriber_mode()) return {};
  // Those that change what the client listens to are the only ones of the family that scripts may not call.
  const bool listens = spec.Has(kPubSub) && spec.Has(kNoScript);
  if (listens || spec.full_name == "ping" || spec.full_name == "quit" ||
      spec.full_name == "reset") {
    return {};
  }
  return fmt::format(
      "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
      "allowed in this context",
      spec.full_name);
}

uint32_t QueuedFlags(const Session& session) {
  uint32_t flags = 0;
  for (const QueuedCommand& queued : session.transaction.queue) flags |= queued.spec->flags;
  return flags;
}

namespace {

bool AllQueuedHave(uint32_t flag, const CommandSpec& spec, const Session& session) {
  if (spec.name != "exec") return true;
  const std::vector<QueuedCommand>& queue = session.transaction.queue;
  return std::all_of(queue.begin(), queue.end(),
                     [&](const QueuedCommand& queued) { return (queued.spec->flags & flag) != 0; });
}

}  // namespace

std::string ConditionText(const CommandSpec& spec, const Session& session,
                          const NodeCondition& condition) {
  if (condition.usual() || session.from_primary) return {};
  const bool writes =
      spec.Has(kWrite) || (spec.name == "exec" && (QueuedFlags(session) & kWrite) != 0);
  if (writes) {
    // Valkey: a replica answers for its own state only; its primary decides about disks and replicas.
    NodeCondition asked = condition;
    if (condition.replica) asked.disk_broken = asked.log_broken = asked.few_replicas = false;
    std::string text = WriteText(asked);
    if (!text.empty()) return text;
  }
  if (condition.stale && (!spec.Has(kStale) || !AllQueuedHave(kStale, spec, session))) {
    return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  }
  if (condition.loading && !spec.Has(kLoading)) {
    return "LOADING norn is loading the dataset in memory";
  }
  return {};
}

bool HeldByPause(const CommandSpec& spec, uint32_t queued_flags, PauseMode mode) {
  if (mode == PauseMode::kNone) return false;
  if (mode == PauseMode::kAll) return true;
  return ((spec.flags | queued_flags) & (kWrite | kMayReplicate)) != 0;
}

}  // namespace norn
