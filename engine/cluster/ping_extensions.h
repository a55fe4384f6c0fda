#pragma once
// What a PING, PONG or MEET may carry behind its gossip: facts about the sender that the fixed header has no room for. Sent only
// to peers that announced that they understand them (B68); what we do not know ourselves is skipped.
//
//   length u32 (a multiple of 8, this header included) | type u16 | 2 bytes | body ... padded with zeros
//
// Runs anywhere; never parks.

#include <absl/status/status.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cluster/node_id.h"

namespace norn::cluster {

enum class ExtensionType : uint16_t {
  kHostname = 0,
  kHumanNodename = 1,
  kForgottenNode = 2,
  kShardId = 3,
  kClientIpv4 = 4,
  kClientIpv6 = 5,
  kClientPort = 6,  // since 9.0, as the next
  kClientTlsPort = 7,
  kNorn = 0x6e6f,  // between norn nodes only
};

struct ForgottenNode {
  NodeId id{};
  uint64_t ttl_s = 0;  // for so long it must not come back
  bool operator==(const ForgottenNode&) const = default;
};

struct PingExtensions {
  // Empty: not sent. What comes from others is plain text (IsPlainText) of at most kTextCharsMax.
  std::string hostname{};
  std::string human_nodename{};
  std::string client_ipv4{};
  std::string client_ipv6{};
  std::optional<uint16_t> client_port{};
  std::optional<uint16_t> client_tls_port{};
  std::vector<ForgottenNode> forgotten{};
  ClusterShardId shard_id{};
  // What norn nodes tell each other here; the meaning is not this layer's.
  std::string norn{};
  // Read only: how many were of an unknown type or said what cannot be kept.
  uint32_t skipped = 0;

  static constexpr size_t kTextCharsMax = 255;

  bool operator==(const PingExtensions&) const = default;
};

// Appends them; returns how many there were.
uint16_t AppendPingExtensions(const PingExtensions& extensions, std::string& out);

// Reads `count` of them from `section`, which they must fill. `offset_bytes` is where the section begins in the message, for the
// error. InvalidArgument: they do not fit together; the extensions are unspecified then.
absl::Status DecodePingExtensions(std::string_view section, uint16_t count, size_t offset_bytes,
                                  PingExtensions& extensions);

}  // namespace norn::cluster
