#pragma once
// A reply read back from its bytes: for tests, which want to see what a client would.

#include <charconv>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/check.h"

namespace norn {

struct ReplyValue {
  char kind = '?';    // the byte of the protocol: + - : $ * _ # , ( = % ~ > |
  bool null = false;  // $-1, *-1 or _
  std::string text;   // of simple, error, bulk, double, big number, verbatim (with its format)
  int64_t integer = 0;
  std::vector<ReplyValue> items;  // a map's keys and values in turn
};

namespace reply_value_detail {

inline std::string_view CutLine(std::string_view& rest) {
  const size_t end = rest.find("\r\n");
  CHECK(end != std::string_view::npos);
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

inline int64_t ToInteger(std::string_view digits) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  CHECK(error == std::errc() && end == digits.data() + digits.size());
  return value;
}

inline ReplyValue Cut(std::string_view& rest) {
  const std::string_view line = CutLine(rest);
  ReplyValue value;
  value.kind = line[0];
  const std::string_view body = line.substr(1);
  switch (value.kind) {
    case ':':
      value.integer = ToInteger(body);
      break;
    case '_':
      value.null = true;
      break;
    case '$':
    case '=': {
      const int64_t size = ToInteger(body);
      value.null = size < 0;
      if (value.null) break;
      value.text = rest.substr(0, static_cast<size_t>(size));
      CHECK(rest.substr(static_cast<size_t>(size), 2) == "\r\n");
      rest.remove_prefix(static_cast<size_t>(size) + 2);
      break;
    }
    case '*':
    case '%':
    case '~':
    case '>':
    case '|': {
      int64_t count = ToInteger(body);
      value.null = count < 0;
      if (value.kind == '%' || value.kind == '|') count *= 2;
      for (int64_t i = 0; i < count; ++i) value.items.push_back(Cut(rest));
      break;
    }
    default:
      CHECK(std::string_view("+-,#(").find(value.kind) != std::string_view::npos);
      value.text = body;
  }
  return value;
}

}  // namespace reply_value_detail

// Requires `bytes` to be exactly one well-formed reply.
inline ReplyValue ParseReply(std::string_view bytes) {
  ReplyValue value = reply_value_detail::Cut(bytes);
  CHECK_MSG(bytes.empty(), "bytes behind the reply");
  return value;
}

// In one line, as the sessions of tests write replies: +OK -ERR... :3 $bulk nil [:1, $b] {$k: :1} #t ,1.5
inline std::string Show(const ReplyValue& value) {
  if (value.null) return "nil";
  if (value.kind == ':') return ":" + std::to_string(value.integer);
  if (std::string_view("*%~>|").find(value.kind) == std::string_view::npos) {
    return value.kind + value.text;
  }
  const bool map = value.kind == '%' || value.kind == '|';
  std::string text = map ? "{" : "[";
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) text += map && i % 2 == 1 ? ": " : ", ";
    text += Show(value.items[i]);
  }
  return text + (map ? "}" : "]");
}

inline void PrintTo(const ReplyValue& value, std::ostream* out) { *out << Show(value); }

}  // namespace norn
