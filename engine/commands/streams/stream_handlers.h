#pragma once
// The handlers of streams; stream_rows.h names them.

#include "engine/commands/command.h"

namespace norn::handlers {

// stream_add_commands.cc
void XAdd(CommandContext& c);
void XTrim(CommandContext& c);

// stream_commands.cc
void XDel(CommandContext& c);
void XLen(CommandContext& c);
void XRange(CommandContext& c);
void XRevRange(CommandContext& c);
void XSetId(CommandContext& c);

// stream_read_commands.cc
void XRead(CommandContext& c);
void XReadGroup(CommandContext& c);

// stream_group_commands.cc
void XAck(CommandContext& c);
void XGroupCreate(CommandContext& c);
void XGroupCreateConsumer(CommandContext& c);
void XGroupDelConsumer(CommandContext& c);
void XGroupDestroy(CommandContext& c);
void XGroupHelp(CommandContext& c);
void XGroupSetId(CommandContext& c);

// stream_pending_commands.cc
void XAutoClaim(CommandContext& c);
void XClaim(CommandContext& c);
void XPending(CommandContext& c);

// stream_info_commands.cc
void XInfoConsumers(CommandContext& c);
void XInfoGroups(CommandContext& c);
void XInfoHelp(CommandContext& c);
void XInfoStream(CommandContext& c);

}  // namespace norn::handlers
