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

std::optional<ExpireConditions> ReadExpireConditions(CommandContext& c, size_t first, size_t end) {
  ExpireConditions conditions;
  for (size_t i = first; i < end; ++i) {
    const std::string_view word = c.word(i);
    if (WordIs(word, "nx")) {
      conditions.nx = true;
    } else if (WordIs(word, "xx")) {
      conditions.xx = true;
    } else if (WordIs(word, "gt")) {
      conditions.gt = true;
    } else if (WordIs(word, "lt")) {
      conditions.lt = true;
    } else {
      c.reply.Error(fmt::format("ERR Unsupported option {}", UpToNul(word)));
      return std::nullopt;
    }
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) {
    c.reply.Error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return std::nullopt;
  }
  if (conditions.gt && conditions.lt) {
    c.reply.Error("ERR GT and LT options at the same time are not compatible");
    return std::nullopt;
  }
  return conditions;
}

bool ExpireConditions::Allow(std::optional<int64_t> now_has, int64_t deadline_ms) const {
  if (nx && now_has) return false;
  if (xx && !now_has) return false;
  if (gt && (!now_has || deadline_ms <= *now_has)) return false;
  if (lt && now_has && deadline_ms >= *now_has) return false;
  return true;
}

void ReplyInvalidExpireTime(CommandContext& c) {
  c.reply.Error(fmt::format("ERR invalid expire time in '{}' command", c.spec->full_name));
}

void ReplyWrongArity(CommandContext& c) {
  c.reply.Error(fmt::format("ERR wrong number of arguments for '{}' command", c.spec->full_name));
}

}  // namespace norn
