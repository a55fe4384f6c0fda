#pragma once
// Reading the words of a command. Each function either gives the value or has replied the error, so that a handler returns
// at once on nullopt.

#include <cstdint>
#include <optional>

#include "engine/commands/command.h"
#include "engine/commands/errors.h"

namespace norn {

// A 64-bit integer.
std::optional<int64_t> IntArgument(CommandContext& c, size_t at, ErrorText error = kNotInteger);

// A database below the option `databases`. With `error` that text answers whatever is not a 32-bit integer.
std::optional<DbIndex> DbArgument(CommandContext& c, size_t at, ErrorText error = kNoError);

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
