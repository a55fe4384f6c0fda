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
  sim::SimDisk& disk = targets_.server->disk();
  switch (kind) {
    case FaultKind::kIoError:
    case FaultKind::kFailingSync:
      return FireFailures(kind, prng);
    case FaultKind::kLyingSync:
      return FireWhile(
          kind, prng, [&disk] { disk.LieOnSync(true); }, [&disk] { disk.LieOnSync(false); },
          &sim::DiskCounters::lies);
    case FaultKind::kDiskFull: {
      const uint64_t room = static_cast<uint64_t>(Section(kind).amount.Draw(prng));
      return FireWhile(
          kind, prng, [&disk, room] { disk.SetCapacity(disk.UsedBytes() + room); },
          [&disk] { disk.SetCapacity(sim::SimDisk::kUnlimited); }, &sim::DiskCounters::full);
    }
    case FaultKind::kSlowDisk: {
      const Duration extra = Duration::Nanos(Section(kind).latency_ns.Draw(prng));
      return FireWhile(
          kind, prng, [&disk, extra] { disk.SlowDown(extra); },
          [&disk] { disk.SlowDown(Duration{0}); }, &sim::DiskCounters::slowed);
    }
    case FaultKind::kBitRot:
      return FireBitRot(prng);
    default:
      return FireDeath(kind, prng);
  }
}

bool Faults::FireDeath(FaultKind kind, Prng& prng) {
  const FaultSection& section = Section(kind);
  const uint64_t operations = static_cast<uint64_t>(section.amount.Draw(prng));
  const bool before = prng.OneIn(2);
  const int64_t lasts_ns = section.lasts_ns.Draw(prng);
  if (crashed_ || paused_ || doom_.pending || !targets_.server->serving()) return false;
  const uint64_t number = doom_.number + 1;
  doom_ = {true, false, kind, lasts_ns, number};
  if (operations == 0) {
    Die(number);
    return true;
  }
  sim::SimDisk& disk = targets_.server->disk();
  disk.CrashAtOperation(disk.counters().operations + operations,
                        before ? sim::CrashSide::kBefore : sim::CrashSide::kAfter, [this, number] {
                          doom_.reached = true;
                          After(0, [this, number] { Die(number); });
                        });
  After(kDoomPatienceNs, [this, number] { Die(number); });
  return true;
}

void Faults::Die(uint64_t doom) {
  if (!doom_.pending || doom_.number != doom) return;
  doom_.pending = false;
  crashed_ = true;
  const sim::DiskCounters& counters = targets_.server->disk().counters();
  // A crash point is reached before the death, bytes are lost in it.
  const uint64_t before = doom_.kind == FaultKind::kKill ? 0 : Losses(doom_.kind, counters);
  targets_.crash(*targets_.server, DeathOf(doom_.kind));
  const bool effect =
      doom_.kind == FaultKind::kKill ? doom_.reached : Losses(doom_.kind, counters) > before;
  if (effect) Effect(doom_.kind);
  After(doom_.lasts_ns, [this] { EndCrash(); });
}

bool Faults::FireFailures(FaultKind kind, Prng& prng) {
  const uint64_t calls = static_cast<uint64_t>(Section(kind).amount.Draw(prng));
  sim::SimDisk& disk = targets_.server->disk();
  const bool sync = kind == FaultKind::kFailingSync;
  sync ? disk.FailNextSyncs(calls) : disk.FailNext(calls);
  const auto counter = sync ? &sim::DiskCounters::failed_syncs : &sim::DiskCounters::errors;
  const uint64_t before = disk.counters().*counter;
  After(kNoticeNs, [this, kind, counter, before] {
    if (targets_.server->disk().counters().*counter > before) Effect(kind);
  });
  return true;
}

bool Faults::FireWhile(FaultKind kind, Prng& prng, std::function<void()> begin,
                       std::function<void()> end, uint64_t sim::DiskCounters::*counter) {
  const int64_t lasts_ns = Section(kind).lasts_ns.Draw(prng);
  bool& ill = disk_ill_[static_cast<size_t>(kind)];
  if (ill) return false;
  ill = true;
  begin();
  const uint64_t before = targets_.server->disk().counters().*counter;
  After(lasts_ns, [this, kind, end = std::move(end), counter, before] {
    if (targets_.server->disk().counters().*counter > before) Effect(kind);
    disk_ill_[static_cast<size_t>(kind)] = false;
    end();
  });
  return true;
}

bool Faults::FireBitRot(Prng& prng) {
  const uint64_t tail = static_cast<uint64_t>(Section(FaultKind::kBitRot).amount.Draw(prng));
  if (!targets_.server->disk().RotTail(std::max<uint64_t>(tail, 1))) return false;
  Effect(FaultKind::kBitRot);
  return true;
}

// Also what did not last on its own; a death that has begun comes to its end.
void Faults::HealDisk() {
  if (doom_.pending && doom_.reached) Die(doom_.number);
  doom_.pending = false;
  sim::SimDisk& disk = targets_.server->disk();
  disk.CrashAtOperation(UINT64_MAX, sim::CrashSide::kBefore, {});
  disk.FailNext(0);
  disk.FailNextSyncs(0);
  disk.LieOnSync(false);
  disk.SetCapacity(sim::SimDisk::kUnlimited);
  disk.SlowDown(Duration{0});
}

}  // namespace norn::scenarios
