#pragma once
// Makes, overwrites and frees entries: the one place that writes their bytes.

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/keyspace/entry.h"
#include "engine/keyspace/entry_pool.h"

namespace norn {

class EntryBuilder {
 public:
  // An entry of that key, deadline and value; takes what the value points to. Neither key nor value may lie in memory
  // that the pool hands out again meanwhile.
  static Entry* New(EntryPool& pool, std::string_view key, int64_t deadline_ms, uint32_t access,
                    const ValueView& value);

  // Writes `value` over that of `entry` if it fits the allocation as it is: the same type and encoding, and for embedded
  // strings the same rounded length. False: nothing was written. An outside value that is overwritten is the caller's.
  static bool Overwrite(Entry* entry, const ValueView& value);

  // Requires entry->has_deadline() and deadline_ms != kNoDeadline.
  static void OverwriteDeadline(Entry* entry, int64_t deadline_ms);
  // Gives the entry another outside value or integer of its encoding.
  static void SetWord(Entry* entry, uint64_t word);
  static void SetModified(Entry* entry) { entry->flags_ |= Entry::kModified; }
  // The embedded bytes, for writing.
  static std::span<char> EmbeddedBytes(Entry* entry);

  // The allocation alone, or with the outside value.
  static void FreeShell(EntryPool& pool, Entry* entry);
  static void Free(EntryPool& pool, Entry* entry);
  static void FreeOutside(const ValueView& value);

 private:
  static size_t BytesFor(size_t key_bytes, bool has_deadline, const ValueView& value);
};

}  // namespace norn
