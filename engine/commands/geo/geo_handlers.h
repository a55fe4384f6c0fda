#pragma once
// The handlers of the geo commands; geo_rows.h names them.

#include "engine/commands/command.h"

namespace norn::handlers {

// geo_commands.cc
void GeoAdd(CommandContext& c);
void GeoDist(CommandContext& c);
void GeoHash(CommandContext& c);
void GeoPos(CommandContext& c);

// geo_search_commands.cc
void GeoRadius(CommandContext& c);
void GeoRadiusByMember(CommandContext& c);
void GeoRadiusByMemberRo(CommandContext& c);
void GeoRadiusRo(CommandContext& c);
void GeoSearch(CommandContext& c);
void GeoSearchStore(CommandContext& c);

}  // namespace norn::handlers
