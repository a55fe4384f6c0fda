#include "engine/structs/hash_table_core.h"

#include <cstdlib>
#include <cstring>

namespace norn {

using namespace hash_layout;  // NOLINT: this file is about those bytes

// ---- directory ----

void HashTableCore::PointDirectoryAt(const Segment* segment) {
  const size_t first = DirectoryIndex(segment->prefix);
  const size_t words = WordsOf(segment);
  const Word word = MakeWord(segment);
  for (size_t i = 0; i < words; ++i) directory_[first + i] = word;
}

void HashTableCore::DoubleDirectory() {
  const size_t words = size_t{1} << depth_;
  Word* doubled = static_cast<Word*>(std::malloc(2 * words * sizeof(Word)));
  CHECK(doubled != nullptr);
  for (size_t i = 0; i < words; ++i) {
    doubled[2 * i] = directory_[i];
    doubled[2 * i + 1] = directory_[i];
  }
  if (depth_ > 0) std::free(directory_);
  directory_ = doubled;
  ++depth_;
  segments_deepest_ = 0;
}

void HashTableCore::HalveDirectoryWhileUnused() {
  while (depth_ > 0 && segments_deepest_ == 0) {
    const size_t words = size_t{1} << (depth_ - 1);
    Word* halved = depth_ == 1 ? &root_ : static_cast<Word*>(std::malloc(words * sizeof(Word)));
    CHECK(halved != nullptr);
    for (size_t i = 0; i < words; ++i) {
      halved[i] = directory_[2 * i];
      if (DepthOf(halved[i]) == depth_ - 1) ++segments_deepest_;
    }
    std::free(directory_);
    directory_ = halved;
    --depth_;
  }
}

void HashTableCore::FreeDirectory() {
  if (depth_ > 0) std::free(directory_);
  directory_ = &root_;
  root_ = 0;
  depth_ = 0;
  segments_deepest_ = 0;
  sweep_ = Sweep::kNone;
}

void HashTableCore::Swap(HashTableCore& other) noexcept {
  std::swap(directory_, other.directory_);
  std::swap(root_, other.root_);
  std::swap(size_, other.size_);
  std::swap(marked_, other.marked_);
  std::swap(lines_, other.lines_);
  std::swap(segments_, other.segments_);
  std::swap(version_, other.version_);
  std::swap(snapshot_, other.snapshot_);
  std::swap(depth_, other.depth_);
  std::swap(segments_deepest_, other.segments_deepest_);
  std::swap(sweep_, other.sweep_);
  std::swap(sweep_point_, other.sweep_point_);
  std::swap(moved_, other.moved_);
  if (depth_ == 0) directory_ = &root_;
  if (other.depth_ == 0) other.directory_ = &other.root_;
}

// ---- segments ----

Segment* HashTableCore::NewSegment(uint32_t lines, uint32_t depth, uint64_t prefix) {
  CHECK_MSG(lines <= kLinesMax, "too many items share one hash prefix");  // I7
  const size_t bytes = (lines + size_t{1}) * kLineBytes;
  void* memory = std::aligned_alloc(kLineBytes, bytes);
  CHECK(memory != nullptr);
  CHECK((reinterpret_cast<uint64_t>(memory) & ~kSegmentMask) == 0);
  std::memset(memory, 0, bytes);
  Segment* segment = static_cast<Segment*>(memory);
  segment->lines = lines;
  segment->depth = depth;
  segment->prefix = prefix;
  segment->version = version_;
  segment->saved =
      ~uint64_t{0};  // I5: a running snapshot saw what goes in here before it was moved
  lines_ += lines;
  ++segments_;
  return segment;
}

void HashTableCore::FreeSegment(Segment* segment) {
  lines_ -= segment->lines;
  --segments_;
  std::free(segment);
}

void HashTableCore::Place(Segment* segment, Cell cell, uint8_t tag) {
  uint32_t index = HomeOf(PositionOf(cell), segment->lines);
  Line* line = segment->line(index);
  uint32_t empty = MatchEmpty(line->meta);
  while (empty == 0) {
    line->AddPassed();
    index = index + 1 == segment->lines ? 0 : index + 1;
    line = segment->line(index);
    empty = MatchEmpty(line->meta);
  }
  const unsigned slot = static_cast<unsigned>(std::countr_zero(empty));
  line->cells[slot] = cell;
  line->set_tag(slot, tag);
  ++segment->items;
  if (!IsMarked(cell)) return;
  ++segment->marked;
  segment->marked_groups |= uint64_t{1} << segment->GroupOf(index);
}

void HashTableCore::RemoveCell(Segment* segment, uint32_t line_index, unsigned slot) {
  Line* line = segment->line(line_index);
  const Cell cell = line->cells[slot];
  uint32_t index = HomeOf(PositionOf(cell), segment->lines);
  while (index != line_index) {
    segment->line(index)->RemovePassed();
    index = index + 1 == segment->lines ? 0 : index + 1;
  }
  line->cells[slot] = 0;
  line->set_tag(slot, 0);
  --segment->items;
  --size_;
  if (IsMarked(cell)) DropMark(segment);
}

void HashTableCore::AddMark(Segment* segment, uint32_t line_index) {
  ++marked_;
  segment->marked_groups |= uint64_t{1} << segment->GroupOf(line_index);
  if (++segment->marked == 1) PointDirectoryAt(segment);
}

void HashTableCore::DropMark(Segment* segment) {
  --marked_;
  if (--segment->marked > 0) return;
  segment->marked_groups = 0;
  PointDirectoryAt(segment);
}

// ---- changing ----

void HashTableCore::InsertItem(void* item, uint64_t hash, bool mark, Hasher hasher) {
  CHECK((reinterpret_cast<uint64_t>(item) & ~kItemMask) == 0);
  moved_ = 0;
  if (WordAt(hash) == 0) root_ = MakeWord(NewSegment(1, 0, 0));
  Segment* segment = SegmentOf(WordAt(hash));
  while (segment->items >= LimitOf(segment->lines)) {
    Grow(segment, hasher);
    segment = SegmentOf(WordAt(hash));
  }
  const Cell cell = MakeCell(item, PositionIn(hash, segment->depth), mark);
  if (snapshot_ != nullptr) {
    // The line that will take it: the first with room from home on.
    uint32_t index = HomeOf(PositionOf(cell), segment->lines);
    while (MatchEmpty(segment->line(index)->meta) == 0) {
      index = index + 1 == segment->lines ? 0 : index + 1;
    }
    SaveLine(segment, index);
  }
  Place(segment, cell, TagOf(hash));
  ++size_;
  if (mark) {
    ++marked_;
    if (segment->marked == 1) PointDirectoryAt(segment);
  }
  GrowInStep(hasher);
}

void HashTableCore::ReplaceItem(Position at, void* item, bool mark) {
  CHECK((reinterpret_cast<uint64_t>(item) & ~kItemMask) == 0);
  BeforeWrite(at);
  Cell& cell = at.cell();
  cell = (cell & ~kItemMask) | reinterpret_cast<uint64_t>(item);
  SetMarkAt(at, mark);
}

void HashTableCore::SetMarkAt(Position at, bool mark) {
  Cell& cell = at.cell();
  if (IsMarked(cell) == mark) return;
  BeforeWrite(at);
  cell ^= kMarkBit;
  if (mark) {
    AddMark(at.segment(), at.line_index());
  } else {
    DropMark(at.segment());
  }
}

void HashTableCore::EraseAt(Position at, AfterErase after) {
  moved_ = 0;
  BeforeWrite(at);
  RemoveCell(at.segment(), at.line_index(), at.slot());
  if (after == AfterErase::kMayShrink) ShrinkInStep();
}

void HashTableCore::Clear() {
  snapshot_.reset();
  ClearSome(SIZE_MAX, nullptr);
}

bool HashTableCore::ClearSome(size_t segments, const Visit* visit) {
  CHECK(snapshot_ == nullptr);
  const size_t words = size_t{1} << depth_;
  for (size_t i = 0; i < words; ++i) {
    Segment* segment = SegmentOf(directory_[i]);
    if (segment == nullptr) continue;
    if (segments-- == 0) return false;
    for (uint32_t l = 0; visit != nullptr && l < segment->lines; ++l) {
      for (uint32_t used = MatchUsed(segment->line(l)->meta); used != 0; used &= used - 1) {
        (*visit)(ItemOf(segment->line(l)->cells[std::countr_zero(used)]));
      }
    }
    size_ -= segment->items;
    marked_ -= segment->marked;
    const size_t own_words = WordsOf(segment);
    for (size_t w = 0; w < own_words; ++w) directory_[i + w] = 0;
    FreeSegment(segment);
  }
  FreeDirectory();
  return true;
}

}  // namespace norn
