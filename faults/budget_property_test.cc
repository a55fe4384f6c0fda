// Plans drawn by any rules, within any budget, against a count that looks at every moment at which something begins.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "engine/base/hash.h"
#include "faults/budget.h"

namespace norn::faults {
namespace {

FaultRules AnyRules() {
  FaultRules rules;
  for (FaultRule& rule : rules) {
    if (*rc::gen::inRange(0, 3) == 0) continue;
    const int64_t every_ns = *rc::gen::inRange<int64_t>(20'000'000, 3'000'000'000);
    const int64_t lasts_ns = *rc::gen::inRange<int64_t>(0, 3'000'000'000);
    rule.every_ns = {every_ns / 2, every_ns};
    rule.lasts_ns = {lasts_ns / 2, lasts_ns};
    rule.amount = {0, *rc::gen::inRange<int64_t>(0, 10)};
  }
  return rules;
}

// How many are open at that moment, each with its tail.
Toll OpenAt(Duration now, const FaultPlan& plan, const Budget& budget, const Extent& extent) {
  Toll sum;
  for (const PlannedFault& fault : plan) {
    const Toll toll = TollOf(fault, extent);
    const Duration end = fault.at + toll.lasts + Duration::Nanos(budget.recovery_ns);
    if (fault.at > now || end < now) continue;
    sum.machines_down += toll.machines_down;
    sum.machines_cut += toll.machines_cut;
    sum.clocks_wrong += toll.clocks_wrong;
  }
  return sum;
}

bool Affords(const Budget& budget, const Toll& toll) {
  return toll.machines_down <= budget.machines_down && toll.machines_cut <= budget.machines_cut &&
         toll.clocks_wrong <= budget.clocks_wrong;
}

RC_GTEST_PROP(BudgetProperty, NoDrawnPlanExceedsItAtAnyMoment, ()) {
  const Extent extent{.machines = *rc::gen::inRange<size_t>(1, 20),
                      .zones = *rc::gen::inRange<size_t>(1, 5)};
  const Budget budget{.machines_down = *rc::gen::inRange<int64_t>(0, 8),
                      .machines_cut = *rc::gen::inRange<int64_t>(0, 8),
                      .clocks_wrong = *rc::gen::inRange<int64_t>(0, 3),
                      .recovery_ns = *rc::gen::inRange<int64_t>(0, 1'000'000'000)};
  const FaultRules rules = AnyRules();
  const auto seed = *rc::gen::arbitrary<uint64_t>();
  const PrngOf prngs = [seed](std::string_view purpose) { return Prng(HashBytes(purpose, seed)); };
  const FaultPlan all =
      DrawPlan(rules, DrawKinds(rules, false, prngs), Duration::Seconds(10), prngs);
  const FaultPlan within = Within(budget, extent, all);
  for (const PlannedFault& fault : within) {
    RC_ASSERT(Affords(budget, OpenAt(fault.at, within, budget, extent)));
  }
  // Nothing is left out that would have fitted with what began before it.
  for (const PlannedFault& fault : all) {
    if (std::count(within.begin(), within.end(), fault) > 0) continue;
    FaultPlan with = within;
    std::erase_if(with, [&fault](const PlannedFault& other) { return other.at > fault.at; });
    with.push_back(fault);
    RC_ASSERT(!Affords(budget, OpenAt(fault.at, with, budget, extent)));
  }
}

}  // namespace
}  // namespace norn::faults
