#pragma once
// The options of SET, GETEX and MSETEX, and of HSETEX and HGETEX: NX XX IFEQ GET, FNX FXX, EX PX EXAT PXAT, KEEPTTL PERSIST. One
// parser, because which of them exclude each other is one rule.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/commands/errors.h"

namespace norn {

enum class Condition : uint8_t { kNone, kNx, kXx, kIfEq };

// How a time to live was written. `word` empty: not at all.
struct ExpiryArgument {
  std::string_view word;
  bool given = false;
  bool seconds = false;
  bool relative = false;
};

struct StringOptions {
  Condition condition = Condition::kNone;
  std::string_view comparison;          // of kIfEq
  Condition fields = Condition::kNone;  // FNX, FXX
  bool get = false;
  bool keep_deadline = false;
  bool persist = false;
  ExpiryArgument expiry;
};

enum class OptionsOf : uint8_t { kSet, kGetEx, kMSetEx, kHSetEx, kHGetEx };

// Reads all of `words`. False: a syntax error.
bool ParseStringOptions(std::span<const std::string_view> words, OptionsOf of,
                        StringOptions* options);

// The deadline in unix ms of an expiry that was given.
struct Deadline {
  enum class Problem : uint8_t { kNone, kNotInteger, kInvalid };
  Problem problem = Problem::kNone;
  int64_t unix_ms = 0;
};
Deadline ReadDeadline(const ExpiryArgument& expiry, int64_t now_ms);

}  // namespace norn
