#pragma once
// Who ruled which slots when: the reigns of a run's primaries, as an observer saw them, so that a reply can be put where it
// belongs. A reign is one node's unbroken time as a primary in one life of its process: its data is one line of states.

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
  cluster::SlotSet slots;  // all that it ever had
};

class Reigns {
 public:
  // The node is a primary with these slots.
  void Rules(NodeNumber node, uint64_t epoch, const cluster::SlotSet& slots, int64_t now_ns);
  // It is none any more, or gone.
  void Ends(NodeNumber node, int64_t now_ns);

  const std::vector<Reign>& all() const { return reigns_; }
  // In which reign `node` answered for a slot, somewhen in that time; nullopt: in none, or it could be several.
  std::optional<ReignNumber> Of(NodeNumber node, SlotId slot, int64_t from_ns, int64_t to_ns) const;
  // Those that had the slot, earlier data first.
  std::vector<ReignNumber> Succession(SlotId slot) const;

 private:
  std::vector<Reign> reigns_;
  std::map<NodeNumber, ReignNumber> ruling_;
  std::map<NodeNumber, std::vector<ReignNumber>> of_node_;
};

}  // namespace norn::scenarios
