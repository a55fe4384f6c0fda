#pragma once
// How much a node's data is worth when a shard must choose its next primary. Offsets alone do not tell: they are comparable
// only within one primary's reign, and a node that copied nothing yet, or that came from another shard, may show a large one
// (B01). So a history names the reign that its last byte came from, as terms do in Raft:
//
//   reign   the config epoch with which the primary of that stream won its shard. Set when a node wins (to the ballot), and
//           taken over by a replica when it has a full copy or a +CONTINUE of that primary, never earlier. Raising a config
//           epoch without an election does not begin a reign: the stream goes on.
//   offset  the position in that stream.
//
// Greater is better: data before none, then the later reign, then the greater offset. Two of one reign whose primaries differ
// (TAKEOVER on both sides of a partition) are compared by offset, for want of anything better.

#include <compare>
#include <cstdint>

#include "engine/replication/offset.h"

namespace norn::cluster {

struct History {
  bool has_data = false;  // false: never completed a sync in this shard (I7)
  uint64_t reign = 0;
  StreamOffset offset = 0;
  constexpr auto operator<=>(const History&) const = default;
};

}  // namespace norn::cluster
