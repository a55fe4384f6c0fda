// The hardships of links between machines, and between machines and clients: cuts of every shape, loss, little bandwidth,
// refusals, flipped bits. What a cut holds back arrives when it ends, as TCP would see to it.

#include <algorithm>
#include <memory>
#include <utility>

#include "faults/injector.h"

namespace norn::faults {
namespace {

// Of more than half: all.
uint64_t OneInOf(int64_t percent) {
  return percent <= 0 ? 0 : std::max<uint64_t>(1, 100 / static_cast<uint64_t>(percent));
}

}  // namespace

bool Injector::FireNetwork(const PlannedFault& fault) {
  switch (fault.kind) {
    case FaultKind::kPartitionBoth:
    case FaultKind::kLoss:
    case FaultKind::kBandwidth:
      return FireWholeLink(fault);
    case FaultKind::kPartialPartition:
      return FirePartialPartition(fault);
    case FaultKind::kSplit:
      return FireSplit(fault);
    case FaultKind::kMajoritiesRing:
      return FireMajoritiesRing(fault);
    case FaultKind::kIsolate:
      return FireIsolate(fault);
    case FaultKind::kSwizzle:
      return FireSwizzle(fault);
    case FaultKind::kRefused:
      return FireRefused(fault);
    case FaultKind::kCorrupt:
      return FireCorrupt(fault);
    case FaultKind::kClientsCut:
      return FireClientsCut(fault);
    default:
      return false;
  }
}

// Noticed if that counter of those directions moved.
bool Injector::Ail(const PlannedFault& fault, Directions directions, const Ailment& ailment,
                   uint64_t sim::LinkCounters::*counter) {
  if (directions.empty()) return false;
  const Wires::Id id = wires_.Add(std::move(directions), ailment);
  Last(
      fault.kind, fault.lasts, [this, id, counter] { return wires_.Met(id).*counter > 0; },
      [this, id] { wires_.Remove(id); });
  return true;
}

bool Injector::Cut(const PlannedFault& fault, Directions directions) {
  return Ail(fault, std::move(directions), {.blocked = true}, &sim::LinkCounters::held);
}

bool Injector::FireWholeLink(const PlannedFault& fault) {
  const std::optional<Link> link = LinkOf(fault);
  if (!link) return false;
  Directions both;
  AddBothWays(link->host, link->server, &both);
  if (fault.kind == FaultKind::kPartitionBoth) return Cut(fault, std::move(both));
  if (fault.amount <= 0) return false;
  if (fault.kind == FaultKind::kLoss) {
    return Ail(fault, std::move(both),
               {.late_one_in = OneInOf(fault.amount), .late = fault.latency},
               &sim::LinkCounters::late);
  }
  return Ail(fault, std::move(both), {.bytes_per_second = static_cast<uint64_t>(fault.amount)},
             &sim::LinkCounters::transmit_ns);
}

bool Injector::FirePartialPartition(const PlannedFault& fault) {
  const std::optional<Link> pair = PairOf(fault);
  if (!pair) return false;
  Directions both;
  AddBothWays(pair->host, pair->server, &both);
  return Cut(fault, std::move(both));
}

// Any size from one to half of them.
bool Injector::FireSplit(const PlannedFault& fault) {
  const Patients shuffled = Shuffled(fault);
  if (shuffled.size() < 2) return false;
  Prng prng = PrngFor(fault).Fork();
  const size_t few = 1 + static_cast<size_t>(prng.Below(shuffled.size() / 2));
  Directions across;
  for (size_t i = 0; i < few; ++i) {
    for (size_t j = few; j < shuffled.size(); ++j) {
      AddBothWays(shuffled[i]->index(), shuffled[j]->index(), &across);
    }
  }
  return Cut(fault, std::move(across));
}

// In a ring each talks to its nearest neighbours only, as many on both sides as make a majority with itself.
bool Injector::FireMajoritiesRing(const PlannedFault& fault) {
  const Patients ring = Shuffled(fault);
  const size_t reach = (ring.size() / 2 + 1) / 2;
  Directions far;
  for (size_t i = 0; i < ring.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const size_t apart = std::min(i - j, ring.size() - (i - j));
      if (apart > reach) AddBothWays(ring[i]->index(), ring[j]->index(), &far);
    }
  }
  return Cut(fault, std::move(far));
}

