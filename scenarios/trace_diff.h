#pragma once
// The first event in which two traces differ: where determinism broke.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace norn::scenarios {

// Hands out the next line; false at the end.
using NextLine = std::function<bool(std::string* line)>;

struct TraceDifference {
  uint64_t event = 0;               // 1 for the first line
  std::vector<std::string> before;  // the last lines that are the same, at most 5
  std::string a;                    // "(end of trace)" where one is shorter
  std::string b;
};

std::optional<TraceDifference> FirstDifference(const NextLine& a, const NextLine& b);

}  // namespace norn::scenarios
