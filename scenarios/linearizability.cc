#include "scenarios/linearizability.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/hash.h"

namespace norn::scenarios {
namespace {

class KeyspaceSpec {
 public:
  using State = ModelDb;

  KeyspaceSpec(const Partition& partition, const ClockError& clock)
      : partition_(partition), clock_(clock) {}

  State Initial() const { return {}; }
  void Next(const State& state, uint32_t op, std::vector<State>* next) const {
    Outcomes(state, partition_.actions[op], clock_, next);
  }
  bool ReadsOnly(uint32_t op) const { return partition_.actions[op].reads_only; }
  bool Same(const State& a, const State& b) const { return a == b; }

  HashPair Fingerprint(const State& state) {
    text_.clear();
    for (const auto& [key, value] : state) {
      text_ += key;
      text_ += '\0';
      const uint64_t size = value.bytes.size();
      text_.append(reinterpret_cast<const char*>(&size), sizeof size);
      text_ += value.bytes;
      const Deadline deadline = value.deadline.value_or(Deadline{-1, -1});
      text_.append(reinterpret_cast<const char*>(&deadline), sizeof deadline);
    }
    return {HashBytes(text_, 1), HashBytes(text_, 2)};
  }

 private:
  const Partition& partition_;
  const ClockError clock_;
  std::string text_;
};

std::string DescribeState(const ModelDb& state) {
  std::string text = "{";
  for (const auto& [key, value] : state) {
    if (text.size() > 1) text += ", ";
    text += key + "=" + value.bytes.substr(0, 60);
    if (!value.deadline) continue;
    text += fmt::format(" until {:.6f}..{:.6f} s",
                        static_cast<double>(value.deadline->earliest_ns) / 1e9,
                        static_cast<double>(value.deadline->latest_ns) / 1e9);
  }
  return text + "}";
}

// Replays the longest order found; the state is one of those that it can end in.
ModelDb StateAfter(const Partition& partition, const std::vector<uint32_t>& order,
                   const ClockError& clock) {
  std::vector<ModelDb> states(1);
  std::vector<ModelDb> outcomes;
  for (const uint32_t op : order) {
    std::vector<ModelDb> next;
    for (const ModelDb& state : states) {
      Outcomes(state, partition.actions[op], clock, &outcomes);
      for (const ModelDb& outcome : outcomes) {
        if (std::find(next.begin(), next.end(), outcome) == next.end()) next.push_back(outcome);
      }
    }
    states = std::move(next);
  }
  return states.empty() ? ModelDb() : states.front();
}

std::string Explain(const Partition& partition, const SearchResult& result,
                    const ClockError& clock) {
  constexpr size_t kBeforeShown = 12;
  constexpr size_t kStuckShown = 12;
  const std::vector<uint32_t>& order = result.longest;
  const size_t unknown =
      static_cast<size_t>(std::count_if(partition.intervals.begin(), partition.intervals.end(),
                                        [](const Interval& interval) { return !interval.must; }));
  std::string text = fmt::format(
      "{}: no order of {} operations ({} of unknown outcome) {}; the longest found ({}) ends:\n",
      partition.Name(), partition.actions.size(), unknown,
      result.verdict == Verdict::kUnknown ? fmt::format("found in {} steps", result.steps)
                                          : std::string("explains the replies"),
      order.size());
  for (size_t i = order.size() > kBeforeShown ? order.size() - kBeforeShown : 0; i < order.size();
       ++i) {
    text += "    " + Describe(*partition.actions[order[i]].operation) + "\n";
  }
  text += "  then the keys are " + DescribeState(StateAfter(partition, order, clock)) +
          "\n  and none of these fits:\n";
  const std::set<uint32_t> done(order.begin(), order.end());
  int64_t horizon_ns = kNeverNs;
  for (uint32_t op = 0; op < partition.intervals.size(); ++op) {
    const Interval& interval = partition.intervals[op];
    if (done.count(op) == 0 && interval.must)
      horizon_ns = std::min(horizon_ns, interval.complete_ns);
  }
  size_t shown = 0;
  for (uint32_t op = 0; op < partition.intervals.size() && shown < kStuckShown; ++op) {
    if (done.count(op) > 0 || partition.intervals[op].invoke_ns > horizon_ns) continue;
    text += "    " + Describe(*partition.actions[op].operation) + "\n";
    ++shown;
  }
  return text;
}

}  // namespace

LinearizabilityReport CheckLinearizability(const History& history,
                                           const LinearizabilityOptions& options) {
  LinearizabilityReport report;
  const Partitioned partitioned = MakePartitions(history, options.universe);
  if (!partitioned.impossible.empty()) {
    report.verdict = Verdict::kViolation;
    report.message = partitioned.impossible.front();
    return report;
  }
  for (const Partition& partition : partitioned.partitions) {
    KeyspaceSpec spec(partition, options.clock);
    WglSearch<KeyspaceSpec> search(partition.intervals, spec, options.steps_max);
    const SearchResult result = search.Run();
    ++report.partitions;
    report.examined += partition.actions.size();
    report.steps += result.steps;
    if (result.verdict == Verdict::kUnknown) {
      ++report.partitions_unknown;
      if (report.verdict == Verdict::kLinearizable) {
        report.verdict = Verdict::kUnknown;
        report.message = Explain(partition, result, options.clock);
      }
    }
    if (result.verdict == Verdict::kViolation && report.verdict != Verdict::kViolation) {
      report.verdict = Verdict::kViolation;
      report.message = Explain(partition, result, options.clock);
    }
  }
  return report;
}

}  // namespace norn::scenarios
