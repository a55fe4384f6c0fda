#pragma once
// The table of a database: entries by key, marked when they have a deadline. hash_table.h has the invariants that
// db.h cites.

#include <cstdint>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/keyspace/entry.h"
#include "engine/structs/hash_table.h"

namespace norn {

struct EntryTraits {
  using Item = Entry;
  using Key = std::string_view;

  uint64_t hash_seed = 0;

  uint64_t Hash(const Entry& entry) const { return HashBytes(entry.key(), hash_seed); }
  bool Equal(const Entry& entry, std::string_view key) const { return entry.key() == key; }
};

using EntryTable = HashTable<EntryTraits>;

}  // namespace norn
