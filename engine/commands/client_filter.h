#pragma once
// Which clients CLIENT LIST shows and CLIENT KILL closes, and the line that describes one.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/commands/node_control.h"

namespace norn {

// As the TYPE filter names them; kPrimary is the link to the primary, which is no client here.
enum class ClientType : uint8_t { kNormal, kReplica, kPubSub, kPrimary };

// All given conditions must hold.
struct ClientFilter {
  std::optional<std::vector<uint64_t>> ids;  // ascending
  int64_t age_s_min = 0;                     // 0: any
  std::optional<std::string> peer_address;
  std::optional<std::string> local_address;
  std::optional<std::string> user;
  std::optional<ClientType> type;
  bool skip_self = false;

  bool Matches(const ClientInfo& client, ClientId self) const;
};

// Reads pairs of option and value (ID takes several values) into `filter`. Returns the error to reply; empty: fine.
std::string ParseClientFilter(std::span<const std::string_view> words, ClientFilter& filter);

// One line of CLIENT LIST, without its newline.
std::string ClientLine(const ClientInfo& client);

}  // namespace norn
