#pragma once
// What a database holds, apart from its number: entries, their memory, their tables. SWAPDB swaps it, FLUSHALL throws it away.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "engine/keyspace/entry.h"
#include "engine/keyspace/entry_builder.h"
#include "engine/keyspace/entry_pool.h"
#include "engine/keyspace/entry_tables.h"

namespace norn {

struct DbContents {
  DbContents(uint64_t hash_seed, const std::optional<SlotShare>& share)
      : tables(hash_seed, share) {}
  // Leaves `other` empty and fit for use.
  DbContents(DbContents&& other) noexcept
      : pool(std::move(other.pool)),
        tables(std::move(other.tables)),
        outside_bytes(std::exchange(other.outside_bytes, 0)),
        outside_count(std::exchange(other.outside_count, 0)),
        timed_objects(std::exchange(other.timed_objects, {})),
        timed_bytes(std::exchange(other.timed_bytes, 0)) {}
  DbContents& operator=(DbContents&&) = delete;
  ~DbContents() { FreeSome(SIZE_MAX); }

  uint64_t UsedBytes() const {
    return pool.UsedBytes() + outside_bytes + timed_bytes + tables.UsedBytes();
  }

  // Account for a value that enters or leaves.
  void AddOutside(const Entry& entry) {
    if (entry.encoding() < Encoding::kOutside) return;
    outside_bytes += entry.OutsideBytes();
    ++outside_count;
    if (IsTimed(entry)) NoteTimed(entry.key());
  }
  void RemoveOutside(const Entry& entry) {
    if (entry.encoding() < Encoding::kOutside) return;
    outside_bytes -= entry.OutsideBytes();
    --outside_count;
    if (IsTimed(entry)) ForgetTimed(entry.key());
  }
  static bool IsTimed(const Entry& entry) {
    return entry.encoding() == Encoding::kObject && entry.object()->HasDeadlines();
  }
  void NoteTimed(std::string_view key);
  void ForgetTimed(std::string_view key);

  // Frees in steps of about `effort` allocations; true when nothing is left. Nothing else may be done with it then. A
  // snapshot of the table ends.
  bool FreeSome(size_t effort);

  EntryPool pool;
  EntryTables tables;
  uint64_t outside_bytes = 0;
  uint64_t outside_count = 0;
  // The keys of objects with deadlines of their own, and what that costs. A key that went with its slot is here until somebody
  // comes for it and does not find it.
  std::set<std::string, std::less<>> timed_objects;
  uint64_t timed_bytes = 0;
};

}  // namespace norn
