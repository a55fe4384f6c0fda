#pragma once
// What executors know of leases (lease.h).

#include "engine/base/time.h"

namespace norn::cluster {

// Until when this node, as a primary, may take writes of its slots; each executor compares it with its own reading of the clock.
struct WriteFence {
  Instant until = Instant::Never();
  // Writes that come later wait until then, for a lease that is not there yet. Past(): they are refused.
  Instant awaited_until = Instant::Past();

  bool Awaits(Instant now) const { return now >= until && now < awaited_until; }
  bool operator==(const WriteFence&) const = default;
};

}  // namespace norn::cluster
