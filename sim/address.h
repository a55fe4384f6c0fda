#pragma once
// Addresses of the simulated network: "10.0.0.7:6379", "127.0.0.1:0", "*:6379", "[::1]:6379",
// "unix:/path". Hosts have IPv4 numbers; of IPv6 only loopback and wildcard mean something, any
// other is an address that nobody has.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace norn::sim {

struct Address {
  static constexpr uint32_t kWildcard = 0;
  static constexpr uint32_t kLoopback = 0x7f000001;
  static constexpr uint32_t kNobody = 0xffffffff;

  std::string host;  // as written; for "unix:" the path
  uint32_t ip = kWildcard;
  uint16_t port = 0;
  bool is_unix = false;

  bool IsLoopback() const { return is_unix || ip >> 24 == 127; }
  std::string ToText() const;
};

std::optional<Address> ParseAddress(std::string_view text);

// "10.0.0.7" to a number; nullopt when it is not of that form.
std::optional<uint32_t> ParseIp(std::string_view text);
std::string FormatIp(uint32_t ip);

}  // namespace norn::sim