Directions Injector::AwayFromOthers(const Patient& one) const {
  Directions away;
  for (const Patient& patient : patients_) {
    if (&patient != &one) AddBothWays(one.index(), patient.index(), &away);
  }
  return away;
}

Directions Injector::AwayFromClients(const Patient& one) const {
  Directions away;
  for (const Bystander& client : targets_.clients) {
    AddBothWays(one.index(), client.host->index(), &away);
  }
  return away;
}

bool Injector::FireIsolate(const PlannedFault& fault) {
  const Patient& patient = PatientOf(fault);
  Directions away = AwayFromOthers(patient);
  if (away.empty()) return false;
  const Directions clients = fault.other ? AwayFromClients(patient) : Directions{};
  away.insert(away.end(), clients.begin(), clients.end());
  return Cut(fault, std::move(away));
}

bool Injector::FireClientsCut(const PlannedFault& fault) {
  return Cut(fault, AwayFromClients(PatientOf(fault)));
}

// They go in the first half of the time, and return in the second.
bool Injector::FireSwizzle(const PlannedFault& fault) {
  Patients chosen = Shuffled(fault);
  if (chosen.size() < 2 || fault.amount <= 0) return false;
  chosen.resize(std::min(chosen.size(), static_cast<size_t>(fault.amount)));
  const auto count = static_cast<int64_t>(chosen.size());
  Prng prng = PrngFor(fault).Fork();
  std::vector<int64_t> turns;  // of returning
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::ptrdiff_t>(prng.Below(turns.size() + 1));
    turns.insert(turns.begin() + at, i + 1);
  }
  const auto met = std::make_shared<bool>(false);
  const Duration half = fault.lasts / 2;
  for (int64_t i = 0; i < count; ++i) {
    const Duration begin = half * i / count;
    const Duration end = half + half * turns[static_cast<size_t>(i)] / count;
    const Patient* const one = chosen[static_cast<size_t>(i)];
    After(begin, [this, one, met, heals = heals_, span = end - begin] {
      if (heals == heals_) CutInTurn(*one, span, met);
    });
  }
  return true;
}

// All that do it together have one effect.
void Injector::CutInTurn(const Patient& one, Duration span, const std::shared_ptr<bool>& met) {
  const Wires::Id id = wires_.Add(AwayFromOthers(one), {.blocked = true});
  const auto first_met = [this, id, met] {
    const bool first = !*met && wires_.Met(id).held > 0;
    *met |= first;
    return first;
  };
  Last(FaultKind::kSwizzle, span, first_met, [this, id] { wires_.Remove(id); });
}

bool Injector::FireRefused(const PlannedFault& fault) {
  Patient& patient = PatientOf(fault);
  bool& ill = patient.ill[static_cast<size_t>(fault.kind)];
  if (ill) return false;
  ill = true;
  sim::Fabric& fabric = targets_.world->fabric();
  const sim::NodeIndex node = patient.index();
  fabric.Refuse(node, true);
  const uint64_t before = fabric.RefusalsOf(node);
  Last(
      fault.kind, fault.lasts, [&fabric, node, before] { return fabric.RefusalsOf(node) > before; },
      [&fabric, &ill, node] {
        fabric.Refuse(node, false);
        ill = false;
      });
  return true;
}

bool Injector::FireCorrupt(const PlannedFault& fault) {
  const std::optional<Link> pair = PairOf(fault);
  if (!pair || targets_.bus_port == 0 || fault.amount <= 0) return false;
  const sim::NodeIndex from = fault.other ? pair->host : pair->server;
  const sim::NodeIndex to = fault.other ? pair->server : pair->host;
  if (!corrupt_.emplace(from, to).second) return false;
  sim::Fabric& fabric = targets_.world->fabric();
  fabric.CorruptNext(from, to,
                     {static_cast<uint64_t>(fault.amount), targets_.bus_port, PrngFor(fault)});
  const uint64_t before = fabric.CountersOf(from, to).corrupted;
  Last(
      fault.kind, fault.lasts,
      [&fabric, from, to, before] { return fabric.CountersOf(from, to).corrupted > before; },
      [this, &fabric, from, to] {
        fabric.CorruptNext(from, to, {});
        corrupt_.erase({from, to});
      });
  return true;
}

}  // namespace norn::faults
