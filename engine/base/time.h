#pragma once
// Time as values. An Instant is a point of a node's monotonic clock, good for differences only; a
// WallTime is unix time and may jump. The two do not convert into each other: a deadline that must
// survive a restart is a WallTime, a timeout is an Instant. Nobody reads a clock here; clocks are
// behind engine/env.

#include <compare>
#include <cstdint>

namespace norn {

// A signed span in nanoseconds.
struct Duration {
  int64_t ns = 0;

  static constexpr Duration Nanos(int64_t n) { return {n}; }
  static constexpr Duration Micros(int64_t n) { return {n * 1000}; }
  static constexpr Duration Millis(int64_t n) { return {n * 1000000}; }
  static constexpr Duration Seconds(int64_t n) { return {n * 1000000000}; }
  constexpr int64_t micros() const { return ns / 1000; }
  constexpr int64_t millis() const { return ns / 1000000; }
  constexpr double seconds() const { return static_cast<double>(ns) / 1e9; }

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration other) const { return {ns + other.ns}; }
  constexpr Duration operator-(Duration other) const { return {ns - other.ns}; }
  constexpr Duration operator*(int64_t factor) const { return {ns * factor}; }
  constexpr Duration operator/(int64_t divisor) const { return {ns / divisor}; }
};

// Monotonic nanoseconds since an origin of the clock's own choosing.
struct Instant {
  int64_t ns = 0;

  // Past() as a deadline: do not wait. Never(): wait for ever.
  static constexpr Instant Past() { return {INT64_MIN}; }
  static constexpr Instant Never() { return {INT64_MAX}; }

  constexpr auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration d) const { return {ns + d.ns}; }
  constexpr Instant operator-(Duration d) const { return {ns - d.ns}; }
  constexpr Duration operator-(Instant other) const { return {ns - other.ns}; }
};

// Microseconds since 1970-01-01 00:00 UTC.
struct WallTime {
  int64_t us = 0;

  constexpr int64_t unix_ms() const { return us / 1000; }
  constexpr int64_t unix_s() const { return us / 1000000; }
  constexpr auto operator<=>(const WallTime&) const = default;
};

}  // namespace norn
