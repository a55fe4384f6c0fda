#pragma once
// What the latency counters of CommandStats tell: LATENCY HISTOGRAM and INFO latencystats. And the log of slow events of any
// kind: LATENCY LATEST, HISTORY, DOCTOR.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
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

// ---- events ----

struct LatencySample {
  int64_t unix_s = 0;
  int64_t ms = 0;
};

struct LatencyEvent {
  std::string name;                         // "command", "aof-fsync-always", ...
  std::vector<LatencySample> samples = {};  // oldest first; never empty
  int64_t max_ms = 0;                       // of all there ever were
};

// What took longer than latency-monitor-threshold: of each event the last kSamples seconds in which it happened, each with the
// longest of that second. A node keeps one on executor 0. Never parks.
class LatencyMonitor {
 public:
  static constexpr size_t kSamples = 160;

  void Add(std::string_view event, Duration took, WallTime now);
  std::vector<LatencyEvent> Events() const;  // by name
  // Forgets these events, in any case of letters; all, without names. Returns how many there were.
  size_t Reset(const std::vector<std::string>& names);

 private:
  std::map<std::string, LatencyEvent, std::less<>> events_;
};

// LATENCY GRAPH's text: a column a sample, oldest first, as high as the logarithm of its latency between the lowest and the
// highest, with its age written downwards below it.
std::string LatencyChart(const LatencyEvent& event, int64_t now_unix_s);

// LATENCY DOCTOR's text.
std::string LatencyDiagnosis(std::span<const LatencyEvent> events, int64_t threshold_ms,
                             int64_t now_unix_s);

}  // namespace norn
