#pragma once
// One shard's part of one database: its keys and their lives. Every change of a key goes through here, so that here is
// the one place that knows what a change means: memory accounting, WATCH, the change counter, a running snapshot (and,
// later, replication and keyspace events).
//
// Runs under the shard's token; never parks; no locks. An EntryRef dies with the next call that may insert, erase or
// resize (every non-const one) and never survives a park.

#include "engine/base/ids.h"
#include "engine/base/prng.h"
#include "engine/keyspace/entry.h"
#include "engine/keyspace/entry_pool.h"
#include "engine/keyspace/entry_table.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace norn {

class Keyspace;

// A key with its hash, computed once (HashBytes with the node's hash seed) when the command is parsed.
struct Key {
  std::string_view bytes;
  uint64_t hash = 0;
};

// What a command knows about now; read from the clock once a batch or command and passed down.
struct Moment {
  int64_t now_ms = 0;         // unix
  bool touch = true;          // false: leave LRU/LFU alone (CLIENT NO-TOUCH, OBJECT, DEBUG ...)
  bool count = true;          // false: leave keyspace_hits/misses alone
};

// A found entry. Falsy when there is none.
class EntryRef {
 public:
  EntryRef() = default;
  explicit operator bool() const { return entry_ != nullptr; }
  const Entry* operator->() const { return entry_; }
  const Entry& operator*() const { return *entry_; }

 private:
  friend class Db;
  Entry* entry_ = nullptr;
  EntryTable::Position at_;
};

// A value on its way between keys (RENAME, COPY, MOVE across databases and shards). Owns an outside value.
class DetachedValue;

struct SetStringOptions {
  int64_t deadline_ms = kNoDeadline;
  bool keep_deadline = false;  // keep that of the entry being replaced; deadline_ms is ignored
};

class Db {
 public:
  Db(Keyspace& keyspace, DbIndex index);
  ~Db();

  // ---- lookup ----
  // The live entry. An expired one is deleted on the way (counted in expired_keys) and not found. Counts a hit or miss and
  // touches the access bits as `moment` says.
  EntryRef Find(const Key& key, const Moment& moment);
  // For a command that goes on to write: as Find, but never counted as hit or miss.
  EntryRef FindForWrite(const Key& key, const Moment& moment);
  // Two-step prefetch of what Find will read; a batch calls each for all its keys before running the first.
  void PrefetchBucket(const Key& key) const;
  void PrefetchEntry(const Key& key) const;

  // ---- strings ----
  // Stores `value` (as an integer when canonical), replacing whatever was there; resets or keeps the deadline.
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

  // ---- life ----
  // Deletes; false when there was no live entry (an expired one is deleted but answers false).
  bool Erase(const Key& key, const Moment& moment);
  void Erase(const Key& key, EntryRef found);
  // unix ms; kNoDeadline removes it. A deadline already past deletes nothing: the caller decides.
  void SetDeadline(const Key& key, EntryRef found, int64_t deadline_ms);
  void SetAccess(EntryRef found, uint32_t access);

  // RENAME, MOVE, COPY: the value without its key. Take erases the key; Copy leaves it. Put stores it under `key` with
  // `deadline_ms`, replacing what is there.
  DetachedValue Take(const Key& key, EntryRef found);
  DetachedValue Copy(EntryRef found) const;
  void Put(const Key& key, DetachedValue value, int64_t deadline_ms, const Moment& moment);

  // ---- the whole ----
  size_t Size() const;
  size_t DeadlineCount() const;  // keys with a deadline
  // Deletes everything. kNow frees before it returns; kLater hands the memory to Keyspace::ReclaimSome.
  enum class Free { kNow, kLater };
  void Clear(Free when);
  // Any live entry, uniformly enough for eviction and RANDOMKEY; empty when none.
  EntryRef Random(Prng& prng, const Moment& moment);
  // Calls visit(entry) for at least `count` entries, or all that are left, beginning at `cursor` (0: the start), and returns
  // the cursor to go on from, 0 at the end. Every entry present from the first to the last call is visited exactly once,
  // whatever happens between (I4 of entry_table.h). Cursors use the low kScanCursorBits bits. Expired entries are visited:
  // the caller skips them. visit must not change the table.
  static constexpr int kScanCursorBits = 48;
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, size_t count, Visit&& visit) const;

  // Deletes expired keys, going round the table, for up to `buckets` buckets; returns the count deleted.
  size_t ExpireSome(size_t buckets, int64_t now_ms);
  // Mean remaining life in ms of what ExpireSome met lately; INFO's avg_ttl.
  int64_t AverageTtlMs() const;
  // Shrinks what stands too empty, bounded work; cron calls it.
  void CompactSome(size_t segments);

  // ---- accounting ----
  uint64_t UsedBytes() const;     // entries, outside values and the table
  uint64_t OverheadBytes() const; // the table's part
  EntryTable::Stats TableStats() const;  // DEBUG HTSTATS

  DbIndex index() const { return index_; }
};

}  // namespace norn
