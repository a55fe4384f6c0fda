#pragma once
// One shard's part of one database: its keys and their lives. Every change of a key goes through here, so that here is
// the one place that knows what a change means: memory accounting, WATCH, the change counter, a running snapshot (and,
// later, replication and keyspace events).
//
// Runs under the shard's token; never parks; no locks. An EntryRef dies with the next call that may insert, erase or
// resize (every non-const one) and never survives a park.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "engine/base/ids.h"
#include "engine/base/prng.h"
#include "engine/keyspace/db_contents.h"
#include "engine/keyspace/entry.h"
#include "engine/keyspace/entry_tables.h"
#include "engine/keyspace/key_map.h"

namespace norn {

class Keyspace;

// What a command knows about now; read from the clock once a batch or command and passed down.
struct Moment {
  int64_t now_ms = 0;  // unix
  bool touch = true;   // false: leave LRU/LFU alone (CLIENT NO-TOUCH, OBJECT, DEBUG ...)
  bool count = true;   // false: leave keyspace_hits/misses alone
  // False: a key past its deadline is there until something says that it is not. So does whoever repeats what a primary or
  // a log did: the deletion comes as a command.
  bool expires = true;
  // False: a key past its deadline is not found, but stays until its primary says that it goes: reads on a replica.
  bool deletes_expired = true;

  // Keys with a deadline up to this are gone.
  int64_t expired_up_to_ms() const { return expires ? now_ms : INT64_MIN; }
};

// A found entry. Falsy when there is none. Two words: pass it by value.
class EntryRef {
 public:
  EntryRef() = default;
  explicit operator bool() const { return entry_ != nullptr; }
  const Entry* operator->() const { return entry_; }
  const Entry& operator*() const { return *entry_; }

 private:
  friend class Db;
  EntryRef(Entry* entry, EntryTables::Position at) : entry_(entry), at_(at) {}

  Entry* entry_ = nullptr;
  EntryTables::Position at_;
};

// A value without a key: on its way between keys (RENAME, COPY, MOVE across databases and shards), or just read from a file.
// Owns an outside value. Carries the access bits along.
class DetachedValue {
 public:
  DetachedValue() = default;
  // Stored as Db::SetString would: as an integer when canonical.
  static DetachedValue String(std::string_view value);
  static DetachedValue Integer(int64_t value);
  // A listpack or intset that is a value of that type.
  static DetachedValue Packed(ValueType type, std::string_view bytes);
  static DetachedValue OfObject(ValueType type, std::unique_ptr<Object> object);
  DetachedValue(DetachedValue&& other) noexcept;
  DetachedValue& operator=(DetachedValue&& other) noexcept;
  ~DetachedValue();

  ValueType type() const { return type_; }
  void set_access(uint32_t access) { access_ = access; }

 private:
  friend class Db;

  ValueView View() const;

  ValueType type_ = ValueType::kString;
  Encoding encoding_ = Encoding::kEmbedded;
  bool modified_ = false;
  uint32_t access_ = 0;
  std::string embedded_;
  uint64_t word_ = 0;
};

struct SetStringOptions {
  int64_t deadline_ms = kNoDeadline;
  bool keep_deadline = false;  // keep that of the entry being replaced; deadline_ms is ignored
};

class Db {
 public:
  Db(Keyspace& keyspace, DbIndex index);
  ~Db();

  // ---- lookup ----
  // The live entry. An expired one is deleted on the way (counted in expired_keys), or only
  // hidden, as `moment` says, and not found. Counts a hit or miss and
  // touches the access bits as `moment` says.
  EntryRef Find(const Key& key, const Moment& moment);
  // For a command that goes on to write: as Find, but never counted as hit or miss.
  EntryRef FindForWrite(const Key& key, const Moment& moment);
  // Two-step prefetch of what Find will read; a batch calls each for all its keys before running the first.
  // In slot mode there is a step before them.
  void PrefetchTable(const Key& key) const { contents_.tables.PrefetchTable(key); }
  void PrefetchBucket(const Key& key) const { contents_.tables.PrefetchLine(key); }
  void PrefetchEntry(const Key& key) const { contents_.tables.PrefetchItem(key); }

  // ---- strings ----
  // Stores `value` (as an integer when canonical), replacing whatever was there; resets or keeps the deadline. In place
  // when shape and size class stay.
  void SetString(const Key& key, std::string_view value, const SetStringOptions& options,
                 const Moment& moment);
  // The same, over an entry that the caller has just found (saves the second lookup). `found` may be empty.
  void SetString(const Key& key, EntryRef found, std::string_view value,
                 const SetStringOptions& options, const Moment& moment);
  // INCR and friends: the value becomes `value`, the deadline stays. Requires found->IsString().
  void SetInteger(const Key& key, EntryRef found, int64_t value);
  // APPEND, SETRANGE, SETBIT: makes the string `size_bytes` long (new bytes zero), in place where there is room, and returns
  // it for writing until the next call. An empty `found` creates the key without deadline.
  std::span<char> ResizeString(const Key& key, EntryRef found, size_t size_bytes,
                               const Moment& moment);

