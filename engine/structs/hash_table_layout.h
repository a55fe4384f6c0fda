#pragma once
// The bytes of a hash table: directory words, segments, bucket lines, cells. Pure layout and arithmetic; hash_table.h
// draws the picture and says why.

#include <bit>
#include <cstddef>
#include <cstdint>

namespace norn::hash_layout {

inline constexpr size_t kLineBytes = 64;
inline constexpr unsigned kSlotsPerLine = 7;
inline constexpr unsigned kPositionBits = 15;
inline constexpr unsigned kCursorBits = 48;
// A prefix and a position together must fit the scan cursor (I4), which bounds the depth of a segment.
inline constexpr unsigned kDepthMax = kCursorBits - kPositionBits;
// Segments of this many lines are 4096 bytes with their header: the biggest that a sane hash ever needs.
inline constexpr unsigned kLinesNormalMax = 63;
// What equal hash prefixes may pile up to before the table gives up (I7).
inline constexpr unsigned kLinesMax = 32767;

// ---- tags ----

// Eight low hash bits, which neither directory nor position use; 0 means an empty slot.
inline uint8_t TagOf(uint64_t hash) {
  const uint8_t tag = static_cast<uint8_t>(hash);
  return tag == 0 ? 1 : tag;
}

// ---- cells: an item, where its hash lies within the segment, and the caller's mark ----

using Cell = uint64_t;
inline constexpr uint64_t kItemMask = (uint64_t{1} << 48) - 1;
inline constexpr uint64_t kMarkBit = uint64_t{1} << 48;
inline constexpr unsigned kPositionShift = 49;

inline Cell MakeCell(const void* item, uint32_t position, bool mark) {
  return reinterpret_cast<uint64_t>(item) | (mark ? kMarkBit : 0) |
         (static_cast<uint64_t>(position) << kPositionShift);
}
inline void* ItemOf(Cell cell) { return reinterpret_cast<void*>(cell & kItemMask); }
inline uint32_t PositionOf(Cell cell) { return static_cast<uint32_t>(cell >> kPositionShift); }
inline bool IsMarked(Cell cell) { return (cell & kMarkBit) != 0; }

// The 15 hash bits below the segment's prefix of `depth` bits.
inline uint32_t PositionIn(uint64_t hash, unsigned depth) {
  return static_cast<uint32_t>((hash << depth) >> kPositionShift);
}
// Monotone in the position: home lines follow hash order.
inline uint32_t HomeOf(uint32_t position, uint32_t lines) {
  return static_cast<uint32_t>((static_cast<uint64_t>(position) * lines) >> kPositionBits);
}
// The first position whose home is `line` or a later one; 1 << kPositionBits behind the last.
inline uint32_t FirstPositionOf(uint32_t line, uint32_t lines) {
  return static_cast<uint32_t>(((static_cast<uint64_t>(line) << kPositionBits) + lines - 1) /
                               lines);
}

// ---- lines ----

// meta: bytes 0..6 are the tags of the cells, byte 7 counts the items that had to pass this line: those whose home is
// this line or one before it in their probe run, and who sit behind it. It saturates at 255 and then stays.
struct alignas(kLineBytes) Line {
  uint64_t meta;
  Cell cells[kSlotsPerLine];

  uint8_t tag(unsigned slot) const { return static_cast<uint8_t>(meta >> (8 * slot)); }
  void set_tag(unsigned slot, uint8_t tag) {
    meta = (meta & ~(uint64_t{0xff} << (8 * slot))) | (static_cast<uint64_t>(tag) << (8 * slot));
  }
  unsigned passed() const { return static_cast<unsigned>(meta >> 56); }
  void AddPassed() {
    if (passed() < 255) meta += uint64_t{1} << 56;
  }
  void RemovePassed() {
    if (passed() < 255) meta -= uint64_t{1} << 56;
  }
};
static_assert(sizeof(Line) == kLineBytes);

// ---- segments ----

// A group is what one bit of a 64-bit map stands for: one line in every normal segment, 2^k lines in a piled-up one.
struct alignas(kLineBytes) Segment {
  uint64_t version;        // of the snapshot that `saved` speaks about
  uint64_t saved;          // groups whose items that snapshot has seen; void when version is older
  uint64_t marked_groups;  // groups that may hold marked items; a clear bit is certain
  uint64_t prefix;         // the top `depth` bits of every item's hash, zeros below
  uint32_t items;
  uint32_t marked;
  uint32_t lines;
  uint32_t depth;

