#pragma once
// What a node must know to tell a client where a slot's keys are: a copy of the cluster's view, small and plain, that every
// executor has of its own. Made anew at executor 0 after each change of the view and posted; never changed in place.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/cluster/key_slot.h"
#include "engine/cluster/node_id.h"
#include "engine/cluster/slot_set.h"
#include "engine/cluster/topology.h"

namespace norn::cluster {

// As an index into SlotRoutes::nodes.
using RouteIndex = uint16_t;
inline constexpr RouteIndex kNoRoute = UINT16_MAX;

struct RouteNode {
  NodeId id;
  // As -MOVED and -ASK show it: "10.0.0.1:6379", with the preferred kind of endpoint; "?" for unknown ones.
  std::string endpoint;
};

struct SlotRoutes {
  ClusterState state;
  std::vector<RouteNode> nodes =
      {};  // those that others are sent to: owners, and sides of open slots
  std::vector<RouteIndex> owners =
      {};  // kSlotCount of them, kNoRoute where there is none; empty: no cluster view yet
  RouteIndex self = kNoRoute;     // when it owns slots
  RouteIndex primary = kNoRoute;  // of this node, as a replica
  bool is_primary = true;
  // Open slots (SETSLOT) of this node, as a primary; of its primary, as a replica that was told.
  std::map<SlotId, RouteIndex> migrating = {};
  std::map<SlotId, RouteIndex> importing = {};
  // Of this primary, in the moment in which another node takes them over: clients wait until it is known who owns them.
  SlotSet held = {};

  RouteIndex OwnerOf(SlotId slot) const { return owners.empty() ? kNoRoute : owners[slot.value]; }
  // Whether this node or its primary owns it.
  bool ShardServes(SlotId slot) const {
    const RouteIndex owner = OwnerOf(slot);
    return owner != kNoRoute && owner == (is_primary ? self : primary);
  }
};

}  // namespace norn::cluster
