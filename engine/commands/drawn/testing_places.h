#pragma once
// The model: places on earth, a sphere, as scores of members and how far they are from each other.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace norn::reference {

// In degrees.
struct Place {
  double longitude = 0;
  double latitude = 0;
};

inline constexpr double kNorth = 85.05112878;  // the end of the map
inline constexpr double kSteps = 67108864;     // columns and rows of it: 2^26
inline constexpr double kEarthRadiusM = 6372797.560856;

// The middle of the score's cell. Every second bit is the column's, the last one the row's. Scores that are no place's, negative
// ones too, may have more bits: they lie at the end of the map.
inline Place PlaceOf(double score) {
  const auto bits = static_cast<uint64_t>(static_cast<int64_t>(score));
  uint64_t column = 0, row = 0;
  for (int bit = 26; bit >= 0; --bit) {
    column = 2 * column + (bits >> (2 * bit + 1) & 1);
    row = 2 * row + (bits >> (2 * bit) & 1);
  }
  const auto edge = [](uint64_t step, double end) {
    return -end + static_cast<double>(step) / kSteps * (2 * end);
  };
  return {std::min((edge(column, 180) + edge(column + 1, 180)) / 2, 180.0),
          std::min((edge(row, kNorth) + edge(row + 1, kNorth)) / 2, kNorth)};
}

inline double Radians(double degrees) { return degrees * (std::numbers::pi / 180); }

// Along a meridian.
inline double MetersNorth(Place a, Place b) {
  return kEarthRadiusM * std::fabs(Radians(b.latitude) - Radians(a.latitude));
}

// The haversine formula.
inline double MetersBetween(Place a, Place b) {
  const double east = std::sin((Radians(b.longitude) - Radians(a.longitude)) / 2);
  const double north = std::sin((Radians(b.latitude) - Radians(a.latitude)) / 2);
  if (east == 0) return MetersNorth(a, b);
  const double h =
      north * north + std::cos(Radians(a.latitude)) * std::cos(Radians(b.latitude)) * east * east;
  return 2 * kEarthRadiusM * std::asin(std::sqrt(h));
}

}  // namespace norn::reference
