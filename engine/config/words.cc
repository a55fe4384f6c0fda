#include "engine/config/words.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>
#include <utility>

namespace norn::config {
namespace {

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char Unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

class Splitter {
 public:
  explicit Splitter(std::string_view line) : line_(line) {}

  std::optional<std::vector<std::string>> Run() {
    std::vector<std::string> words;
    while (true) {
      while (More() && IsBlank(Peek())) ++at_;
      if (!More()) return words;
      std::string word;
      if (!Word(word)) return std::nullopt;
      words.push_back(std::move(word));
    }
  }

 private:
  bool More() const { return at_ < line_.size(); }
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < line_.size() ? line_[at_ + ahead] : '\0';
  }

  // A quote may open inside a word (a"b c" is one word) but always ends it. Vertical tabs and form
  // feeds separate words only at their start: Valkey's rule.
  bool Word(std::string& word) {
    while (More()) {
      const char c = line_[at_++];
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') return true;
      if (c == '"') return DoubleQuoted(word);
      if (c == '\'') return SingleQuoted(word);
      word += c;
    }
    return true;
  }

  bool DoubleQuoted(std::string& word) {
    while (More()) {
      const char c = line_[at_++];
      if (c == '"') return !More() || IsBlank(Peek());
      if (c != '\\' || !More()) {
        word += c;
      } else if (Peek() == 'x' && HexDigit(Peek(1)) >= 0 && HexDigit(Peek(2)) >= 0) {
        word += static_cast<char>(HexDigit(Peek(1)) * 16 + HexDigit(Peek(2)));
        at_ += 3;
      } else {
        word += Unescape(line_[at_++]);
      }
    }
    return false;
  }

  bool SingleQuoted(std::string& word) {
    while (More()) {
      const char c = line_[at_++];
      if (c == '\'') return !More() || IsBlank(Peek());
      if (c == '\\' && Peek() == '\'') {
        word += '\'';
        ++at_;
      } else {
        word += c;
      }
    }
    return false;
  }

  std::string_view line_;
  size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<std::string>> SplitWords(std::string_view line) {
  return Splitter(line).Run();
}

std::string QuoteWord(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '\\':
      case '"':
        quoted += '\\';
        quoted += c;
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\a':
        quoted += "\\a";
        break;
      case '\b':
        quoted += "\\b";
        break;
      default:
        if (c >= ' ' && c <= '~') {
          quoted += c;
        } else {
          fmt::format_to(std::back_inserter(quoted), "\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
  }
  quoted += '"';
  return quoted;
}

std::vector<std::string> SplitAtBlanks(std::string_view text) {
  std::vector<std::string> pieces;
  if (text.empty()) return pieces;
  size_t from = 0;
  while (true) {
    const size_t blank = text.find(' ', from);
    if (blank == std::string_view::npos) break;
    pieces.emplace_back(text.substr(from, blank - from));
    from = blank + 1;
  }
  pieces.emplace_back(text.substr(from));
  return pieces;
}

std::string ShortBytes(uint64_t bytes) {
  constexpr std::pair<int, std::string_view> kUnits[] = {{30, "gb"}, {20, "mb"}, {10, "kb"}};
  for (const auto& [shift, unit] : kUnits) {
    const uint64_t size = uint64_t{1} << shift;
    if (bytes != 0 && bytes % size == 0) return fmt::format("{}{}", bytes / size, unit);
  }
  return fmt::format("{}", bytes);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace norn::config
