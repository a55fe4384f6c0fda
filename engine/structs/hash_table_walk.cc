// Walking: SCAN, random items, marked items, statistics.

#include <algorithm>
#include <limits>

#include "engine/structs/hash_table_core.h"

namespace norn {

using namespace hash_layout;  // NOLINT: this file is about those bytes

namespace {

constexpr uint32_t kPositions = 1u << kPositionBits;

// Calls visit(cell) for every item whose home is `home`: they sit there and behind, as far as items have passed.
template <typename VisitCell>
void ForEachAtHome(Segment* segment, uint32_t home, VisitCell&& visit) {
  uint32_t index = home;
  for (uint32_t steps = 0; steps < segment->lines; ++steps) {
    const Line* line = segment->line(index);
    for (uint32_t used = MatchUsed(line->meta); used != 0; used &= used - 1) {
      const Cell cell = line->cells[std::countr_zero(used)];
      if (HomeOf(PositionOf(cell), segment->lines) == home) visit(cell);
    }
    if (line->passed() == 0) return;  // I3
    index = index + 1 == segment->lines ? 0 : index + 1;
  }
}

// The hash-order point where the line behind `line` begins; 0 behind the last of all.
uint64_t PointBehindLine(const Segment* segment, uint32_t line) {
  const uint64_t next = FirstPositionOf(line + 1, segment->lines);
  if (next >= kPositions) return PointBehind(segment->prefix, segment->depth);
  return segment->prefix | (next << (64 - kPositionBits - segment->depth));
}

}  // namespace

uint64_t HashTableCore::ScanItems(uint64_t cursor, size_t count, Hasher hasher, Visit visit) const {
  uint64_t point = cursor << (64 - kCursorBits);
  size_t visited = 0;
  do {
    const Word word = WordAt(point);
    if (word == 0) return 0;
    Segment* segment = SegmentOf(word);
    const uint32_t position = PositionIn(point, segment->depth);
    const uint32_t home = HomeOf(position, segment->lines);
    // Below a cursor that is finer than positions now are (the segment has merged since), hashes decide.
    const bool between = (point << segment->depth << kPositionBits) != 0;
    ForEachAtHome(segment, home, [&](Cell cell) {
      if (PositionOf(cell) < position) return;
      if (PositionOf(cell) == position && between && hasher(ItemOf(cell)) < point) return;
      visit(ItemOf(cell));
      ++visited;
    });
    point = PointBehindLine(segment, home);
  } while (point != 0 && visited < count);
  return point >> (64 - kCursorBits);
}

void HashTableCore::ForEachItem(Visit visit) const {
  uint64_t point = 0;
  do {
    const Word word = WordAt(point);
    if (word == 0) return;
    const Segment* segment = SegmentOf(word);
    for (uint32_t l = 0; l < segment->lines; ++l) {
      const Line* line = segment->line(l);
      for (uint32_t used = MatchUsed(line->meta); used != 0; used &= used - 1) {
        visit(ItemOf(line->cells[std::countr_zero(used)]));
      }
    }
    point = PointBehind(point, segment->depth);
  } while (point != 0);
}

// Uniform by rejection: every directory word stands for kWordSlots virtual slots, and a segment's real slots are dealt to
// its words in order, so each real slot is drawn equally often. A table too sparse or too piled up for that within some
// draws takes the nearest item behind a random point instead, which favours items behind gaps.
void* HashTableCore::RandomItem(Prng& prng, bool only_marked, Position* at) const {
  if ((only_marked ? marked_ : size_) == 0) return nullptr;
  const uint64_t word_slots = (depth_ == 0 ? LinesOf(root_) : kLinesNormalMax) * kSlotsPerLine;
  for (int draws = 0; draws < 128; ++draws) {
    const uint64_t hash = prng.Next();
    const uint64_t slot_in_word = prng.Below(word_slots);
    const Word word = WordAt(hash);
    if (only_marked && !AnyMarked(word)) continue;
    const size_t word_of_segment =
        DirectoryIndex(hash) & ((size_t{1} << (depth_ - DepthOf(word))) - 1);
    const uint64_t slot = word_of_segment * word_slots + slot_in_word;
    if (slot >= uint64_t{LinesOf(word)} * kSlotsPerLine) continue;
    Segment* segment = SegmentOf(word);
    const uint32_t index = static_cast<uint32_t>(slot / kSlotsPerLine);
    const unsigned cell_slot = static_cast<unsigned>(slot % kSlotsPerLine);
    const Line* line = segment->line(index);
    if (line->tag(cell_slot) == 0) continue;
    const Cell cell = line->cells[cell_slot];
    if (only_marked && !IsMarked(cell)) continue;
    *at = Position(segment, index, cell_slot);
    return ItemOf(cell);
  }
  return NextItem(prng.Next(), only_marked, at);
}

void* HashTableCore::NextItem(uint64_t point, bool only_marked, Position* at) const {
  uint32_t first = HomeOf(PositionIn(point, DepthOf(WordAt(point))), LinesOf(WordAt(point)));
  // Once round and the first segment a second time, for its lines before the point.
  for (size_t words = 0; words <= size_t{1} << depth_; ++words) {
    const Word word = WordAt(point);
    Segment* segment = SegmentOf(word);
    const bool wanted = only_marked ? AnyMarked(word) : segment->items > 0;
    for (uint32_t l = first; wanted && l < segment->lines; ++l) {
      const Line* line = segment->line(l);
      for (uint32_t used = MatchUsed(line->meta); used != 0; used &= used - 1) {
        const unsigned slot = static_cast<unsigned>(std::countr_zero(used));
        if (only_marked && !IsMarked(line->cells[slot])) continue;
        *at = Position(segment, l, slot);
        return ItemOf(line->cells[slot]);
      }
    }
    point = PointBehind(point, DepthOf(word));
    first = 0;
  }
  return nullptr;
}

size_t HashTableCore::WalkMarked(uint64_t* point, size_t lines, VisitAt visit) {
  CHECK(lines > 0);
  constexpr size_t kWordsPerLine =
      8;  // passing this many directory words reads as much memory as a line
  size_t words = 0;
  Word word = WordAt(*point);
  while (!AnyMarked(word)) {
    *point = PointBehind(*point, DepthOf(word));
    ++words;
    if (*point == 0 || words >= lines * kWordsPerLine) return 1 + words / kWordsPerLine;
    word = WordAt(*point);
  }
  Segment* segment = SegmentOf(word);
  uint32_t index = HomeOf(PositionIn(*point, segment->depth), segment->lines);
  size_t work = 1 + words / kWordsPerLine;
  for (; index < segment->lines && work < lines + 1; ++index) {
    const uint64_t group_bit = uint64_t{1} << segment->GroupOf(index);
    if ((segment->marked_groups & group_bit) == 0) continue;
    ++work;
    const Line* line = segment->line(index);
    bool any = false;
    for (uint32_t used = MatchUsed(line->meta); used != 0; used &= used - 1) {
      const unsigned slot = static_cast<unsigned>(std::countr_zero(used));
      if (!IsMarked(line->cells[slot])) continue;
      any = true;
      visit(ItemOf(line->cells[slot]), Position(segment, index, slot));
    }
    if (!any && segment->GroupShift() == 0) segment->marked_groups &= ~group_bit;
  }
  *point = PointBehindLine(segment, index - 1);
  return work;
}

HashTableStats HashTableCore::Stats() const {
  HashTableStats stats;
  stats.items = size_;
  stats.marked = marked_;
  stats.directory_words = size_t{1} << depth_;
  uint64_t point = 0;
  do {
    const Word word = WordAt(point);
    if (word == 0) return stats;
    const Segment* segment = SegmentOf(word);
    ++stats.segments;
    stats.lines += segment->lines;
    if (segment->lines <= kLinesNormalMax) {
      ++stats.segments_of_lines[segment->lines];
    } else {
      ++stats.segments_piled;
    }
    for (uint32_t l = 0; l < segment->lines; ++l) {
      const Line* line = segment->line(l);
      for (uint32_t used = MatchUsed(line->meta); used != 0; used &= used - 1) {
        const Cell cell = line->cells[std::countr_zero(used)];
        const uint32_t home = HomeOf(PositionOf(cell), segment->lines);
        const uint32_t distance = l >= home ? l - home : l + segment->lines - home;
        ++stats.items_at_distance[std::min(distance, 7u)];
      }
    }
    point = PointBehind(point, segment->depth);
  } while (point != 0);
  return stats;
}

void HashTableCore::CheckInvariants(Hasher hasher) const {
  uint64_t items = 0, marked = 0, lines = 0, segments = 0, deepest = 0;
  uint64_t point = 0;
  do {
    const Word word = WordAt(point);
    if (word == 0) break;
    Segment* segment = SegmentOf(word);
    CHECK(segment->prefix == point);
    for (size_t w = 0; w < WordsOf(segment); ++w) {
      CHECK(directory_[DirectoryIndex(point) + w] == MakeWord(segment));  // I1
    }
    CHECK(segment->items <= LimitOf(segment->lines));  // I6
    CheckSegment(segment, hasher);
    items += segment->items;
    marked += segment->marked;
    lines += segment->lines;
    ++segments;
    deepest += segment->depth == depth_ ? 1 : 0;
    point = PointBehind(point, segment->depth);
  } while (point != 0);
  CHECK(items == size_);
  CHECK(marked == marked_);
  CHECK(lines == lines_);
  CHECK(segments == segments_);
  CHECK(depth_ == 0 || deepest == segments_deepest_);
  CHECK(depth_ == 0 || deepest > 0);
}

void HashTableCore::CheckSegment(Segment* segment, Hasher hasher) const {
  uint32_t items = 0, marked = 0;
  std::unique_ptr<uint32_t[]> passed(new uint32_t[segment->lines]());
  for (uint32_t l = 0; l < segment->lines; ++l) {
    const Line* line = segment->line(l);
    for (uint32_t used = MatchUsed(line->meta); used != 0; used &= used - 1) {
      const unsigned slot = static_cast<unsigned>(std::countr_zero(used));
      const Cell cell = line->cells[slot];
      const uint64_t hash = hasher(ItemOf(cell));
      CHECK(segment->depth == 0 || (hash ^ segment->prefix) >> (64 - segment->depth) == 0);  // I1
      CHECK(PositionOf(cell) == PositionIn(hash, segment->depth));                           // I2
      CHECK(line->tag(slot) == TagOf(hash));                                                 // I2
      for (uint32_t i = HomeOf(PositionOf(cell), segment->lines); i != l;) {
        ++passed[i];
        i = i + 1 == segment->lines ? 0 : i + 1;
      }
      ++items;
      if (!IsMarked(cell)) continue;
      ++marked;
      CHECK((segment->marked_groups >> segment->GroupOf(l) & 1) == 1);
    }
  }
  CHECK(items == segment->items);
  CHECK(marked == segment->marked);
  for (uint32_t l = 0; l < segment->lines; ++l) {
    const unsigned counted = segment->line(l)->passed();
    CHECK(counted == 255 || counted == passed[l]);  // I3
  }
}

}  // namespace norn
