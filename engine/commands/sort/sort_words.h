#pragma once
// What the words of SORT ask for.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/commands/command.h"
#include "engine/commands/sort/sort_pattern.h"

namespace norn {

struct SortWords {
  bool descending = false;
  bool alpha = false;
  // BY with a pattern that names no key: the elements stay in the order of the value.
  bool unsorted = false;
  std::optional<SortPattern> by;
  std::vector<SortPattern> gets;  // none: the elements themselves
  int64_t offset = 0;
  int64_t count = -1;         // negative: all
  size_t destination_at = 0;  // the word; 0: none

  bool ReadsFields() const;
};

// nullopt: the error is replied.
std::optional<SortWords> ReadSortWords(CommandContext& c, bool may_store);

}  // namespace norn
