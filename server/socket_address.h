#pragma once
// Addresses as text (engine/env/network.h) and as the kernel wants them.

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace norn::server {

// One address of any of the three families, in the kernel's form.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  bool is_unix() const { return family() == AF_UNIX; }

  uint16_t port() const;          // 0 for Unix sockets
  std::string unix_path() const;  // "" for the others, and for a Unix socket without a name

  // "127.0.0.1:6379", "[::1]:6379", "unix:/path"; "" if there is none.
  std::string ToString() const;
};

// InvalidArgument: not an address (host names are none).
absl::StatusOr<SocketAddress> ParseSocketAddress(std::string_view text);

// Of a socket's two ends; empty when the kernel no longer knows (the peer is gone).
SocketAddress LocalAddressOf(int fd);
SocketAddress PeerAddressOf(int fd);

}  // namespace norn::server
