#pragma once
// HashTable: items found by key, in cache-line buckets, growing and shrinking in small steps; it can be scanned while it
// changes, and snapshotted while it is written. The table of a database's keys; big hashes and sets use it too.
//
// Extendible hashing (Fagin, Nievergelt, Pippenger, Strong 1979) over segments of at most one page, which also grow
// within themselves ("partial expansions", Larson 1982), so that the load stays between 0.69 and 0.87 at every size.
//
//     hash   | d bits: directory index .......................... 64 bits .......................|
//            | prefix (depth <= d) | position: 15 bits | ............... unused ... | tag: 8 low |
//
//     directory, 2^d words                 segment, 128 .. 4096 bytes
//     +------------------------+           +--------------------------------------------+
//     | lines | segment | depth | -------> | header: counts, prefix, snapshot, mark map |  64 bytes
//     +------------------------+           +--------------------------------------------+
//     | lines | segment | depth | --+      | line 0: 7 tags, passed | 7 cells           |  64 bytes
//     +------------------------+    |      +--------------------------------------------+
//     |          ...           |    |      |            ... 1 to 63 lines ...           |
//                                   v      +--------------------------------------------+
//     cell   | position: 15 | mark | item address: 48 bits |
//
// A lookup loads the directory word (0.04 bytes an item, mostly in cache), computes the home line, compares seven tags
// at once, and compares the 15 position bits before it follows a pointer: a wrong item is touched once in 10^5 lookups
// or so. Two cache misses a hit: the line and the item. Home lines are position * lines >> 15, so they follow hash order.
// An item whose home line is full sits in the first line with room behind it, round the segment's end; each line it
// had to pass counts it.
//
//   I1  A segment holds exactly the items whose hash begins with its prefix of `depth` bits, and the 2^(d - depth)
//       directory words with that prefix, and no others, describe it.
//   I2  A cell's position is the 15 hash bits behind the prefix, its tag the low 8 (0 becomes 1).
//   I3  From its home line to its place every line before the place counts the item in `passed`. So a search may stop
//       behind a line with passed == 0. (A count that reached 255 stays: searches then go on longer, never shorter.)
//   I4  SCAN: an item present from the first call to the last is visited exactly once, whatever happens between.
//   I5  Snapshot: each item present at its begin is visited exactly once, as it then was; no other is.
//   I6  No segment holds more than LimitOf(lines) items. When the table as a whole is 0.85 full all segments grow one class
//       (or split), when it is below half full they shrink or merge, in hash order, one segment every eight changes.
//   I7  The directory has at most 8 times the words that evenly spread items ask for. Segments that may not split grow
//       beyond a page instead: any hash function is correct, a bad one is slow.
//
// Why I4 holds. A cursor is a point in hash space (its top 48 bits), and each call visits exactly the present items with
// cursor <= hash < next, where next is the smallest hash whose home is a later line. Consecutive calls thus cut the
// hash space into intervals that neither overlap nor leave gaps; an item's hash never changes; so an item that is
// there throughout meets exactly one call. Nothing in this depends on where the item sits, hence resizing, splitting and
// merging between calls need no thought, except that a merge can leave a cursor finer than 15 bits of position can
// tell; items equal to it in those bits have their hash computed again.
//
// Why I5 holds. Begin raises the table's version; a segment whose version is older has saved nothing, else its `saved`
// map says which lines (groups of lines beyond a page) were visited. Items move between lines only in resizing. Every
// change of a line that is not saved visits the line first; every resize visits all unsaved lines of the segments it
// consumes, and marks what it makes as saved. So up to its visit a line holds exactly what it held at the begin, and
// SaveSome visits whatever is left.
//
// Cost. An insert moves the items of one segment at most (420; a split reads them all, some microseconds) and may copy the
// directory (8 bytes for 300 items). There is no moment at which the table exists twice. That segments resize in hash order
// is for the allocator's sake: neighbours in memory are freed one after the other.
//
// Rejected: one array with incremental rehash (Valkey's dict and hashtable: two tables to look into, twice the memory at
// the peak, a long memset); linear hashing (no stable cursor of hash order with buckets this wide); cuckoo or robin-hood
// displacement (moves items between lines, so one write would dirty several snapshot lines); storing full hashes
// (8 bytes an item; a split recomputes them at memory speed instead).
//
// Runs on one thread, no locks, never parks. Traits:
//   using Item, Key;  uint64_t Hash(const Item&) const;  bool Equal(const Item&, const Key&) const;
// Items belong to the caller; their addresses fit 48 bits. Hashes must be good in all 64 bits.

#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/structs/hash_table_core.h"

namespace norn {

template <typename Traits>
class HashTable : private HashTableCore {
 public:
  using Item = typename Traits::Item;
  using Key = typename Traits::Key;
  using HashTableCore::Position;

  struct Found {
    Item* item = nullptr;
    Position at;
    explicit operator bool() const { return item != nullptr; }
  };

  explicit HashTable(Traits traits = Traits()) : traits_(std::move(traits)) {}
  HashTable(HashTable&&) noexcept = default;
  HashTable& operator=(HashTable&&) noexcept = default;

