#pragma once
// What commands that wait for a key have in common. Their handlers run once more whenever one of the keys changed, until they do
// not ask to wait any more; so each is written as one that either takes what is there or asks.

#include <cstdint>
#include <optional>
#include <span>

#include "engine/commands/command.h"

namespace norn {

// In milliseconds, of a word in seconds with a fraction; 0: for ever. nullopt: the error is replied.
std::optional<int64_t> SecondsToWaitAt(CommandContext& c, size_t at);
// The same of a word in milliseconds.
std::optional<int64_t> MillisToWaitAt(CommandContext& c, size_t at);

// Nothing is there to take: the command waits, or replies so where it may not.
void WaitOrReplyNull(CommandContext& c, KeyWait wait);

}  // namespace norn
