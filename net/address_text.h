#pragma once
// Addresses as env::Network takes them, from the words of options and commands.

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace norn::net {

// "10.0.0.1:6379", "[::1]:6379".
inline std::string AddressText(std::string_view host, int64_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

// A word of `bind` as an address; "-" in front means that failing is fine.
struct BindAddress {
  std::string address;
  bool optional = false;
};

inline BindAddress ParseBind(std::string_view word, int64_t port) {
  BindAddress bind;
  if (word.starts_with('-')) {
    bind.optional = true;
    word.remove_prefix(1);
  }
  if (word == "*") word = "0.0.0.0";
  if (word == "::*") word = "::";
  bind.address = AddressText(word, port);
  return bind;
}

}  // namespace norn::net
