#pragma once
// The engine as a scenario's server: a node host with the options of the seed.

#include "absl/status/status.h"
#include "scenarios/server.h"

namespace norn::scenarios {

ServerFactory NornServerFactory();

// InvalidArgument: an option that the engine does not have, or a value that it does not take; names it.
absl::Status CheckServerOption(const std::string& name, const std::string& value);

}  // namespace norn::scenarios
