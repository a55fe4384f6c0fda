#pragma once
// What a lookup of an element will read, asked for before it is needed. In a table of a million elements each step of a
// lookup waits for memory; the commands of a batch wait together when all of them take one step before any takes the next.

#include <cstdint>
#include <string_view>

#include "engine/keyspace/entry.h"
#include "engine/structs/field_table.h"
#include "engine/structs/sorted_members.h"

namespace norn {

// Dies with the next change of the value.
class ElementAhead {
 public:
  // The element of that name of a big hash, set or sorted set; of other values nothing is asked for.
  ElementAhead(const Entry& entry, std::string_view name);

  // One after the other; the second reads what the first asked for.
  void PrefetchLine() const;
  void PrefetchItem() const;

 private:
  const FieldTable* fields_ = nullptr;
  const SortedMembers* members_ = nullptr;
  uint64_t hash_ = 0;
};

}  // namespace norn