  // ---- packed values: small lists, sets, hashes and sorted sets, as bytes like a string's ----
  // What follows up to NoteChanges is not yet a change: one operation may take several of these steps, or end as it began.
  // Stores `bytes` as a value of `type`, replacing whatever was there and its deadline. `found` may be empty; the entry's
  // new ref is returned.
  EntryRef SetPacked(const Key& key, EntryRef found, ValueType type, std::string_view bytes,
                     const Moment& moment);
  // Puts `inserted` bytes, not set, in the place of the `removed` bytes at `at`; returns all bytes for writing until the next
  // call, and the entry's new ref in *found. Requires (*found)->IsPacked().
  std::span<char> SplicePacked(EntryRef* found, size_t at, size_t removed, size_t inserted);

  // ---- objects: every other value ----
  // Stores `object` as a value of `type`, replacing whatever was there and its deadline. `found` may be empty.
  EntryRef SetObject(const Key& key, EntryRef found, ValueType type, std::unique_ptr<Object> object,
                     const Moment& moment);
  // Changes the object in place: `change` gets it for writing. Accounts for its memory before and after. An object
  // left empty is the caller's to erase. Requires found->encoding() == kObject.
  void ChangeObject(EntryRef found, absl::FunctionRef<void(Object&)> change);
  // The same value as an object; deadline and access bits stay. Requires found->IsPacked().
  EntryRef Unpack(EntryRef found, std::unique_ptr<Object> object);

  // The same value as packed bytes, which do not lie in it. Requires found->encoding() == kObject.
  EntryRef Pack(const Key& key, EntryRef found, std::string_view bytes);

  // The value of `key` has changed, `changes` times.
  void NoteChanges(const Key& key, size_t changes);

  // ---- life ----
  // Deletes; false when there was no live entry (an expired one is deleted but answers false).
  bool Erase(const Key& key, const Moment& moment);
  void Erase(const Key& key, EntryRef found);
  // Deletes to make room: counted in evicted_keys, not as a change.
  void Evict(const Key& key, EntryRef found);
  // unix ms; kNoDeadline removes it. A deadline already past deletes nothing: the caller decides.
  void SetDeadline(const Key& key, EntryRef found, int64_t deadline_ms);
  void SetAccess(EntryRef found, uint32_t access);

  // RENAME, MOVE, COPY: the value without its key. Take erases the key; Copy leaves it. Put stores it under `key` with
  // `deadline_ms`, replacing what is there. Take is not counted as a change of its own, Put is.
  DetachedValue Take(const Key& key, EntryRef found);
  DetachedValue Copy(EntryRef found) const;
  void Put(const Key& key, DetachedValue value, int64_t deadline_ms, const Moment& moment);
  // Puts what a snapshot holds into a keyspace that nobody uses yet: not a change, nothing is counted or watched. A key that
  // is there already is replaced, or nothing is done and the answer is false.
  enum class OnDuplicate : uint8_t { kRefuse, kReplace };
  bool Load(const Key& key, DetachedValue value, int64_t deadline_ms, OnDuplicate on_duplicate);

  // ---- WATCH ----
  // Begins to watch `key`; the version to compare at EXEC. A key that has expired already is deleted first, so that its
  // deletion is not taken for a change.
  uint64_t Watch(const Key& key, const Moment& moment);
  // EXEC's question: the watched key has changed since it had `version`, or has expired meanwhile.
  bool ChangedSince(const Key& key, uint64_t version, const Moment& moment) const;
  void Unwatch(const Key& key);

