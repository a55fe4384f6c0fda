// The hardships of a node's disk, and deaths at one of its operations.

#include <algorithm>
#include <utility>

#include "faults/injector.h"

namespace norn::faults {
namespace {

// After that the engine has tried whatever it wanted to try.
constexpr Duration kNotice = Duration::Millis(1500);

sim::CrashOptions DeathOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::kPowerLoss:
      return {.host_alive = false, .unsynced = sim::UnsyncedFate::kNone};
    case FaultKind::kTornWrites:
      return {.host_alive = false, .unsynced = sim::UnsyncedFate::kPrefix};
    case FaultKind::kReorderedWrites:
      return {.host_alive = false, .unsynced = sim::UnsyncedFate::kRandom};
    default:
      return {.host_alive = true, .unsynced = sim::UnsyncedFate::kAll};
  }
}

// What shows that a death did to the disk what its kind is for.
uint64_t Losses(FaultKind kind, const sim::DiskCounters& counters) {
  switch (kind) {
    case FaultKind::kPowerLoss:
      return counters.sectors_lost + counters.names_lost;
    case FaultKind::kTornWrites:
      return counters.writes_torn;
    case FaultKind::kReorderedWrites:
      return counters.sectors_reordered;
    default:
      return counters.crash_points;
  }
}

}  // namespace

bool Injector::FireDisk(const PlannedFault& fault) {
  sim::SimDisk& disk = PatientOf(fault).machine->node->sim_disk();
  switch (fault.kind) {
    case FaultKind::kIoError:
    case FaultKind::kFailingSync:
      return FireFailures(fault);
    case FaultKind::kBitRot:
      return FireBitRot(fault);
    case FaultKind::kLyingSync:
      return FireWhile(
          fault, [&disk] { disk.LieOnSync(true); }, [&disk] { disk.LieOnSync(false); },
          &sim::DiskCounters::lies);
    case FaultKind::kDiskFull:
      return FireWhile(
          fault,
          [&disk, room = static_cast<uint64_t>(fault.amount)] {
            disk.SetCapacity(disk.UsedBytes() + room);
          },
          [&disk] { disk.SetCapacity(sim::SimDisk::kUnlimited); }, &sim::DiskCounters::full);
    case FaultKind::kSlowDisk:
      return FireWhile(
          fault, [&disk, extra = fault.latency] { disk.SlowDown(extra); },
          [&disk] { disk.SlowDown(Duration{0}); }, &sim::DiskCounters::slowed);
    default:
      return FireDeath(fault);
  }
}

bool Injector::FireDeath(const PlannedFault& fault) {
  Patient& patient = PatientOf(fault);
  if (patient.tough() || !patient.machine->serving()) return false;
  const uint64_t number = patient.doom.number + 1;
  patient.doom = {true, false, fault.kind, fault.lasts, number};
  if (fault.amount == 0) {
    Die(patient, number);
    return true;
  }
  sim::SimDisk& disk = patient.machine->node->sim_disk();
  disk.CrashAtOperation(disk.counters().operations + static_cast<uint64_t>(fault.amount),
                        fault.other ? sim::CrashSide::kBefore : sim::CrashSide::kAfter,
                        [this, &patient, number] {
                          patient.doom.reached = true;
                          After(Duration{0}, [this, &patient, number] { Die(patient, number); });
                        });
  After(kDoomPatience, [this, &patient, number] { Die(patient, number); });
  return true;
}

void Injector::Die(Patient& patient, uint64_t number) {
  Doom& doom = patient.doom;
  if (!doom.pending || doom.number != number) return;
  doom.pending = false;
  patient.crashed = true;
  const sim::DiskCounters& counters = patient.machine->node->sim_disk().counters();
  const uint64_t before = Losses(doom.kind, counters);
  patient.machine->crash(DeathOf(doom.kind));
  // Of a kill nothing shows but that its moment came; the others must have lost bytes.
  const bool kill = doom.kind == FaultKind::kKill;
  if (kill ? doom.reached : Losses(doom.kind, counters) > before) Effect(doom.kind);
  After(doom.lasts, [this, &patient] { EndCrash(patient); });
}

bool Injector::FireFailures(const PlannedFault& fault) {
  const uint64_t calls = static_cast<uint64_t>(fault.amount);
  sim::SimDisk& disk = PatientOf(fault).machine->node->sim_disk();
  const bool sync = fault.kind == FaultKind::kFailingSync;
  sync ? disk.FailNextSyncs(calls) : disk.FailNext(calls);
  const auto counter = sync ? &sim::DiskCounters::failed_syncs : &sim::DiskCounters::errors;
  const uint64_t before = disk.counters().*counter;
  After(kNotice, [this, &disk, kind = fault.kind, counter, before] {
    if (disk.counters().*counter > before) Effect(kind);
  });
  return true;
}

bool Injector::FireWhile(const PlannedFault& fault, std::function<void()> begin,
                         std::function<void()> end, uint64_t sim::DiskCounters::*counter) {
  Patient& patient = PatientOf(fault);
  bool& ill = patient.ill[static_cast<size_t>(fault.kind)];
  if (ill) return false;
  ill = true;
  begin();
  const sim::DiskCounters& counters = patient.machine->node->sim_disk().counters();
  const uint64_t before = counters.*counter;
  After(fault.lasts,
        [this, kind = fault.kind, &ill, &counters, end = std::move(end), counter, before] {
          if (counters.*counter > before) Effect(kind);
          ill = false;
          end();
        });
  return true;
}

bool Injector::FireBitRot(const PlannedFault& fault) {
  const uint64_t tail = static_cast<uint64_t>(std::max<int64_t>(fault.amount, 1));
  if (!PatientOf(fault).machine->node->sim_disk().RotTail(tail)) return false;
  Effect(FaultKind::kBitRot);
  return true;
}

// Also what did not last on its own; a death that has begun comes to its end.
void Injector::HealDisk(Patient& patient) {
  if (patient.doom.pending && patient.doom.reached) Die(patient, patient.doom.number);
  patient.doom.pending = false;
  sim::SimDisk& disk = patient.machine->node->sim_disk();
  disk.CrashAtOperation(UINT64_MAX, sim::CrashSide::kBefore, {});
  disk.FailNext(0);
  disk.FailNextSyncs(0);
  disk.LieOnSync(false);
  disk.SetCapacity(sim::SimDisk::kUnlimited);
  disk.SlowDown(Duration{0});
}

}  // namespace norn::faults
