#include "scenarios/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/number.h"
#include "scenarios/names.h"

namespace norn::scenarios {
namespace {

struct DiskRow {
  uint64_t sim::DiskCounters::*counter;
  std::string_view name;
};
constexpr DiskRow kDiskRows[] = {
    {&sim::DiskCounters::operations, "operations"},
    {&sim::DiskCounters::crash_points, "crash points reached"},
    {&sim::DiskCounters::sectors_lost, "sectors lost"},
    {&sim::DiskCounters::names_lost, "names lost"},
    {&sim::DiskCounters::writes_torn, "writes torn"},
    {&sim::DiskCounters::writes_reordered, "reordered"},
    {&sim::DiskCounters::sectors_reordered, "sectors reordered"},
    {&sim::DiskCounters::errors, "errors"},
    {&sim::DiskCounters::failed_syncs, "failed syncs"},
    {&sim::DiskCounters::lies, "lies"},
    {&sim::DiskCounters::full, "writes without room"},
    {&sim::DiskCounters::slowed, "slowed"},
    {&sim::DiskCounters::bits_flipped, "bits flipped"},
    {&sim::DiskCounters::short_reads, "short reads"},
};

}  // namespace

std::string ResultLine(const RunResult& result, double wall_s) {
  std::string line = fmt::format(
      "seed={} hash={:016x} virtual_s={:.1f} wall_s={:.2f} events={} result=", result.seed,
      result.hash, result.virtual_s, wall_s, result.events);
  return line + (result.passed() ? "pass" : "FAIL check=" + result.failed_check);
}

std::string FailureText(const RunResult& result, std::string_view program, std::string_view file) {
  std::string message = result.message;
  if (!message.empty() && message.back() == '\n') message.pop_back();
  return fmt::format("seed {} fails {}:\n  {}\n  drawn: {}\n  again: {} run {} --seed {}\n",
                     result.seed, result.failed_check, message, result.drawn, program, file,
                     result.seed);
}

Totals Totals::Of(const RunResult& result, double wall_s) {
  Totals totals;
  totals.runs = 1;
  totals.passes = result.passed() ? 1 : 0;
  totals.events = result.events;
  totals.commands = result.commands;
  totals.operations = result.operations;
  totals.operations_unknown = result.operations_unknown;
  totals.connections = result.connections;
  totals.connections_lost = result.connections_lost;
  totals.exec_done = result.exec_done;
  totals.exec_refused = result.exec_refused;
  totals.search_steps = result.search_steps;
  totals.restarts = result.restarts;
  totals.refusals = result.refusals;
  totals.writes_survived = result.writes_survived;
  totals.writes_lost = result.writes_lost;
  totals.disk = result.disk;
  totals.wall_us = static_cast<uint64_t>(wall_s * 1e6);
  for (size_t i = 0; i < kCheckCount; ++i) {
    totals.examined[i] = result.checks[i].examined;
    totals.failures[i] = result.checks[i].failures;
  }
  for (size_t i = 0; i < kFaultKinds; ++i) totals.faults[i] = result.faults[i];
  totals.covers = result.covers;
  return totals;
}

std::vector<uint64_t*> Totals::Fields() {
  std::vector<uint64_t*> fields = {&runs,         &passes,           &events,
                                   &commands,     &operations,       &operations_unknown,
                                   &connections,  &connections_lost, &exec_done,
                                   &exec_refused, &search_steps,     &wall_us,
                                   &restarts,     &refusals,         &writes_survived,
                                   &writes_lost};
  for (const DiskRow& row : kDiskRows) fields.push_back(&(disk.*row.counter));
  for (uint64_t& count : examined) fields.push_back(&count);
  for (uint64_t& count : failures) fields.push_back(&count);
  for (FaultCount& fault : faults) {
    fields.insert(fields.end(), {&fault.armed, &fault.fired, &fault.effect});
  }
  for (uint64_t& count : covers) fields.push_back(&count);
  return fields;
}

void Totals::Add(const Totals& other) {
  Totals copy = other;
  const std::vector<uint64_t*> from = copy.Fields();
  const std::vector<uint64_t*> to = Fields();
  for (size_t i = 0; i < to.size(); ++i) *to[i] += *from[i];
}

std::string Totals::Encode() const {
  Totals copy = *this;
  std::string line = "#";
  for (const uint64_t* field : copy.Fields()) line += ' ' + std::to_string(*field);
  return line;
}

bool Totals::Decode(std::string_view line) {
  if (!line.starts_with('#')) return false;
  line.remove_prefix(1);
  for (uint64_t* field : Fields()) {
    if (!line.starts_with(' ')) return false;
    line.remove_prefix(1);
    const size_t end = std::min(line.find(' '), line.size());
    const std::optional<uint64_t> value = ParseUint64(line.substr(0, end));
    if (!value) return false;
    *field = *value;
    line.remove_prefix(end);
  }
  return line.empty();
}

std::string Summary(const Scenario& scenario, const Totals& totals, double elapsed_s) {
  const double busy_s = static_cast<double>(totals.wall_us) / 1e6;
  std::string text =
      fmt::format("{}: {} runs, {} passed, {} failed; {:.1f} s, {:.1f} seeds/s\n", scenario.name,
                  totals.runs, totals.passes, totals.runs - totals.passes, elapsed_s,
                  static_cast<double>(totals.runs) / std::max(elapsed_s, 1e-6));
  text += fmt::format("  {} commands answered ({:.0f} a second of a core), {} events\n",
                      totals.commands,
                      static_cast<double>(totals.commands) / std::max(busy_s, 1e-6), totals.events);
  text += fmt::format(
      "  {} operations, {} of unknown outcome; {} connections, {} lost; EXEC done {}, refused {}\n",
      totals.operations, totals.operations_unknown, totals.connections, totals.connections_lost,
      totals.exec_done, totals.exec_refused);
  if (totals.restarts > 0) {
    text +=
        fmt::format("  {} restarts, {} refused; writes found again {}, lost {}\n", totals.restarts,
                    totals.refusals, totals.writes_survived, totals.writes_lost);
  }
  if (totals.disk.operations > 0) {
    text += "  disk:";
    const char* separator = " ";
    for (const DiskRow& row : kDiskRows) {
      if (totals.disk.*row.counter == 0) continue;
      text += fmt::format("{}{} {}", separator, totals.disk.*row.counter, row.name);
      separator = ", ";
    }
    text += "\n";
  }
  for (const CheckRow& check : kChecks) {
    if (!scenario.Checks(std::string(check.name))) continue;
    const size_t i = static_cast<size_t>(check.id);
    text += fmt::format("  check {:<16} examined {}, failures {}\n", check.name, totals.examined[i],
                        totals.failures[i]);
  }
  for (const FaultRow& row : kFaultRows) {
    const size_t i = static_cast<size_t>(row.kind);
    if (!scenario.HasFault(row.kind)) continue;
    const FaultCount& count = totals.faults[i];
    text += fmt::format("  fault {:<16} armed in {} runs, fired {}, effect {}\n", row.name,
                        count.armed, count.fired, count.effect);
  }
  return text;
}

std::vector<std::string> Idlers(const Scenario& scenario, const Totals& totals) {
  std::vector<std::string> idlers;
  for (const FaultRow& row : kFaultRows) {
    const size_t i = static_cast<size_t>(row.kind);
    if (scenario.HasFault(row.kind) && totals.faults[i].effect == 0) {
      idlers.push_back(fmt::format("fault {} never had an effect", row.name));
    }
  }
  for (const CheckRow& check : kChecks) {
    if (scenario.Checks(std::string(check.name)) &&
        totals.examined[static_cast<size_t>(check.id)] == 0) {
      idlers.push_back(fmt::format("check {} never examined anything", check.name));
    }
  }
  return idlers;
}

}  // namespace norn::scenarios
