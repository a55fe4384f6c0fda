#pragma once
// Whether all nodes of a cluster that live tell the same, and something that may stay: the check views_converge. Pure: looks at
// members, says what is wrong.

#include <string>
#include <vector>

#include "engine/cluster/member.h"

namespace norn::scenarios {

struct AgreementNode {
  // Null: dead for good; the others must say so.
  const cluster::Member* member = nullptr;
  // Null member: its name.
  cluster::NodeId id = {};
};

// "": they agree on who belongs to the cluster, roles, slots, shards and failures; every slot has an owner; each shard has one
// primary and replicas of it only; no two primaries have one config epoch.
std::string Disagreement(const std::vector<AgreementNode>& nodes);

}  // namespace norn::scenarios
