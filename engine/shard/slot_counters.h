#pragma once
// What each slot cost on one executor, for CLUSTER SLOT-STATS. Exists only where cluster-slot-stats-enabled is yes.

#include <cstdint>
#include <vector>

#include "engine/base/key_slot.h"

namespace norn {

struct SlotCost {
  uint64_t cpu_nanos = 0;
  uint64_t input_bytes = 0;
  uint64_t output_bytes = 0;
};

struct SlotCounters {
  std::vector<SlotCost> slots = std::vector<SlotCost>(kSlotCount);
};

}  // namespace norn
