#pragma once
// The tables of a database in cluster mode: one a slot, so that a slot's keys can be counted, listed, walked and thrown away in
// time that depends on them alone, however many others there are.
//
//     pages_             a page: 32 tables in place       a table: its keys in hash order (hash_table.h)
//     +-----+            +--------------------+
//     |  *--|----------> | slot s             |           Slots are numbered densely within the shard: it holds those with
//     +-----+            | slot s +  1 shards |           slot % shard_count == shard_index, and place p is slot
//     |  -  | none yet   |        ...         |           p * shard_count + shard_index.
//     +-----+            | slot s + 31 shards |
//     | ... |            +--------------------+
//
//   I1  Every key of slot s is in the table of s, and no other key is.
//   I2  size(), marked_size(), UsedBytes() and the sums by page are those of the tables, kept with every change.
//   I3  A table without keys holds no memory but its place in the page. A page without keys goes when CompactSome passes.
//   I4  SCAN: as hash_table.h's I4, over all slots. A cursor is slot << 48 | the cursor within the slot's table, places are
//       walked in order, and a key's place never changes. That a table vanishes and comes back does not matter: no key
//       that was there throughout was in it.
//   I5  Snapshot: as hash_table.h's I5. Begin notes which tables have keys, no more; each of those has its own snapshot begun
//       by its first change or when SaveSome comes to it.
//
// Rejected: the slot as the hash's highest bits in the one table. It needs none of this, and a hash tag that ten million keys
// share would then give the directory 2^14 times the words, or a segment of ten million items (hash_table.h, I7).

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "engine/base/key_slot.h"
#include "engine/base/prng.h"
#include "engine/keyspace/entry_table.h"
#include "engine/keyspace/key_map.h"
#include "engine/structs/prefetch.h"
#include "engine/structs/prefix_sums.h"

namespace norn {

// Which slots a shard holds: those with slot % shard_count == shard_index.
struct SlotShare {
  uint32_t shard_index = 0;
  uint32_t shard_count = 1;

  bool operator==(const SlotShare&) const = default;
  bool Has(SlotId slot) const { return slot.value % shard_count == shard_index; }
  size_t Places() const { return (kSlotCount - shard_index + shard_count - 1) / shard_count; }
  SlotId SlotAt(size_t place) const {
    return {static_cast<uint16_t>(place * shard_count + shard_index)};
  }
};

// Where a walk over marked entries has come to.
struct MarkedWalk {
  uint64_t point = 0;  // within the table of `place`
  size_t place = 0;
  bool AtStart() const { return point == 0 && place == 0; }
};

class SlotTables {
 public:
  using Found = EntryTable::Found;
  using Position = EntryTable::Position;
  using VisitEntry = absl::FunctionRef<void(Entry&)>;
  using SnapshotVisit = std::function<void(const Entry&)>;

  SlotTables(uint64_t hash_seed, SlotShare share);
  ~SlotTables();
  SlotTables(const SlotTables&) = delete;
  SlotTables& operator=(const SlotTables&) = delete;

  const SlotShare& share() const { return share_; }
  uint64_t hash_seed() const { return traits_.hash_seed; }
  size_t size() const { return keys_.total(); }
  size_t marked_size() const { return marked_.total(); }
  // Pages, tables and what Detach took away; the few KiB that a table of tables has when empty are not counted.
  uint64_t UsedBytes() const { return table_bytes_ + cleared_bytes_; }

  // The slot's table, for looking at; an empty one if it has none.
  const EntryTable& TableOf(SlotId slot) const {
    const size_t place = PlaceOf(slot);
    const Page* page = pages_[place / kPageTables].get();
    return page == nullptr ? none_ : page->tables[place % kPageTables];
  }

  // Thousands of tables do not fit the nearest caches, and a lookup begins with one.
  void PrefetchTable(SlotId slot) const {
    const char* table = reinterpret_cast<const char*>(&TableOf(slot));
    Prefetch(table);
    Prefetch(table + hash_layout::kLineBytes);  // most lie across two lines
  }

  // ---- one entry; `at` is its position in the table of its slot ----
  // Requires: the shard has the slot.
  void Insert(Entry* entry, const Key& key, bool mark);
  // Puts `entry`, with the same key, in the place of `old`.
  void Replace(const Entry& old, Position at, Entry* entry, bool mark);
  enum class Table { kMayShrink, kKeepSize };
  void Erase(const Entry& entry, Position at, Table table);
  void BeforeWrite(const Entry& entry, Position at);

