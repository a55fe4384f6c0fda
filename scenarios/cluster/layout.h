#pragma once
// The cluster that a scenario begins with: which node is what, and the nodes.conf that makes it so at once.

#include <set>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/cluster/nodes_file.h"
#include "scenarios/cluster/cluster_history.h"

namespace norn::scenarios {

struct ClusterLayout {
  size_t shards = 0;
  size_t replicas = 0;  // of each

  size_t nodes() const { return shards * (1 + replicas); }
  bool IsPrimary(NodeNumber node) const { return node < shards; }
  // Primaries first; replicas so that they are in another zone than their primary as long as there are several.
  size_t ShardOf(NodeNumber node) const;
  cluster::SlotRange SlotsOf(size_t shard) const;
};

// As if they had met long ago; `ips` by node. The same for every node but for who is "myself".
class SeededConfig {
 public:
  SeededConfig(const ClusterLayout& layout, std::vector<std::string> ips,
               std::set<NodeNumber> old_nodes, Prng prng);
  cluster::NodesFile FileOf(NodeNumber node) const;

 private:
  const ClusterLayout layout_;
  const std::vector<std::string> ips_;
  const std::set<NodeNumber> old_nodes_;  // cluster-old-bus: nobody takes them for norn's
  std::vector<cluster::NodeId> ids_;
  std::vector<cluster::ClusterShardId> shards_;
};

inline constexpr int kBusPort = 16379;

}  // namespace norn::scenarios
