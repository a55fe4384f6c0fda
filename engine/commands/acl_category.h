#pragma once
// The categories of ACL rules and COMMAND INFO (@read, @keyspace ...), one bit each, in the order in which replies name
// them.

#include <array>
#include <cstdint>
#include <string_view>

namespace norn {

// clang-format off
inline constexpr std::array<std::string_view, 21> kAclCategoryNames = {
    "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo", "stream",
    "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting"};
// clang-format on

// The bit of a lower-case name without its @; 0 when there is no such category.
constexpr uint32_t AclCategoryBit(std::string_view name) {
  for (size_t i = 0; i < kAclCategoryNames.size(); ++i) {
    if (kAclCategoryNames[i] == name) return 1u << i;
  }
  return 0;
}

}  // namespace norn
