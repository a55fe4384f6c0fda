#include "engine/commands/arguments.h"

#include <fmt/format.h>

namespace norn {

std::optional<int64_t> Int32At(CommandContext& c, size_t at, ErrorText error) {
  const std::optional<int64_t> value = IntegerAt(c, at, error.empty() ? kNotAnInteger : error);
  if (!value || (*value >= INT32_MIN && *value <= INT32_MAX)) return value;
  c.reply.Error(error.empty() ? kNotInInt32 : error);
  return std::nullopt;
}

std::optional<DbIndex> DbAt(CommandContext& c, size_t at) {
  const std::optional<int64_t> value = Int32At(c, at);
  if (!value) return std::nullopt;
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
