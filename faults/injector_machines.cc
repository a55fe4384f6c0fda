// Machines that die: with their disk, in silence, or many at once.
//
// A process that dies leaves a kernel that refuses connects; a machine that dies says nothing, and loses what was not
// synced. Faults of many do the one or the other to all of them. A node that is ill already is passed over.

#include <algorithm>
#include <utility>

#include "faults/injector.h"

namespace norn::faults {
namespace {

constexpr sim::CrashOptions kProcess = {.host_alive = true, .unsynced = sim::UnsyncedFate::kAll};
constexpr sim::CrashOptions kMachine = {.host_alive = false, .unsynced = sim::UnsyncedFate::kNone};

}  // namespace

bool Injector::FireMachines(const PlannedFault& fault) {
  switch (fault.kind) {
    case FaultKind::kWipe:
      return FireWipe(fault);
    case FaultKind::kDiskSwap:
      return FireDiskSwap(fault);
    case FaultKind::kHostDead:
      return Strike(fault, {&PatientOf(fault)}, true);
    case FaultKind::kZone:
      return Strike(fault, Zone(fault), fault.other);
    case FaultKind::kMajority: {
      Patients most = Shuffled(fault);
      most.resize(most.size() / 2 + 1);
      return Strike(fault, std::move(most), fault.other);
    }
    case FaultKind::kKPrimaries: {
      Patients primaries = Primaries(fault);
      const auto wanted = static_cast<size_t>(std::max<int64_t>(fault.amount, 0));
      primaries.resize(std::min(primaries.size(), wanted));
      return Strike(fault, std::move(primaries), fault.other);
    }
    default:
      return Strike(fault, PrimaryAndReplica(fault), fault.other);
  }
}

// Noticed if each of them was connected to another machine.
bool Injector::Strike(const PlannedFault& fault, Patients victims, bool silent) {
  std::erase_if(victims, [](const Patient* patient) { return patient->tough(); });
  if (victims.empty()) return false;
  const sim::Fabric& fabric = targets_.world->fabric();
  const bool noticed = std::all_of(victims.begin(), victims.end(), [&](const Patient* patient) {
    return fabric.IsConnected(patient->index());
  });
  if (noticed) Effect(fault.kind);
  for (Patient* const patient : victims) {
    patient->crashed = true;
    patient->machine->crash(silent ? kMachine : kProcess);
  }
  After(fault.lasts, [this, victims = std::move(victims)] {
    for (Patient* const patient : victims) EndCrash(*patient);
  });
  return true;
}

Injector::Patients Injector::Zone(const PlannedFault& fault) {
  const size_t zone = PatientOf(fault).machine->zone;
  Patients members;
  for (Patient& patient : patients_) {
    if (patient.machine->zone == zone) members.push_back(&patient);
  }
  return members;
}

Injector::Patients Injector::Primaries(const PlannedFault& fault) {
  Patients primaries = Shuffled(fault);
  std::erase_if(primaries, [](const Patient* patient) {
    const Machine& machine = *patient->machine;
    const bool primary = machine.is_primary && machine.is_primary();
    return !primary || patient->tough() || !machine.serving();
  });
  return primaries;
}

// The first primary, in an order of the fault's own, that has a replica; and its first replica likewise.
Injector::Patients Injector::PrimaryAndReplica(const PlannedFault& fault) {
  const Patients all = Shuffled(fault);
  for (Patient* const primary : Primaries(fault)) {
    const auto number = static_cast<size_t>(primary - patients_.data());
    const auto replica = std::find_if(all.begin(), all.end(), [&](const Patient* patient) {
      const Machine& machine = *patient->machine;
      if (!machine.follows || patient->tough() || !machine.serving()) return false;
      return machine.follows() == std::optional<size_t>(number);
    });
    if (replica != all.end()) return {primary, *replica};
  }
  return {};
}

bool Injector::FireWipe(const PlannedFault& fault) {
  Patient& patient = PatientOf(fault);
  if (patient.tough()) return false;
  patient.crashed = true;
  patient.machine->crash(kMachine);
  sim::SimDisk& disk = patient.machine->node->sim_disk();
  if (disk.UsedBytes() > 0) Effect(FaultKind::kWipe);
  disk.Wipe();
  After(fault.lasts, [this, &patient] { EndCrash(patient); });
  return true;
}

// Two empty disks are the same.
bool Injector::FireDiskSwap(const PlannedFault& fault) {
  if (patients_.size() < 2) return false;
  Patient& one = PatientOf(fault);
  const Patients shuffled = Shuffled(fault);
  Patient& other = shuffled[0] == &one ? *shuffled[1] : *shuffled[0];
  if (one.tough() || other.tough()) return false;
  for (Patient* const patient : {&one, &other}) {
    patient->crashed = true;
    patient->machine->crash(kProcess);
  }
  sim::SimDisk& disk = one.machine->node->sim_disk();
  sim::SimDisk& other_disk = other.machine->node->sim_disk();
  if (disk.UsedBytes() + other_disk.UsedBytes() > 0) Effect(FaultKind::kDiskSwap);
  disk.Swap(other_disk);
  After(fault.lasts, [this, &one, &other] {
    EndCrash(one);
    EndCrash(other);
  });
  return true;
}

}  // namespace norn::faults
