#include "sim/address.h"

#include <fmt/format.h>

#include "engine/base/number.h"

namespace norn::sim {

std::optional<uint32_t> ParseIp(std::string_view text) {
  uint32_t ip = 0;
  for (int part = 0; part < 4; ++part) {
    const size_t end = part < 3 ? text.find('.') : text.size();
    if (end == std::string_view::npos) return std::nullopt;
    const std::optional<uint64_t> value = ParseUint64(text.substr(0, end));
    if (!value || *value > 255) return std::nullopt;
    ip = ip << 8 | static_cast<uint32_t>(*value);
    if (part < 3) text.remove_prefix(end + 1);
  }
  return ip;
}

std::string FormatIp(uint32_t ip) {
  return fmt::format("{}.{}.{}.{}", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

std::string Address::ToText() const {
  return is_unix ? "unix:" + host : fmt::format("{}:{}", host, port);
}

std::optional<Address> ParseAddress(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  Address address;
  if (text.substr(0, kUnix.size()) == kUnix) {
    address.host = text.substr(kUnix.size());
    address.is_unix = true;
    if (address.host.empty()) return std::nullopt;
    return address;
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<uint64_t> port = ParseUint64(text.substr(colon + 1));
  if (!port || *port > UINT16_MAX) return std::nullopt;
  address.port = static_cast<uint16_t>(*port);
  address.host = text.substr(0, colon);
  const std::string& host = address.host;
  if (host.size() >= 4 && host.front() == '[' && host.back() == ']') {
    address.ip = Address::kNobody;
    if (host == "[::1]") address.ip = Address::kLoopback;
    if (host == "[::]") address.ip = Address::kWildcard;
    return address;
  }
  if (host == "*") return address;
  const std::optional<uint32_t> ip = ParseIp(host);
  if (!ip) return std::nullopt;
  address.ip = *ip;
  return address;
}

}  // namespace norn::sim
