#include "scenarios/failover_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

namespace norn::scenarios {

namespace {

// One row of the table: a moment, over all seeds that came to it.
class Row {
 public:
  explicit Row(std::string_view name) : name_(name) {}

  void Add(std::optional<Duration> took) {
    ++seeds_;
    if (took) sample_.push_back(*took);
  }
  bool complete() const { return sample_.size() == seeds_; }
  void Print() {
    std::ranges::sort(sample_);
    if (sample_.empty()) {
      fmt::print("{:<34} never\n", name_);
      return;
    }
    fmt::print("{:<34} p50 {:7.3f}  p99 {:7.3f}  max {:7.3f} s  ({} of {} seeds)\n", name_,
               Percentile(sample_, 50).seconds(), Percentile(sample_, 99).seconds(),
               sample_.back().seconds(), sample_.size(), seeds_);
  }

 private:
  std::string_view name_;
  std::vector<Duration> sample_;
  size_t seeds_ = 0;
};

std::string Text(std::optional<Duration> took) {
  return took ? fmt::format("{:.3f}", took->seconds()) : "never";
}

bool RunHealthy(const FailoverCommand& command) {
  const HealthySetup setup{
      .shards = command.setup.shards,
      .replicas = command.setup.replicas,
      .node_timeout = command.setup.node_timeout,
      .span = Duration::Millis(static_cast<int64_t>(command.healthy_hours * 3600 * 1000))};
  uint64_t elections = 0;
  for (uint64_t seed = command.first_seed; seed <= command.last_seed; ++seed) {
    const uint64_t spurious = CountSpuriousFailovers(setup, seed);
    if (command.each || spurious > 0) fmt::print("seed {}: {} elections\n", seed, spurious);
    std::fflush(stdout);
    elections += spurious;
  }
  const auto seeds = static_cast<double>(command.last_seed - command.first_seed + 1);
  fmt::print("{} elections in {:.1f} virtual hours of a healthy cluster\n", elections,
             seeds * command.healthy_hours);
  return elections == 0;
}

}  // namespace

bool RunFailoverCommand(const FailoverCommand& command) {
  if (command.healthy_hours > 0) return RunHealthy(command);
  Row suspected("first suspicion"), declared("first verdict"), served("every slot served"),
      routed("... and known to all"), of_suspicion("known to all, from first suspicion");
  for (uint64_t seed = command.first_seed; seed <= command.last_seed; ++seed) {
    const FailoverTimes times = MeasureFailover(command.setup, seed);
    suspected.Add(times.suspected);
    declared.Add(times.declared);
    served.Add(times.served);
    routed.Add(times.routed);
    std::optional<Duration> since;
    if (times.routed && times.suspected) since = *times.routed - *times.suspected;
    of_suspicion.Add(since);
    if (command.first_failure) {
      fmt::print("seed={} routed={} result={}\n", seed, Text(times.routed),
                 times.routed ? "pass" : "FAIL check=over_in_time");
      if (!times.routed) return false;
    }
    if (!command.each) continue;
    fmt::print(
        "seed {} suspected {} declared {} served {} routed {} promotions {} messages {} virtual "
        "{:.1f} s\n",
        seed, Text(times.suspected), Text(times.declared), Text(times.served), Text(times.routed),
        times.promotions, times.messages, times.played.seconds());
    std::fflush(stdout);
  }
  const size_t nodes = command.setup.shards * (1 + command.setup.replicas);
  fmt::print("{} nodes, {} primaries lost\n", nodes, command.setup.victims);
  for (Row* row : {&suspected, &declared, &served, &routed, &of_suspicion}) row->Print();
  return routed.complete();
}

}  // namespace norn::scenarios
