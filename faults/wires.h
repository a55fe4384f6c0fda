#pragma once
// What ails which direction between two hosts. Several faults may ail the same one: each adds its share, and takes away
// only that when it ends. What a link was like before the first of them is what it is like after the last.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "sim/fabric.h"

namespace norn::faults {

struct Direction {
  sim::NodeIndex from;
  sim::NodeIndex to;
};
using Directions = std::vector<Direction>;

inline void AddBothWays(sim::NodeIndex a, sim::NodeIndex b, Directions* directions) {
  directions->push_back({a, b});
  directions->push_back({b, a});
}

// Of several the worst counts, and latencies add up.
struct Ailment {
  bool blocked = false;
  Duration latency{0};  // on top
  uint64_t late_one_in = 0;
  Duration late{0};
  uint64_t bytes_per_second = 0;
};

class Wires {
 public:
  using Id = uint64_t;

  // Keeps a reference.
  explicit Wires(sim::Fabric& fabric) : fabric_(fabric) {}

  // Requires: no direction twice.
  Id Add(Directions directions, const Ailment& ailment);
  // Requires here and below: added and not removed.
  void Remove(Id id);
  // Likewise, and sets those directions, whatever the ailment's were.
  void Remove(Id id, const Directions& set);
  // What happened on its directions since it was added.
  sim::LinkCounters Met(Id id) const;

 private:
  struct Case {
    Directions directions;
    Ailment ailment;
    sim::LinkCounters before;
  };
  struct Wire {
    sim::LinkOptions healthy;
    std::vector<Id> ailments;
  };

  Wire& WireOf(const Direction& direction);
  const Wire* FindWire(const Direction& direction) const;  // null: healthy
  sim::LinkCounters Sum(const Directions& directions) const;
  void Set(const Directions& directions);
  sim::LinkOptions OptionsOf(const Direction& direction) const;

  sim::Fabric& fabric_;
  std::map<Id, Case> cases_;
  // Those that ail, by their ends; null or short: healthy. Thousands of hosts may be cut into two at once.
  std::vector<std::vector<std::unique_ptr<Wire>>> wires_;
  Id next_ = 1;
};

}  // namespace norn::faults
