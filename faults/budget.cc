#include "faults/budget.h"

#include <algorithm>
#include <vector>

namespace norn::faults {
namespace {

Toll Down(int64_t machines, Duration lasts) { return {.machines_down = machines, .lasts = lasts}; }
Toll Cut(int64_t machines, Duration lasts) { return {.machines_cut = machines, .lasts = lasts}; }

struct Open {
  Toll toll;
  Duration end;
};

bool Fits(const Budget& budget, const std::vector<Open>& open, Toll sum) {
  for (const Open& one : open) {
    sum.machines_down += one.toll.machines_down;
    sum.machines_cut += one.toll.machines_cut;
    sum.clocks_wrong += one.toll.clocks_wrong;
  }
  return sum.machines_down <= budget.machines_down && sum.machines_cut <= budget.machines_cut &&
         sum.clocks_wrong <= budget.clocks_wrong;
}

}  // namespace

Toll TollOf(const PlannedFault& fault, const Extent& extent) {
  const auto machines = static_cast<int64_t>(extent.machines);
  const auto zones = static_cast<int64_t>(std::max<size_t>(extent.zones, 1));
  switch (fault.kind) {
    case FaultKind::kCrash:
    case FaultKind::kPause:
    case FaultKind::kWipe:
    case FaultKind::kHostDead:
      return Down(1, fault.lasts);
    case FaultKind::kKill:
    case FaultKind::kPowerLoss:
    case FaultKind::kTornWrites:
    case FaultKind::kReorderedWrites:
      return Down(1, kDoomPatience + fault.lasts);
    case FaultKind::kDiskSwap:
    case FaultKind::kPrimaryAndReplica:
      return Down(2, fault.lasts);
    case FaultKind::kZone:
      return Down((machines + zones - 1) / zones, fault.lasts);
    case FaultKind::kMajority:
      return Down(machines / 2 + 1, fault.lasts);
    case FaultKind::kKPrimaries:
      return Down(std::min(fault.amount, machines), fault.lasts);
    case FaultKind::kPartition:
    case FaultKind::kPartitionBoth:
    case FaultKind::kPartialPartition:
    case FaultKind::kIsolate:
    case FaultKind::kRefused:
    case FaultKind::kClientsCut:
      return Cut(1, fault.lasts);
    case FaultKind::kSplit:
      return Cut(machines / 2, fault.lasts);
    case FaultKind::kMajoritiesRing:
      return Cut(machines, fault.lasts);
    case FaultKind::kSwizzle:
      return Cut(std::min(fault.amount, machines), fault.lasts);
    case FaultKind::kClockOffset:
    case FaultKind::kClockStep:
    case FaultKind::kClockJump:
    case FaultKind::kClockDrift:
    case FaultKind::kClockFreeze:
      return {.clocks_wrong = 1, .lasts = fault.lasts};
    default:
      return {};
  }
}

// Entries begin in the order of the plan, so the sum is greatest when one begins.
FaultPlan Within(const Budget& budget, const Extent& extent, const FaultPlan& plan) {
  FaultPlan within;
  std::vector<Open> open;
  for (const PlannedFault& fault : plan) {
    std::erase_if(open, [&fault](const Open& one) { return one.end < fault.at; });
    const Toll toll = TollOf(fault, extent);
    if (!Fits(budget, open, toll)) continue;
    within.push_back(fault);
    const bool free = toll.machines_down + toll.machines_cut + toll.clocks_wrong == 0;
    if (free) continue;
    open.push_back({toll, fault.at + toll.lasts + Duration::Nanos(budget.recovery_ns)});
  }
  return within;
}

}  // namespace norn::faults
