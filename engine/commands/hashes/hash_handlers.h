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

// field_life_commands.cc
void HExpire(CommandContext& c);
void HExpireAt(CommandContext& c);
void HExpireTime(CommandContext& c);
void HPersist(CommandContext& c);
void HPExpire(CommandContext& c);
void HPExpireAt(CommandContext& c);
void HPExpireTime(CommandContext& c);
void HPTtl(CommandContext& c);
void HTtl(CommandContext& c);

// field_value_commands.cc
void HGetDel(CommandContext& c);
void HGetEx(CommandContext& c);
void HSetEx(CommandContext& c);

}  // namespace norn::handlers
