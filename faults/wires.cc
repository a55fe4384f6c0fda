#include "faults/wires.h"

#include <algorithm>

#include "engine/base/check.h"

namespace norn::faults {
namespace {

// 0 means: no bound.
uint64_t Tighter(uint64_t a, uint64_t b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

void Worsen(const Ailment& ailment, sim::LinkOptions* options) {
  options->blocked |= ailment.blocked;
  options->latency = options->latency + ailment.latency;
  options->bytes_per_second = Tighter(options->bytes_per_second, ailment.bytes_per_second);
  if (ailment.late_one_in == 0) return;
  const bool was_late = options->tail_one_in != 0;
  options->tail_one_in = Tighter(options->tail_one_in, ailment.late_one_in);
  options->tail = was_late ? std::max(options->tail, ailment.late) : ailment.late;
}

}  // namespace

Wires::Id Wires::Add(Directions directions, const Ailment& ailment) {
  const Id id = next_++;
  for (const Direction& direction : directions) WireOf(direction).ailments.push_back(id);
  Case& added = cases_[id];
  added = {std::move(directions), ailment, {}};
  Set(added.directions);
  added.before = Sum(added.directions);
  return id;
}

void Wires::Remove(Id id) {
  const auto found = cases_.find(id);
  CHECK(found != cases_.end());
  const Directions set = found->second.directions;
  Remove(id, set);
}

void Wires::Remove(Id id, const Directions& set) {
  const auto found = cases_.find(id);
  CHECK(found != cases_.end());
  const Directions directions = std::move(found->second.directions);
  for (const Direction& direction : directions) {
    std::erase(WireOf(direction).ailments, id);
  }
  cases_.erase(found);
  Set(set);
  for (const Direction& direction : directions) {
    std::unique_ptr<Wire>& wire = wires_[direction.from.value][direction.to.value];
    if (wire->ailments.empty()) wire = nullptr;
  }
}

Wires::Wire& Wires::WireOf(const Direction& direction) {
  if (wires_.size() <= direction.from.value) wires_.resize(direction.from.value + 1);
  std::vector<std::unique_ptr<Wire>>& row = wires_[direction.from.value];
  if (row.size() <= direction.to.value) row.resize(direction.to.value + 1);
  std::unique_ptr<Wire>& wire = row[direction.to.value];
  if (wire == nullptr) {
    wire = std::make_unique<Wire>();
    wire->healthy = fabric_.GetLink(direction.from, direction.to);
  }
  return *wire;
}

const Wires::Wire* Wires::FindWire(const Direction& direction) const {
  if (wires_.size() <= direction.from.value) return nullptr;
  const std::vector<std::unique_ptr<Wire>>& row = wires_[direction.from.value];
  return row.size() <= direction.to.value ? nullptr : row[direction.to.value].get();
}

void Wires::Set(const Directions& directions) {
  std::vector<sim::Fabric::LinkSetting> settings;
  settings.reserve(directions.size());
  for (const Direction& direction : directions) {
    settings.push_back({direction.from, direction.to, OptionsOf(direction)});
  }
  fabric_.SetLinks(settings);
}

sim::LinkOptions Wires::OptionsOf(const Direction& direction) const {
  const Wire* const wire = FindWire(direction);
  if (wire == nullptr) return fabric_.GetLink(direction.from, direction.to);
  sim::LinkOptions options = wire->healthy;
  for (const Id id : wire->ailments) Worsen(cases_.at(id).ailment, &options);
  return options;
}

sim::LinkCounters Wires::Met(Id id) const {
  const Case& one = cases_.at(id);
  sim::LinkCounters met = Sum(one.directions);
  met.sent -= one.before.sent;
  met.held -= one.before.held;
  met.late -= one.before.late;
  met.transmit_ns -= one.before.transmit_ns;
  met.corrupted -= one.before.corrupted;
  return met;
}

sim::LinkCounters Wires::Sum(const Directions& directions) const {
  sim::LinkCounters sum;
  for (const Direction& direction : directions) {
    const sim::LinkCounters& counters = fabric_.CountersOf(direction.from, direction.to);
    sum.sent += counters.sent;
    sum.held += counters.held;
    sum.late += counters.late;
    sum.transmit_ns += counters.transmit_ns;
    sum.corrupted += counters.corrupted;
  }
  return sum;
}

}  // namespace norn::faults
