#pragma once
// Reads a scenario file (TOML 1.0). Strict: an unknown key, a wrong type or a value out of range is an error that names
// file, line and key and says what is allowed. The vocabulary is one table (scenario_file.cc), which the help prints.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "scenarios/scenario.h"

namespace norn::scenarios {

// `path` is only for messages: "smoke.toml:12: clients.count: 0 is out of range; a whole number from 1 to 1000".
// InvalidArgument is the only error.
absl::StatusOr<Scenario> ParseScenario(std::string_view text, std::string_view path);

// A file that reads back to this scenario.
std::string ScenarioText(const Scenario& scenario);
// Its part that says what happens: [[plan]] tables.
std::string PlanText(const faults::FaultPlan& plan);

// Every key with its form, default and meaning.
std::string ScenarioHelp();

// "1.5s", "200us", "3ms", "7ns", "2m" in nanoseconds; whole nanoseconds only. False: not of that form, or above a day.
bool ParseDuration(std::string_view text, int64_t* ns);
std::string FormatDuration(int64_t ns);

}  // namespace norn::scenarios
