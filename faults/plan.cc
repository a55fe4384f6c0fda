#include "faults/plan.h"

#include <algorithm>

namespace norn::faults {
namespace {

// In whole microseconds, which are easier to read and to edit.
Duration Microseconds(int64_t ns) { return Duration::Nanos(ns / 1000 * 1000); }

void DrawOneKind(const FaultRow& row, const FaultRule& rule, Duration end, Prng prng,
                 FaultPlan* plan) {
  PlannedFault fault;
  fault.kind = row.kind;
  for (;;) {
    fault.at = fault.at + std::max(Microseconds(rule.every_ns.Draw(prng)), Duration::Micros(1));
    if (fault.at >= end) return;
    fault.target = static_cast<uint32_t>(prng.Below(kTargets));
    fault.other = prng.OneIn(2);
    if (row.lasts) fault.lasts = Microseconds(rule.lasts_ns.Draw(prng));
    if (row.latency) fault.latency = Microseconds(rule.latency_ns.Draw(prng));
    if (!row.amount_key.empty()) fault.amount = rule.amount.Draw(prng);
    plan->push_back(fault);
  }
}

}  // namespace

KindSet DrawKinds(const FaultRules& rules, bool swarm, const PrngOf& prng_of) {
  KindSet armed{};
  Prng prng = prng_of("fault swarm");
  for (size_t i = 0; i < kFaultKinds; ++i) {
    const bool spared = swarm && prng.OneIn(2);
    armed[i] = rules[i].enabled() && !spared;
  }
  return armed;
}

FaultPlan DrawPlan(const FaultRules& rules, const KindSet& armed, Duration end,
                   const PrngOf& prng_of) {
  FaultPlan plan;
  for (const FaultRow& row : kFaultRows) {
    const size_t i = static_cast<size_t>(row.kind);
    if (!armed[i]) continue;
    DrawOneKind(row, rules[i], end, prng_of("fault " + std::string(row.name)), &plan);
  }
  std::stable_sort(plan.begin(), plan.end(),
                   [](const PlannedFault& a, const PlannedFault& b) { return a.at < b.at; });
  return plan;
}

KindSet KindsOf(const FaultPlan& plan) {
  KindSet kinds{};
  for (const PlannedFault& fault : plan) kinds[static_cast<size_t>(fault.kind)] = true;
  return kinds;
}

}  // namespace norn::faults
