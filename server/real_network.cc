#include "server/real_network.h"

#include "engine/base/check.h"
#include "server/event_loop.h"
#include "server/socket_address.h"
#include "server/socket_stream.h"

namespace norn::server {

absl::StatusOr<std::unique_ptr<env::Listener>> RealNetwork::Listen(
    std::string_view address, const env::ListenOptions& options) {
  CHECK(EventLoop::Current() != nullptr);
  absl::StatusOr<SocketAddress> parsed = ParseSocketAddress(address);
  if (!parsed.ok()) return parsed.status();
  return SharedListener::Listen(listeners_, *EventLoop::Current(), *parsed, options);
}

absl::StatusOr<std::unique_ptr<env::Stream>> RealNetwork::Connect(std::string_view address,
                                                                  Instant deadline) {
  CHECK(EventLoop::Current() != nullptr);
  absl::StatusOr<SocketAddress> parsed = ParseSocketAddress(address);
  if (!parsed.ok()) return parsed.status();
  return SocketStream::Connect(*EventLoop::Current(), *parsed, deadline);
}

}  // namespace norn::server
