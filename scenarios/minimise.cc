#include "scenarios/minimise.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "scenarios/drawn.h"

namespace norn::scenarios {
namespace {

// Lengths of time are tried no finer than this.
constexpr int64_t kTimeStepNs = 50'000'000;

class Minimiser {
 public:
  Minimiser(const Scenario& scenario, uint64_t runs_max, const PlayForCheck& play,
            const std::function<void(const MinimiseProgress&)>& progress)
      : best_(scenario), runs_max_(runs_max), play_(play), progress_(progress) {}

  MinimiseResult Run() {
    best_.plan = Draw(best_, static_cast<uint64_t>(best_.seed)).plan;
    best_.swarm = false;
    best_.faults = {};
    best_.budget = {};
    trying_ = "the run as it is";
    ++runs_;
    Tell();
    check_ = play_(best_);
    // Once is enough for the list, the rest may make more of it superfluous.
    while (!check_.empty() && Round() && runs_ < runs_max_) {
    }
    return {check_, best_, runs_};
  }

 private:
  // True if anything became smaller.
  bool Round() {
    const uint64_t before = successes_;
    ReduceFaults();
    ReduceVictims();
    ReduceOptions(&NodeSection::options, "options");
    ReduceOptions(&NodeSection::replica_options, "options of replicas");
    ReduceFamilies();
    ReduceOrders();
    ReduceRange([](Scenario& s) -> Range& { return s.node.replicas; }, "replicas");
    ReduceRange([](Scenario& s) -> Range& { return s.cluster.old_nodes; }, "old nodes");
    ReduceRange([](Scenario& s) -> Range& { return s.cluster.shards; }, "shards");
    ReduceRange([](Scenario& s) -> Range& { return s.cluster.replicas; }, "replicas of shards");
    ReduceRange([](Scenario& s) -> Range& { return s.node.threads; }, "threads");
    ReduceRange([](Scenario& s) -> Range& { return s.clients.count; }, "clients");
    ReduceRange([](Scenario& s) -> Range& { return s.clients.pipeline; }, "pipelines");
    ReduceRange([](Scenario& s) -> Range& { return s.clients.databases; }, "databases");
    ReduceRange([](Scenario& s) -> Range& { return s.clients.groups; }, "groups of keys");
    ReduceRange([](Scenario& s) -> Range& { return s.clients.keys_per_group; }, "keys");
    ReduceRange([](Scenario& s) -> Range& { return s.clients.value_bytes; }, "length of values");
    ReduceRange([](Scenario& s) -> Range& { return s.replication.witnesses; }, "witnesses");
    ReduceDuration();
    return successes_ > before;
  }

  // Plays the candidate; it becomes the best if it fails the same check.
  bool Try(Scenario candidate) {
    if (runs_ >= runs_max_) return false;
    ++runs_;
    Tell();
    if (play_(candidate) != check_) return false;
    best_ = std::move(candidate);
    ++successes_;
    return true;
  }

  void Tell() { progress_({runs_, trying_, best_.plan->size()}); }

  bool TryPlan(faults::FaultPlan plan) {
    Scenario candidate = best_;
    candidate.plan = std::move(plan);
    return Try(std::move(candidate));
  }

  // ddmin: takes away ever smaller pieces of the list, until no single fault can go.
  void ReduceFaults() {
    trying_ = "faults";
    if (best_.plan->empty() || TryPlan({})) return;
    size_t piece = best_.plan->size();
    while (runs_ < runs_max_) {
      piece = std::max<size_t>(1, std::min(piece, best_.plan->size()) / 2);
      bool smaller = false;
      // From the back: what is left happens early.
      for (size_t end = best_.plan->size(); end > 0 && runs_ < runs_max_;) {
        const size_t begin = end > piece ? end - piece : 0;
        faults::FaultPlan plan = *best_.plan;
        plan.erase(plan.begin() + static_cast<std::ptrdiff_t>(begin),
                   plan.begin() + static_cast<std::ptrdiff_t>(end));
        smaller |= TryPlan(std::move(plan));
        end = begin;
      }
      if (piece == 1 && !smaller) return;
    }
  }

  // Of faults that strike several at once.
  void ReduceVictims() {
    trying_ = "victims";
    for (size_t i = 0; i < best_.plan->size(); ++i) {
      const auto strikes = [](FaultKind kind) {
        return kind == FaultKind::kKPrimaries || kind == FaultKind::kSwizzle;
      };
      while (strikes((*best_.plan)[i].kind) && (*best_.plan)[i].amount > 1) {
        faults::FaultPlan plan = *best_.plan;
        --plan[i].amount;
        if (!TryPlan(std::move(plan))) break;
      }
    }
  }

