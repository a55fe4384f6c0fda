#pragma once
// Numbers as clients write them. Strict: no leading blanks or plus, no leading zeros, nothing
// behind the number; this is what decides whether a value is stored as an integer, so "what prints
// back as the same bytes" is the rule.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace norn {

// A signed 64-bit integer in canonical decimal form ("0", "-7"; not "-0", "+1", "01", "", " 1").
std::optional<int64_t> ParseInt64(std::string_view text);

// Digits only, canonical, up to 2^64-1.
std::optional<uint64_t> ParseUint64(std::string_view text);

inline constexpr size_t kInt64CharsMax = 20;

// Writes `value` in decimal at `out` (room for kInt64CharsMax); returns the count written, no
// terminator.
size_t FormatInt64(int64_t value, char* out);

// A number as text, for a moment.
class Int64Text {
 public:
  explicit Int64Text(int64_t value) : size_(FormatInt64(value, chars_)) {}
  std::string_view view() const { return {chars_, size_}; }

 private:
  char chars_[kInt64CharsMax];
  size_t size_;
};

// A finite or infinite number, decimal or hexadecimal; no blanks around it, no nan. As Valkey's
// string2ld / getLongDouble.
std::optional<long double> ParseLongDouble(std::string_view text);
std::optional<double> ParseDouble(std::string_view text);

inline constexpr size_t kDoubleCharsMax = 32;

// Writes the fewest digits that read back as `value` at `out` (room for kDoubleCharsMax), in Valkey's layout; returns the count
// written. Whole numbers as integers up to 2^52, "inf", "-inf", "nan", "-0"; an exponent ("1e+30", "1.5e-7") where
// plain digits would need more than 6 zeros behind or before.
size_t FormatDouble(double value, char* out);

// A double as text, for a moment.
class DoubleText {
 public:
  explicit DoubleText(double value) : size_(FormatDouble(value, chars_)) {}
  std::string_view view() const { return {chars_, size_}; }

 private:
  char chars_[kDoubleCharsMax];
  size_t size_;
};

// The shortest of fixed notation with at most 17 decimals, trailing zeros cut: the form of
// INCRBYFLOAT's replies.
std::string FormatLongDoubleHuman(long double value);

// "100", "1kb" (1024), "1k" (1000), "1mb", "1m", "1gb", "1g", "10b"; any case. nullopt: not of that
// form, or overflow.
std::optional<uint64_t> ParseMemory(std::string_view text);

}  // namespace norn
