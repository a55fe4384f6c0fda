#pragma once
// Plays a scenario with one seed in a world of its own, and judges it. Two calls with equal arguments give equal
// results, the hash of every event included; nothing is left behind.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/cover.h"
#include "faults/injector.h"
#include "scenarios/checks.h"
#include "scenarios/scenario.h"
#include "scenarios/server.h"
#include "scenarios/timeline.h"
#include "sim/trace.h"

namespace norn::scenarios {

using faults::FaultCount;
using faults::FaultCounts;

struct RunOptions {
  uint64_t seed = 1;
  sim::Trace::Sink trace = {};                     // a line an event
  std::function<void(std::string_view)> log = {};  // the nodes' log lines
  uint64_t search_steps_max = 2'000'000;           // of a partition
  Timeline* timeline = nullptr;                    // filled, if there is one
};

struct RunResult {
  uint64_t seed = 0;
  uint64_t hash = 0;
  uint64_t events = 0;
  double virtual_s = 0;
  // Empty: passed. Beside the names of checks.h: "start" (the node does not come up), "exit" (it ended by itself),
  // "finish" (a client never came to its end), "linearizability_bound" (the search was given up: neither way proved).
  std::string failed_check;
  std::string message;
  std::string drawn;  // what the seed drew: threads, options, faults
  uint64_t commands = 0;
  uint64_t operations = 0;
  uint64_t operations_unknown = 0;
  uint64_t connections = 0;
  uint64_t connections_lost = 0;
  uint64_t exec_done = 0;
  uint64_t exec_refused = 0;
  uint64_t search_steps = 0;
  uint64_t restarts = 0;
  uint64_t refusals = 0;         // of those, lives that ended by themselves or could not begin
  uint64_t writes_survived = 0;  // of the ledger, summed over readings
  uint64_t writes_lost = 0;
  sim::DiskCounters disk;
  CheckTallies checks;
  FaultCounts faults;
  CoverCounts covers{};  // marks passed in this run, if they are counted

  bool passed() const { return failed_check.empty(); }
};

RunResult RunScenario(const Scenario& scenario, const ServerFactory& server,
                      const RunOptions& options);

}  // namespace norn::scenarios