  // ---- many: as HashTable's ----
  uint64_t Scan(uint64_t cursor, size_t count, VisitEntry visit) const;
  void ForEach(VisitEntry visit) const;
  // Each entry equally likely, or each marked one.
  Found Random(Prng& prng, bool only_marked) const;
  // Passes over any number of tables without marked entries in a few steps.
  size_t VisitMarked(MarkedWalk* walk, size_t lines,
                     absl::FunctionRef<void(Entry&, Position)> visit);
  // Shrinks a slot's table; goes round all of them and does so, for up to `segments` segments.
  void CompactSlot(SlotId slot, size_t segments);
  void CompactSome(size_t segments);

  // ---- snapshot ----
  void BeginSnapshot(SnapshotVisit visit);
  bool SaveSome(size_t lines);
  void EndSnapshot();
  bool snapshot_running() const { return snapshot_ != nullptr; }

  // ---- the end of a slot, or of all ----
  // Takes the keys away at once; their entries wait for ClearDetachedSome.
  void Detach(SlotId slot);
  // Visits and forgets the entries of about `segments` segments of what was detached; true when none is left, or what is left
  // is still needed by a snapshot. The entries are the caller's to free.
  bool ClearDetachedSome(size_t segments, VisitEntry visit);
  void ForEachDetached(VisitEntry visit) const;
  // As HashTable's, detached tables included. No snapshot may run.
  bool ClearSome(size_t segments, const VisitEntry* visit);

  HashTableStats GetStats() const;
  void CheckInvariants() const;

 private:
  static constexpr size_t kPageTables = 32;

  struct Page {
    explicit Page(const EntryTraits& traits) {
      for (EntryTable& table : tables) table = EntryTable(traits);
    }
    std::array<EntryTable, kPageTables> tables;
  };
  struct Snapshot {
    SnapshotVisit visit;
    std::vector<bool>
        pending;      // by place: had keys at the begin, and its own snapshot has not begun
    size_t next = 0;  // places before it are done
  };
  // What the sums say of one table.
  struct Sums {
    uint64_t keys, marked, bytes;
  };

  size_t PlaceOf(const Entry& entry) const { return PlaceOf(KeySlot(entry.key())); }
  size_t PlaceOf(SlotId slot) const { return (slot.value * reciprocal_) >> 32; }
  EntryTable& TableAt(size_t place) {
    return pages_[place / kPageTables]->tables[place % kPageTables];
  }
  // Null where there is no page.
  const EntryTable* FindTableAt(size_t place) const {
    const Page* page = pages_[place / kPageTables].get();
    return page == nullptr ? nullptr : &page->tables[place % kPageTables];
  }
  static Sums SumsOf(const EntryTable& table) {
    return {table.size(), table.marked_size(), table.UsedBytes()};
  }
  void Account(size_t place, const Sums& before, const Sums& after);
  template <typename Change>
  void Apply(size_t place, Change&& change);
  // The first place from `place` on whose table has keys, or marked ones; places() when there is none.
  size_t NextWithKeys(size_t place) const;
  size_t NextWithMarked(size_t place) const;
  template <typename Wanted>
  size_t NextWhere(size_t place, const PrefixSums& sums, Wanted&& wanted) const;
  size_t places() const { return share_.Places(); }
  void FreePageIfEmpty(size_t page);
  void DropPage(size_t page);

  // A running snapshot is to see the table of `place` as it is.
  void BeforeChange(size_t place) {
    if (snapshot_ != nullptr && snapshot_->pending[place]) BeginTable(place);
  }
  void BeginTable(size_t place);
  static bool SaveTable(EntryTable& table, size_t* lines);

  const SlotShare share_;
  const uint64_t reciprocal_;  // of shard_count, times 2^32, rounded up: exact for 14 bits
  const EntryTraits traits_;
  const EntryTable none_;
  std::vector<std::unique_ptr<Page>> pages_;
  PrefixSums keys_;    // by page
  PrefixSums marked_;  // by page
  uint64_t table_bytes_ = 0;
  std::deque<EntryTable> cleared_;
  uint64_t cleared_bytes_ = 0;
  size_t compact_place_ = 0;
  std::unique_ptr<Snapshot> snapshot_;
};

}  // namespace norn
