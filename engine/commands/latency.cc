#include "engine/commands/latency.h"

#include <absl/strings/match.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

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

// What may be done about an event; empty: nothing that we know of.
std::string_view AdviceAbout(std::string_view event) {
  if (event == "command") {
    return "Look for the slow commands in COMMANDLOG GET 10 SLOW; KEYS, FLUSHALL SYNC and commands "
           "over big values are the "
           "usual ones.";
  }
  if (event == "fast-command") {
    return "Commands that do little took long: the machine is short of cores or of memory, or "
           "swaps.";
  }
  if (event == "expire-cycle") return "Many keys expire at the same time: spread their deadlines.";
  if (event == "aof-fsync-always") {
    return "The disk syncs slowly: appendfsync everysec waits for it less often, at the cost of a "
           "second of writes in a crash.";
  }
  if (event.starts_with("aof-")) {
    return "The disk is slow or busy: see what else uses it; no-appendfsync-on-rewrite keeps "
           "snapshots and the log apart.";
  }
  if (event == "rdb-fsync")
    return "The disk needs long to finish a snapshot: rdb-save-incremental-fsync spreads the work.";
  return "";
}

std::string DescribeEvent(size_t number, const LatencyEvent& event, int64_t now_unix_s) {
  int64_t sum_ms = 0, deviation_ms = 0;
  for (const LatencySample& sample : event.samples) sum_ms += sample.ms;
  const auto count = static_cast<int64_t>(event.samples.size());
  const int64_t mean_ms = sum_ms / count;
  for (const LatencySample& sample : event.samples) deviation_ms += std::abs(sample.ms - mean_ms);
  const double period_s =
      static_cast<double>(std::max<int64_t>(now_unix_s - event.samples.front().unix_s, 1)) /
      static_cast<double>(count);
  std::string text = fmt::format(
      "{}. {}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2f} sec). Worst all "
      "time event {}ms.\n",
      number, event.name, count, mean_ms, deviation_ms / count, period_s, event.max_ms);
  if (const std::string_view advice = AdviceAbout(event.name); !advice.empty()) {
    text += fmt::format("   {}\n", advice);
  }
  return text;
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

// ---- events ----

void LatencyMonitor::Add(std::string_view name, Duration took, WallTime now) {
  auto at = events_.find(name);
  if (at == events_.end()) {
    at = events_.emplace(std::string(name), LatencyEvent{.name = std::string(name)}).first;
  }
  LatencyEvent& event = at->second;
  event.max_ms = std::max(event.max_ms, took.millis());
  if (!event.samples.empty() && event.samples.back().unix_s == now.unix_s()) {
    event.samples.back().ms = std::max(event.samples.back().ms, took.millis());
    return;
  }
  if (event.samples.size() == kSamples) event.samples.erase(event.samples.begin());
  event.samples.push_back({now.unix_s(), took.millis()});
}

std::vector<LatencyEvent> LatencyMonitor::Events() const {
  std::vector<LatencyEvent> events;
  for (const auto& [name, event] : events_) events.push_back(event);
  return events;
}

size_t LatencyMonitor::Reset(const std::vector<std::string>& names) {
  return std::erase_if(events_, [&](const auto& event) {
    return names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
             return absl::EqualsIgnoreCase(name, event.first);
           });
  });
}

// ---- the chart ----

namespace {

constexpr int kRows = 4;
constexpr int kColumnsMax = 80;
// The top of a column within its row, from low to high; below it the column is filled.
constexpr std::string_view kTops = "_o#";
constexpr int kLevels = kRows * static_cast<int>(kTops.size());

std::string AgeText(int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 86400) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

int LevelOf(int64_t ms, int64_t lowest, int64_t highest) {
  if (highest <= lowest) return 0;
  const double part = std::log(static_cast<double>(ms - lowest + 1)) /
                      std::log(static_cast<double>(highest - lowest + 1));
  return std::min(static_cast<int>(part * kLevels), kLevels - 1);
}

// What stands in `row`, counted from the lowest, of a column that ends at `level`.
char CellOf(int level, int row) {
  const int top_row = level / static_cast<int>(kTops.size());
  if (row < top_row) return '|';
  return row > top_row ? ' ' : kTops[static_cast<size_t>(level) % kTops.size()];
}

std::string WithoutTrailingBlanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string LatencyChart(const LatencyEvent& event, int64_t now_unix_s) {
  std::span<const LatencySample> samples(event.samples);
  if (samples.size() > kColumnsMax) samples = samples.last(kColumnsMax);
  const auto by_ms = [](const LatencySample& a, const LatencySample& b) { return a.ms < b.ms; };
  const auto [lowest, highest] = std::minmax_element(samples.begin(), samples.end(), by_ms);
  std::string text =
      fmt::format("{} - high {} ms, low {} ms (all time high {} ms)\n{}\n", event.name, highest->ms,
                  lowest->ms, event.max_ms, std::string(80, '-'));
  for (int row = kRows - 1; row >= 0; --row) {
    std::string line;
    for (const LatencySample& sample : samples) {
      line += CellOf(LevelOf(sample.ms, lowest->ms, highest->ms), row);
    }
    text += WithoutTrailingBlanks(line) + '\n';
  }
  text += '\n';
  std::vector<std::string> ages;
  size_t longest = 0;
  for (const LatencySample& sample : samples) {
    ages.push_back(AgeText(std::max<int64_t>(now_unix_s - sample.unix_s, 0)));
    longest = std::max(longest, ages.back().size());
  }
  for (size_t at = 0; at < longest; ++at) {
    std::string line;
    for (const std::string& age : ages) line += at < age.size() ? age[at] : ' ';
    text += WithoutTrailingBlanks(line) + '\n';
  }
  return text;
}

std::string LatencyDiagnosis(std::span<const LatencyEvent> events, int64_t threshold_ms,
                             int64_t now_unix_s) {
  std::string text;
  if (threshold_ms == 0) {
    text +=
        "Latency events are not being recorded. CONFIG SET latency-monitor-threshold "
        "<milliseconds> records all that take at "
        "least so long.\n";
  }
  if (events.empty()) return text.empty() ? "No latency spike has been recorded.\n" : text;
  text += "These latency spikes have been recorded:\n\n";
  size_t number = 0;
  for (const LatencyEvent& event : events) text += DescribeEvent(++number, event, now_unix_s);
  return text;
}

}  // namespace norn
