#pragma once
// A node's env::Network: thin handles over the fabric's connections and listening queues.

#include "engine/env/network.h"
#include "sim/fabric.h"

namespace norn::sim {

class SimNetwork final : public env::Network {
 public:
  SimNetwork(Fabric& fabric, NodeIndex node) : fabric_(fabric), node_(node) {}

  absl::StatusOr<std::unique_ptr<env::Listener>> Listen(std::string_view address,
                                                        const env::ListenOptions& options) override;
  absl::StatusOr<std::unique_ptr<env::Stream>> Connect(std::string_view address,
                                                       Instant deadline) override;

 private:
  Fabric& fabric_;
  const NodeIndex node_;
};

}  // namespace norn::sim
