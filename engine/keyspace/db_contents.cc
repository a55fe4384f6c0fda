#include "engine/keyspace/db_contents.h"

#include <algorithm>

namespace norn {

namespace {

// A node of a set with a string that has its text elsewhere, as our own accounting takes it.
constexpr uint64_t kTimedOverheadBytes = 80;

}  // namespace

void DbContents::NoteTimed(std::string_view key) {
  if (timed_objects.emplace(key).second) timed_bytes += key.size() + kTimedOverheadBytes;
}

void DbContents::ForgetTimed(std::string_view key) {
  const auto at = timed_objects.find(key);
  if (at == timed_objects.end()) return;
  timed_objects.erase(at);
  timed_bytes -= key.size() + kTimedOverheadBytes;
}

bool DbContents::FreeSome(size_t effort) {
  if (tables.snapshot_running()) tables.EndSnapshot();
  // Without outside values and long keys entries need not be looked at: slabs go whole.
  const bool look = outside_count > 0 || pool.LargeCount() > 0;
  const auto free_one = [this](Entry& entry) {
    RemoveOutside(entry);
    EntryBuilder::FreeOutside(entry.value());
    if (entry.SizeBytes() > EntryPool::kCellBytesMax) EntryBuilder::FreeShell(pool, &entry);
  };
  const size_t segments = look ? std::max<size_t>(effort / 256, 1) : effort;
  const bool cleared = look ? tables.ClearSome(segments, free_one) : tables.ClearSome(segments);
  if (!cleared) return false;
  return pool.DropSome(effort);
}

}  // namespace norn
