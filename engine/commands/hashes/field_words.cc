#include "engine/commands/hashes/field_words.h"

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/structs/field_table.h"

namespace norn::handlers {

size_t FindFieldsWord(CommandContext& c, size_t from) {
  for (size_t i = from; i + 1 < c.count(); ++i) {
    if (WordIs(c.word(i), "fields")) return i;
  }
  return 0;
}

std::optional<std::span<const std::string_view>> ReadFields(CommandContext& c, size_t count_at,
                                                            size_t words_each,
                                                            std::string_view mismatch) {
  const std::optional<int64_t> count = IntegerAt(c, count_at);
  if (!count) return std::nullopt;
  const std::span<const std::string_view> words = c.words.subspan(count_at + 1);
  const bool fits = *count > 0 && words.size() % words_each == 0 &&
                    static_cast<uint64_t>(*count) == words.size() / words_each;
  if (fits) return words;
  c.reply.Error(mismatch);
  return std::nullopt;
}

std::optional<int64_t> ReadFieldDeadline(CommandContext& c, std::string_view word, TimeUnit unit) {
  const std::optional<int64_t> written = ParseInt64(word);
  if (!written) {
    c.reply.Error(kNotAnInteger);
    return std::nullopt;
  }
  int64_t time_ms = *written;
  const int64_t base_ms = unit.relative ? c.moment.now_ms : 0;
  if (time_ms < 0 || (unit.seconds && __builtin_mul_overflow(time_ms, 1000, &time_ms)) ||
      __builtin_add_overflow(time_ms, base_ms, &time_ms)) {
    ReplyInvalidExpireTime(c);
    return std::nullopt;
  }
  return time_ms;
}

bool HasPassed(const CommandContext& c, int64_t deadline_ms) {
  return deadline_ms <= c.moment.expired_up_to_ms();
}

void RepeatErasure(CommandContext& c, const std::vector<std::string_view>& fields) {
  if (fields.empty()) return;
  std::vector<std::string_view> words = {"HDEL", c.word(1)};
  words.insert(words.end(), fields.begin(), fields.end());
  c.effect.Instead(words);
}

void RepeatDeadline(CommandContext& c, const std::vector<std::string_view>& fields,
                    int64_t deadline_ms) {
  if (fields.empty()) return;
  const bool persists = deadline_ms == Field::kNoDeadline;
  const Int64Text deadline(deadline_ms);
  const Int64Text count(static_cast<int64_t>(fields.size()));
  std::vector<std::string_view> words = {persists ? "HPERSIST" : "HPEXPIREAT", c.word(1)};
  if (!persists) words.push_back(deadline.view());
  words.insert(words.end(), {"FIELDS", count.view()});
  words.insert(words.end(), fields.begin(), fields.end());
  c.effect.Instead(words);
}

}  // namespace norn::handlers