  using HashTableCore::size;
  size_t marked_size() const { return marked(); }
  using HashTableCore::UsedBytes;  // bytes of segments and directory, as allocated; 0 when empty
  const Traits& traits() const { return traits_; }

  // ---- one item ----

  Found Find(const Key& key, uint64_t hash) const {
    Found found;
    found.item = static_cast<Item*>(FindIf(hash, &found.at, [&](const void* item) {
      return traits_.Equal(*static_cast<const Item*>(item), key);
    }));
    return found;
  }
  // Two steps of what Find will read: the line, then (once that has arrived) the item.
  using HashTableCore::PrefetchItem;
  using HashTableCore::PrefetchLine;

  // Requires: no item with an equal key is present; hash == traits.Hash(*item).
  void Insert(Item* item, uint64_t hash, bool mark) {
    InsertItem(const_cast<void*>(static_cast<const void*>(item)), hash, mark, hasher());
  }
  // Puts an item with the same key in the place of another.
  void Replace(Position at, Item* item, bool mark) { ReplaceItem(at, item, mark); }
  void Erase(Position at) { EraseAt(at, AfterErase::kMayShrink); }
  // Leaves every other Position valid; CompactSome makes up for it.
  void EraseKeepingSize(Position at) { EraseAt(at, AfterErase::kKeepSize); }
  void SetMark(Position at, bool mark) { SetMarkAt(at, mark); }
  // Call before the item at `at` is changed in place: a running snapshot visits it first.
  using HashTableCore::BeforeWrite;

  // ---- many items ----

  // Visits at least `count` items, or all that are left, from `cursor` on (0: the start); returns the cursor to go on from,
  // 0 at the end. I4. Cursors have 48 bits. visit(Item&) must not change the table.
  template <typename Visitor>
  uint64_t Scan(uint64_t cursor, size_t count, Visitor&& visit) const {
    return ScanItems(cursor, count, hasher(),
                     [&](void* item) { visit(*static_cast<Item*>(item)); });
  }
  // In hash order of segments. visit(Item&) must not change the table.
  template <typename Visitor>
  void ForEach(Visitor&& visit) const {
    ForEachItem([&](void* item) { visit(*static_cast<Item*>(item)); });
  }
  // Each item equally likely, or each marked one; none when there is none. (In a table much emptier or more unevenly
  // hashed than normal the item behind a random point, so that items behind gaps are favoured.)
  Found Random(Prng& prng) const { return RandomOf(prng, false); }
  Found RandomMarked(Prng& prng) const { return RandomOf(prng, true); }

  // Visits marked items from hash-order point *point on; passes segments without any at 8 bytes each. At most one segment
  // or about `lines` lines of work; returns the work done (at least 1) and moves *point, to 0 at the end.
  // visit(Item&, Position) must not change the table; up to 7 * (lines + 1) items are visited by one call.
  template <typename Visitor>
  size_t VisitMarked(uint64_t* point, size_t lines, Visitor&& visit) {
    return WalkMarked(point, lines,
                      [&](void* item, Position at) { visit(*static_cast<Item*>(item), at); });
  }
  // Goes on shrinking a table that has become too empty (I6), by up to `segments` segments. Erase does it too, in step; this is
  // for when erasing has ended, or was EraseKeepingSize.
  using HashTableCore::CompactSome;

  // ---- snapshot, one at a time (I5) ----

  // From now on visit(Item&) is called from SaveSome and from whatever is about to change an item not yet visited. It must
  // not change the table.
  template <typename Visitor>
  void BeginSnapshot(Visitor visit) {
    HashTableCore::BeginSnapshot(
        [visit = std::move(visit)](void* item) mutable { visit(*static_cast<Item*>(item)); });
  }
  // Visits the items of about `lines` more lines; true when all have been visited.
  using HashTableCore::SaveSome;
  // Complete or not: visits no more.
  using HashTableCore::EndSnapshot;
  using HashTableCore::snapshot_running;

  // ---- the whole ----

  // Forgets all items, ends a snapshot, frees all memory at once.
  using HashTableCore::Clear;
  // The same in steps of `segments` segments, visiting each item; true when done. Only for a table that nobody looks
  // anything up in again.
  template <typename Visitor>
  bool ClearSome(size_t segments, Visitor&& visit) {
    const auto visit_item = [&](void* item) { visit(*static_cast<Item*>(item)); };
    const Visit erased(visit_item);
    return HashTableCore::ClearSome(segments, &erased);
  }
  bool ClearSome(size_t segments) { return HashTableCore::ClearSome(segments, nullptr); }

  HashTableStats GetStats() const { return HashTableCore::Stats(); }  // walks the table
  using HashTableCore::moved_by_last_call;
  void CheckInvariants() const { HashTableCore::CheckInvariants(hasher()); }

 private:
  Hasher hasher() const {
    return {[](const void* context, const void* item) {
              return static_cast<const Traits*>(context)->Hash(*static_cast<const Item*>(item));
            },
            &traits_};
  }
  Found RandomOf(Prng& prng, bool only_marked) const {
    Found found;
    found.item = static_cast<Item*>(RandomItem(prng, only_marked, &found.at));
    return found;
  }

  [[no_unique_address]] Traits traits_;
};

}  // namespace norn
