#pragma once
// Who ruled which slots when: the reigns of a run's primaries, as an observer saw them, so that a reply can be put where it
// belongs. A reign is the unbroken time in which a node, as a primary in one life of its process, owned some slots: their data is
// one line of states. Slots that come or go while it is a primary have reigns of their own.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/cluster/slot_set.h"
#include "scenarios/cluster/cluster_history.h"

namespace norn::scenarios {

using ReignNumber = size_t;

struct Reign {
  NodeNumber node = 0;
  uint64_t epoch = 0;  // the config epoch with which it began
  int64_t begin_ns = 0;
  int64_t end_ns = kNeverNs;
  cluster::SlotSet slots;
  int64_t primary_since_ns = 0;  // the node became a primary (with other slots, it may be)
  bool given_up = false;         // ended while the node went on being a primary of other slots
};

class Reigns {
 public:
  // The node is a primary with these slots.
  void Rules(NodeNumber node, uint64_t epoch, const cluster::SlotSet& slots, int64_t now_ns);
  // It is none any more, or gone.
  void Ends(NodeNumber node, int64_t now_ns);
  // Somebody began to move the slot to another shard; `by_key`: key by key.
  void MoveBegins(SlotId slot, int64_t now_ns, bool by_key) {
    moves_[slot].push_back(now_ns);
    if (by_key) key_moves_[slot].push_back(now_ns);
  }

  const std::vector<Reign>& all() const { return reigns_; }
  // In which reign `node` answered for a slot, somewhen in that time; nullopt: in none, or it could be several.
  std::optional<ReignNumber> Of(NodeNumber node, SlotId slot, int64_t from_ns, int64_t to_ns) const;
  // Those that had the slot, earlier data first.
  std::vector<ReignNumber> Succession(SlotId slot) const;
  // From `before` to the next reign the slot was moved by hand, and neither side died or changed its role from the move's first step
  // to its last: what one had, the other has.
  bool MovedUnhurt(SlotId slot, const Reign& before, const Reign& after) const;
  // In the first of these, or before the second, somebody began to move the slot to another shard key by key.
  bool KeyMovesBetween(SlotId slot, const Reign& before, const Reign& after) const;

 private:
  struct Ruling {
    int64_t since_ns = 0;
    std::vector<ReignNumber> reigns;  // of disjoint slots
  };
  void GiveUp(Ruling& ruling, const cluster::SlotSet& lost, int64_t now_ns);

  std::vector<Reign> reigns_;
  std::map<NodeNumber, Ruling> ruling_;
  std::map<SlotId, std::vector<int64_t>> moves_;
  std::map<SlotId, std::vector<int64_t>> key_moves_;  // of those
  std::map<NodeNumber, std::vector<ReignNumber>> of_node_;
};

}  // namespace norn::scenarios
