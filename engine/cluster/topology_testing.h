#pragma once
// For tests: short names for nodes, and clusters of them.

#include <string>

#include "engine/cluster/topology.h"

namespace norn::cluster::testing {

inline std::string IdText(int number) {
  std::string digits = std::to_string(number);
  return std::string(kNodeIdChars - digits.size(), 'a') + digits;
}
// Ordered like the numbers, below 10 and by tens.
inline NodeId Node(int number) { return *NodeId::Parse(IdText(number)); }
inline ClusterShardId Shard(int number) { return *ClusterShardId::Parse(IdText(number)); }

inline SlotSet Slots(int first, int last) {
  return SlotSet::OfRange(
      {SlotId{static_cast<uint16_t>(first)}, SlotId{static_cast<uint16_t>(last)}});
}

inline Instant At(int64_t ms) { return Instant{} + Duration::Millis(ms); }

inline ClusterNode Member(int id, int shard, int primary = 0, uint16_t norn_level = 0) {
  ClusterNode node;
  node.id = Node(id);
  node.shard = Shard(shard);
  if (primary != 0) node.primary = Node(primary);
  node.told.norn_level = norn_level;
  return node;
}

}  // namespace norn::cluster::testing
