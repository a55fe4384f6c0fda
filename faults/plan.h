#pragma once
// What will happen to a world, as data: a list of timed faults that is drawn from the seed before anything runs, and that can
// be printed, edited, made smaller and played again.
//
// An entry names its target by a number whose rest among what is there decides, so that an entry keeps its meaning as long as
// the same things are there, and has one whatever is. Nothing else about a fault is drawn while it is played.

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/time.h"
#include "faults/rules.h"

namespace norn::faults {

inline constexpr uint32_t kTargets = 1000;  // targets are drawn below it
// A node that was to die at a disk operation and does none in that time dies all the same.
inline constexpr Duration kDoomPatience = Duration::Seconds(1);

struct PlannedFault {
  Duration at = {};  // after the plan began
  FaultKind kind{};
  uint32_t target = 0;
  bool other = false;   // of two directions, ends or sides the other
  Duration lasts = {};  // these three only of kinds that have them
  Duration latency = {};
  int64_t amount = 1;
  bool operator==(const PlannedFault&) const = default;
};
using FaultPlan = std::vector<PlannedFault>;  // by `at`

using KindSet = std::array<bool, kFaultKinds>;
// The generator of a purpose: each kind draws from one of its own, so that changing one leaves the others as they were.
using PrngOf = std::function<Prng(std::string_view purpose)>;

// The kinds that a run has: those with a rule; with `swarm` a random half of them.
KindSet DrawKinds(const FaultRules& rules, bool swarm, const PrngOf& prng_of);
// What happens until `end`, of the armed kinds.
FaultPlan DrawPlan(const FaultRules& rules, const KindSet& armed, Duration end,
                   const PrngOf& prng_of);
KindSet KindsOf(const FaultPlan& plan);

}  // namespace norn::faults
