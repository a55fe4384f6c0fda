#pragma once
// Replies and small parsers that command families share.

#include <absl/status/status.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "engine/commands/command.h"
#include "engine/commands/errors.h"

namespace norn {

// The lines of CONTAINER HELP, between the line that all containers share and HELP's own.
void ReplyHelp(CommandContext& c, std::initializer_list<std::string_view> lines);

// A subcommand is unknown, or has a count of words that its arity allows and it does not.
void ReplySubcommandError(CommandContext& c);

// The integer at a word. Replies `error` and returns nothing where there is none.
std::optional<int64_t> IntegerAt(CommandContext& c, size_t at,
                                 std::string_view error = kNotAnInteger);

// For words that are "on" or "off" in any case; nothing for any other, after a syntax error reply.
std::optional<bool> OnOffAt(CommandContext& c, size_t at);

// Replies what went wrong in the node's world, behind `prefix`.
void ReplyFailure(CommandContext& c, std::string_view prefix, const absl::Status& status);

// As C reads a string: what stands before a NUL. Error texts print words so.
inline std::string_view UpToNul(std::string_view word) { return word.substr(0, word.find('\0')); }

}  // namespace norn
