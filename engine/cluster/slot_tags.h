#pragma once
// For each slot a short word that lies in it: a text with {that word} inside is routed to the slot by every cluster client.

#include <string_view>

#include "engine/base/key_slot.h"

namespace norn::cluster {

// Letters and digits, at most four; the same in every build. The view lives for ever.
std::string_view TagOfSlot(SlotId slot);

}  // namespace norn::cluster
