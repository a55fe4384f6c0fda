#pragma once
// Keys whose strings are to be HyperLogLogs.

#include <optional>
#include <string_view>

#include "engine/commands/typed_key.h"
#include "engine/structs/hyperloglog.h"

namespace norn {

inline constexpr ErrorText kNotHyperLogLog =
    "WRONGTYPE Key is not a valid HyperLogLog string value.";
inline constexpr ErrorText kCorruptHyperLogLog = "INVALIDOBJ Corrupted HLL object detected";

// The bytes of a HyperLogLog; they die with the entry's next change. No bytes: `found` is empty. nullopt: it is something else,
// and the error is replied.
std::optional<std::string_view> HyperLogLogOf(CommandContext& c, EntryRef found);

// Stores the bytes in the key's string, whose deadline stays. `found` may be empty.
void StoreHyperLogLog(CommandContext& c, const Key& key, EntryRef found, std::string_view bytes);

}  // namespace norn
