#pragma once
// Every handler, by family; table.cc names them, <family>_commands.cc defines them.

#include "engine/commands/command.h"

namespace norn::handlers {}  // namespace norn::handlers
