#include "engine/base/glob.h"

#include <cstddef>
#include <utility>

namespace norn {
namespace {

unsigned char Fold(char c, Case sensitivity) {
  const bool upper = sensitivity == Case::kIgnore && c >= 'A' && c <= 'Z';
  return static_cast<unsigned char>(upper ? c + 32 : c);
}

// Matches `c` against the class that begins behind '[' at `*at`; leaves `*at` behind the closing
// bracket. An unclosed class ends with the pattern.
bool MatchClass(std::string_view pattern, size_t* at, char c, Case sensitivity) {
  size_t i = *at;
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  const unsigned char wanted = Fold(c, sensitivity);
  bool found = false;
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      ++i;
      found |= Fold(pattern[i], sensitivity) == wanted;
      ++i;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      unsigned char low = Fold(pattern[i], sensitivity);
      unsigned char high = Fold(pattern[i + 2], sensitivity);
      if (low > high) std::swap(low, high);
      found |= wanted >= low && wanted <= high;
      i += 3;
    } else {
      found |= Fold(pattern[i], sensitivity) == wanted;
      ++i;
    }
  }
  *at = i < pattern.size() ? i + 1 : i;
  return found != negated;
}

// Matches one text character at pattern position `*at` (not a star) and advances it.
bool MatchOne(std::string_view pattern, size_t* at, char c, Case sensitivity) {
  const char p = pattern[*at];
  ++*at;
  if (p == '?') return true;
  if (p == '[') return MatchClass(pattern, at, c, sensitivity);
  if (p == '\\' && *at < pattern.size()) {
    const char quoted = pattern[*at];
    ++*at;
    return Fold(quoted, sensitivity) == Fold(c, sensitivity);
  }
  return Fold(p, sensitivity) == Fold(c, sensitivity);
}

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text, Case sensitivity) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t p = 0;
  size_t t = 0;
  size_t star = kNone;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
      continue;
    }
    if (p < pattern.size() && MatchOne(pattern, &p, text[t], sensitivity)) {
      ++t;
      continue;
    }
    if (star == kNone) return false;
    p = star;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace norn
