#include "server/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstring>
#include <optional>

#include "engine/base/number.h"

namespace norn::server {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

absl::Status NotAnAddress(std::string_view text) {
  return absl::InvalidArgumentError("not an address: '" + std::string(text) +
                                    "' (expected IP:PORT, [IPv6]:PORT or unix:/PATH)");
}

absl::StatusOr<SocketAddress> ParseUnix(std::string_view path) {
  SocketAddress address;
  auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.empty() || path.find('\0') != path.npos) return NotAnAddress(path);
  if (path.size() >= sizeof(un->sun_path)) {
    return absl::InvalidArgumentError("unix socket path too long: '" + std::string(path) + "'");
  }
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, path.data(), path.size());
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  const std::optional<uint64_t> port = ParseUint64(text);
  if (!port || *port > 65535) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

}  // namespace

absl::StatusOr<SocketAddress> ParseSocketAddress(std::string_view text) {
  if (text.substr(0, kUnixPrefix.size()) == kUnixPrefix) {
    return ParseUnix(text.substr(kUnixPrefix.size()));
  }
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return NotAnAddress(text);
  std::string host(text.substr(0, colon));
  const std::optional<uint16_t> port = ParsePort(text.substr(colon + 1));
  if (!port) return NotAnAddress(text);

  SocketAddress address;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (inet_pton(AF_INET6, host.c_str(), &in6->sin6_addr) != 1) return NotAnAddress(text);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(*port);
    address.length = sizeof(sockaddr_in6);
    return address;
  }
  auto* in = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (inet_pton(AF_INET, host.c_str(), &in->sin_addr) != 1) return NotAnAddress(text);
  in->sin_family = AF_INET;
  in->sin_port = htons(*port);
  address.length = sizeof(sockaddr_in);
  return address;
}

uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  if (family() == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  }
  return 0;
}

std::string SocketAddress::unix_path() const {
  if (!is_unix() || length <= offsetof(sockaddr_un, sun_path)) return "";
  const auto* un = reinterpret_cast<const sockaddr_un*>(&storage);
  return std::string(un->sun_path, strnlen(un->sun_path, length - offsetof(sockaddr_un, sun_path)));
}

std::string SocketAddress::ToString() const {
  char host[INET6_ADDRSTRLEN] = {};
  switch (length == 0 ? AF_UNSPEC : family()) {
    case AF_INET:
      inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr, host,
                sizeof(host));
      return std::string(host) + ":" + std::to_string(port());
    case AF_INET6:
      inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr, host,
                sizeof(host));
      return "[" + std::string(host) + "]:" + std::to_string(port());
    case AF_UNIX:
      return unix_path().empty() ? "" : std::string(kUnixPrefix) + unix_path();
    default:
      return "";
  }
}

SocketAddress LocalAddressOf(int fd) {
  SocketAddress address;
  address.length = sizeof(address.storage);
  if (getsockname(fd, address.raw(), &address.length) != 0) address.length = 0;
  return address;
}

SocketAddress PeerAddressOf(int fd) {
  SocketAddress address;
  address.length = sizeof(address.storage);
  if (getpeername(fd, address.raw(), &address.length) != 0) address.length = 0;
  return address;
}

}  // namespace norn::server
