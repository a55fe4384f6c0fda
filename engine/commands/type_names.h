#pragma once
// The names of value types as TYPE replies them and SCAN's option TYPE takes them.

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/keyspace/entry.h"

namespace norn {

inline constexpr std::array<std::pair<ValueType, std::string_view>, 6> kTypeNames = {{
    {ValueType::kString, "string"},
    {ValueType::kList, "list"},
    {ValueType::kSet, "set"},
    {ValueType::kZset, "zset"},
    {ValueType::kHash, "hash"},
    {ValueType::kStream, "stream"},
}};

inline std::string_view TypeName(ValueType type) {
  for (const auto& [known, name] : kTypeNames) {
    if (known == type) return name;
  }
  return "none";
}

}  // namespace norn
