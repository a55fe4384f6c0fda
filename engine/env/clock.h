#pragma once
// A node's clocks. In the simulator each node has its own, with offset, drift, steps and freezes.

#include "engine/base/time.h"

namespace norn::env {

class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes back. Costs a few nanoseconds; a command still reads it once and passes the value
  // down.
  virtual Instant Now() = 0;

  // Unix time; may step either way.
  virtual WallTime Wall() = 0;
};

}  // namespace norn::env
