#pragma once
// Words of a line: the quoting that config files, inline commands and ACL rules share.
//
//   plain   "with blanks, \n \r \t \b \a \xHH and \" inside"   'raw, only \' is special'

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace norn::config {

// nullopt: a quote is not closed, or is closed and followed by something other than a blank.
std::optional<std::vector<std::string>> SplitWords(std::string_view line);

// `text` in double quotes, so that SplitWords gives it back.
std::string QuoteWord(std::string_view text);

// The pieces between single blanks, empty ones too; none for an empty text.
std::vector<std::string> SplitAtBlanks(std::string_view text);

// A number of bytes with the largest unit that divides it: 64mb, 1025.
std::string ShortBytes(uint64_t bytes);

// The bytes of `text` in lower case (ASCII only), and without blanks at both ends.
std::string Lower(std::string_view text);
std::string_view Trim(std::string_view text);

}  // namespace norn::config
