#pragma once
// Reading the words of a command. Each function either gives the value or has replied the error, so that a handler returns
// at once on nullopt.

#include <cstdint>
#include <optional>

#include "engine/commands/command.h"
#include "engine/commands/errors.h"
#include "engine/commands/replies.h"
#include "engine/keyspace/access.h"

namespace norn {

// A 32-bit integer; `error`, when given, answers all that is not one.
std::optional<int64_t> Int32At(CommandContext& c, size_t at, ErrorText error = kNoError);

// A database below the option `databases`.
std::optional<DbIndex> DbAt(CommandContext& c, size_t at);

// The conditions of EXPIRE, HEXPIRE and their relatives.
struct ExpireConditions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;

  // Whether the deadline `now_has` (nullopt: none, which is later than any) may become `deadline_ms`.
  bool Allow(std::optional<int64_t> now_has, int64_t deadline_ms) const;
};

// The words from `first` up to `end`. nullopt: the error is replied.
std::optional<ExpireConditions> ReadExpireConditions(CommandContext& c, size_t first, size_t end);

// "ERR invalid expire time in 'set' command", with the name of this command.
void ReplyInvalidExpireTime(CommandContext& c);

// "ERR wrong number of arguments for 'mset' command": counts that the table's arity cannot tell.
void ReplyWrongArity(CommandContext& c);

// The moment of the command for a look at a key that is no use of it (TTL, TYPE, OBJECT): leaves LRU and LFU alone.
inline Moment WithoutTouch(const CommandContext& c) {
  Moment moment = c.moment;
  moment.touch = false;
  return moment;
}

// Requires entry.IsString().
inline void ReplyString(CommandContext& c, const Entry& entry) {
  StringScratch scratch;
  c.reply.Bulk(entry.String(scratch));
}

}  // namespace norn
