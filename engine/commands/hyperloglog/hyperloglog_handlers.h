#pragma once
// The handlers of HyperLogLogs; hyperloglog_rows.h names them.

#include "engine/commands/command.h"

namespace norn::handlers {

// hyperloglog_commands.cc
void PfAdd(CommandContext& c);
void PfCount(CommandContext& c);
void PfMerge(CommandContext& c);

// hyperloglog_debug_commands.cc
void PfDebug(CommandContext& c);
void PfSelfTest(CommandContext& c);

}  // namespace norn::handlers
