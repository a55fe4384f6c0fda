#pragma once
// Where a database finds its keys: one table for all of them, or in cluster mode one a slot (slot_tables.h). Decided once, when it
// is made. The database is written once, against this; what the first mode pays is a branch that never changes.
//
// In slot mode an entry's table follows from its key, so a position stays one word; where only the entry is at hand its slot is
// computed again (some nanoseconds, on writes only).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/check.h"
#include "engine/keyspace/entry_table.h"
#include "engine/keyspace/key_map.h"
#include "engine/keyspace/slot_tables.h"

namespace norn {

class EntryTables {
 public:
  using Found = EntryTable::Found;
  using Position = EntryTable::Position;

  EntryTables(uint64_t hash_seed, const std::optional<SlotShare>& share)
      : one_(EntryTraits{hash_seed}) {
    if (share) slots_ = std::make_unique<SlotTables>(hash_seed, *share);
  }
  // Leaves `other` empty and fit for use.
  EntryTables(EntryTables&& other) noexcept
      : one_(std::move(other.one_)), slots_(std::move(other.slots_)) {
    if (slots_ == nullptr) return;
    other.slots_ = std::make_unique<SlotTables>(slots_->hash_seed(), slots_->share());
  }
  EntryTables& operator=(EntryTables&&) = delete;

  size_t size() const { return one() ? one_.size() : slots_->size(); }
  size_t marked_size() const { return one() ? one_.marked_size() : slots_->marked_size(); }
  uint64_t UsedBytes() const { return one() ? one_.UsedBytes() : slots_->UsedBytes(); }

  // ---- one entry ----
  Found Find(const Key& key) const { return TableOf(key.slot).Find(key.bytes, key.hash); }
  void PrefetchTable(const Key& key) const {
    if (!one()) slots_->PrefetchTable(key.slot);
  }
  void PrefetchLine(const Key& key) const { TableOf(key.slot).PrefetchLine(key.hash); }
  void PrefetchItem(const Key& key) const { TableOf(key.slot).PrefetchItem(key.hash); }
  void Insert(Entry* entry, const Key& key, bool mark) {
    if (one()) return one_.Insert(entry, key.hash, mark);
    slots_->Insert(entry, key, mark);
  }
  // Puts `entry`, with the same key, in the place of `old`.
  void Replace(const Entry& old, Position at, Entry* entry, bool mark) {
    if (one()) return one_.Replace(at, entry, mark);
    slots_->Replace(old, at, entry, mark);
  }
  void Erase(const Entry& entry, Position at) {
    if (one()) return one_.Erase(at);
    slots_->Erase(entry, at, SlotTables::Table::kMayShrink);
  }
  void EraseKeepingSize(const Entry& entry, Position at) {
    if (one()) return one_.EraseKeepingSize(at);
    slots_->Erase(entry, at, SlotTables::Table::kKeepSize);
  }
  void BeforeWrite(const Entry& entry, Position at) {
    if (one()) return one_.BeforeWrite(at);
    slots_->BeforeWrite(entry, at);
  }

  // ---- many entries: as HashTable's ----
  // Uses the low 48 bits of the cursor, in slot mode the low 62.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, size_t count, Visit&& visit) const {
    return one() ? one_.Scan(cursor, count, visit) : slots_->Scan(cursor, count, visit);
  }
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    if (one()) return one_.ForEach(visit);
    slots_->ForEach(visit);
  }
  Found Random(Prng& prng, bool only_marked) const {
    if (!one()) return slots_->Random(prng, only_marked);
    return only_marked ? one_.RandomMarked(prng) : one_.Random(prng);
  }
  template <typename Visit>
  size_t VisitMarked(MarkedWalk* walk, size_t lines, Visit&& visit) {
    if (one()) return one_.VisitMarked(&walk->point, lines, visit);
    return slots_->VisitMarked(walk, lines, visit);
  }
  void CompactSome(size_t segments) {
    if (one()) return one_.CompactSome(segments);
    slots_->CompactSome(segments);
  }
  // What Erase would have done for entries of this slot, had it not been EraseKeepingSize.
  void CompactSlot(SlotId slot, size_t segments) {
    if (one()) return one_.CompactSome(segments);
    slots_->CompactSlot(slot, segments);
  }
  SlotId SlotOf(const Entry& entry) const { return one() ? SlotId() : KeySlot(entry.key()); }

  // ---- snapshot ----
  template <typename Visit>
  void BeginSnapshot(Visit visit) {
    if (one()) return one_.BeginSnapshot(std::move(visit));
    slots_->BeginSnapshot(std::move(visit));
  }
  bool SaveSome(size_t lines) { return one() ? one_.SaveSome(lines) : slots_->SaveSome(lines); }
  void EndSnapshot() {
    if (one()) return one_.EndSnapshot();
    slots_->EndSnapshot();
  }
  bool snapshot_running() const {
    return one() ? one_.snapshot_running() : slots_->snapshot_running();
  }

  // ---- the end ----
  template <typename Visit>
  bool ClearSome(size_t segments, Visit&& visit) {
    if (one()) return one_.ClearSome(segments, visit);
    const SlotTables::VisitEntry visit_entry(visit);
    return slots_->ClearSome(segments, &visit_entry);
  }
  bool ClearSome(size_t segments) {
    return one() ? one_.ClearSome(segments) : slots_->ClearSome(segments, nullptr);
  }

  // Null without slot mode.
  SlotTables* slots() { return slots_.get(); }
  const SlotTables* slots() const { return slots_.get(); }

  HashTableStats GetStats() const { return one() ? one_.GetStats() : slots_->GetStats(); }
  void CheckInvariants() const {
    if (one()) return one_.CheckInvariants();
    slots_->CheckInvariants();
  }

 private:
  bool one() const { return __builtin_expect(slots_ == nullptr, 1); }
  const EntryTable& TableOf(SlotId slot) const { return one() ? one_ : slots_->TableOf(slot); }

  EntryTable one_;
  std::unique_ptr<SlotTables> slots_;
};

}  // namespace norn
