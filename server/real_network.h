#pragma once
// TCP and Unix sockets for the executors of one node.

#include "engine/env/network.h"
#include "server/shared_listener.h"

namespace norn::server {

class RealNetwork : public env::Network {
 public:
  absl::StatusOr<std::unique_ptr<env::Listener>> Listen(std::string_view address,
                                                        const env::ListenOptions& options) override;
  absl::StatusOr<std::unique_ptr<env::Stream>> Connect(std::string_view address,
                                                       Instant deadline) override;

 private:
  ListenerTable listeners_;
};

}  // namespace norn::server
