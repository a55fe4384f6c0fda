#pragma once
// The part of HashTable that does not know what an item is: directory, segments, resizing, walking, snapshots. Items are
// addresses with a hash. hash_table.h has the essay, the picture and the invariants; use the table through it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/structs/hash_table_layout.h"
#include "engine/structs/prefetch.h"
#include "engine/structs/tag_match.h"

namespace norn {

struct HashTableStats {
  uint64_t items = 0;
  uint64_t marked = 0;
  uint64_t directory_words = 0;
  uint64_t segments = 0;
  uint64_t lines = 0;
  uint64_t segments_of_lines[64] = {};  // normal segments, by their line count
  uint64_t segments_piled = 0;          // beyond 63 lines
  uint64_t items_at_distance[8] = {};   // lines between home and place; the last counts 7 and more
};

class HashTableCore {
 public:
  // Where an item sits: segment address | line << 48 | slot. Valid until the next call that may insert, erase or resize.
  class Position {
   public:
    Position() = default;
    explicit operator bool() const { return bits_ != 0; }

   private:
    friend class HashTableCore;
    Position(hash_layout::Segment* segment, uint32_t line, unsigned slot)
        : bits_(reinterpret_cast<uint64_t>(segment) | (static_cast<uint64_t>(line) << 48) | slot) {}
    hash_layout::Segment* segment() const { return hash_layout::SegmentOf(bits_); }
    uint32_t line_index() const { return static_cast<uint32_t>(bits_ >> 48); }
    unsigned slot() const { return static_cast<unsigned>(bits_ & 7); }
    hash_layout::Line* line() const { return segment()->line(line_index()); }
    hash_layout::Cell& cell() const { return line()->cells[slot()]; }

    uint64_t bits_ = 0;
  };

  // Computes an item's hash again, where the 15 bits at hand are not enough.
  struct Hasher {
    uint64_t (*hash)(const void* context, const void* item);
    const void* context;
    uint64_t operator()(const void* item) const { return hash(context, item); }
  };

  using Visit = absl::FunctionRef<void(void* item)>;
  using VisitAt = absl::FunctionRef<void(void* item, Position at)>;
  using SnapshotVisit = std::function<void(void* item)>;

  HashTableCore() = default;
  ~HashTableCore() { Clear(); }
  HashTableCore(HashTableCore&& other) noexcept { Swap(other); }
  HashTableCore& operator=(HashTableCore&& other) noexcept {
    if (this != &other) {
      Clear();
      Swap(other);
    }
    return *this;
  }

  size_t size() const { return size_; }
  size_t marked() const { return marked_; }
  uint64_t UsedBytes() const {
    return (lines_ + segments_) * hash_layout::kLineBytes + DirectoryBytes();
  }
  // Items that the last insert, erase or compaction had to move: a measure of work that no clock disturbs.
  size_t moved_by_last_call() const { return moved_; }
  HashTableStats Stats() const;  // walks the table

  // True when `matches(item)` for one of the items that may have this hash; it is then at `*at`.
  template <typename Matches>
  void* FindIf(uint64_t hash, Position* at, Matches&& matches) const;
  void PrefetchLine(uint64_t hash) const;
  void PrefetchItem(uint64_t hash) const;

  void InsertItem(void* item, uint64_t hash, bool mark, Hasher hasher);
  void ReplaceItem(Position at, void* item, bool mark);
  enum class AfterErase { kMayShrink, kKeepSize };
  void EraseAt(Position at, AfterErase after);
  void SetMarkAt(Position at, bool mark);
  // The item at `at` is about to change in place: a running snapshot sees it first.
  void BeforeWrite(Position at) {
    if (snapshot_ != nullptr) SaveLine(at.segment(), at.line_index());
  }

  uint64_t ScanItems(uint64_t cursor, size_t count, Hasher hasher, Visit visit) const;
  void ForEachItem(Visit visit) const;
  void* RandomItem(Prng& prng, bool only_marked, Position* at) const;
  // Visits marked items in segments from hash-order point *point on, until about `lines` lines of work are done or one
  // segment that has any is through or the end is met; moves *point behind what was looked at (0: the end, begin
  // again). Returns the work in lines, at least 1. `visit` must not change the table.
  size_t WalkMarked(uint64_t* point, size_t lines, VisitAt visit);
  // Goes on shrinking, if the table is or should be (I6), by `segments` segments.
  void CompactSome(size_t segments);

  void BeginSnapshot(SnapshotVisit visit);
  bool SaveSome(size_t lines);
  void EndSnapshot();
  bool snapshot_running() const { return snapshot_ != nullptr; }

  // Forgets all items; frees all memory; ends a snapshot. The items themselves are their owner's.
  void Clear();
  // Clear in steps, for a table that nobody will look anything up in again: visits the items of (unless `visit` is
  // null), and frees, up to `segments` segments; true when nothing is left. No snapshot may run.
  bool ClearSome(size_t segments, const Visit* visit);

  // Walks everything and CHECKs the invariants; for tests.
  void CheckInvariants(Hasher hasher) const;

 private:
  using Segment = hash_layout::Segment;
  using Line = hash_layout::Line;
  using Cell = hash_layout::Cell;
  using Word = hash_layout::DirectoryWord;

  struct Snapshot {
    SnapshotVisit visit;
    uint64_t next_prefix = 0;  // hash prefix of the segment that SaveSome looks at next
    bool walked = false;       // SaveSome has been round
  };

