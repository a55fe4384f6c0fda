// Any bytes are a scenario or a message; whatever is accepted is within its bounds.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/check.h"
#include "engine/base/status.h"
#include "scenarios/scenario_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto scenario = norn::scenarios::ParseScenario(text, "fuzz.toml");
  if (!scenario.ok()) {
    CHECK(norn::MessageOf(scenario.status()).starts_with("fuzz.toml:"));
    return 0;
  }
  CHECK(!scenario->name.empty());
  CHECK(scenario->node.threads.low >= 1);
  CHECK(scenario->node.threads.low <= scenario->node.threads.high);
  CHECK(scenario->clients.pipeline.low >= 1);
  CHECK(scenario->duration_ns > 0);
  return 0;
}
