#pragma once
// The handlers of hashes; hash_rows.h names them.

#include "engine/commands/command.h"

namespace norn::handlers {

// hash_commands.cc
void HDel(CommandContext& c);
void HExists(CommandContext& c);
void HGet(CommandContext& c);
void HGetAll(CommandContext& c);
void HIncrBy(CommandContext& c);
void HIncrByFloat(CommandContext& c);
void HKeys(CommandContext& c);
void HLen(CommandContext& c);
void HMGet(CommandContext& c);
void HMSet(CommandContext& c);
void HRandField(CommandContext& c);
void HScan(CommandContext& c);
void HSet(CommandContext& c);
void HSetNx(CommandContext& c);
void HStrLen(CommandContext& c);
void HVals(CommandContext& c);

}  // namespace norn::handlers