  // ---- directory and segments (hash_table_core.cc) ----
  size_t DirectoryIndex(uint64_t hash) const { return (hash >> 1) >> (63 - depth_); }
  Word WordAt(uint64_t hash) const { return directory_[DirectoryIndex(hash)]; }
  size_t DirectoryBytes() const { return depth_ == 0 ? 0 : sizeof(Word) << depth_; }
  size_t WordsOf(const Segment* segment) const { return size_t{1} << (depth_ - segment->depth); }
  void PointDirectoryAt(const Segment* segment);
  void DoubleDirectory();
  void HalveDirectoryWhileUnused();
  void FreeDirectory();
  void Swap(HashTableCore& other) noexcept;

  Segment* NewSegment(uint32_t lines, uint32_t depth, uint64_t prefix);
  void FreeSegment(Segment* segment);
  static void Place(Segment* segment, Cell cell, uint8_t tag);
  void RemoveCell(Segment* segment, uint32_t line_index, unsigned slot);
  void AddMark(Segment* segment, uint32_t line_index);
  void DropMark(Segment* segment);

  // ---- resizing (hash_table_resize.cc) ----
  void Grow(Segment* segment, Hasher hasher);
  void Resize(Segment* segment, uint32_t lines);
  void Split(Segment* segment, Hasher hasher);
  bool MaySplit(const Segment* segment) const;
  bool MergeIfSparse(Segment* segment);
  // A step of the sweep that grows or shrinks the whole table, if it is time.
  void GrowInStep(Hasher hasher);
  void ShrinkInStep();
  void ShrinkNextSegment();
  uint64_t Slots() const { return lines_ * hash_layout::kSlotsPerLine; }
  bool ShouldShrink() const { return size_ * 100 < Slots() * hash_layout::kShrinkPercent; }

  // ---- walking (hash_table_walk.cc) ----
  void* NextItem(uint64_t point, bool only_marked, Position* at) const;
  void CheckSegment(Segment* segment, Hasher hasher) const;

  // ---- snapshot (hash_table_snapshot.cc) ----
  void SaveLine(Segment* segment, uint32_t line_index);
  void SaveGroup(Segment* segment, unsigned group);
  void SaveSegment(Segment* segment);
  uint64_t SavedGroups(const Segment* segment) const {
    return segment->version == version_ ? segment->saved : 0;
  }

  Word* directory_ = &root_;
  Word root_ = 0;  // the directory while its depth is 0
  size_t size_ = 0;
  size_t marked_ = 0;
  uint64_t lines_ = 0;  // of all segments
  uint64_t segments_ = 0;
  uint64_t version_ = 0;  // of the last snapshot begun
  std::unique_ptr<Snapshot> snapshot_;
  uint32_t depth_ = 0;
  uint32_t segments_deepest_ = 0;  // segments as deep as the directory; meaningful when depth_ > 0
  enum class Sweep : uint8_t { kNone, kGrow, kShrink };
  Sweep sweep_ = Sweep::kNone;
  uint64_t sweep_point_ = 0;  // hash-order point that the sweep has come to
  size_t moved_ = 0;
};

template <typename Matches>
void* HashTableCore::FindIf(uint64_t hash, Position* at, Matches&& matches) const {
  const Word word = WordAt(hash);
  if (word == 0) return nullptr;
  const uint32_t lines = hash_layout::LinesOf(word);
  const uint32_t position = hash_layout::PositionIn(hash, hash_layout::DepthOf(word));
  const uint8_t tag = hash_layout::TagOf(hash);
  Segment* segment = hash_layout::SegmentOf(word);
  uint32_t index = hash_layout::HomeOf(position, lines);
  for (uint32_t steps = 0; steps < lines; ++steps) {
    const Line* line = segment->line(index);
    uint32_t candidates = MatchTag(line->meta, tag);
    while (candidates != 0) {
      const unsigned slot = static_cast<unsigned>(std::countr_zero(candidates));
      const Cell cell = line->cells[slot];
      if (hash_layout::PositionOf(cell) == position && matches(hash_layout::ItemOf(cell))) {
        *at = Position(segment, index, slot);
        return hash_layout::ItemOf(cell);
      }
      candidates &= candidates - 1;
    }
    if (line->passed() == 0) return nullptr;  // I3
    index = index + 1 == lines ? 0 : index + 1;
  }
  return nullptr;
}

// The line behind the home line comes along: one item in eight sits there or further, and waiting for its line and then
// for the item would cost more than all the spare lines.
inline void HashTableCore::PrefetchLine(uint64_t hash) const {
  const Word word = WordAt(hash);
  if (word == 0) return;
  const uint32_t position = hash_layout::PositionIn(hash, hash_layout::DepthOf(word));
  const Line* home =
      hash_layout::SegmentOf(word)->line(hash_layout::HomeOf(position, hash_layout::LinesOf(word)));
  Prefetch(home);
  Prefetch(home + 1);
}

inline void HashTableCore::PrefetchItem(uint64_t hash) const {
  const Word word = WordAt(hash);
  if (word == 0) return;
  const uint32_t lines = hash_layout::LinesOf(word);
  const uint32_t position = hash_layout::PositionIn(hash, hash_layout::DepthOf(word));
  const uint32_t home = hash_layout::HomeOf(position, lines);
  const uint32_t end = std::min(home + 2, lines);
  const uint8_t tag = hash_layout::TagOf(hash);
  for (uint32_t index = home; index < end; ++index) {
    const Line* line = hash_layout::SegmentOf(word)->line(index);
    for (uint32_t candidates = MatchTag(line->meta, tag); candidates != 0;
         candidates &= candidates - 1) {
      const Cell cell = line->cells[std::countr_zero(candidates)];
      if (hash_layout::PositionOf(cell) != position) continue;
      const char* item = static_cast<const char*>(hash_layout::ItemOf(cell));
      Prefetch(item);
      Prefetch(item + 32);  // an item of 40 bytes lies in two lines as often as not
      return;
    }
    if (line->passed() == 0) return;
  }
}

}  // namespace norn
