#include "engine/base/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace norn {
namespace {

// Room for any long double that fixed notation prints with 17 decimals (exponent up to 4932).
constexpr size_t kLongDoubleCharsMax = 5 * 1024;

// strtold wants a terminator and accepts what we do not (leading blanks, nan).
template <typename Number, Number (*kParse)(const char*, char**)>
std::optional<Number> ParseFloating(std::string_view text) {
  char copy[kLongDoubleCharsMax];  // what FormatLongDoubleHuman wrote is read back
  if (text.empty() || text.size() >= sizeof(copy)) return std::nullopt;
  if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  char* end = nullptr;
  errno = 0;
  const Number value = kParse(copy, &end);
  if (end != copy + text.size() || std::isnan(value)) return std::nullopt;
  const bool overflowed = errno == ERANGE && (std::isinf(value) || value == 0);
  if (overflowed) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> ParseInt64(std::string_view text) {
  if (text.empty() || text.size() > kInt64CharsMax) return std::nullopt;
  const bool negative = text[0] == '-';
  const std::string_view digits = negative ? text.substr(1) : text;
  if (digits.empty()) return std::nullopt;
  if (digits[0] == '0') {
    if (digits.size() > 1 || negative) return std::nullopt;
    return 0;
  }
  uint64_t magnitude = 0;
  for (const char c : digits) {
    const unsigned digit = static_cast<unsigned char>(c) - '0';
    if (digit > 9) return std::nullopt;
    if (__builtin_mul_overflow(magnitude, 10ULL, &magnitude)) return std::nullopt;
    if (__builtin_add_overflow(magnitude, digit, &magnitude)) return std::nullopt;
  }
  const uint64_t limit = static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
  if (magnitude > limit) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

std::optional<uint64_t> ParseUint64(std::string_view text) {
  if (text.empty() || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

size_t FormatInt64(int64_t value, char* out) {
  const auto [end, error] = std::to_chars(out, out + kInt64CharsMax, value);
  return static_cast<size_t>(end - out);
}

std::optional<long double> ParseLongDouble(std::string_view text) {
  return ParseFloating<long double, std::strtold>(text);
}

std::optional<double> ParseDouble(std::string_view text) {
  return ParseFloating<double, std::strtod>(text);
}

namespace {

size_t Copy(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

// digits[0].digits[1..] * 10^exponent, laid out as Valkey's printer (fpconv) does.
size_t LayOut(std::string_view digits, int exponent, char* out) {
  constexpr int kZerosMax = 7;
  char* at = out;
  const int count = static_cast<int>(digits.size());
  const int last = exponent - count + 1;  // the power of ten of the last digit
  const auto whole = static_cast<size_t>(std::max(exponent + 1, 0));
  if (last >= 0 && exponent < count + kZerosMax) {
    at += Copy(digits, at);
    at = std::fill_n(at, last, '0');
  } else if (last < 0 && exponent >= 0 && (last > -kZerosMax || exponent < 4)) {
    at += Copy(digits.substr(0, whole), at);
    *at++ = '.';
    at += Copy(digits.substr(whole), at);
  } else if (last < 0 && exponent < 0 && (last > -kZerosMax || exponent > -4)) {
    at += Copy("0.", at);
    at = std::fill_n(at, -exponent - 1, '0');
    at += Copy(digits, at);
  } else {
    *at++ = digits[0];
    if (count > 1) {
      *at++ = '.';
      at += Copy(digits.substr(1), at);
    }
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    at += FormatInt64(exponent < 0 ? -exponent : exponent, at);
  }
  return static_cast<size_t>(at - out);
}

}  // namespace

size_t FormatDouble(double value, char* out) {
  if (std::isnan(value)) return Copy("nan", out);
  if (std::isinf(value)) return Copy(value > 0 ? "inf" : "-inf", out);
  if (value == 0) return Copy(std::signbit(value) ? "-0" : "0", out);
  constexpr double kExact = 4503599627370496.0;  // 2^52
  if (value > -kExact && value < kExact && value == std::floor(value)) {
    return FormatInt64(static_cast<int64_t>(value), out);
  }
  char scientific[kDoubleCharsMax];
  const char* end = std::to_chars(scientific, scientific + sizeof(scientific), std::abs(value),
                                  std::chars_format::scientific)
                        .ptr;
  const char* e =
      static_cast<const char*>(std::memchr(scientific, 'e', static_cast<size_t>(end - scientific)));
  char digits[kDoubleCharsMax];
  size_t count = 0;
  for (const char* at = scientific; at != e; ++at) {
    if (*at != '.') digits[count++] = *at;
  }
  int exponent = 0;
  std::from_chars(e + (e[1] == '+' ? 2 : 1), end, exponent);
  size_t written = 0;
  if (value < 0) out[written++] = '-';
  return written + LayOut({digits, count}, exponent, out + written);
}

std::string FormatLongDoubleHuman(long double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text(kLongDoubleCharsMax, '\0');
  const int written = std::snprintf(text.data(), text.size(), "%.17Lf", value);
  text.resize(static_cast<size_t>(written));
  if (text.find('.') != std::string::npos) {
    text.resize(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::optional<uint64_t> ParseMemory(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  std::string unit(text.substr(digits));
  for (char& c : unit) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  uint64_t factor = 0;
  if (unit.empty() || unit == "b") factor = 1;
  if (unit == "k") factor = 1000;
  if (unit == "kb") factor = 1024;
  if (unit == "m") factor = 1000 * 1000;
  if (unit == "mb") factor = 1024 * 1024;
  if (unit == "g") factor = 1000 * 1000 * 1000;
  if (unit == "gb") factor = 1024 * 1024 * 1024;
  uint64_t value = 0;
  if (factor == 0 || digits == 0) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits) return std::nullopt;
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(value, factor, &bytes)) return std::nullopt;
  return bytes;
}

}  // namespace norn
