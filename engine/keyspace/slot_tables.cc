// Changes of one table, and what goes over all of them.

#include "engine/keyspace/slot_tables.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/base/check.h"

namespace norn {
namespace {

constexpr unsigned kTableCursorBits = hash_layout::kCursorBits;
// Tables or pages that CompactSome looks at for what shrinking a segment costs.
constexpr size_t kLooksPerSegment = 8;

size_t PagesFor(size_t places, size_t page_tables) {
  return (places + page_tables - 1) / page_tables;
}

void AddStats(const HashTableStats& from, HashTableStats* to) {
  to->items += from.items;
  to->marked += from.marked;
  to->directory_words += from.directory_words;
  to->segments += from.segments;
  to->lines += from.lines;
  to->segments_piled += from.segments_piled;
  for (size_t i = 0; i < std::size(to->segments_of_lines); ++i) {
    to->segments_of_lines[i] += from.segments_of_lines[i];
  }
  for (size_t i = 0; i < std::size(to->items_at_distance); ++i) {
    to->items_at_distance[i] += from.items_at_distance[i];
  }
}

}  // namespace

SlotTables::SlotTables(uint64_t hash_seed, SlotShare share)
    : share_(share),
      reciprocal_(((uint64_t{1} << 32) + share.shard_count - 1) / share.shard_count),
      traits_{hash_seed},
      none_(traits_),
      pages_(PagesFor(kSlotCount / share.shard_count + 1, kPageTables)),
      keys_(pages_.size()),
      marked_(pages_.size()) {
  CHECK(share.shard_index < share.shard_count);
  CHECK(share.shard_count <= kSlotCount);
}

SlotTables::~SlotTables() = default;

// ---- one table ----

void SlotTables::Account(size_t place, const Sums& before, const Sums& after) {
  const size_t page = place / kPageTables;
  if (before.keys != after.keys) keys_.Add(page, after.keys - before.keys);
  if (before.marked != after.marked) marked_.Add(page, after.marked - before.marked);
  table_bytes_ += after.bytes - before.bytes;
}

// Requires the page.
template <typename Change>
void SlotTables::Apply(size_t place, Change&& change) {
  EntryTable& table = TableAt(place);
  const Sums before = SumsOf(table);
  change(table);
  if (table.size() == 0) table.Clear();  // I3
  Account(place, before, SumsOf(table));
}

void SlotTables::Insert(Entry* entry, const Key& key, bool mark) {
  CHECK(share_.Has(key.slot));  // I1
  const size_t place = PlaceOf(key.slot);
  std::unique_ptr<Page>& page = pages_[place / kPageTables];
  if (page == nullptr) {
    page = std::make_unique<Page>(traits_);
    table_bytes_ += sizeof(Page);
  }
  BeforeChange(place);
  Apply(place, [&](EntryTable& table) { table.Insert(entry, key.hash, mark); });
}

void SlotTables::Replace(const Entry& old, Position at, Entry* entry, bool mark) {
  const size_t place = PlaceOf(old);
  BeforeChange(place);
  Apply(place, [&](EntryTable& table) { table.Replace(at, entry, mark); });
}

void SlotTables::Erase(const Entry& entry, Position at, Table keep) {
  const size_t place = PlaceOf(entry);
  BeforeChange(place);
  Apply(place, [&](EntryTable& table) {
    if (keep == Table::kMayShrink) {
      table.Erase(at);
    } else {
      table.EraseKeepingSize(at);
    }
  });
}

void SlotTables::BeforeWrite(const Entry& entry, Position at) {
  if (snapshot_ == nullptr) return;
  const size_t place = PlaceOf(entry);
  BeforeChange(place);
  TableAt(place).BeforeWrite(at);
}

// ---- walks ----

// `sums` are by page, of what `wanted` asks a table for: pages without any are passed in log n steps.
template <typename Wanted>
size_t SlotTables::NextWhere(size_t place, const PrefixSums& sums, Wanted&& wanted) const {
  for (;;) {
    const std::optional<size_t> page = sums.NextAboveZero(place / kPageTables);
    if (!page) return places();
    place = std::max(place, *page * kPageTables);
    for (; place < (*page + 1) * kPageTables; ++place) {
      if (wanted(*FindTableAt(place))) return place;
    }
  }
}

size_t SlotTables::NextWithKeys(size_t place) const {
  return NextWhere(place, keys_, [](const EntryTable& table) { return table.size() > 0; });
}

size_t SlotTables::NextWithMarked(size_t place) const {
  return NextWhere(place, marked_, [](const EntryTable& table) { return table.marked_size() > 0; });
}

uint64_t SlotTables::Scan(uint64_t cursor, size_t count, VisitEntry visit) const {
  const uint64_t slot = cursor >> kTableCursorBits;
  // Clients may give back what they like.
  if (slot >= kSlotCount) return 0;
  const bool here = share_.Has(SlotId{static_cast<uint16_t>(slot)});
  if (cursor != 0 && !here) return 0;
  uint64_t point = cursor & ((uint64_t{1} << kTableCursorBits) - 1);
  const size_t first = PlaceOf(SlotId{static_cast<uint16_t>(slot)});
  size_t place = NextWithKeys(first);
  if (place != first) point = 0;
  size_t visited = 0;
  while (place < places()) {
    point = FindTableAt(place)->Scan(point, count - visited, [&](Entry& entry) {
      visit(entry);
      ++visited;
    });
    if (point == 0) place = NextWithKeys(place + 1);
    if (visited >= count) break;
  }
  if (place == places()) return 0;
  return uint64_t{share_.SlotAt(place).value} << kTableCursorBits | point;
}

void SlotTables::ForEach(VisitEntry visit) const {
  for (size_t at = NextWithKeys(0); at < places(); at = NextWithKeys(at + 1)) {
    FindTableAt(at)->ForEach(visit);
  }
}

SlotTables::Found SlotTables::Random(Prng& prng, bool only_marked) const {
  const PrefixSums& sums = only_marked ? marked_ : keys_;
  if (sums.total() == 0) return {};
  uint64_t rank = prng.Below(sums.total());
  const Page& page = *pages_[sums.Find(&rank)];
  for (const EntryTable& table : page.tables) {
    const size_t here = only_marked ? table.marked_size() : table.size();
    if (rank < here) return only_marked ? table.RandomMarked(prng) : table.Random(prng);
    rank -= here;
  }
  CHECK(false);  // I2
}

size_t SlotTables::VisitMarked(MarkedWalk* walk, size_t lines,
                               absl::FunctionRef<void(Entry&, Position)> visit) {
  const size_t place = NextWithMarked(walk->place);
  if (place != walk->place) *walk = {.point = 0, .place = place};
  size_t work = 1;
  if (place < places()) {
    work += TableAt(place).VisitMarked(&walk->point, lines, visit);
    if (walk->point == 0) ++walk->place;
  }
  if (NextWithMarked(walk->place) == places()) *walk = {};
  return work;
}

void SlotTables::CompactSlot(SlotId slot, size_t segments) {
  const size_t place = PlaceOf(slot);
  if (FindTableAt(place) == nullptr) return;
  Apply(place, [&](EntryTable& table) { table.CompactSome(segments); });
}

void SlotTables::CompactSome(size_t segments) {
  for (size_t work = segments * kLooksPerSegment; work > 0 && segments > 0; --work) {
    const EntryTable* table = FindTableAt(compact_place_);
    if (table == nullptr) {
      compact_place_ |= kPageTables - 1;
    } else if (table->size() > 0) {
      const uint64_t before_bytes = table_bytes_;
      Apply(compact_place_, [](EntryTable& sparse) { sparse.CompactSome(1); });
      if (table_bytes_ != before_bytes) {
        --segments;
        continue;  // it may have more to give
      }
    }
    if (compact_place_ % kPageTables == kPageTables - 1) {
      FreePageIfEmpty(compact_place_ / kPageTables);
    }
    if (++compact_place_ >= places()) {
      FreePageIfEmpty(pages_.size() - 1);
      compact_place_ = 0;
    }
  }
}

void SlotTables::DropPage(size_t page) {
  pages_[page] = nullptr;
  table_bytes_ -= sizeof(Page);
}

void SlotTables::FreePageIfEmpty(size_t page) {
  if (pages_[page] == nullptr) return;
  for (const EntryTable& table : pages_[page]->tables) {
    if (table.size() > 0) return;
  }
  DropPage(page);
}

// ---- snapshot ----

void SlotTables::BeginSnapshot(SnapshotVisit visit) {
  CHECK(snapshot_ == nullptr);
  snapshot_ = std::make_unique<Snapshot>();
  snapshot_->visit = std::move(visit);
  snapshot_->pending.resize(places());
  for (size_t at = NextWithKeys(0); at < places(); at = NextWithKeys(at + 1)) {
    snapshot_->pending[at] = true;
  }
}

void SlotTables::BeginTable(size_t place) {
  snapshot_->pending[place] = false;
  TableAt(place).BeginSnapshot(
      [snapshot = snapshot_.get()](const Entry& entry) { snapshot->visit(entry); });
}

// False: *lines were not enough.
bool SlotTables::SaveTable(EntryTable& table, size_t* lines) {
  const size_t cost = table.UsedBytes() / hash_layout::kLineBytes;
  if (!table.SaveSome(*lines)) return false;
  table.EndSnapshot();
  *lines -= std::min(*lines, cost);
  return true;
}

bool SlotTables::SaveSome(size_t lines) {
  CHECK(snapshot_ != nullptr);
  for (; snapshot_->next < places(); ++snapshot_->next) {
    const size_t place = snapshot_->next;
    BeforeChange(place);
    const EntryTable* table = FindTableAt(place);
    if (table == nullptr || !table->snapshot_running()) continue;
    if (lines == 0 || !SaveTable(TableAt(place), &lines)) return false;
  }
  for (EntryTable& table : cleared_) {
    if (!table.snapshot_running()) continue;
    if (lines == 0 || !SaveTable(table, &lines)) return false;
  }
  return true;
}

void SlotTables::EndSnapshot() {
  if (snapshot_ == nullptr) return;
  for (size_t place = snapshot_->next; place < places(); ++place) {
    if (FindTableAt(place) != nullptr) TableAt(place).EndSnapshot();
  }
  for (EntryTable& table : cleared_) table.EndSnapshot();
  snapshot_.reset();
}

// ---- the end ----

void SlotTables::Detach(SlotId slot) {
  const size_t place = PlaceOf(slot);
  const EntryTable* found = FindTableAt(place);
  if (found == nullptr || found->size() == 0) return;
  BeforeChange(place);
  Apply(place, [&](EntryTable& table) { cleared_.push_back(std::move(table)); });
  cleared_bytes_ += cleared_.back().UsedBytes();
}

bool SlotTables::ClearDetachedSome(size_t segments, VisitEntry visit) {
  while (!cleared_.empty()) {
    EntryTable& table = cleared_.front();
    if (table.snapshot_running()) return true;
    if (segments == 0) return false;
    const uint64_t before_bytes = table.UsedBytes();
    const bool cleared = table.ClearSome(segments, visit);
    cleared_bytes_ -= before_bytes - table.UsedBytes();
    if (!cleared) return false;
    --segments;
    cleared_.pop_front();
  }
  return true;
}

void SlotTables::ForEachDetached(VisitEntry visit) const {
  for (const EntryTable& table : cleared_) table.ForEach(visit);
}

bool SlotTables::ClearSome(size_t segments, const VisitEntry* visit) {
  CHECK(snapshot_ == nullptr);
  const auto ignore = [](Entry&) {};
  if (!ClearDetachedSome(segments, visit == nullptr ? VisitEntry(ignore) : *visit)) return false;
  for (size_t place = NextWithKeys(0); place < places(); place = NextWithKeys(place)) {
    if (segments == 0) return false;
    bool cleared = false;
    Apply(place, [&](EntryTable& table) {
      cleared = visit == nullptr ? table.ClearSome(segments) : table.ClearSome(segments, *visit);
    });
    if (!cleared) return false;
    --segments;
  }
  for (size_t page = 0; page < pages_.size(); ++page) {
    if (pages_[page] != nullptr) DropPage(page);
  }
  return true;
}

// ---- for those who look ----

HashTableStats SlotTables::GetStats() const {
  HashTableStats sum;
  for (size_t at = NextWithKeys(0); at < places(); at = NextWithKeys(at + 1)) {
    AddStats(FindTableAt(at)->GetStats(), &sum);
  }
  return sum;
}

void SlotTables::CheckInvariants() const {
  uint64_t keys = 0, marked = 0, bytes = 0;
  for (size_t place = 0; place < places(); ++place) {
    const EntryTable* table = FindTableAt(place);
    if (place % kPageTables == 0 && table != nullptr) bytes += sizeof(Page);
    if (table == nullptr) continue;
    table->CheckInvariants();
    table->ForEach(
        [&](const Entry& entry) { CHECK(KeySlot(entry.key()) == share_.SlotAt(place)); });
    keys += table->size();
    marked += table->marked_size();
    bytes += table->UsedBytes();
    CHECK(table->size() > 0 || table->UsedBytes() == 0);  // I3
  }
  CHECK(keys == size());  // I2
  CHECK(marked == marked_size());
  CHECK(bytes == table_bytes_);
  uint64_t cleared_bytes = 0;
  for (const EntryTable& table : cleared_) cleared_bytes += table.UsedBytes();
  CHECK(cleared_bytes == cleared_bytes_);
}

}  // namespace norn
