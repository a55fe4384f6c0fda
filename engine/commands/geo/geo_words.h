#pragma once
// Places, units and distances as clients write them and as they are replied. Where a function reads a word, nullopt means that
// the error is replied.

#include <optional>
#include <string>

#include "engine/commands/command.h"
#include "engine/commands/geo/geohash.h"

namespace norn {

// The longitude and the latitude at words `at` and behind it.
std::optional<geo::Point> PointAt(CommandContext& c, size_t at);
// The meters of "m", "km", "ft" or "mi".
std::optional<double> UnitAt(CommandContext& c, size_t at);

// With four decimals.
void ReplyDistance(CommandContext& c, double distance);
void ReplyPoint(CommandContext& c, const geo::Point& point);

}  // namespace norn
