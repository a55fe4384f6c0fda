#pragma once
// A line cut into words as a shell user would expect: blanks separate, "..." takes escapes (\n \r \t \b \a \xHH \" \\),
// '...' takes only \'. The inline protocol and the config file share it.

#include <string>
#include <string_view>
#include <vector>

namespace norn {

// Appends the words of `line`. False when a quote is not closed or something follows a closing quote without a blank.
bool SplitWords(std::string_view line, std::vector<std::string>* words);

// The word in a form that SplitWords reads back as the same bytes: in double quotes, escaped.
std::string QuoteWord(std::string_view word);

}  // namespace norn
