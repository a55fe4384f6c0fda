#pragma once
// The page of one run, whole: the timeline, the verdict and the drawing in one HTML text.

#include <string>
#include <string_view>

#include "scenarios/runner.h"
#include "scenarios/scenario.h"
#include "scenarios/timeline.h"

namespace norn::scenarios {

// False: the program was built where the drawing library is not; there is no page then.
bool HasPages();

// `command`: what plays the run again. Requires: HasPages(), the timeline has its end.
std::string RunPage(const Timeline& timeline, const Scenario& scenario, const RunResult& result,
                    std::string_view command);

// The data of it alone, as JSON.
std::string RunData(const Timeline& timeline, const Scenario& scenario, const RunResult& result,
                    std::string_view command);

}  // namespace norn::scenarios
