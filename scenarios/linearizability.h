#pragma once
// The check `linearizability`: what clients saw has an explanation as one sequence of commands on one keyspace, in every
// partition of the history (actions.h), found by search (wgl.h) against the model (model.h).
//
// The search is bounded: a partition that costs more than steps_max is reported as unknown, which is neither pass nor
// failure and is counted.

#include <cstdint>
#include <string>

#include "scenarios/actions.h"
#include "scenarios/history.h"
#include "scenarios/model.h"

namespace norn::scenarios {

struct LinearizabilityOptions {
  KeyUniverse universe;
  ClockError clock;
  uint64_t steps_max = 2'000'000;  // per partition
};

struct LinearizabilityReport {
  Verdict verdict = Verdict::kLinearizable;  // the worst of all partitions
  uint64_t examined = 0;                     // actions judged
  uint64_t partitions = 0;
  uint64_t partitions_unknown = 0;
  uint64_t steps = 0;
  // Of the first violation, or else of the first partition given up: what led there, what does not fit.
  std::string message;
};

LinearizabilityReport CheckLinearizability(const History& history,
                                           const LinearizabilityOptions& options);

}  // namespace norn::scenarios
