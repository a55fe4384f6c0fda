#include "server/real_network.h"

#include <netdb.h>

#include <cstring>
#include <string>

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

// All addresses that the system's resolver has for a name, in its order. Parks only for names.
absl::StatusOr<std::vector<SocketAddress>> RealNetwork::Resolve(std::string_view address) {
  absl::StatusOr<SocketAddress> parsed = ParseSocketAddress(address);
  if (parsed.ok()) return std::vector<SocketAddress>{*parsed};
  const size_t colon = address.rfind(':');
  const bool name =
      colon != address.npos && colon > 0 && address.front() != '[' && !address.starts_with("unix:");
  if (!name) return parsed.status();
  const std::string host(address.substr(0, colon));
  const std::string port(address.substr(colon + 1));
  std::vector<SocketAddress> all;
  int error = 0;
  pool_.Run([&] {
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (error != 0) return;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
      std::memcpy(&all.emplace_back().storage, at->ai_addr, at->ai_addrlen);
      all.back().length = at->ai_addrlen;
    }
    freeaddrinfo(found);
  });
  if (error == 0) return all;
  return absl::UnavailableError("cannot resolve '" + host + "': " + gai_strerror(error));
}

absl::StatusOr<std::unique_ptr<env::Stream>> RealNetwork::Connect(std::string_view address,
                                                                  Instant deadline) {
  CHECK(EventLoop::Current() != nullptr);
  absl::StatusOr<std::vector<SocketAddress>> addresses = Resolve(address);
  if (!addresses.ok()) return addresses.status();
  absl::StatusOr<std::unique_ptr<env::Stream>> stream = absl::UnavailableError("no address");
  for (const SocketAddress& at : *addresses) {
    stream = SocketStream::Connect(*EventLoop::Current(), at, deadline);
    if (stream.ok()) break;
  }
  return stream;
}

}  // namespace norn::server
