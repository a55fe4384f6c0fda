#pragma once
// Cuts the end off a file of the log, so that every line of a block (aof_block.h) still says what lies behind it. A transaction
// whose end is torn may begin in the middle of a block that is whole, and what stands before it in that block stays: its line
// must then speak of fewer bytes. It is changed in place, in steps that are each durable before the next:
//
//   sync | #B: -> #b: | sync | the other fields | sync | #b: -> #B: | sync | truncate | sync
//
//   C1  What changes a line's meaning is one byte, which no machine writes by halves. A line that begins with #b: is an
//       annotation like any other: whatever a death leaves of its fields does no harm.
//   C2  So between any two steps the file reads as it did before: the same commands, and the same tear with the same cut. A load
//       that dies is done again by the next one.
//   C3  The bytes that stay are durable before their checksum is given up, and it is given up only until the next sync but one.

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>

#include "engine/env/disk.h"
#include "engine/persist/aof_block.h"

namespace norn::persist {

// A place in front of a command.
struct AofCut {
  uint64_t offset = 0;
  std::optional<AofBlock> block = {};  // the last whose line lies before it
};

// Makes the cut durable. Returns the size that is left: less than the cut's offset when nothing of the block stays, and so
// not its line either. Parks. Errors are the disk's.
absl::StatusOr<uint64_t> CutLogFile(env::File& file, const AofCut& cut);

}  // namespace norn::persist
