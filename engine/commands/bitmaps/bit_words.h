#pragma once
// Offsets of bits as clients write them.

#include <cstdint>
#include <optional>

#include "engine/commands/command.h"

namespace norn {

// What stands at `word` as an offset below 8 times proto-max-bulk-len. Where `field_bits` is not 0, "#3" is the offset of the
// fourth field of so many bits. nullopt: the error is replied.
std::optional<uint64_t> BitOffsetAt(CommandContext& c, size_t at, uint32_t field_bits = 0);

}  // namespace norn
