#pragma once
// What may be broken at once while a cluster still owes what it promises. A drawn plan stays inside it: what would exceed it
// is not drawn. A plan written by hand may do what it likes.
//
// The bill is an upper bound: a fault is counted from its moment until `recovery` after its end, whether it finds anything
// to act upon or not, and two that strike the same machine count as two.

#include <cstdint>

#include "faults/plan.h"

namespace norn::faults {

struct Budget {
  static constexpr int64_t kNoBound = 1'000'000;
  int64_t machines_down = kNoBound;  // dead, or standing still
  int64_t machines_cut = kNoBound;   // cannot talk to some other machine, or to clients
  int64_t clocks_wrong = kNoBound;   // standing still, running wrong, off, or just set
  int64_t recovery_ns = 0;           // that a cluster needs after a fault has ended
  bool operator==(const Budget&) const = default;
};

// How large the cluster is.
struct Extent {
  size_t machines = 1;
  size_t zones = 1;
};

// What one fault costs, from its `at` on, at most.
struct Toll {
  int64_t machines_down = 0;
  int64_t machines_cut = 0;
  int64_t clocks_wrong = 0;
  Duration lasts{0};  // without recovery
};
Toll TollOf(const PlannedFault& fault, const Extent& extent);

// The plan without what would exceed the budget, judged in the order of the plan.
FaultPlan Within(const Budget& budget, const Extent& extent, const FaultPlan& plan);

}  // namespace norn::faults
