#pragma once
// Makes a failing run smaller while it fails the same check: fewer faults, options, nodes, clients, kinds of commands, less
// time. Works on the scenario, not on the seed: what is left is a file that anyone can read and play.
//
// Source of the search over the list of faults: A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing
// Input" (ddmin), 2002. The rest is tried one thing at a time, from what helps a reader most.

#include <cstdint>
#include <functional>
#include <string>

#include "scenarios/scenario.h"

namespace norn::scenarios {

// Plays the scenario with its own seed; the check that failed, "" if none did.
using PlayForCheck = std::function<std::string(const Scenario&)>;

struct MinimiseProgress {
  uint64_t runs = 0;
  std::string_view trying;  // what kind of thing
  size_t faults = 0;        // left
};

struct MinimiseResult {
  std::string check;  // "": the run as given does not fail, and `scenario` is as given
  Scenario scenario;
  uint64_t runs = 0;
};

// `scenario.seed` decides; its plan, if it has none, is what that seed draws. Ends after `runs_max` runs with what it has.
MinimiseResult Minimise(const Scenario& scenario, uint64_t runs_max, const PlayForCheck& play,
                        const std::function<void(const MinimiseProgress&)>& progress);

}  // namespace norn::scenarios
