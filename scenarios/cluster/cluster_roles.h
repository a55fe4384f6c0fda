#pragma once
// What each node of a cluster is in its own eyes, for a timeline: primary or replica of which shard, with which epoch. Shards
// have the number of the lane of their first primary, or the next that is free.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/server_host.h"
#include "scenarios/timeline.h"

namespace norn::scenarios {

class ClusterRoles {
 public:
  explicit ClusterRoles(std::vector<ServerHost*> hosts);

  // nullopt: as at the last call.
  std::optional<Timeline::State> Of(size_t lane);
  // The lane of the node that has, or had, that name; "" if none.
  std::string NameOf(const cluster::NodeId& id) const;

 private:
  int64_t FreeNumber(size_t lane) const;

  struct Seen {
    const cluster::Member* member = nullptr;  // only compared
    uint64_t file_version = UINT64_MAX;
    uint64_t routes_version = UINT64_MAX;
    size_t shards = 0;
  };

  const std::vector<ServerHost*> hosts_;
  std::vector<Seen> seen_;
  std::map<cluster::ClusterShardId, int64_t> shards_;
  std::map<cluster::NodeId, size_t> lanes_;
};

}  // namespace norn::scenarios
