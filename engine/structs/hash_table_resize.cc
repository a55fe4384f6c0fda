// Growing, splitting, shrinking and merging segments. Whatever moves items first shows them to a running snapshot (I5).

#include <algorithm>

#include "engine/structs/hash_table_core.h"

namespace norn {

using namespace hash_layout;  // NOLINT: this file is about those bytes

namespace {

// Calls move(cell, tag) for every item of `from`.
template <typename Move>
void ForEachCell(const Segment* from, Move&& move) {
  for (uint32_t l = 0; l < from->lines; ++l) {
    const Line* line = from->line(l);
    for (uint32_t used = MatchUsed(line->meta); used != 0; used &= used - 1) {
      const unsigned slot = static_cast<unsigned>(std::countr_zero(used));
      move(line->cells[slot], line->tag(slot));
    }
  }
}

Cell WithPosition(Cell cell, uint32_t position) {
  constexpr uint64_t kBelow = (uint64_t{1} << kPositionShift) - 1;
  return (cell & kBelow) | (static_cast<uint64_t>(position) << kPositionShift);
}

void PrefetchItems(const Segment* segment, uint32_t line_index) {
  if (line_index >= segment->lines) return;
  const Line* line = segment->line(line_index);
  for (unsigned slot = 0; slot < kSlotsPerLine; ++slot) {
    const char* item = static_cast<const char*>(ItemOf(line->cells[slot]));
    Prefetch(item);
    Prefetch(item + 32);
  }
}

}  // namespace

// A split needs a deeper directory at times, and a directory must stay small beside the items: at most eight times as
// deep as evenly spread items would make it. Hashes too unevenly spread for that pile up in big segments instead (I7).
bool HashTableCore::MaySplit(const Segment* segment) const {
  const uint64_t fair = size_ / 128;
  return segment->depth < kDepthMax &&
         segment->depth < static_cast<unsigned>(std::bit_width(fair)) + 2;
}

void HashTableCore::Grow(Segment* segment, Hasher hasher) {
  if (segment->lines >= kLinesNormalMax && MaySplit(segment)) {
    Split(segment, hasher);
    return;
  }
  Resize(segment, NextLines(segment->lines));
}

// Positions stay, so no item is touched: some nanoseconds each.
void HashTableCore::Resize(Segment* segment, uint32_t lines) {
  SaveSegment(segment);
  Segment* resized = NewSegment(lines, segment->depth, segment->prefix);
  ForEachCell(segment, [resized](Cell cell, uint8_t tag) { Place(resized, cell, tag); });
  moved_ += resized->items;
  FreeSegment(segment);
  PointDirectoryAt(resized);
}

// The top bit of a position becomes prefix; a new bit comes in at the bottom, and for that the items' hashes are
// computed again, with the items of two lines ahead on their way from memory.
void HashTableCore::Split(Segment* segment, Hasher hasher) {
  SaveSegment(segment);
  if (segment->depth == depth_) DoubleDirectory();
  const uint32_t depth = segment->depth + 1;
  constexpr uint32_t kTop = 1u << (kPositionBits - 1);
  uint32_t upper_items = 0;
  ForEachCell(segment, [&](Cell cell, uint8_t) { upper_items += PositionOf(cell) >= kTop; });
  // Both halves alike, so that segments stay in step; unless a bad hash makes them very uneven.
  const uint32_t lines = LinesFor(segment->items / 2, kRefitPercent);
  const auto lines_for = [lines](uint32_t items) { return std::max(lines, LinesFor(items, 90)); };
  Segment* lower = NewSegment(lines_for(segment->items - upper_items), depth, segment->prefix);
  Segment* upper =
      NewSegment(lines_for(upper_items), depth, segment->prefix | (uint64_t{1} << (64 - depth)));
  PrefetchItems(segment, 0);
  PrefetchItems(segment, 1);
  for (uint32_t l = 0; l < segment->lines; ++l) {
    PrefetchItems(segment, l + 2);
    const Line* line = segment->line(l);
    for (uint32_t used = MatchUsed(line->meta); used != 0; used &= used - 1) {
      const unsigned slot = static_cast<unsigned>(std::countr_zero(used));
      const Cell cell = line->cells[slot];
      const uint64_t hash = hasher(ItemOf(cell));
      Place(PositionOf(cell) >= kTop ? upper : lower, WithPosition(cell, PositionIn(hash, depth)),
            line->tag(slot));
    }
  }
  CHECK(upper->items == upper_items);
  moved_ += segment->items;
  FreeSegment(segment);
  PointDirectoryAt(lower);
  PointDirectoryAt(upper);
  if (depth == depth_) segments_deepest_ += 2;
}

// The lowest bit of a position is dropped and the last bit of the prefix comes in at the top: no item is touched.
bool HashTableCore::MergeIfSparse(Segment* segment) {
  if (segment->depth == 0 || segment->items >= kMergeItemsBelow) return false;
  const uint64_t last_bit = uint64_t{1} << (64 - segment->depth);
  const Word buddy_word = WordAt(segment->prefix ^ last_bit);
  if (DepthOf(buddy_word) != segment->depth) return false;
  Segment* buddy = SegmentOf(buddy_word);
  const uint32_t items = segment->items + buddy->items;
  if (items > kMergeSumMax) return false;
  SaveSegment(segment);
  SaveSegment(buddy);
  Segment* merged =
      NewSegment(LinesFor(items, kRefitPercent), segment->depth - 1, segment->prefix & ~last_bit);
  for (Segment* from : {segment, buddy}) {
    const uint32_t top = (from->prefix & last_bit) == 0 ? 0 : 1u << (kPositionBits - 1);
    ForEachCell(from, [&](Cell cell, uint8_t tag) {
      Place(merged, WithPosition(cell, top | (PositionOf(cell) >> 1)), tag);
    });
  }
  moved_ += items;
  const bool deepest = segment->depth == depth_;
  FreeSegment(segment);
  FreeSegment(buddy);
  PointDirectoryAt(merged);
  if (deepest) {
    segments_deepest_ -= 2;
    HalveDirectoryWhileUnused();
  }
  return true;
}

// ---- sweeps ----

// Segments fill at nearly the same time, but not in the order in which they lie in memory. Growing each when it
// is full would free blocks of one size here and there, long before their neighbours, and the allocator could give nothing
// back or reuse it for the next size. So all are resized in hash order, a little early or late, which is the order in which the
// last sweep allocated them.
void HashTableCore::GrowInStep(Hasher hasher) {
  if (sweep_ != Sweep::kGrow) {
    if (size_ * 100 < Slots() * kGrowPercent) return;
    sweep_ = Sweep::kGrow;
    sweep_point_ = 0;
  }
  if (size_ % kChangesPerStep != 0 || moved_ > 0) return;
  Segment* segment = SegmentOf(WordAt(sweep_point_));
  sweep_point_ = PointBehind(sweep_point_, segment->depth);
  if (sweep_point_ == 0) sweep_ = Sweep::kNone;
  if (segment->items * 100 < segment->lines * kSlotsPerLine * kSweepPercent) return;
  if (segment->lines < kLinesNormalMax || MaySplit(segment)) Grow(segment, hasher);
}

void HashTableCore::ShrinkInStep() {
  if (sweep_ != Sweep::kShrink && !ShouldShrink()) return;
  if (size_ % kChangesPerStep == 0) CompactSome(1);
}

void HashTableCore::CompactSome(size_t segments) {
  moved_ = 0;
  while (segments-- > 0 && segments_ > 0) {
    if (sweep_ != Sweep::kShrink) {
      if (!ShouldShrink()) return;
      sweep_ = Sweep::kShrink;
      sweep_point_ = 0;
    }
    ShrinkNextSegment();
  }
}

void HashTableCore::ShrinkNextSegment() {
  Segment* segment = SegmentOf(WordAt(sweep_point_));
  sweep_point_ = PointBehind(sweep_point_, segment->depth);
  if (sweep_point_ == 0) sweep_ = Sweep::kNone;
  if (size_ == 0 && depth_ == 0) {
    FreeSegment(segment);
    FreeDirectory();
    return;
  }
  if (MergeIfSparse(segment)) return;
  const uint32_t lines = LinesFor(segment->items, kRefitPercent);
  if (lines < segment->lines) Resize(segment, lines);
}

}  // namespace norn
