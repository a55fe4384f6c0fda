#pragma once
// Distinct types for the numbers that name things, so that one cannot be passed for another.

#include <compare>
#include <cstdint>

namespace norn {

// A database of SELECT, below the option `databases`.
struct DbIndex {
  uint32_t value = 0;
  constexpr auto operator<=>(const DbIndex&) const = default;
};

// One of a node's shards: also the index of the executor that is its home.
struct ShardId {
  uint32_t value = 0;
  constexpr auto operator<=>(const ShardId&) const = default;
};

// A client connection, as CLIENT ID shows it; unique in the life of a node, in order of acceptance per executor.
struct ClientId {
  uint64_t value = 0;
  constexpr auto operator<=>(const ClientId&) const = default;
};

}  // namespace norn
