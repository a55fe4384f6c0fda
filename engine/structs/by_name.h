#pragma once
// Traits of hash_table.h for items that are found by their name.

#include <cstdint>
#include <string_view>

#include "engine/base/hash.h"

namespace norn {

template <typename T>
struct ByName {
  using Item = T;
  using Key = std::string_view;

  uint64_t hash_seed = 0;

  uint64_t HashOf(std::string_view name) const { return HashBytes(name, hash_seed); }
  uint64_t Hash(const T& item) const { return HashOf(item.name()); }
  bool Equal(const T& item, std::string_view name) const { return item.name() == name; }
};

}  // namespace norn
