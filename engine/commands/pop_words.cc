#include "engine/commands/pop_words.h"

#include <utility>

#include "engine/commands/arguments.h"

namespace norn {

std::optional<KeyWords> CountedKeysAt(CommandContext& c, size_t at) {
  const std::optional<int64_t> keys = IntegerAt(c, at, kTooFewKeys);
  if (!keys) return std::nullopt;
  if (*keys < 1) return c.reply.Error(kTooFewKeys), std::nullopt;
  if (static_cast<uint64_t>(*keys) > c.count() - at - 2) {
    return c.reply.Error(kSyntaxError), std::nullopt;
  }
  return KeyWords{at + 1, at + 1 + static_cast<size_t>(*keys)};
}

std::optional<size_t> PopCountAt(CommandContext& c, size_t at) {
  constexpr ErrorText kNone = "ERR count should be greater than 0";
  if (c.count() == at) return 1;
  if (!WordIs(c.word(at), "count") || c.count() != at + 2) {
    return c.reply.Error(kSyntaxError), std::nullopt;
  }
  const std::optional<int64_t> count = IntegerAt(c, at + 1, kNone);
  if (!count) return std::nullopt;
  if (*count < 1) return c.reply.Error(kNone), std::nullopt;
  return static_cast<size_t>(*count);
}

void WaitForWords(CommandContext& c, const KeyWords& words, KeyWait wait) {
  const std::span<const std::string_view> keys =
      c.words.subspan(words.first, words.end - words.first);
  wait.keys.assign(keys.begin(), keys.end());
  WaitOrReplyNull(c, std::move(wait));
}

}  // namespace norn
