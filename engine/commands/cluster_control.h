#pragma once
// What commands ask of the cluster (CLUSTER, MIGRATE, INFO). Implemented by net's Cluster; an interface because commands stand
// below it on the ladder, and in plain words, because they stand below its types too. Null where cluster-enabled is no. All
// calls may come from any executor.

#include <span>
#include <string>
#include <string_view>

#include "engine/session/session.h"

namespace norn {

class ClusterControl {
 public:
  virtual ~ClusterControl() = default;

  // A CLUSTER subcommand that only the cluster's own state decides (engine/cluster/cluster_commands.h): exactly one reply, written
  // to `reply`. Runs at executor 0. `words` are the whole command. Parks. For subcommands that ask for keys (those of
  // Placement::kAllShards) the caller holds every token until it returns: what follows from them and needs tokens comes after.
  virtual void Run(std::span<const std::string_view> words, Session& session,
                   ReplyWriter& reply) = 0;

  // The lines of INFO's section about the cluster, behind its first. Parks.
  virtual std::string Info() = 0;

  // Sends a message to the subscribers at other nodes: of all, or of the own shard (`sharded`). Never parks; messages of one
  // caller leave in order.
  virtual void Publish(bool sharded, std::string_view channel, std::string_view message) = 0;
};

}  // namespace norn
