#pragma once
// What the latency counters of CommandStats tell: LATENCY HISTOGRAM and INFO latencystats.

#include <cstdint>
#include <vector>

#include "engine/commands/stats.h"

namespace norn {

// Calls that took at most about this long, all shorter ones included.
struct LatencyStep {
  int64_t micros = 0;
  uint64_t calls = 0;
};

// The cumulative distribution, without the steps that add nothing. The edges are those that clients know from Valkey: powers
// of two of nanoseconds plus what its histogram rounds up (1, 2, 4, 8, 16, 33, 66 ... 1073741 microseconds; the last one
// takes everything longer).
std::vector<LatencyStep> LatencySteps(const CommandStats& stats);

// The time within which `percentile` of the calls ended, in microseconds. Exact to the bucket that holds it; inside, calls
// are taken to be spread evenly.
double LatencyAtPercentile(const CommandStats& stats, double percentile);

}  // namespace norn
