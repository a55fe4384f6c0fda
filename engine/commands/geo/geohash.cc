#include "engine/commands/geo/geohash.h"

#include <algorithm>
#include <cmath>

#include "engine/base/check.h"

namespace norn::geo {
namespace {

constexpr double kDegreeRadians = M_PI / 180.0;
constexpr double kEarthRadiusM = 6372797.560856;
// Half the equator of web maps, in meters: from here on one cell is a quarter of the world.
constexpr double kMercatorMaxM = 20037726.37;

constexpr uint64_t kRowBits = 0x5555555555555555;
constexpr uint64_t kColumnBits = 0xaaaaaaaaaaaaaaaa;

constexpr Interval kLongitudes = {-kLongitudeMax, kLongitudeMax};
constexpr Interval kLatitudes = {-kLatitudeMax, kLatitudeMax};

double Radians(double degrees) { return degrees * kDegreeRadians; }
double Degrees(double radians) { return radians / kDegreeRadians; }

// A bit of 32 to every second of 64, and back.
constexpr uint64_t kSpreadMasks[] = {0x0000ffff0000ffff, 0x00ff00ff00ff00ff, 0x0f0f0f0f0f0f0f0f,
                                     0x3333333333333333, kRowBits};
uint64_t Spread(uint32_t bits) {
  uint64_t spread = bits;
  int shift = 16;
  for (const uint64_t mask : kSpreadMasks) {
    spread = (spread | (spread << shift)) & mask;
    shift /= 2;
  }
  return spread;
}
uint32_t Gather(uint64_t spread) {
  spread &= kRowBits;
  for (int level = 3; level >= 0; --level) {
    spread = (spread | (spread >> (8 >> level))) & kSpreadMasks[level];
  }
  return static_cast<uint32_t>(spread | (spread >> 16));
}

uint32_t IndexIn(const Interval& interval, double value, uint32_t steps) {
  const double part = (value - interval.min) / (interval.max - interval.min);
  return static_cast<uint32_t>(part * static_cast<double>(uint64_t{1} << steps));
}

uint64_t BitsOf(const Point& point, const Interval& longitudes, const Interval& latitudes,
                uint32_t steps) {
  return Spread(IndexIn(latitudes, point.latitude, steps)) |
         Spread(IndexIn(longitudes, point.longitude, steps)) << 1;
}

Interval PartOf(const Interval& interval, uint32_t index, uint32_t steps) {
  const double scale = interval.max - interval.min;
  // A power of two: to multiply by it is as exact as to divide.
  const double part = 1.0 / static_cast<double>(uint64_t{1} << steps);
  // The next index wraps: scores that no place has may have all bits set.
  return {interval.min + index * part * scale,
          interval.min + static_cast<uint32_t>(index + 1) * part * scale};
}

double Middle(const Interval& part, const Interval& whole) {
  return std::clamp((part.min + part.max) / 2, whole.min, whole.max);
}

// As the processor that Valkey runs on converts, where C leaves it open: scores may be set by ZADD.
uint64_t BitsOfScore(double score) {
  constexpr double k2To63 = 9223372036854775808.0;
  constexpr uint64_t kIndefinite = uint64_t{1} << 63;
  if (score < k2To63) {
    return score >= -k2To63 ? static_cast<uint64_t>(static_cast<int64_t>(score)) : kIndefinite;
  }
  const double above = score - k2To63;
  return (above < k2To63 ? static_cast<uint64_t>(static_cast<int64_t>(above)) : kIndefinite) ^
         kIndefinite;
}

double LatitudeDistance(double a, double b) {
  return kEarthRadiusM * std::fabs(Radians(b) - Radians(a));
}

// The size of cells of which nine cover a circle, as a first guess.
uint32_t StepsFor(double radius_m, double latitude) {
  if (radius_m == 0) return kStepsMax;
  int steps = -1;
  for (; radius_m < kMercatorMaxM; radius_m *= 2) ++steps;
  // Meridians are closer towards the poles.
  if (std::fabs(latitude) > 66) --steps;
  if (std::fabs(latitude) > 80) --steps;
  return static_cast<uint32_t>(std::clamp(steps, 1, static_cast<int>(kStepsMax)));
}

double ToCornerM(const Shape& shape) {
  if (shape.kind == Shape::Kind::kCircle) return shape.radius * shape.unit_m;
  const double x = shape.width / 2;
  const double y = shape.height / 2;
  return std::sqrt(x * x + y * y) * shape.unit_m;
}

// The degrees that a shape spans. Its sides north and south differ in degrees: the one nearer to the pole counts.
Area BoundsOf(const Shape& shape) {
  const bool circle = shape.kind == Shape::Kind::kCircle;
  const double up_m = shape.unit_m * (circle ? shape.radius : shape.height / 2);
  const double right_m = shape.unit_m * (circle ? shape.radius : shape.width / 2);
  const Point& center = shape.center;
  const double up = Degrees(up_m / kEarthRadiusM);
  const double side = center.latitude < 0 ? center.latitude - up : center.latitude + up;
  const double right = Degrees(right_m / kEarthRadiusM / std::cos(Radians(side)));
  return {{center.longitude - right, center.longitude + right},
          {center.latitude - up, center.latitude + up}};
}

// Whether the bounds reach beyond the eight cells around `cell`.
bool ReachesBeyond(const Area& bounds, const Cell& cell) {
  return AreaOf(Neighbour(cell, 0, 1)).latitude.max < bounds.latitude.max ||
         AreaOf(Neighbour(cell, 0, -1)).latitude.min > bounds.latitude.min ||
         AreaOf(Neighbour(cell, 1, 0)).longitude.max < bounds.longitude.max ||
         AreaOf(Neighbour(cell, -1, 0)).longitude.min > bounds.longitude.min;
}

// One half of a cell's bits, the columns' or the rows', moved on by one step either way.
uint64_t MoveOn(const Cell& cell, uint64_t mine, int by) {
  const uint64_t all = ~uint64_t{0} >> (64 - cell.steps * 2);
  const uint64_t others = ~mine & all;
  // With the other half's bits set a carry runs through them.
  const uint64_t bits = cell.bits & mine;
  if (by > 0) return (bits + others + 1) & mine & all;
  if (by < 0) return ((bits | others) - (others + 1)) & mine & all;
  return bits;
}

}  // namespace

bool IsOnMap(const Point& point) {
  return point.longitude >= kLongitudes.min && point.longitude <= kLongitudes.max &&
         point.latitude >= kLatitudes.min && point.latitude <= kLatitudes.max;
}

Cell CellOf(const Point& point, uint32_t steps) {
  CHECK(steps >= 1 && steps <= kStepsMax);
  return {BitsOf(point, kLongitudes, kLatitudes, steps), steps};
}

Area AreaOf(const Cell& cell) {
  return {PartOf(kLongitudes, Gather(cell.bits >> 1), cell.steps),
          PartOf(kLatitudes, Gather(cell.bits), cell.steps)};
}

Cell Neighbour(const Cell& cell, int east, int north) {
  const uint64_t columns = MoveOn(cell, kColumnBits, east);
  const Cell moved = {columns | (cell.bits & kRowBits), cell.steps};
  return {columns | MoveOn(moved, kRowBits, north), cell.steps};
}

double ScoreOf(const Point& point) { return static_cast<double>(CellOf(point, kStepsMax).bits); }

Point PointOf(double score) {
  const Area area = AreaOf({BitsOfScore(score), kStepsMax});
  return {Middle(area.longitude, kLongitudes), Middle(area.latitude, kLatitudes)};
}

Interval ScoresOf(const Cell& cell) {
  const uint32_t shift = 2 * (kStepsMax - cell.steps);
  return {static_cast<double>(cell.bits << shift), static_cast<double>((cell.bits + 1) << shift)};
}

std::string GeohashText(const Point& point) {
  constexpr std::string_view kLetters = "0123456789bcdefghjkmnpqrstuvwxyz";
  // Others halve all latitudes, to the poles.
  const uint64_t bits = BitsOf(point, kLongitudes, {-90, 90}, kStepsMax);
  std::string text;
  for (int shift = 47; shift > 0; shift -= 5) text += kLetters[(bits >> shift) & 31];
  return text + kLetters[0];  // of the last letter there are two bits only; Valkey says 0
}

double Distance(const Point& a, const Point& b) {
  const double v = std::sin((Radians(b.longitude) - Radians(a.longitude)) / 2);
  if (v == 0) return LatitudeDistance(a.latitude, b.latitude);
  const double a_latitude = Radians(a.latitude);
  const double b_latitude = Radians(b.latitude);
  const double u = std::sin((b_latitude - a_latitude) / 2);
  const double square = u * u + std::cos(a_latitude) * std::cos(b_latitude) * v * v;
  // Valkey: it may pass 1 by rounding, on the other side of the world, which there is a distance that is no number.
  return 2.0 * kEarthRadiusM * std::asin(std::sqrt(std::min(square, 1.0)));
}

std::array<Cell, 9> CellsAround(const Shape& shape) {
  const Area bounds = BoundsOf(shape);
  uint32_t steps = StepsFor(ToCornerM(shape), shape.center.latitude);
  Cell middle = CellOf(shape.center, steps);
  if (steps > 1 && ReachesBeyond(bounds, middle)) middle = CellOf(shape.center, --steps);
  const Area area = AreaOf(middle);
  const bool all = steps < 2;
  const bool north = all || !(area.latitude.max > bounds.latitude.max);
  const bool south = all || !(area.latitude.min < bounds.latitude.min);
  const bool east = all || !(area.longitude.max > bounds.longitude.max);
  const bool west = all || !(area.longitude.min < bounds.longitude.min);
  const auto cell = [&](bool wanted, int columns, int rows) {
    return wanted ? Neighbour(middle, columns, rows) : Cell{};
  };
  return {middle,
          cell(north, 0, 1),
          cell(south, 0, -1),
          cell(east, 1, 0),
          cell(west, -1, 0),
          cell(north && east, 1, 1),
          cell(north && west, -1, 1),
          cell(south && east, 1, -1),
          cell(south && west, -1, -1)};
}

Reach ReachOf(const Shape& shape) {
  constexpr Reach kEverywhere = {360, 180};
  // More than rounding can take from any of the numbers below.
  const auto with_margin = [](double degrees) { return degrees * (1 + 1e-9) + 1e-9; };
  const bool circle = shape.kind == Shape::Kind::kCircle;
  const double up_m = shape.unit_m * (circle ? shape.radius : shape.height / 2);
  const double right_m = shape.unit_m * (circle ? shape.radius : shape.width / 2);
  const double up = with_margin(Degrees(up_m / kEarthRadiusM));
  if (!(up < 180)) return kEverywhere;
  // The haversine of a way that far, on the parallels where meridians are closest: no way there spans more of them.
  const double highest = std::fabs(shape.center.latitude) + up;
  const double right = with_margin(right_m / kEarthRadiusM);
  if (highest >= 90 || right >= M_PI) return {kEverywhere.longitude, up};
  const double sine = std::sin(right / 2) / std::cos(Radians(highest));
  return {sine >= 1 ? kEverywhere.longitude : with_margin(Degrees(2 * std::asin(sine))), up};
}

bool Contains(const Shape& shape, const Point& point, double* distance_m) {
  const Point& center = shape.center;
  if (shape.kind == Shape::Kind::kCircle) {
    *distance_m = Distance(center, point);
    return !(*distance_m > shape.radius * shape.unit_m);
  }
  if (LatitudeDistance(point.latitude, center.latitude) > shape.height * shape.unit_m / 2) {
    return false;
  }
  // Along the point's own parallel.
  const double across_m = Distance(point, {center.longitude, point.latitude});
  if (across_m > shape.width * shape.unit_m / 2) return false;
  *distance_m = Distance(center, point);
  return true;
}

}  // namespace norn::geo
