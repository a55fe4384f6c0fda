#pragma once
// One shard's keys: its part of every database, what was deleted but not freed, WATCH, statistics, snapshots.
//
// Runs under the shard's token; never parks; no locks.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/ids.h"
#include "engine/base/key_slot.h"
#include "engine/base/prng.h"
#include "engine/keyspace/access.h"
#include "engine/keyspace/db.h"
#include "engine/keyspace/effect_log.h"
#include "engine/keyspace/eviction.h"
#include "engine/keyspace/key_events.h"
#include "engine/keyspace/key_waits.h"
#include "engine/keyspace/reclaimer.h"
#include "engine/keyspace/watch.h"

namespace norn {

struct KeyspaceOptions {
  uint64_t hash_seed = 0;  // the node's, the same for every shard
  uint64_t prng_seed = 0;  // for LFU's counter
  uint32_t databases = 16;
  // Cluster mode: keys are kept by slot, those with slot % shard_count == shard_index.
  bool slots = false;
  uint32_t shard_index = 0;
  uint32_t shard_count = 1;
};

// Counters of INFO.
struct KeyspaceStats {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t expired_keys = 0;
  uint64_t expired_fields = 0;  // of hashes
  uint64_t evicted_keys = 0;
  uint64_t changes = 0;              // since the last save: rdb_changes_since_last_save
  double expired_stale_percent = 0;  // of the keys with a deadline that ExpireSome met, smoothed
};

class Keyspace {
 public:
  explicit Keyspace(const KeyspaceOptions& options);
  ~Keyspace();
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  Key MakeKey(std::string_view bytes) const { return key_map_.MakeKey(bytes); }
  uint64_t hash_seed() const { return key_map_.hash_seed; }
  bool slots() const { return key_map_.slots; }
  // Absent without slots.
  const std::optional<SlotShare>& slot_share() const { return slot_share_; }

  // ---- databases ----
  uint32_t database_count() const { return static_cast<uint32_t>(dbs_.size()); }
  // The database, made on first use. Requires index < database_count().
  Db& db(DbIndex index) {
    CHECK(index.value < dbs_.size());
    Db* db = dbs_[index.value].get();
    return __builtin_expect(db != nullptr, 1) ? *db : MakeDb(index);
  }
  // Null when it was never used.
  Db* FindDb(DbIndex index);
  const Db* FindDb(DbIndex index) const;
  // SWAPDB. Watched keys that exist in either change.
  void SwapDb(DbIndex a, DbIndex b, const Moment& moment);
  // FLUSHALL; returns the count of keys deleted.
  size_t Flush(Db::Free when);
  // Everything that was here goes (freed later), and all that `staged` holds takes its place; every watched key has changed.
  // `staged` is left empty. Requires: the same hash seed, slots and count of databases, no snapshot of `staged`. Not a change.
  void Adopt(Keyspace& staged);

  // ---- keys of slots that are on their way here and are not this node's yet: not listed, counted, drawn, expired, evicted ----
  // By slot; empty: none.
  void set_hidden_slots(std::vector<bool> by_slot) { hidden_slots_ = std::move(by_slot); }
  bool hides_some() const { return !hidden_slots_.empty(); }
  bool Hides(std::string_view key) const {
    return hides_some() && hidden_slots_[KeySlot(key).value];
  }
  // Keys of the database without those; 0 where it was never used.
  size_t CountShown(DbIndex index) const;
  // Those of them that have a deadline.
  size_t CountShownDeadlines(DbIndex index) const;

  // ---- what the parts share ----
  KeyspaceStats& stats() { return stats_; }
  const KeyspaceStats& stats() const { return stats_; }
  WatchTable& watch() { return watch_; }
  KeyWaits& waits() { return waits_; }
  const KeyWaits& waits() const { return waits_; }
  // For whoever watches the key or waits for it.
  void NoteKeyChange(DbIndex db, std::string_view key) {
    watch_.Bump(db, key);
    waits_.Touch(db, key);
  }
  Reclaimer& reclaimer() { return reclaimer_; }
  const AccessPolicy& access_policy() const { return access_policy_; }
  void set_access_policy(const AccessPolicy& policy) { access_policy_ = policy; }
  EvictionPool& eviction_pool() { return eviction_pool_; }

  // ---- what nobody asked for: keys deleted because they expired or to make room ----
  // Whether they are recorded as commands, for whoever repeats them.
  void set_records_deletions(bool on) {
    records_deletions_ = on;
    if (!on) deletions_.Clear();
  }
  EffectLog& deletions() { return deletions_; }
  // By which command whoever repeats them deletes what expired, and what was evicted here.
  struct DeletionWords {
    std::string_view expired = "DEL";
    std::string_view evicted = "DEL";
  };
  const DeletionWords& deletion_words() const { return deletion_words_; }
  void set_deletion_words(const DeletionWords& words) { deletion_words_ = words; }
  void RecordDeletion(DbIndex db, std::string_view word, std::string_view key) {
    if (records_deletions_) deletions_.Add(db, {word, key});
  }
  // The same of what is no deletion of a key: fields that have expired.
  void RecordRemoval(DbIndex db, std::span<const std::string_view> words) {
    if (records_deletions_) deletions_.Add(db, words);
  }
  // What the keys' own life brings (new, expired, evicted, keymiss); commands tell the rest.
  KeyEvents& events() { return events_; }
  Prng& prng() { return prng_; }

  // ---- memory ----
  uint64_t UsedBytes() const;  // keys, values, tables, and what awaits ReclaimSome
  size_t KeyCount() const;
  // Frees about `effort` allocations of what was deleted lazily; true when nothing is left that may be freed now.
  bool ReclaimSome(size_t effort);

  // ---- snapshot: one at a time ----
  // A consistent cut of all databases at this instant: every entry as it now is comes to visit(db, entry) exactly once,
  // from SaveSome or from inside whatever call is about to change it. visit must not touch the keyspace.
  using SnapshotVisit = std::function<void(DbIndex db, const Entry& entry)>;
  void BeginSnapshot(SnapshotVisit visit);
  // Visits the entries of about `lines` more table lines (up to 7 entries each); true when all were visited.
  bool SaveSome(size_t lines);
  // Complete or not: no more visits.
  void EndSnapshot();
  bool snapshot_running() const { return snapshot_visit_ != nullptr; }

 private:
  Db& MakeDb(DbIndex index);
  size_t HiddenSum(absl::FunctionRef<size_t(SlotId)> count) const;

  const KeyMap key_map_;
  const std::optional<SlotShare> slot_share_;
  Prng prng_;
  AccessPolicy access_policy_;
  KeyspaceStats stats_;
  WatchTable watch_;
  KeyWaits waits_;
  Reclaimer reclaimer_;
  EvictionPool eviction_pool_;
  EffectLog deletions_;
  bool records_deletions_ = false;
  DeletionWords deletion_words_;
  KeyEvents events_;
  std::vector<bool> hidden_slots_;
  std::unique_ptr<SnapshotVisit> snapshot_visit_;
  std::vector<std::unique_ptr<Db>> dbs_;
};

}  // namespace norn
