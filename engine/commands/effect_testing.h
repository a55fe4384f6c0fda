#pragma once
// Tests of what a command repeats on replicas and in the append-only log.

#include <initializer_list>
#include <string>
#include <string_view>

#include "engine/commands/testing.h"

namespace norn {

class EffectTest : public CommandTest {
 protected:
  EffectTest() { keyspace().set_records_deletions(true); }

  struct Line {
    std::string_view line;
    std::string_view repeated;
  };
  // {now+N} stands for the time N ms from now.
  void Repeat(std::initializer_list<Line> lines) {
    for (const Line& step : lines) {
      Run(WithTimes(step.line));
      EXPECT_EQ(TakeEffects(), WithTimes(step.repeated)) << "after: " << step.line;
    }
  }
  std::string WithTimes(std::string_view text) {
    std::string filled(text);
    for (size_t at; (at = filled.find("{now+")) != std::string::npos;) {
      const size_t end = filled.find('}', at);
      const int64_t more_ms = std::stoll(filled.substr(at + 5, end - at - 5));
      filled.replace(at, end + 1 - at, std::to_string(now_ms() + more_ms));
    }
    return filled;
  }
  // Stores "v" under `key`, past its deadline.
  void MakeExpired(const std::string& key) {
    Run("SET " + key + " v PX 1");
    TakeEffects();
    Advance(Duration::Millis(2));
  }
};

}  // namespace norn
