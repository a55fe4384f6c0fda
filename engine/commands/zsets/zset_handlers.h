#pragma once
// The handlers of sorted sets; zset_rows.h names them.

#include "engine/commands/command.h"

namespace norn::handlers {

// zset_commands.cc
void ZAdd(CommandContext& c);
void ZCard(CommandContext& c);
void ZIncrBy(CommandContext& c);
void ZMScore(CommandContext& c);
void ZRandMember(CommandContext& c);
void ZRank(CommandContext& c);
void ZRem(CommandContext& c);
void ZRevRank(CommandContext& c);
void ZScan(CommandContext& c);
void ZScore(CommandContext& c);

// zset_range_commands.cc
void ZCount(CommandContext& c);
void ZLexCount(CommandContext& c);
void ZRange(CommandContext& c);
void ZRangeByLex(CommandContext& c);
void ZRangeByScore(CommandContext& c);
void ZRangeStore(CommandContext& c);
void ZRemRangeByLex(CommandContext& c);
void ZRemRangeByRank(CommandContext& c);
void ZRemRangeByScore(CommandContext& c);
void ZRevRange(CommandContext& c);
void ZRevRangeByLex(CommandContext& c);
void ZRevRangeByScore(CommandContext& c);

// zset_pop_commands.cc
void BZMPop(CommandContext& c);
void BZPopMax(CommandContext& c);
void BZPopMin(CommandContext& c);
void ZMPop(CommandContext& c);
void ZPopMax(CommandContext& c);
void ZPopMin(CommandContext& c);

// zset_algebra_commands.cc
void ZDiff(CommandContext& c);
void ZDiffStore(CommandContext& c);
void ZInter(CommandContext& c);
void ZInterCard(CommandContext& c);
void ZInterStore(CommandContext& c);
void ZUnion(CommandContext& c);
void ZUnionStore(CommandContext& c);

}  // namespace norn::handlers
