// What a node does by itself, a few times a second on each executor: expire keys, shrink tables, free what was dropped,
// sample rates, look after silent clients. Each round is bounded so that commands never wait long behind it.

#include <algorithm>

#include "engine/fiber/spawn.h"
#include "engine/node/node.h"
#include "engine/shard/runner.h"
#include "engine/types/field_expiry.h"

namespace norn {
namespace {

constexpr Duration kSamplePeriod = Duration::Millis(100);
constexpr Duration kTickPeriod = Duration::Seconds(1);
constexpr Duration kPersistencePeriod = Duration::Millis(100);

// One slice of expiry: about this many buckets between two looks at the clock.
constexpr size_t kExpireSliceBuckets = 512;
constexpr size_t kExpireSlicesMax = 1024;
// Of hashes with fields that expire, a database and round: about this many lines of their tables.
constexpr size_t kExpireFieldsWork = 4096;
// What a look for expired keys may cost while it finds few.
constexpr Duration kExpireQuietBudget = Duration::Millis(1);
constexpr size_t kCompactSegments = 16;
constexpr size_t kReclaimEffort = 20000;  // allocations

// Share of the executor's time that expiry may take while it finds much to delete, per level of active-expire-effort.
Duration ExpireBudget(const config::Options& options) {
  const int64_t percent = 25 + 2 * (options.active_expire_effort - 1);
  return Duration::Micros(1000000 / options.hz * percent / 100);
}

}  // namespace

void Node::RunCron() {
  PerExecutor& here = Here();
  Instant next_sample = env_.clock().Now();
  Instant next_persistence = next_sample;
  Instant next_tick = next_sample + kTickPeriod;
  for (;;) {
    const Duration period = Duration::Micros(1000000 / here.state.options().hz);
    env_.executor().Park(env_.clock().Now() + period);
    const Instant now = env_.clock().Now();
    KeepHouse(here);
    if (now >= next_sample) {
      next_sample = now + kSamplePeriod;
      Sample(here, now);
    }
    if (now >= next_persistence && here.state.index == 0) {
      next_persistence = now + kPersistencePeriod;
      persistence_->Tick();
    }
    if (now >= next_tick) {
      next_tick = now + kTickPeriod;
      TickClients(here);
      TellChanges(here);
    }
  }
}

void Node::KeepHouse(PerExecutor& here) {
  // A token that is away returns soon; the next round will find it.
  if (!here.state.home().token().free()) return;
  Keyspace& keyspace = here.state.home().keyspace();
  // While writes are held back, so are the deletes of what expires: a pause ends with the stream where it began.
  const Pause& pause = here.state.pause;
  const bool paused = pause.mode != PauseMode::kNone && env_.clock().Now() < pause.until;
  const bool importing = here.state.options().import_mode;
  if (here.active_expire && !here.state.condition.replica && !paused && !importing) {
    const Instant expire_began = env_.clock().Now();
    ExpireSome(here);
    NoteLatency("expire-cycle", env_.clock().Now() - expire_began);
    Runner runner(here.state);
    const std::span<const uint32_t> shard(&here.state.index, 1);
    runner.RecordDeletions(shard);
    runner.ServeReady(shard);
    runner.Settle();
  }
  for (uint32_t i = 0; i < keyspace.database_count(); ++i) {
    if (Db* db = keyspace.FindDb(DbIndex{i}); db != nullptr) db->CompactSome(kCompactSegments);
  }
  keyspace.ReclaimSome(kReclaimEffort);
  here.used_memory_peak_bytes = std::max(here.used_memory_peak_bytes, keyspace.UsedBytes());
}

void Node::ExpireSome(PerExecutor& here) {
  Keyspace& keyspace = here.state.home().keyspace();
  // The source of what is on its way here says when a key of it is gone.
  if (keyspace.hides_some()) return;
  const Instant start = env_.clock().Now();
  const Instant deadline = start + ExpireBudget(here.state.options());
  const Instant quiet_deadline = start + kExpireQuietBudget;
  const int64_t now_ms = env_.clock().Wall().unix_ms();
  const auto databases = static_cast<size_t>(here.state.options().databases);
  for (size_t visited = 0; visited < databases; ++visited) {
    Db* db = keyspace.FindDb(DbIndex{static_cast<uint32_t>(here.expire_cursor_db)});
    here.expire_cursor_db = (here.expire_cursor_db + 1) % databases;
    if (db == nullptr) continue;
    if (db->TimedObjectCount() > 0) {
      ExpireFieldsSome(keyspace, *db, here.state.options(), now_ms, kExpireFieldsWork);
    }
    if (db->DeadlineCount() == 0) continue;
    // Once round the database at most; the whole budget only while slices find much to delete.
    const size_t round = db->Size() / kExpireSliceBuckets + 1;
    for (size_t slice = 0; slice < std::min(round, kExpireSlicesMax); ++slice) {
      const bool much = db->ExpireSome(kExpireSliceBuckets, now_ms) > kExpireSliceBuckets / 4;
      const Instant now = env_.clock().Now();
      if (now >= deadline) return;
      if (!much && now >= quiet_deadline) break;
    }
  }
}

// For the save points, which look at all shards.
void Node::TellChanges(PerExecutor& here) {
  if (!here.state.home().token().free()) return;
  const uint64_t changes = here.state.home().keyspace().stats().changes;
  PostCall(env_.executor(), 0, [this, shard = here.state.index, changes] {
    persistence_->NoteChanges(shard, changes);
  });
}

void Node::Sample(PerExecutor& here, Instant now) {
  const ExecutorStats& stats = here.state.stats;
  here.commands_rate.Sample(stats.commands_processed, now);
  here.input_rate.Sample(stats.net_input_bytes, now);
  here.output_rate.Sample(stats.net_output_bytes, now);
}

void Node::TickClients(PerExecutor& here) {
  for (const auto& [id, client] : here.clients) client->Tick();
}

}  // namespace norn
