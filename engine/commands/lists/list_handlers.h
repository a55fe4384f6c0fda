#pragma once
// The handlers of lists; list_rows.h names them.

#include "engine/commands/command.h"

namespace norn::handlers {

// list_commands.cc
void LIndex(CommandContext& c);
void LInsert(CommandContext& c);
void LLen(CommandContext& c);
void LPos(CommandContext& c);
void LRange(CommandContext& c);
void LRem(CommandContext& c);
void LSet(CommandContext& c);
void LTrim(CommandContext& c);

// list_end_commands.cc
void BLMove(CommandContext& c);
void BLMPop(CommandContext& c);
void BLPop(CommandContext& c);
void BRPop(CommandContext& c);
void BRPopLPush(CommandContext& c);
void LMove(CommandContext& c);
void LMPop(CommandContext& c);
void LPop(CommandContext& c);
void LPush(CommandContext& c);
void LPushX(CommandContext& c);
void RPop(CommandContext& c);
void RPopLPush(CommandContext& c);
void RPush(CommandContext& c);
void RPushX(CommandContext& c);

}  // namespace norn::handlers
