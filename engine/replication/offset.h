#pragma once
// Positions in a replication stream. A position is the count of the stream's bytes before it, as Valkey's
// master_repl_offset; on the wire PSYNC asks for the byte behind it, which is one more.

#include <cstdint>

namespace norn {

using StreamOffset = int64_t;

}  // namespace norn
