// Against brute force: bits one halving at a time, cells by walking their edges, searches by looking at every place.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/prng.h"
#include "engine/commands/geo/geohash.h"

namespace norn {
namespace {

double Draw(Prng& prng, double min, double max) {
  return min + static_cast<double>(prng.Next() >> 11) * 0x1p-53 * (max - min);
}

geo::Point DrawPoint(Prng& prng) {
  return {Draw(prng, -geo::kLongitudeMax, geo::kLongitudeMax),
          Draw(prng, -geo::kLatitudeMax, geo::kLatitudeMax)};
}

// The upper half is 1.
uint64_t Halve(double value, geo::Interval* interval) {
  const double middle = (interval->min + interval->max) / 2;
  (value >= middle ? interval->min : interval->max) = middle;
  return value >= middle ? 1 : 0;
}

RC_GTEST_PROP(GeohashProperty, EachStepHalvesTheMapBothWays, (uint64_t seed)) {
  Prng prng(seed);
  const geo::Point point = DrawPoint(prng);
  const auto steps = static_cast<uint32_t>(prng.Between(1, geo::kStepsMax));
  geo::Interval longitudes = {-geo::kLongitudeMax, geo::kLongitudeMax};
  geo::Interval latitudes = {-geo::kLatitudeMax, geo::kLatitudeMax};
  uint64_t bits = 0;
  for (uint32_t step = 0; step < steps; ++step) {
    bits = bits << 2 | Halve(point.longitude, &longitudes) << 1;
    bits |= Halve(point.latitude, &latitudes);
  }
  const geo::Cell cell = geo::CellOf(point, steps);
  RC_ASSERT(cell.bits == bits);
  const geo::Area area = geo::AreaOf(cell);
  RC_ASSERT(std::fabs(area.longitude.min - longitudes.min) < 1e-9);
  RC_ASSERT(std::fabs(area.latitude.max - latitudes.max) < 1e-9);
  RC_ASSERT(geo::IsOnMap({area.longitude.min, area.latitude.min}));
}

RC_GTEST_PROP(GeohashProperty, ScoresLeadBackToThePlace, (uint64_t seed)) {
  Prng prng(seed);
  const geo::Point point = DrawPoint(prng);
  const double score = geo::ScoreOf(point);
  const geo::Point back = geo::PointOf(score);
  RC_ASSERT(std::fabs(back.longitude - point.longitude) < 360 * 0x1p-26);
  RC_ASSERT(std::fabs(back.latitude - point.latitude) < 171 * 0x1p-26);
  RC_ASSERT(geo::ScoreOf(back) == score);
  const auto steps = static_cast<uint32_t>(prng.Between(1, geo::kStepsMax));
  const geo::Interval scores = geo::ScoresOf(geo::CellOf(point, steps));
  RC_ASSERT(scores.min <= score && score < scores.max);
}

RC_GTEST_PROP(GeohashProperty, AnyScoreIsSomewhereOnTheMap, (uint64_t seed)) {
  Prng prng(seed);
  const double exponent = Draw(prng, -20, 300);
  const double score = std::pow(10, exponent) * (prng.OneIn(2) ? 1 : -1);
  RC_ASSERT(geo::IsOnMap(geo::PointOf(score)));
  RC_ASSERT(geo::IsOnMap(geo::PointOf(prng.OneIn(2) ? HUGE_VAL : -HUGE_VAL)));
}

RC_GTEST_PROP(GeohashProperty, NeighboursLieAcrossTheEdge, (uint64_t seed)) {
  Prng prng(seed);
  const auto steps = static_cast<uint32_t>(prng.Between(2, geo::kStepsMax));
  const geo::Cell cell = geo::CellOf(DrawPoint(prng), steps);
  const geo::Area area = geo::AreaOf(cell);
  const double width = area.longitude.max - area.longitude.min;
  const double height = area.latitude.max - area.latitude.min;
  for (const int east : {-1, 0, 1}) {
    for (const int north : {-1, 0, 1}) {
      geo::Point beyond = {(area.longitude.min + area.longitude.max) / 2 + east * width,
                           (area.latitude.min + area.latitude.max) / 2 + north * height};
      if (beyond.longitude > geo::kLongitudeMax) beyond.longitude -= 2 * geo::kLongitudeMax;
      if (beyond.longitude < -geo::kLongitudeMax) beyond.longitude += 2 * geo::kLongitudeMax;
      if (!geo::IsOnMap(beyond)) continue;  // the rows' ends meet too, but nobody lives there
      RC_ASSERT(geo::Neighbour(cell, east, north) == geo::CellOf(beyond, steps));
    }
  }
}

geo::Shape DrawShape(Prng& prng) {
  geo::Shape shape;
  shape.kind = prng.OneIn(2) ? geo::Shape::Kind::kCircle : geo::Shape::Kind::kBox;
  // Away from the last meridian and the poles, over which no search reaches in Valkey either.
  shape.center = {Draw(prng, -150, 150), Draw(prng, -60, 60)};
  const double size = std::pow(10, Draw(prng, -1, 3));
  shape.radius = size;
  shape.width = size * Draw(prng, 0.1, 2);
  shape.height = size * Draw(prng, 0.1, 2);
  shape.unit_m = 1000;
  return shape;
}

// Near the center, so that about half of them are in the shape.
geo::Point DrawNear(Prng& prng, const geo::Shape& shape) {
  const double degrees = shape.radius * shape.unit_m / 111'000 * 1.3;
  const double across = degrees / std::cos(shape.center.latitude * M_PI / 180);
  return {std::clamp(shape.center.longitude + Draw(prng, -across, across), -180.0, 180.0),
          std::clamp(shape.center.latitude + Draw(prng, -degrees, degrees), -85.0, 85.0)};
}

RC_GTEST_PROP(GeohashProperty, CellsCoverTheShape, (uint64_t seed)) {
  Prng prng(seed);
  const geo::Shape shape = DrawShape(prng);
  const auto cells = geo::CellsAround(shape);
  for (int i = 0; i < 200; ++i) {
    const double score = geo::ScoreOf(DrawNear(prng, shape));
    double distance_m = 0;
    if (!geo::Contains(shape, geo::PointOf(score), &distance_m)) continue;
    const bool covered = std::any_of(cells.begin(), cells.end(), [&](const geo::Cell& cell) {
      if (cell.steps == 0) return false;
      const geo::Interval scores = geo::ScoresOf(cell);
      return scores.min <= score && score < scores.max;
    });
    RC_ASSERT(covered);
  }
}

RC_GTEST_PROP(GeohashProperty, NothingInTheShapeIsBeyondItsReach, (uint64_t seed)) {
  Prng prng(seed);
  geo::Shape shape = DrawShape(prng);
  if (prng.OneIn(2)) shape.center = DrawPoint(prng);
  if (prng.OneIn(4)) shape.unit_m = 20'000;
  const geo::Reach reach = geo::ReachOf(shape);
  for (int i = 0; i < 200; ++i) {
    const geo::Point point = prng.OneIn(4) ? DrawPoint(prng) : DrawNear(prng, shape);
    double distance_m = 0;
    if (!geo::Contains(shape, point, &distance_m)) continue;
    RC_ASSERT(!geo::IsBeyond(shape, reach, point));
  }
}

// The straight line through the earth, by plain vectors.
double ChordDistance(const geo::Point& a, const geo::Point& b) {
  const auto vector = [](const geo::Point& point) {
    const double longitude = point.longitude * M_PI / 180;
    const double latitude = point.latitude * M_PI / 180;
    return std::array<double, 3>{std::cos(latitude) * std::cos(longitude),
                                 std::cos(latitude) * std::sin(longitude), std::sin(latitude)};
  };
  const auto x = vector(a);
  const auto y = vector(b);
  double square = 0;
  for (size_t i = 0; i < 3; ++i) square += (x[i] - y[i]) * (x[i] - y[i]);
  return 2 * 6372797.560856 * std::asin(std::min(1.0, std::sqrt(square) / 2));
}

RC_GTEST_PROP(GeohashProperty, DistancesAreThoseOnASphere, (uint64_t seed)) {
  Prng prng(seed);
  const geo::Point a = DrawPoint(prng);
  const geo::Point b =
      prng.OneIn(8) ? geo::Point{a.longitude, DrawPoint(prng).latitude} : DrawPoint(prng);
  const double distance_m = geo::Distance(a, b);
  RC_ASSERT(std::fabs(distance_m - ChordDistance(a, b)) < 1);
  RC_ASSERT(std::fabs(distance_m - geo::Distance(b, a)) < 1e-3);
}

TEST(Geohash, OppositePlacesHaveADistance) {
  for (double longitude = -180; longitude <= 0; longitude += 0.37) {
    const double distance_m = geo::Distance({longitude, 33.3}, {longitude + 180, -33.3});
    EXPECT_NEAR(distance_m, M_PI * 6372797.560856, 1) << longitude;
  }
}

TEST(Geohash, LettersAreThoseOfOthers) {
  EXPECT_EQ(geo::GeohashText({-5.6, 42.6}).substr(0, 5), "ezs42");
  EXPECT_EQ(geo::GeohashText({13.361389, 38.115556}), "sqc8b49rny0");
}

}  // namespace
}  // namespace norn
