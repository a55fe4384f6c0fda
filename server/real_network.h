#pragma once
// TCP and Unix sockets for the executors of one node.

#include <vector>

#include "engine/env/network.h"
#include "server/io_pool.h"
#include "server/shared_listener.h"
#include "server/socket_address.h"

namespace norn::server {

class RealNetwork : public env::Network {
 public:
  // Host names are looked up on threads of `pool`, which outlives the network's use.
  explicit RealNetwork(IoPool& pool) : pool_(pool) {}

  absl::StatusOr<std::unique_ptr<env::Listener>> Listen(std::string_view address,
                                                        const env::ListenOptions& options) override;
  absl::StatusOr<std::unique_ptr<env::Stream>> Connect(std::string_view address,
                                                       Instant deadline) override;

 private:
  absl::StatusOr<std::vector<SocketAddress>> Resolve(std::string_view address);

  IoPool& pool_;
  ListenerTable listeners_;
};

}  // namespace norn::server
