// Snapshots by versioned groups of lines: what is about to change is shown first, what does not change is walked (I5).

#include <algorithm>

#include "engine/structs/hash_table_core.h"
#include "engine/structs/prefetch.h"

namespace norn {

using namespace hash_layout;  // NOLINT: this file is about those bytes

namespace {

// Small items end within the cache line of this byte.
constexpr size_t kPrefetchedBytes = 48;

template <typename Use>
void ForEachUsed(const Segment* segment, uint32_t begin_line, uint32_t end_line, Use use) {
  for (uint32_t l = begin_line; l < end_line; ++l) {
    const Line* line = segment->line(l);
    for (uint32_t used = MatchUsed(line->meta); used != 0; used &= used - 1) {
      use(ItemOf(line->cells[std::countr_zero(used)]));
    }
  }
}

}  // namespace

void HashTableCore::BeginSnapshot(SnapshotVisit visit) {
  CHECK(snapshot_ == nullptr);
  ++version_;
  snapshot_ = std::make_unique<Snapshot>();
  snapshot_->visit = std::move(visit);
}

void HashTableCore::EndSnapshot() { snapshot_.reset(); }

bool HashTableCore::SaveSome(size_t lines) {
  CHECK(snapshot_ != nullptr);
  while (!snapshot_->walked) {
    if (lines == 0) return false;
    const Word word = WordAt(snapshot_->next_prefix);
    Segment* segment = SegmentOf(word);
    const uint64_t pending = segment == nullptr ? 0 : ~SavedGroups(segment) & segment->AllGroups();
    if (pending == 0) {
      snapshot_->next_prefix = PointBehind(snapshot_->next_prefix, DepthOf(word));
      snapshot_->walked = snapshot_->next_prefix == 0;
      --lines;
      continue;
    }
    SaveGroup(segment, static_cast<unsigned>(std::countr_zero(pending)));
    lines -= std::min(lines, size_t{1} << segment->GroupShift());
  }
  return true;
}

void HashTableCore::SaveLine(Segment* segment, uint32_t line_index) {
  SaveGroup(segment, segment->GroupOf(line_index));
}

void HashTableCore::SaveGroup(Segment* segment, unsigned group) {
  if (segment->version != version_) {
    segment->version = version_;
    segment->saved = 0;
  }
  const uint64_t bit = uint64_t{1} << group;
  if ((segment->saved & bit) != 0) return;
  segment->saved |= bit;
  const unsigned shift = segment->GroupShift();
  const uint32_t begin = group << shift;
  const uint32_t end = std::min(segment->lines, (group + 1) << shift);
  // Items lie anywhere in memory: asked for all at once, their misses overlap. Without, they are most of a snapshot's cost.
  ForEachUsed(segment, begin, end, [](void* item) {
    Prefetch(item);
    Prefetch(static_cast<char*>(item) + kPrefetchedBytes);
  });
  ForEachUsed(segment, begin, end, [this](void* item) { snapshot_->visit(item); });
}

void HashTableCore::SaveSegment(Segment* segment) {
  if (snapshot_ == nullptr) return;
  const unsigned groups = segment->GroupOf(segment->lines - 1) + 1;
  for (unsigned group = 0; group < groups; ++group) SaveGroup(segment, group);
}

}  // namespace norn
