#pragma once
// Which numbers become config epochs under norn rules, so that no two nodes ever claim the same slots with the same one (I1).
//
// The problem. A ballot's number is voted on: two candidates may ask with one, one of them gets it. But CLUSTER BUMPEPOCH, a
// primary that outranks another and two shards that showed one epoch choose a number without asking, and a node that is cut off
// may choose what its replica is being elected with. Nobody who knows both numbers hears of it in time.
//
// The design. The two kinds of numbers have nothing in common, and of the second kind each member of a shard has its own:
//
//   n % 16 in 0..7      ballots
//   n % 16 in 8..15     chosen unasked by the member of the shard that is n % 16 - 8 by id (from the eighth on all share the last)
//
// Exact as long as the members of a shard agree who they are. What is not: CLUSTER FAILOVER TAKEOVER takes any number, so two
// may take the same, as Valkey's do; then their data decides (Topology::ResolveCollision). Members of different shards may show one
// number, with different slots. Where some node is no norn node the next number is taken, as Valkey does.

#include <algorithm>
#include <cstdint>

namespace norn::cluster {

inline constexpr uint64_t kEpochsInTurn = 16;
inline constexpr uint64_t kBallotsInTurn = 8;

constexpr bool IsBallotNumber(uint64_t epoch) { return epoch % kEpochsInTurn < kBallotsInTurn; }

// The ballot number above `known` that has `skipped` others between.
constexpr uint64_t BallotAfter(uint64_t known, uint64_t skipped) {
  const uint64_t in_turn = std::min(known % kEpochsInTurn + 1, kBallotsInTurn);
  const uint64_t index = known / kEpochsInTurn * kBallotsInTurn + in_turn + skipped;
  return index / kBallotsInTurn * kEpochsInTurn + index % kBallotsInTurn;
}

// The next number above `known` for the member of a shard that has `rank` others before it.
constexpr uint64_t UnaskedAfter(uint64_t known, uint64_t rank) {
  const uint64_t place = kBallotsInTurn + std::min(rank, kEpochsInTurn - kBallotsInTurn - 1);
  const uint64_t turn = known / kEpochsInTurn + (known % kEpochsInTurn < place ? 0 : 1);
  return turn * kEpochsInTurn + place;
}

}  // namespace norn::cluster
