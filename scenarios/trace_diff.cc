#include "scenarios/trace_diff.h"

namespace norn::scenarios {

std::optional<TraceDifference> FirstDifference(const NextLine& a, const NextLine& b) {
  constexpr size_t kBefore = 5;
  constexpr const char* kEnd = "(end of trace)";
  TraceDifference difference;
  std::string line_a, line_b;
  for (;;) {
    const bool more_a = a(&line_a);
    const bool more_b = b(&line_b);
    if (!more_a && !more_b) return std::nullopt;
    ++difference.event;
    if (!more_a || !more_b || line_a != line_b) {
      difference.a = more_a ? line_a : kEnd;
      difference.b = more_b ? line_b : kEnd;
      return difference;
    }
    if (difference.before.size() == kBefore) difference.before.erase(difference.before.begin());
    difference.before.push_back(line_a);
  }
}

}  // namespace norn::scenarios
