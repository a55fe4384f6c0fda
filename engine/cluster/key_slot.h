#pragma once
// Slots belong to every rung (a keyspace keeps its keys by them); here they have their old names.

#include "engine/base/key_slot.h"

namespace norn::cluster {

using norn::KeySlot;
using norn::kSlotCount;
using norn::SlotId;

}  // namespace norn::cluster
