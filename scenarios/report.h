#pragma once
// What norn-sim prints: the line of a run, the reasons of a failure, the sums of many runs.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/cover.h"
#include "scenarios/runner.h"
#include "scenarios/scenario.h"

namespace norn::scenarios {

// A run of so many seeds is of record: every fault kind and every check must have done something in it.
inline constexpr uint64_t kSeedsOfRecord = 100;

// "seed=7 hash=0123456789abcdef virtual_s=60.0 wall_s=0.21 events=812345 result=pass", without newline.
std::string ResultLine(const RunResult& result, double wall_s);

// Several lines: what failed, what the seed drew, and the command that plays it again.
std::string FailureText(const RunResult& result, std::string_view program, std::string_view file);

// Sums over runs. As text for the way from a worker process to the one that prints.
struct Totals {
  uint64_t runs = 0;
  uint64_t passes = 0;
  uint64_t events = 0;
  uint64_t commands = 0;
  uint64_t operations = 0;
  uint64_t operations_unknown = 0;
  uint64_t connections = 0;
  uint64_t connections_lost = 0;
  uint64_t exec_done = 0;
  uint64_t exec_refused = 0;
  uint64_t search_steps = 0;
  uint64_t restarts = 0;
  uint64_t refusals = 0;
  uint64_t writes_survived = 0;
  uint64_t writes_lost = 0;
  sim::DiskCounters disk;
  uint64_t wall_us = 0;
  uint64_t examined[kCheckCount] = {};
  uint64_t failures[kCheckCount] = {};
  FaultCount faults[kFaultKinds] = {};
  CoverCounts covers{};

  static Totals Of(const RunResult& result, double wall_s);
  void Add(const Totals& other);
  std::string Encode() const;  // "# 1 1 812345 ..."
  bool Decode(std::string_view line);

 private:
  std::vector<uint64_t*> Fields();
};

// The end of a run of seeds, for people. `elapsed_s`: by the clock on the wall.
std::string Summary(const Scenario& scenario, const Totals& totals, double elapsed_s);

// Why a run of record proves less than it says: kinds of faults without effect, checks that looked at nothing.
std::vector<std::string> Idlers(const Scenario& scenario, const Totals& totals);

}  // namespace norn::scenarios
