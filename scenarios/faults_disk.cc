// The hardships of a node's disk, and deaths at one of its operations.

#include <algorithm>
#include <utility>

#include "scenarios/faults.h"

namespace norn::scenarios {
namespace {

// A node that does no I/O in that time dies all the same.
constexpr int64_t kDoomPatienceNs = 1'000'000'000;
// After that the engine has tried whatever it wanted to try.
constexpr int64_t kNoticeNs = 1'500'000'000;

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
      return counters.writes_reordered;
    default:
      return counters.crash_points;
  }
}

}  // namespace

bool Faults::FireDisk(FaultKind kind, Prng& prng) {
  switch (kind) {
    case FaultKind::kIoError:
    case FaultKind::kFailingSync:
      return FireFailures(kind, prng);
    case FaultKind::kBitRot:
      return FireBitRot(prng);
    case FaultKind::kLyingSync:
    case FaultKind::kDiskFull:
    case FaultKind::kSlowDisk:
      break;
    default:
      return FireDeath(kind, prng);
  }
  Patient& patient = PickServer(prng);
  sim::SimDisk& disk = patient.host->disk();
  if (kind == FaultKind::kLyingSync) {
    return FireWhile(
        kind, prng, patient, [&disk] { disk.LieOnSync(true); }, [&disk] { disk.LieOnSync(false); },
        &sim::DiskCounters::lies);
  }
  if (kind == FaultKind::kDiskFull) {
    const uint64_t room = static_cast<uint64_t>(Section(kind).amount.Draw(prng));
    return FireWhile(
        kind, prng, patient, [&disk, room] { disk.SetCapacity(disk.UsedBytes() + room); },
        [&disk] { disk.SetCapacity(sim::SimDisk::kUnlimited); }, &sim::DiskCounters::full);
  }
  const Duration extra = Duration::Nanos(Section(kind).latency_ns.Draw(prng));
  return FireWhile(
      kind, prng, patient, [&disk, extra] { disk.SlowDown(extra); },
      [&disk] { disk.SlowDown(Duration{0}); }, &sim::DiskCounters::slowed);
}

bool Faults::FireDeath(FaultKind kind, Prng& prng) {
  Patient& patient = PickServer(prng);
  const FaultSection& section = Section(kind);
  const uint64_t operations = static_cast<uint64_t>(section.amount.Draw(prng));
  const bool before = prng.OneIn(2);
  const int64_t lasts_ns = section.lasts_ns.Draw(prng);
  if (patient.tough() || !patient.host->serving()) return false;
  const uint64_t number = patient.doom.number + 1;
  patient.doom = {true, false, kind, lasts_ns, number};
  if (operations == 0) {
    Die(patient, number);
    return true;
  }
  sim::SimDisk& disk = patient.host->disk();
  disk.CrashAtOperation(disk.counters().operations + operations,
                        before ? sim::CrashSide::kBefore : sim::CrashSide::kAfter,
                        [this, &patient, number] {
                          patient.doom.reached = true;
                          After(0, [this, &patient, number] { Die(patient, number); });
                        });
  After(kDoomPatienceNs, [this, &patient, number] { Die(patient, number); });
  return true;
}

void Faults::Die(Patient& patient, uint64_t number) {
  Doom& doom = patient.doom;
  if (!doom.pending || doom.number != number) return;
  doom.pending = false;
  patient.crashed = true;
  const sim::DiskCounters& counters = patient.host->disk().counters();
  const uint64_t before = Losses(doom.kind, counters);
  targets_.crash(*patient.host, DeathOf(doom.kind));
  // Of a kill nothing shows but that its moment came; the others must have lost bytes.
  const bool kill = doom.kind == FaultKind::kKill;
  if (kill ? doom.reached : Losses(doom.kind, counters) > before) Effect(doom.kind);
  After(doom.lasts_ns, [this, &patient] { EndCrash(patient); });
}

bool Faults::FireFailures(FaultKind kind, Prng& prng) {
  Patient& patient = PickServer(prng);
  const uint64_t calls = static_cast<uint64_t>(Section(kind).amount.Draw(prng));
  sim::SimDisk& disk = patient.host->disk();
  const bool sync = kind == FaultKind::kFailingSync;
  sync ? disk.FailNextSyncs(calls) : disk.FailNext(calls);
  const auto counter = sync ? &sim::DiskCounters::failed_syncs : &sim::DiskCounters::errors;
  const uint64_t before = disk.counters().*counter;
  After(kNoticeNs, [this, &disk, kind, counter, before] {
    if (disk.counters().*counter > before) Effect(kind);
  });
  return true;
}

bool Faults::FireWhile(FaultKind kind, Prng& prng, Patient& patient, std::function<void()> begin,
                       std::function<void()> end, uint64_t sim::DiskCounters::*counter) {
  const int64_t lasts_ns = Section(kind).lasts_ns.Draw(prng);
  bool& ill = patient.disk_ill[static_cast<size_t>(kind)];
  if (ill) return false;
  ill = true;
  begin();
  const sim::DiskCounters& counters = patient.host->disk().counters();
  const uint64_t before = counters.*counter;
  After(lasts_ns, [this, kind, &ill, &counters, end = std::move(end), counter, before] {
    if (counters.*counter > before) Effect(kind);
    ill = false;
    end();
  });
  return true;
}

bool Faults::FireBitRot(Prng& prng) {
  Patient& patient = PickServer(prng);
  const uint64_t tail = static_cast<uint64_t>(Section(FaultKind::kBitRot).amount.Draw(prng));
  if (!patient.host->disk().RotTail(std::max<uint64_t>(tail, 1))) return false;
  Effect(FaultKind::kBitRot);
  return true;
}

// Also what did not last on its own; a death that has begun comes to its end.
void Faults::HealDisk(Patient& patient) {
  if (patient.doom.pending && patient.doom.reached) Die(patient, patient.doom.number);
  patient.doom.pending = false;
  sim::SimDisk& disk = patient.host->disk();
  disk.CrashAtOperation(UINT64_MAX, sim::CrashSide::kBefore, {});
  disk.FailNext(0);
  disk.FailNextSyncs(0);
  disk.LieOnSync(false);
  disk.SetCapacity(sim::SimDisk::kUnlimited);
  disk.SlowDown(Duration{0});
}

}  // namespace norn::scenarios
