#include "engine/commands/latency.h"

#include <algorithm>
#include <cmath>

namespace norn {
namespace {

// Upper end in microseconds of what lasted less than 2^exponent nanoseconds. A histogram with two decimal digits of
// precision keeps 128 slots a power of two, and reports the end of the slot that the power itself falls into.
int64_t EdgeMicros(size_t exponent) {
  constexpr size_t kFirst = 10;  // all below a microsecond is one step
  constexpr size_t kLast = 30;   // as is all above half a second
  if (exponent <= kFirst) return 1;
  if (exponent >= kLast) return (int64_t{1} << kLast) / 1000;
  const int64_t nanos = (int64_t{1} << exponent) + (int64_t{1} << (exponent - 7)) - 1;
  return nanos / 1000;
}

uint64_t CallsOf(const CommandStats& stats) {
  uint64_t calls = 0;
  for (uint32_t in_bucket : stats.latency) calls += in_bucket;
  return calls;
}

}  // namespace

std::vector<LatencyStep> LatencySteps(const CommandStats& stats) {
  std::vector<LatencyStep> steps;
  uint64_t calls = 0;
  for (size_t bucket = 0; bucket < kLatencyBuckets; ++bucket) {
    if (stats.latency[bucket] == 0) continue;
    calls += stats.latency[bucket];
    const int64_t micros = EdgeMicros(bucket + 1);
    if (!steps.empty() && steps.back().micros == micros) {
      steps.back().calls = calls;
    } else {
      steps.push_back({micros, calls});
    }
  }
  return steps;
}

double LatencyAtPercentile(const CommandStats& stats, double percentile) {
  const double wanted =
      std::max(1.0, std::ceil(static_cast<double>(CallsOf(stats)) * percentile / 100.0));
  double below = 0;
  for (size_t bucket = 0; bucket < kLatencyBuckets; ++bucket) {
    const double here = stats.latency[bucket];
    if (here > 0 && below + here >= wanted) {
      const double from = std::ldexp(1.0, static_cast<int>(bucket));
      return from * (1 + (wanted - below) / here) / 1000.0;
    }
    below += here;
  }
  return 0;
}

}  // namespace norn
