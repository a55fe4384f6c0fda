#pragma once
// The handlers of sets; set_rows.h names them.

#include "engine/commands/command.h"

namespace norn::handlers {

// set_commands.cc
void SAdd(CommandContext& c);
void SCard(CommandContext& c);
void SIsMember(CommandContext& c);
void SMembers(CommandContext& c);
void SMIsMember(CommandContext& c);
void SMove(CommandContext& c);
void SPop(CommandContext& c);
void SRandMember(CommandContext& c);
void SRem(CommandContext& c);
void SScan(CommandContext& c);

// set_algebra_commands.cc
void SDiff(CommandContext& c);
void SDiffStore(CommandContext& c);
void SInter(CommandContext& c);
void SInterCard(CommandContext& c);
void SInterStore(CommandContext& c);
void SUnion(CommandContext& c);
void SUnionStore(CommandContext& c);

}  // namespace norn::handlers
