#include "scenarios/cluster/layout.h"

#include <utility>

#include "engine/cluster/norn_words.h"
#include "scenarios/server.h"

namespace norn::scenarios {
namespace {

std::string RandomName(Prng& prng) {
  std::string name;
  while (name.size() < cluster::kNodeIdChars) name += "0123456789abcdef"[prng.Below(16)];
  return name;
}

}  // namespace

size_t ClusterLayout::ShardOf(NodeNumber node) const {
  if (IsPrimary(node)) return node;
  const size_t replica = node - shards;
  return (replica + 1 + replica / shards) % shards;
}

cluster::SlotRange ClusterLayout::SlotsOf(size_t shard) const {
  const auto bound = [this](size_t at) { return static_cast<uint16_t>(at * kSlotCount / shards); };
  return {SlotId{bound(shard)}, SlotId{static_cast<uint16_t>(bound(shard + 1) - 1)}};
}

SeededConfig::SeededConfig(const ClusterLayout& layout, std::vector<std::string> ips,
                           std::set<NodeNumber> old_nodes, Prng prng)
    : layout_(layout), ips_(std::move(ips)), old_nodes_(std::move(old_nodes)) {
  for (size_t i = 0; i < layout_.nodes(); ++i) {
    ids_.push_back(*cluster::NodeId::Parse(RandomName(prng)));
  }
  for (size_t i = 0; i < layout_.shards; ++i) {
    shards_.push_back(*cluster::ClusterShardId::Parse(RandomName(prng)));
  }
}

cluster::NodesFile SeededConfig::FileOf(NodeNumber node) const {
  cluster::NodesFile file;
  file.current_epoch = layout_.shards;
  cluster::NornMemory memory;
  for (NodeNumber i = 0; i < layout_.nodes(); ++i) {
    const size_t shard = layout_.ShardOf(i);
    cluster::NodeLine line;
    line.id = ids_[i];
    line.ip = *cluster::IpText::Parse(ips_[i]);
    line.tcp_port = kServerPort;
    line.bus_port = kBusPort;
    line.shard_id = shards_[shard];
    line.flags = i == node ? cluster::node_flag::kMyself : cluster::NodeFlags{0};
    line.config_epoch = shard + 1;
    if (layout_.IsPrimary(i)) {
      line.flags |= cluster::node_flag::kPrimary;
      line.slots.SetRange(layout_.SlotsOf(shard));
    } else {
      line.flags |= cluster::node_flag::kReplica;
      line.replica_of = ids_[shard];
    }
    file.nodes.push_back(line);
    if (i != node && !old_nodes_.contains(i) && !old_nodes_.contains(node))
      memory.norn_nodes.insert(ids_[i]);
  }
  file.norn = cluster::NornMemoryText(memory);
  return file;
}

}  // namespace norn::scenarios
