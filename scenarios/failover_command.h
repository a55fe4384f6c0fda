#pragma once
// `norn-sim failover`: the words of its command line, and the table that it prints.

#include <cstdint>
#include <string>

#include "scenarios/failover_study.h"

namespace norn::scenarios {

struct FailoverCommand {
  FailoverSetup setup;
  uint64_t first_seed = 1;
  uint64_t last_seed = 1;
  bool each = false;  // a line a seed
  // A line a seed as `norn-sim run` has them, and no more seeds after one that was not over in time.
  bool first_failure = false;
  // Above 0: no fault; this many virtual hours of a healthy cluster a seed.
  double healthy_hours = 0;
};

// Prints to stdout. False: some seed was not over in time, or a healthy cluster elected somebody.
bool RunFailoverCommand(const FailoverCommand& command);

}  // namespace norn::scenarios
