#pragma once
// Glob patterns of KEYS, SCAN, CONFIG GET, PSUBSCRIBE: * ? [a-c] [^a] and \ to quote.

#include <string_view>

namespace norn {

enum class Case { kSensitive, kIgnore };

// True when all of `text` matches `pattern`. Iterative with one backtrack point (the last star
// suffices for globs), so that a hostile pattern costs at most pattern x text steps and no stack.
bool GlobMatch(std::string_view pattern, std::string_view text,
               Case sensitivity = Case::kSensitive);

}  // namespace norn
