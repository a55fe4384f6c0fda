#include "engine/persist/rdb_format.h"

#include <array>

namespace norn::persist {

std::string_view RdbTypeName(uint8_t type) {
  static constexpr std::array<std::string_view, 26> kNames = {
      "string",
      "list",
      "set",
      "sorted set",
      "hash",
      "sorted set",
      "module",
      "module",
      "",
      "hash as zipmap",
      "list as ziplist",
      "set as intset",
      "sorted set as ziplist",
      "hash as ziplist",
      "list as quicklist",
      "stream",
      "hash as listpack",
      "sorted set as listpack",
      "list as quicklist 2",
      "stream 2",
      "set as listpack",
      "stream 3",
      "hash with field deadlines",
      "hash with field deadlines",
      "hash with field deadlines",
      "hash with field deadlines",
  };
  return type < kNames.size() ? kNames[type] : std::string_view();
}

}  // namespace norn::persist