  Line* line(uint32_t index) { return reinterpret_cast<Line*>(this + 1) + index; }
  const Line* line(uint32_t index) const { return reinterpret_cast<const Line*>(this + 1) + index; }
  unsigned GroupShift() const {
    const unsigned width = static_cast<unsigned>(std::bit_width(lines));
    return width > 6 ? width - 6 : 0;
  }
  unsigned GroupOf(uint32_t line_index) const { return line_index >> GroupShift(); }
  uint64_t AllGroups() const { return ~uint64_t{0} >> (63 - GroupOf(lines - 1)); }
  size_t Bytes() const { return (lines + size_t{1}) * kLineBytes; }
};
static_assert(sizeof(Segment) == kLineBytes);

// ---- directory words: all that a lookup needs to know before it touches the segment ----

// lines in the top 15 bits | any marked items | segment address (64-byte aligned, 48 bits) | depth in the low 6.
// 0: no segment.
using DirectoryWord = uint64_t;
inline constexpr uint64_t kSegmentMask = kItemMask & ~uint64_t{63};
inline constexpr uint64_t kAnyMarkedBit = uint64_t{1} << 48;

inline DirectoryWord MakeWord(const Segment* segment) {
  return reinterpret_cast<uint64_t>(segment) | (static_cast<uint64_t>(segment->lines) << 49) |
         (segment->marked > 0 ? kAnyMarkedBit : 0) | segment->depth;
}
inline Segment* SegmentOf(DirectoryWord word) {
  return reinterpret_cast<Segment*>(word & kSegmentMask);
}
inline uint32_t LinesOf(DirectoryWord word) { return static_cast<uint32_t>(word >> 49); }
inline unsigned DepthOf(DirectoryWord word) { return static_cast<unsigned>(word & 63); }
inline bool AnyMarked(DirectoryWord word) { return (word & kAnyMarkedBit) != 0; }

// The hash-order point behind the segment of depth `depth` that `hash` falls into; 0 behind the last.
inline uint64_t PointBehind(uint64_t hash, unsigned depth) {
  return depth == 0 ? 0 : ((hash >> (64 - depth)) + 1) << (64 - depth);
}

// ---- size classes: with the header line these are 128, 256, 512, 1024, 2048, 2560, 3072, 3584, 4096 bytes ----

inline constexpr uint32_t NextLines(uint32_t lines) {
  return lines < 31 || lines >= kLinesNormalMax ? 2 * lines + 1 : lines + 8;
}
// Items that a segment of `lines` lines may hold: 0.95 of its slots, all of a single line.
inline constexpr uint32_t LimitOf(uint32_t lines) {
  return lines == 1 ? kSlotsPerLine : lines * (kSlotsPerLine * 61) / 64;
}
// The smallest class that `items` fill to at most `percent`.
inline constexpr uint32_t LinesFor(uint32_t items, uint32_t percent) {
  uint32_t lines = 1;
  while (uint64_t{items} * 100 > uint64_t{lines} * kSlotsPerLine * percent) {
    lines = NextLines(lines);
  }
  return lines;
}

// The whole table grows, segment by segment in hash order, when it is this full, and shrinks when it is this empty (I6).
inline constexpr uint32_t kGrowPercent = 85;
inline constexpr uint32_t kShrinkPercent = 50;
// What a segment made by shrinking, merging or splitting is filled to at most.
inline constexpr uint32_t kRefitPercent = 72;
// The sweep passes over segments that are emptier than this.
inline constexpr uint32_t kSweepPercent = 70;
inline constexpr uint32_t kMergeItemsBelow = kLinesNormalMax * kSlotsPerLine / 3;
inline constexpr uint32_t kMergeSumMax = kLinesNormalMax * kSlotsPerLine * 7 / 10;
// One segment every so many inserts or erases: a sweep is over before the size has changed by 3 percent.
inline constexpr size_t kChangesPerStep = 8;

}  // namespace norn::hash_layout
