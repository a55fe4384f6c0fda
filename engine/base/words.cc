#include "engine/base/words.h"

#include <fmt/format.h>

#include <cstddef>

namespace norn {
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

// Reads behind an opening double quote; leaves *at behind the closing one.
bool ReadDouble(std::string_view line, size_t* at, std::string* word) {
  size_t i = *at;
  for (; i < line.size() && line[i] != '"'; ++i) {
    if (line[i] != '\\' || i + 1 >= line.size()) {
      word->push_back(line[i]);
      continue;
    }
    ++i;
    const bool hex = line[i] == 'x' && i + 2 < line.size() && HexDigit(line[i + 1]) >= 0 &&
                     HexDigit(line[i + 2]) >= 0;
    if (hex) {
      word->push_back(static_cast<char>(HexDigit(line[i + 1]) * 16 + HexDigit(line[i + 2])));
      i += 2;
    } else {
      word->push_back(Unescape(line[i]));
    }
  }
  *at = i + 1;
  return i < line.size();
}

bool ReadSingle(std::string_view line, size_t* at, std::string* word) {
  size_t i = *at;
  for (; i < line.size() && line[i] != '\''; ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '\'') ++i;
    word->push_back(line[i]);
  }
  *at = i + 1;
  return i < line.size();
}

}  // namespace

bool SplitWords(std::string_view line, std::vector<std::string>* words) {
  size_t i = 0;
  for (;;) {
    while (i < line.size() && IsBlank(line[i])) ++i;
    if (i >= line.size() || line[i] == '\0') return true;
    std::string word;
    while (i < line.size() && !IsBlank(line[i]) && line[i] != '\0') {
      const char c = line[i++];
      if (c != '"' && c != '\'') {
        word.push_back(c);
        continue;
      }
      const bool closed = c == '"' ? ReadDouble(line, &i, &word) : ReadSingle(line, &i, &word);
      if (!closed) return false;
      if (i < line.size() && !IsBlank(line[i])) return false;
      break;
    }
    words->push_back(std::move(word));
  }
}

std::string QuoteWord(std::string_view word) {
  std::string out = "\"";
  for (const char c : word) {
    switch (c) {
      case '\\':
      case '"':
        out.push_back('\\');
        out.push_back(c);
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        if (c >= ' ' && c <= '~') {
          out.push_back(c);
        } else {
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
  }
  return out + "\"";
}

}  // namespace norn
