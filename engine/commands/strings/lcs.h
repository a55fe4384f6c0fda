#pragma once
// The longest common subsequence of two strings, by dynamic programming over a table of (a + 1) x (b + 1) lengths.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace norn::lcs {

// Both ends included.
struct Span {
  uint32_t first;
  uint32_t last;
};

// A run of bytes that is part of the subsequence and stands in one piece in both strings.
struct Match {
  Span a;
  Span b;
  uint32_t Length() const { return a.last - a.first + 1; }
};

struct Result {
  uint32_t length = 0;
  std::string text;
  std::vector<Match> matches;  // from the end of the strings to their begin
};

// The bytes that the table of two strings of these lengths takes.
uint64_t TableBytes(uint64_t a_bytes, uint64_t b_bytes);

// Requires both shorter than 2^32 - 2 bytes. Only the length when `length_only`.
Result Find(std::string_view a, std::string_view b, bool length_only);

}  // namespace norn::lcs
