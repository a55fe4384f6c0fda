#pragma once
// Plays a scenario of a cluster with one seed in a world of its own, and judges it.

#include "scenarios/runner.h"

namespace norn::scenarios {

RunResult RunCluster(const Scenario& scenario, const ServerFactory& server,
                     const RunOptions& options);

}  // namespace norn::scenarios
