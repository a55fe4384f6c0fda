#pragma once
// The one place where a node is wired together: engine, listeners, connections, over one Env. Both worlds start nodes
// through it.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/config/config.h"
#include "engine/env/env.h"
#include "engine/fiber/wait_queue.h"
#include "engine/node/node.h"
#include "net/cluster.h"
#include "net/migrator.h"
#include "net/replication.h"
#include "net/work_area.h"

namespace norn::net {

class NodeHost {
 public:
  // `replication_host`: what replication may do to the node; null: nothing, and it says so.
  NodeHost(env::Env& env, config::Config config, HostFacts host = {},
           ReplicationHost* replication_host = nullptr);
  ~NodeHost();

  // Listens on every executor and starts the node's cron. Requires: called from a fiber on executor 0. Parks. An error names
  // the address that could not be had.
  absl::Status Start();

  // Ends the node as SHUTDOWN does. Requires: called from a fiber. Parks.
  void Stop();

  Node& node() { return node_; }
  Replication& replication() { return *replication_; }
  // Null: cluster-enabled is no.
  Cluster* cluster() { return cluster_.get(); }

 private:
  struct PerExecutor {
    PerExecutor(ExecutorState& state, ExecutorState* const* states)
        : pool(state, states), migrator(state.env, state.options().cluster_enabled) {}
    WorkAreaPool pool;
    Migrator migrator;
    std::vector<std::unique_ptr<env::Listener>> listeners;
    size_t accepting = 0;  // fibers in AcceptLoop
  };

  absl::Status Listen(const config::Options& options);
  absl::Status ListenOnEvery(const std::string& address, const env::ListenOptions& options);
  void StopListening();
  absl::Status ApplyEffect(config::Effect effect, const config::Config& after);
  void AcceptLoop(uint32_t executor, env::Listener* listener);
  void Admit(uint32_t executor, std::unique_ptr<env::Stream> stream);
  void Serve(uint32_t executor, std::unique_ptr<env::Stream> stream, ClientId id);
  bool RefusedByProtectedMode(ExecutorState& state, env::Stream& stream);

  env::Env& env_;
  Node node_;
  std::unique_ptr<Replication> replication_;
  std::unique_ptr<Cluster> cluster_;
  std::vector<std::unique_ptr<PerExecutor>> executors_;
};

}  // namespace norn::net
