#include "engine/commands/strings/string_options.h"

#include <optional>
#include <utility>

#include "engine/base/number.h"
#include "engine/commands/command.h"

namespace norn {
namespace {

// Two words name the same unit and base only when they are the same option: EX 1 EX 2 is allowed (the last one counts), EX 1
// PX 2 is not.
bool SameKind(const ExpiryArgument& a, const ExpiryArgument& b) {
  return a.seconds == b.seconds && a.relative == b.relative;
}

bool ExpiryWord(std::string_view word, ExpiryArgument* expiry) {
  if (WordIs(word, "ex")) *expiry = {{}, true, true, true};
  if (WordIs(word, "px")) *expiry = {{}, true, false, true};
  if (WordIs(word, "exat")) *expiry = {{}, true, true, false};
  if (WordIs(word, "pxat")) *expiry = {{}, true, false, false};
  return expiry->given;
}

bool SetCondition(StringOptions* options, Condition condition) {
  if (options->condition == Condition::kIfEq) return false;
  if (options->condition != Condition::kNone && options->condition != condition) return false;
  options->condition = condition;
  return true;
}

// The options that take no word behind them. nullopt: not one of them; false: not allowed here.
std::optional<bool> TakeFlag(std::string_view word, OptionsOf of, StringOptions* options) {
  const bool sets = of != OptionsOf::kGetEx && of != OptionsOf::kHGetEx;
  if (sets && WordIs(word, "nx")) return SetCondition(options, Condition::kNx);
  if (sets && WordIs(word, "xx")) return SetCondition(options, Condition::kXx);
  if (of == OptionsOf::kSet && WordIs(word, "get")) return options->get = true;
  if (of == OptionsOf::kHSetEx && (WordIs(word, "fnx") || WordIs(word, "fxx"))) {
    const Condition wanted = WordIs(word, "fnx") ? Condition::kNx : Condition::kXx;
    const Condition before = std::exchange(options->fields, wanted);
    return before == Condition::kNone || before == wanted;
  }
  if (sets && WordIs(word, "keepttl")) {
    options->keep_deadline = true;
    return !options->expiry.given;
  }
  if (!sets && WordIs(word, "persist")) {
    options->persist = true;
    return !options->expiry.given;
  }
  return std::nullopt;
}

bool TakeExpiry(const ExpiryArgument& expiry, StringOptions* options) {
  if (options->keep_deadline || options->persist) return false;
  if (options->expiry.given && !SameKind(options->expiry, expiry)) return false;
  options->expiry = expiry;
  return true;
}

}  // namespace

bool ParseStringOptions(std::span<const std::string_view> words, OptionsOf of,
                        StringOptions* options) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (const std::optional<bool> taken = TakeFlag(words[i], of, options)) {
      if (!*taken) return false;
      continue;
    }
    if (i + 1 == words.size()) return false;
    ExpiryArgument expiry;
    if (ExpiryWord(words[i], &expiry)) {
      expiry.word = words[++i];
      if (!TakeExpiry(expiry, options)) return false;
      continue;
    }
    if (of != OptionsOf::kSet || !WordIs(words[i], "ifeq")) return false;
    if (options->condition != Condition::kNone) return false;
    options->condition = Condition::kIfEq;
    options->comparison = words[++i];
  }
  return true;
}

Deadline ReadDeadline(const ExpiryArgument& expiry, int64_t now_ms) {
  const std::optional<int64_t> written = ParseInt64(expiry.word);
  if (!written) return {Deadline::Problem::kNotInteger, 0};
  int64_t unix_ms = *written;
  if (unix_ms <= 0) return {Deadline::Problem::kInvalid, 0};
  if (expiry.seconds && __builtin_mul_overflow(unix_ms, 1000, &unix_ms)) {
    return {Deadline::Problem::kInvalid, 0};
  }
  if (expiry.relative && __builtin_add_overflow(unix_ms, now_ms, &unix_ms)) {
    return {Deadline::Problem::kInvalid, 0};
  }
  return {Deadline::Problem::kNone, unix_ms};
}

}  // namespace norn
