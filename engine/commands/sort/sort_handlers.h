#pragma once
// The handlers of SORT; sort_rows.h names them.

#include "engine/commands/command.h"

namespace norn::handlers {

// sort_commands.cc
void Sort(CommandContext& c);
void SortRo(CommandContext& c);

// sort_words.cc
Placement SortPlacement(std::span<const std::string_view> words);

}  // namespace norn::handlers