  // Away with each; or else it is named with the one value that it has.
  void ReduceOptions(std::vector<OptionChoice> NodeSection::*options, std::string_view what) {
    trying_ = what;
    const Drawn drawn = Draw(best_, static_cast<uint64_t>(best_.seed));
    for (size_t i = 0; i < (best_.node.*options).size();) {
      Scenario candidate = best_;
      auto& list = candidate.node.*options;
      const OptionChoice choice = list[i];
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
      if (Try(std::move(candidate))) continue;
      if (choice.values.size() > 1) Name(options, i, choice, drawn);
      ++i;
    }
  }
  void Name(std::vector<OptionChoice> NodeSection::*options, size_t i, OptionChoice choice,
            const Drawn& drawn) {
    const bool replicas = options == &NodeSection::replica_options;
    const ServerOptions& all = replicas ? drawn.replica_options : drawn.options;
    for (const auto& [name, value] : all) {  // the last of a name counts
      if (name == choice.name) choice.values = {value};
    }
    Scenario candidate = best_;
    (candidate.node.*options)[i] = choice;
    Try(std::move(candidate));
  }

  void ReduceFamilies() {
    trying_ = "kinds of commands";
    for (size_t i = 0; i < kFamilies; ++i) {
      if (best_.weights[i] == 0) continue;
      Scenario candidate = best_;
      candidate.weights[i] = 0;
      const bool any = std::any_of(std::begin(candidate.weights), std::end(candidate.weights),
                                   [](int64_t weight) { return weight > 0; });
      if (any) Try(std::move(candidate));
    }
  }

  // Of a cluster's operator and clients: away with each kind.
  void ReduceOrders() {
    trying_ = "orders";
    using Orders = Range ClusterSection::*;
    for (const Orders orders :
         {&ClusterSection::failover_every_ns, &ClusterSection::membership_every_ns,
          &ClusterSection::move_every_ns, &ClusterSection::bump_every_ns}) {
      if ((best_.cluster.*orders).high == 0) continue;
      Scenario candidate = best_;
      candidate.cluster.*orders = {0, 0};
      Try(std::move(candidate));
    }
    using Share = int64_t ClusterSection::*;
    for (const Share share : {&ClusterSection::replica_reads_percent, &ClusterSection::wait_percent,
                              &ClusterSection::takeover_percent}) {
      if (best_.cluster.*share == 0) continue;
      Scenario candidate = best_;
      candidate.cluster.*share = 0;
      Try(std::move(candidate));
    }
  }

  // The lowest single value, found by halving; a range stays one only if no value of its own will do.
  template <typename Select>
  void ReduceRange(Select select, std::string_view what) {
    trying_ = what;
    const Range range = select(best_);
    if (range.low == range.high && range.low <= 1) return;
    const auto attempt = [&](int64_t value) {
      Scenario candidate = best_;
      select(candidate) = {value, value};
      return Try(std::move(candidate));
    };
    const int64_t lowest = std::min<int64_t>(range.low, 1);
    if (attempt(lowest)) return;
    int64_t fails_not = lowest;
    int64_t fails = range.high;
    if (range.low < range.high && !attempt(fails)) return;
    while (fails - fails_not > 1 && runs_ < runs_max_) {
      const int64_t middle = fails_not + (fails - fails_not) / 2;
      (attempt(middle) ? fails : fails_not) = middle;
    }
  }

  // Faults behind the end of the busy time would never happen.
  void ReduceDuration() {
    trying_ = "time";
    int64_t fails_not = 0;
    while (best_.duration_ns - fails_not > kTimeStepNs && runs_ < runs_max_) {
      const int64_t middle = fails_not + (best_.duration_ns - fails_not) / 2;
      Scenario candidate = best_;
      candidate.duration_ns = std::max<int64_t>(middle / kTimeStepNs * kTimeStepNs, kTimeStepNs);
      if (candidate.duration_ns >= best_.duration_ns) return;
      std::erase_if(*candidate.plan, [&](const faults::PlannedFault& fault) {
        return fault.at.ns >= candidate.duration_ns;
      });
      if (!Try(std::move(candidate))) fails_not = middle;
    }
  }

  Scenario best_;
  const uint64_t runs_max_;
  const PlayForCheck& play_;
  const std::function<void(const MinimiseProgress&)>& progress_;
  std::string check_;
  std::string_view trying_;
  uint64_t runs_ = 0;
  uint64_t successes_ = 0;
};

}  // namespace

MinimiseResult Minimise(const Scenario& scenario, uint64_t runs_max, const PlayForCheck& play,
                        const std::function<void(const MinimiseProgress&)>& progress) {
  return Minimiser(scenario, runs_max, play, progress).Run();
}

}  // namespace norn::scenarios