  // ---- the whole ----
  size_t Size() const { return contents_.tables.size(); }
  size_t DeadlineCount() const { return contents_.tables.marked_size(); }  // keys with a deadline
  // Deletes everything. kNow frees before it returns; kLater (and kNow while a snapshot still needs the entries) hands the
  // memory to Keyspace::ReclaimSome.
  enum class Free { kNow, kLater };
  void Clear(Free when);
  // Any live entry, all equally likely; empty when none. Deletes the expired ones that it meets.
  EntryRef Random(Prng& prng, const Moment& moment);
  // Any entry for eviction to look at, expired or not; only those with a deadline if `volatile_only`. Touches nothing.
  EntryRef Sample(Prng& prng, bool volatile_only) const;
  // The entry, expired or not; nothing is counted, touched or deleted.
  EntryRef FindAny(const Key& key) const;
  // Calls visit(entry) for at least `count` entries, or all that are left, beginning at `cursor` (0: the start), and returns
  // the cursor to go on from, 0 at the end. Every entry present from the first to the last call is visited exactly once,
  // whatever happens between (I4 of hash_table.h). Cursors use the low kScanCursorBits bits; in slot mode those above them
  // are a slot (of this shard, or no entry is visited). Expired entries are visited: the caller skips them. visit must
  // not change the table.
  static constexpr int kScanCursorBits = 48;
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, size_t count, Visit&& visit) const {
    return contents_.tables.Scan(cursor, count, [&](const Entry& entry) { visit(entry); });
  }
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    contents_.tables.ForEach([&](const Entry& entry) { visit(entry); });
  }

  // Deletes expired keys, going round the table, for up to `buckets` buckets or to the end of the round; returns the count
  // deleted. Parts of the table without deadlines cost next to nothing.
  size_t ExpireSome(size_t buckets, int64_t now_ms);
  // Mean remaining life in ms of what ExpireSome met lately; INFO's avg_ttl.
  int64_t AverageTtlMs() const { return static_cast<int64_t>(average_ttl_ms_); }
  // Objects with deadlines of their own (a hash with fields that expire): how many, and the key of the first whose bytes are
  // not less than `from`, or null. A key that went with its slot may still be there: who does not find it forgets it.
  size_t TimedObjectCount() const { return contents_.timed_objects.size(); }
  const std::string* TimedObjectFrom(std::string_view from) const;
  void ForgetTimedObject(std::string_view key) { contents_.ForgetTimed(key); }
  // Where whoever goes round them goes on.
  std::string& timed_walk() { return timed_walk_; }
  // Shrinks what stands too empty, bounded work; cron calls it.
  void CompactSome(size_t segments);

  // ---- one slot; requires slot mode (KeyspaceOptions::slots) ----
  // A slot of another shard has no keys here. Expired keys count, and are visited, as long as they are there.
  size_t CountInSlot(SlotId slot) const;
  size_t DeadlinesInSlot(SlotId slot) const;
  // Calls visit(entry) for the slot's keys, or for any `count_max` of them when there are more. visit must not change the
  // database.
  void VisitSlot(SlotId slot, size_t count_max, absl::FunctionRef<void(const Entry&)> visit) const;
  // Deletes all keys of the slot; returns how many. Each counts as a change, watched ones have changed; nothing goes to
  // Keyspace::deletions(): whoever has replicas or a log tells them about the slot, or the keys first. The memory goes
  // as Clear's does; kLater returns in constant time, however many keys there are.
  size_t ClearSlot(SlotId slot, Free when);
  // Frees about `effort` entries of slots cleared; true when nothing is left that may be freed now.
  bool ReclaimSome(size_t effort);

  // ---- accounting ----
  uint64_t UsedBytes() const { return contents_.UsedBytes(); }  // entries, outside values, table
  uint64_t OverheadBytes() const { return contents_.tables.UsedBytes(); }    // the tables' part
  HashTableStats TableStats() const { return contents_.tables.GetStats(); }  // DEBUG HTSTATS
  // What this key costs: its entry, its outside value and its share of the table. MEMORY USAGE.
  size_t UsedBytesOf(const Entry& entry) const;

  DbIndex index() const { return index_; }

  void CheckInvariants() const;  // for tests; walks everything

 private:
  friend class Keyspace;

  EntryRef Lookup(const Key& key, const Moment& moment);
  void Touch(Entry* entry, int64_t now_ms);
  void NoteChange(const Key& key) { NoteChanges(key, 1); }
  // Takes the entry out of the table and frees it; a big object goes to the reclaimer.
  enum class Table { kMayShrink, kKeepSize };
  void Remove(EntryRef ref, Table table);
  void DeleteExpired(EntryRef ref, Table table);

  // Put `value` under `key` in place of `found` or as new, taking what it points to.
  void Store(const Key& key, EntryRef found, const ValueView& value, int64_t deadline_ms,
             uint32_t access);
  // A new entry in the place of the old one, whose own memory goes; outside values are the caller's.
  Entry* Rebuild(EntryRef found, const ValueView& value, int64_t deadline_ms);
  // Frees the outside value, if any, and accounts for it. The entry still shows it: overwrite or free that next.
  void DropOutside(Entry* entry);
  // The same when it is accounted for.
  void FreeOutside(Entry* entry);
  bool OverwriteBlock(EntryRef found, std::string_view value, int64_t deadline_ms);
  std::span<char> ResizeBlock(EntryRef found, size_t size_bytes);
  std::span<char> ResizeEmbedded(EntryRef found, size_t size_bytes);
  std::span<char> SpliceBlock(EntryRef* found, size_t at, size_t removed, size_t inserted);

  Keyspace* keyspace_;
  DbIndex index_;
  DbContents contents_;
  MarkedWalk expire_walk_;
  std::string timed_walk_;
  double average_ttl_ms_ = 0;
};

}  // namespace norn
