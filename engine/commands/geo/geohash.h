#pragma once
// Places on earth as numbers whose order keeps neighbours together, so that a sorted set can be searched by area.
//
// The map (longitudes -180 to 180, latitudes to 85.05112878 either way, as web maps have it) is halved again and again, both
// ways at once; `steps` halvings leave a cell of 4^steps. A cell's bits are its column's and its row's in turn, the column's
// first (Morton 1966; Niemeyer's geohash):
//
//      one step     column  0     1
//          row 1           01    11
//          row 0           00    10
//
// 26 steps are 52 bits, which a double holds exactly: that is a member's score. All places in a larger cell are then the scores
// from its bits, followed by zeros, up to those of the next cell: one range.
//
// A search covers its area with nine cells, the one of the center and those around it, of the size at which that is enough.
// Cells whose side does not reach into the area are left out.
//
// Everything is computed as Valkey does, operation for operation: replies show the digits of doubles.

#include <array>
#include <cmath>
#include <cstdint>
#include <string>

namespace norn::geo {

inline constexpr double kLongitudeMax = 180;
inline constexpr double kLatitudeMax = 85.05112878;
inline constexpr uint32_t kStepsMax = 26;

// In degrees.
struct Point {
  double longitude = 0;
  double latitude = 0;
};

// False for NaN, too.
bool IsOnMap(const Point& point);

struct Cell {
  uint64_t bits = 0;
  uint32_t steps = 0;  // 0: no cell

  bool operator==(const Cell&) const = default;
};

struct Interval {
  double min = 0;
  double max = 0;
};
struct Area {
  Interval longitude;
  Interval latitude;
};

// The cell around a place. Requires IsOnMap(point), 1 <= steps <= kStepsMax. Places on the last meridian or parallel are in a
// column or row behind the last.
Cell CellOf(const Point& point, uint32_t steps);
Area AreaOf(const Cell& cell);
// So many columns to the east and rows to the north, -1 to 1; the map's ends meet.
Cell Neighbour(const Cell& cell, int east, int north);

// The score of a place. Requires IsOnMap(point).
double ScoreOf(const Point& point);
// The middle of a score's cell. Any score that is a number gives a point on the map.
Point PointOf(double score);
// Scores from min, up to but not max.
Interval ScoresOf(const Cell& cell);

// The 11 letters that other programs understand.
std::string GeohashText(const Point& point);

// Meters on a sphere, by the haversine formula.
double Distance(const Point& a, const Point& b);

// A circle, or a box whose sides run north and east.
struct Shape {
  enum class Kind : uint8_t { kCircle, kBox } kind = Kind::kCircle;
  Point center;
  double radius = 0;  // of a circle
  double width = 0;   // of a box
  double height = 0;
  double unit_m = 1;  // the meters of one unit of the three
};

// The cells that cover a shape, in the order in which to search them; those of no steps are none.
std::array<Cell, 9> CellsAround(const Shape& shape);

// Bounds that no place in the shape lies beyond, for a look that costs next to nothing: degrees from the center, either way.
struct Reach {
  double longitude = 0;
  double latitude = 0;
};
Reach ReachOf(const Shape& shape);
inline bool IsBeyond(const Shape& shape, const Reach& reach, const Point& point) {
  const double east = std::fabs(point.longitude - shape.center.longitude);
  return std::fabs(point.latitude - shape.center.latitude) > reach.latitude ||
         (east > reach.longitude && 2 * kLongitudeMax - east > reach.longitude);
}

// Whether a place is in the shape; *distance_m is then its distance from the center.
bool Contains(const Shape& shape, const Point& point, double* distance_m);

}  // namespace norn::geo
