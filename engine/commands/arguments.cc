#include "engine/commands/arguments.h"

#include <fmt/format.h>

#include "engine/base/number.h"

namespace norn {

std::optional<int64_t> IntArgument(CommandContext& c, size_t at, ErrorText error) {
  const std::optional<int64_t> value = ParseInt64(c.word(at));
  if (!value) c.reply.Error(error);
  return value;
}

std::optional<DbIndex> DbArgument(CommandContext& c, size_t at, ErrorText error) {
  const std::optional<int64_t> value = IntArgument(c, at, error.empty() ? kNotInteger : error);
  if (!value) return std::nullopt;
  if (*value < INT32_MIN || *value > INT32_MAX) {
    c.reply.Error(error.empty() ? kNotInInt32 : error);
    return std::nullopt;
  }
  if (*value < 0 || *value >= c.options.databases) {
    c.reply.Error(kDbOutOfRange);
    return std::nullopt;
  }
  return DbIndex{static_cast<uint32_t>(*value)};
}

void ReplyInvalidExpireTime(CommandContext& c) {
  c.reply.Error(fmt::format("ERR invalid expire time in '{}' command", c.spec->full_name));
}

void ReplyWrongArity(CommandContext& c) {
  c.reply.Error(fmt::format("ERR wrong number of arguments for '{}' command", c.spec->full_name));
}

}  // namespace norn
