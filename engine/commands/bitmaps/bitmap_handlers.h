#pragma once
// The handlers of bitmaps; bitmap_rows.h names them.

#include "engine/commands/command.h"

namespace norn::handlers {

// bitmap_commands.cc
void BitCount(CommandContext& c);
void BitOp(CommandContext& c);
void BitPos(CommandContext& c);
void GetBit(CommandContext& c);
void SetBit(CommandContext& c);

// bitfield_commands.cc
void BitField(CommandContext& c);
void BitFieldRo(CommandContext& c);

}  // namespace norn::handlers
