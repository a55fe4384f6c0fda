#pragma once
// What the commands with FIELDS share: where the fields stand, and times as deadlines.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/commands/command.h"

namespace norn::handlers {

// The word FIELDS from word `from` on that has a word behind it; 0: there is none.
size_t FindFieldsWord(CommandContext& c, size_t from);

// The fields behind the count at `count_at`, `words_each` words for each, to the end of the command. `mismatch` answers where there
// are not so many, or none. nullopt: the error is replied.
std::optional<std::span<const std::string_view>> ReadFields(CommandContext& c, size_t count_at,
                                                            size_t words_each,
                                                            std::string_view mismatch);

inline constexpr std::string_view kFieldsMismatch =
    "ERR numfields should be greater than 0 and match the provided number of fields";

struct TimeUnit {
  bool seconds;
  bool relative;
};

// A time as a deadline in unix ms: negative ones are wrong, those that have passed are not. nullopt: the error is replied.
std::optional<int64_t> ReadFieldDeadline(CommandContext& c, std::string_view word, TimeUnit unit);

// A field that is to have this deadline from now on is gone at once.
bool HasPassed(const CommandContext& c, int64_t deadline_ms);

// HDEL, HPEXPIREAT and HPERSIST of fields of the hash of word 1, as what is repeated; nothing where there are no fields.
void RepeatErasure(CommandContext& c, const std::vector<std::string_view>& fields);
void RepeatDeadline(CommandContext& c, const std::vector<std::string_view>& fields,
                    int64_t deadline_ms);

}  // namespace norn::handlers
