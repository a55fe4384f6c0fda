// Values to text and back, by the kind of their row.

#include "engine/base/number.h"
#include "engine/config/config.h"
#include "engine/config/rewrite.h"
#include "engine/config/words.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

namespace norn::config {
namespace {

// --- Parsing. `value` is only written on success.

Reason ParseBool(std::string_view word, bool& value) {
  const std::string answer = Lower(word);
  if (answer != "yes" && answer != "no") return "argument must be 'yes' or 'no'";
  value = answer == "yes";
  return {};
}

std::optional<int64_t> ParseOctal(const std::string& word) {
  char* end = nullptr;
  errno = 0;
  const long long value = std::strtoll(word.c_str(), &end, 8);
  if (errno != 0 || word.empty() || end != word.c_str() + word.size()) return std::nullopt;
  return value;
}

// "5%" as -5.
std::optional<int64_t> ParsePercent(std::string_view word) {
  if (word.size() < 2 || word.back() != '%') return std::nullopt;
  const std::optional<int64_t> percent = ParseInt64(word.substr(0, word.size() - 1));
  if (!percent || *percent < 0) return std::nullopt;
  return -*percent;
}

template <typename Bound>
Reason OutOfRange(Bound min, Bound max, Unit unit) {
  if (unit == Unit::kOctal) {
    return fmt::format("argument must be between {:o} and {:o} inclusive", min, max);
  }
  return fmt::format("argument must be between {} and {} inclusive", min, max);
}

// An empty word is 0.
// Valkey: a number past 64 bits, or a unit without a number, is refused; Valkey wraps the one
// around and takes the other for 0.
std::optional<uint64_t> ParseSize(std::string_view word) {
  return word.empty() ? 0 : ParseMemory(word);
}

Reason ParseBytes(std::string_view word, uint64_t& bytes) {
  const std::optional<uint64_t> parsed = ParseSize(word);
  if (!parsed) return "argument must be a memory value";
  bytes = *parsed;
  return {};
}

Reason ParseBytesOrPercent(const IntKind& kind, std::string_view word, int64_t& value) {
  if (const std::optional<int64_t> percent = ParsePercent(word)) {
    if (*percent < kind.min) {
      return fmt::format("percentage argument must be less or equal to {}", -kind.min);
    }
    value = *percent;
    return {};
  }
  const std::optional<uint64_t> bytes = ParseSize(word);
  if (!bytes) return "argument must be a memory or percent value";
  if (*bytes > static_cast<uint64_t>(kind.max)) return OutOfRange(int64_t{0}, kind.max, kind.unit);
  value = static_cast<int64_t>(*bytes);
  return {};
}

Reason ParseInt(const IntKind& kind, const std::string& word, int64_t& value) {
  if (kind.unit == Unit::kBytesOrPercent) return ParseBytesOrPercent(kind, word, value);
  int64_t parsed = 0;
  if (kind.unit == Unit::kBytes) {
    uint64_t bytes = 0;
    if (Reason reason = ParseBytes(word, bytes); !reason.empty()) return reason;
    parsed = bytes > INT64_MAX ? -1 : static_cast<int64_t>(bytes);
    if (parsed < 0) return OutOfRange(kind.min, kind.max, kind.unit);
  } else if (kind.unit == Unit::kOctal) {
    const std::optional<int64_t> octal = ParseOctal(word);
    if (!octal) return "argument couldn't be parsed as an octal number";
    parsed = *octal;
  } else {
    const std::optional<int64_t> number = ParseInt64(word);
    if (!number) return "argument couldn't be parsed into an integer";
    parsed = *number;
  }
  if (parsed < kind.min || parsed > kind.max) return OutOfRange(kind.min, kind.max, kind.unit);
  value = parsed;
  return {};
}

Reason ParseUint(const UintKind& kind, std::string_view word, uint64_t& value) {
  uint64_t parsed = 0;
  if (kind.unit == Unit::kBytes) {
    if (Reason reason = ParseBytes(word, parsed); !reason.empty()) return reason;
  } else {
    const std::optional<int64_t> number = ParseInt64(word);
    if (!number) return "argument couldn't be parsed into an integer";
    if (*number < 0) return OutOfRange(kind.min, kind.max, kind.unit);
    parsed = static_cast<uint64_t>(*number);
  }
  if (parsed < kind.min || parsed > kind.max) return OutOfRange(kind.min, kind.max, kind.unit);
  value = parsed;
  return {};
}

std::optional<int> FindEnum(const EnumKind& kind, std::string_view word) {
  const std::string name = Lower(word);
  for (const EnumName& candidate : kind.names) {
    if (candidate.name == name) return candidate.value;
  }
  return std::nullopt;
}

Reason NotAName(const EnumKind& kind) {
  Reason reason = "argument(s) must be one of the following: ";
  for (const EnumName& name : kind.names) {
    if (&name != &kind.names.front()) reason += ", ";
    reason += name.name;
  }
  return reason;
}

Reason AssignEnum(const EnumKind& kind, Words words, Options& options) {
  if (words.empty()) return NotAName(kind);
  int value = 0;
  for (const std::string& word : words) {
    const std::optional<int> one = FindEnum(kind, word);
    if (!one) return NotAName(kind);
    value |= *one;
  }
  if (kind.check != nullptr) {
    if (Reason reason = kind.check(value); !reason.empty()) return reason;
  }
  kind.store(options, value);
  return {};
}

Reason AssignText(const TextKind& kind, const std::string& word, Options& options) {
  if (kind.check != nullptr) {
    if (Reason reason = kind.check(options, word); !reason.empty()) return reason;
  }
  options.*kind.field = word;
  return {};
}

// --- Printing.

std::string FormatInt(int64_t value, Unit unit) {
  if (unit == Unit::kOctal) return fmt::format("{:o}", value);
  if (unit == Unit::kBytesOrPercent && value < 0) return fmt::format("{}%", -value);
  return fmt::format("{}", value);
}

std::string FormatEnum(const EnumKind& kind, int value) {
  std::string text;
  for (const EnumName& name : kind.names) {
    if (name.value == value) return std::string(name.name);
  }
  for (const EnumName& name : kind.names) {
    if (!kind.is_set || (value & name.value) == 0) continue;
    text += text.empty() ? "" : " ";
    text += name.name;
  }
  return text;
}

// Numbers of bytes in a file have a unit, those of CONFIG GET have none.
std::string FileForm(const Row& row, const Options& options) {
  if (const auto* kind = std::get_if<IntKind>(&row.kind)) {
    const int64_t value = options.*kind->field;
    const bool is_bytes = kind->unit == Unit::kBytes || kind->unit == Unit::kBytesOrPercent;
    if (is_bytes && value >= 0) return ShortBytes(static_cast<uint64_t>(value));
  }
  if (const auto* kind = std::get_if<UintKind>(&row.kind)) {
    if (kind->unit == Unit::kBytes) return ShortBytes(options.*kind->field);
  }
  if (std::holds_alternative<TextKind>(row.kind)) return QuoteWord(Format(row, options));
  return Format(row, options);
}

}  // namespace

std::string Format(const Row& row, const Options& options) {
  struct Printer {
    const Options& options;
    std::string operator()(const BoolKind& kind) const {
      return options.*kind.field ? "yes" : "no";
    }
    std::string operator()(const IntKind& kind) const {
      return FormatInt(options.*kind.field, kind.unit);
    }
    std::string operator()(const UintKind& kind) const {
      return fmt::format("{}", options.*kind.field);
    }
    std::string operator()(const TextKind& kind) const { return options.*kind.field; }
    std::string operator()(const EnumKind& kind) const {
      return FormatEnum(kind, kind.load(options));
    }
    std::string operator()(const SpecialKind& kind) const { return kind.format(options); }
  };
  return std::visit(Printer{options}, row.kind);
}

Reason Assign(const Row& row, Words words, Options& options, bool append) {
  struct Setter {
    Words words;
    Options& options;
    bool append;
    Reason operator()(const BoolKind& kind) const {
      return ParseBool(words[0], options.*kind.field);
    }
    Reason operator()(const IntKind& kind) const {
      return ParseInt(kind, words[0], options.*kind.field);
    }
    Reason operator()(const UintKind& kind) const {
      return ParseUint(kind, words[0], options.*kind.field);
    }
    Reason operator()(const TextKind& kind) const { return AssignText(kind, words[0], options); }
    Reason operator()(const EnumKind& kind) const { return AssignEnum(kind, words, options); }
    Reason operator()(const SpecialKind& kind) const { return kind.set(options, words, append); }
  };
  if (!row.Has(kMulti) && words.size() != 1) return "wrong number of arguments";
  return std::visit(Setter{words, options, append}, row.kind);
}

std::vector<RewriteLine> RewriteLines(const Row& row, const Options& options) {
  if (const auto* special = std::get_if<SpecialKind>(&row.kind)) {
    return special->lines(options, row.name);
  }
  const std::string value = Format(row, options);
  const auto* text = std::get_if<TextKind>(&row.kind);
  if (text != nullptr && text->empty_is_unset && value.empty()) return {};
  return {
      {fmt::format("{} {}", row.name, FileForm(row, options)), value != Format(row, Defaults())}};
}

}  // namespace norn::config
