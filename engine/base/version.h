#pragma once
// Who norn says it is, in one place.

#include <string_view>

namespace norn {

inline constexpr std::string_view kVersion = "0.1.0";
// As INFO and HELLO name the server.
inline constexpr std::string_view kServerName = "norn";
// The level of the protocol and commands that clients probe for; the one that Valkey reports.
inline constexpr std::string_view kRedisVersion = "7.2.4";
// As a replica names itself to its primary: what it understands of the stream. From 8.0 on that is CLUSTER SETSLOT.
inline constexpr std::string_view kReplicaVersion = "8.1.0";

}  // namespace norn
