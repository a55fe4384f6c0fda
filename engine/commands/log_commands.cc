// COMMANDLOG, and SLOWLOG for its first log.

#include <optional>

#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"

namespace norn::handlers {
namespace {

constexpr int64_t kDefaultCount = 10;

std::optional<CommandLogKind> KindAt(CommandContext& c, size_t at) {
  if (WordIs(c.word(at), "slow")) return CommandLogKind::kSlow;
  if (WordIs(c.word(at), "large-request")) return CommandLogKind::kLargeRequest;
  if (WordIs(c.word(at), "large-reply")) return CommandLogKind::kLargeReply;
  c.reply.Error("ERR type should be one of the following: slow, large-request, large-reply");
  return std::nullopt;
}

std::optional<int64_t> CountAt(CommandContext& c, size_t at) {
  constexpr std::string_view kBadCount = "ERR count should be greater than or equal to -1";
  const std::optional<int64_t> count = IntegerAt(c, at, kBadCount);
  if (!count || *count >= -1) return count;
  c.reply.Error(kBadCount);
  return std::nullopt;
}

void ReplyEntries(CommandContext& c, CommandLogKind kind, int64_t count) {
  const std::vector<CommandLogEntry> entries = c.node.CommandLog(kind, count);
  c.reply.Array(entries.size());
  for (const CommandLogEntry& entry : entries) {
    c.reply.Array(6);
    c.reply.Integer(static_cast<int64_t>(entry.id));
    c.reply.Integer(entry.unix_s);
    c.reply.Integer(entry.value);
    c.reply.Array(entry.words.size());
    for (const std::string& word : entry.words) c.reply.Bulk(word);
    c.reply.Bulk(entry.peer);
    c.reply.Bulk(entry.name);
  }
}

void ReplyLength(CommandContext& c, CommandLogKind kind) {
  c.reply.Integer(static_cast<int64_t>(c.node.CommandLogLength(kind)));
}

void ResetLog(CommandContext& c, CommandLogKind kind) {
  c.node.CommandLogReset(kind);
  c.reply.Ok();
}

}  // namespace

void SlowLogGet(CommandContext& c) {
  if (c.count() > 3) return ReplySubcommandError(c);
  const std::optional<int64_t> count = c.count() == 3 ? CountAt(c, 2) : kDefaultCount;
  if (count) ReplyEntries(c, CommandLogKind::kSlow, *count);
}

void SlowLogLen(CommandContext& c) { ReplyLength(c, CommandLogKind::kSlow); }

void SlowLogReset(CommandContext& c) { ResetLog(c, CommandLogKind::kSlow); }

void SlowLogHelp(CommandContext& c) {
  ReplyHelp(c,
            {
                "GET [<count>]",
                "    The newest <count> slow commands (default: 10; -1: all). Each one is an id,",
                "    a unix time, microseconds, the words of the command, the client's address",
                "    and its name.",
                "LEN",
                "    How many slow commands are kept.",
                "RESET",
                "    Forget them.",
            });
}

void CommandLogGet(CommandContext& c) {
  const std::optional<int64_t> count = CountAt(c, 2);
  if (!count) return;
  const std::optional<CommandLogKind> kind = KindAt(c, 3);
  if (kind) ReplyEntries(c, *kind, *count);
}

void CommandLogLen(CommandContext& c) {
  const std::optional<CommandLogKind> kind = KindAt(c, 2);
  if (kind) ReplyLength(c, *kind);
}

void CommandLogReset(CommandContext& c) {
  const std::optional<CommandLogKind> kind = KindAt(c, 2);
  if (kind) ResetLog(c, *kind);
}

void CommandLogHelp(CommandContext& c) {
  ReplyHelp(c, {
                   "GET <count> <type>",
                   "    The newest <count> entries of a log (-1: all). Each one is an id, a unix",
                   "    time, a number (microseconds for slow, bytes for large-request and",
                   "    large-reply), the words of the command, the client's address and its name.",
                   "LEN <type>",
                   "    How many entries a log keeps.",
                   "RESET <type>",
                   "    Forget the entries of a log.",
               });
}

}  // namespace norn::handlers
