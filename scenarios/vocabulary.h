#pragma once
// The vocabulary of scenario files: one table of all keys, which reading, writing and the help go by.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace norn::scenarios {

inline constexpr int64_t kSecond = 1'000'000'000;
inline constexpr int64_t kDay = 86400 * kSecond;

enum class Form : uint8_t {
  kText,
  kFlag,
  kNumber,
  kNumberRange,
  kDuration,
  kDurationRange,
  kChecks,
  kOptions,
  kPlan,
  kEnding,
};

struct Value {
  std::string text;
  bool flag = false;
  Range range;
  std::vector<std::string> words;
  std::vector<OptionChoice> options;
  std::optional<faults::FaultPlan> plan;
};

// By EndingSection::heal_quorum.
inline constexpr const char* kEndingNames[] = {"heal_all", "heal_quorum"};

// A key of the vocabulary. `low` and `high` bound numbers and durations (in ns).
struct Row {
  std::string section;  // "" for the top
  std::string key;
  Form form;
  int64_t low;
  int64_t high;
  std::function<void(Scenario&, const Value&)> set;
  std::function<Value(const Scenario&)> get;
  std::string doc;
};

std::vector<Row> Vocabulary();

inline bool IsTime(Form form) { return form == Form::kDuration || form == Form::kDurationRange; }
inline bool IsRange(Form form) {
  return form == Form::kNumberRange || form == Form::kDurationRange;
}

}  // namespace norn::scenarios
