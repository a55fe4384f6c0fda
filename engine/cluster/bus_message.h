#pragma once
// What nodes say to each other on the cluster bus, as values: a header that says who speaks and what it owns, and one body a
// kind of message. The bytes are bus_codec.h's.
//
// Compatible with Valkey 8.1 and Redis 7.0 peers, and with what 9.x adds. What only norn nodes say (kNorn) goes to peers whose
// header carries a norn level: six of the header's reserved bytes, which others send as zeros and do not read. (A ping
// extension would do too, but Valkey logs a warning for every unknown one it gets.)

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/cluster/ip_text.h"
#include "engine/cluster/node_flags.h"
#include "engine/cluster/node_id.h"
#include "engine/cluster/ping_extensions.h"
#include "engine/cluster/slot_set.h"

namespace norn::cluster {

enum class BusType : uint16_t {
  kPing = 0,
  kPong = 1,
  kMeet = 2,
  kFail = 3,
  kPublish = 4,
  kVoteRequest = 5,  // FAILOVER_AUTH_REQUEST
  kVote = 6,         // FAILOVER_AUTH_ACK
  kUpdate = 7,
  kManualFailoverStart = 8,  // MFSTART
  kModule = 9,
  kPublishShard = 10,
  kVoteDenial = 11,  // FAILOVER_AUTH_NACK, only to nodes with node_flag::kUnderstandsDenial
  kNorn = 0x6e6f,    // only to nodes with a norn level
};

namespace message_flag {
inline constexpr uint8_t kPaused =
    1 << 0;  // a primary that holds its writes back for a manual failover
inline constexpr uint8_t kForceVote = 1 << 1;  // vote although the primary is up: a manual failover
inline constexpr uint8_t kExtensions = 1
                                       << 2;  // I understand extensions, and there may be some here
}  // namespace message_flag

// Where a node is reached. `port` is the one that the cluster itself uses (TLS in a TLS cluster), the other one is secondary;
// 0: none.
struct NodeAddress {
  IpText ip{};
  uint16_t port = 0;
  uint16_t secondary_port = 0;
  uint16_t bus_port = 0;
  bool operator==(const NodeAddress&) const = default;
};

enum class ClusterHealth : uint8_t { kOk = 0, kFail = 1 };

struct BusHeader {
  NodeId sender{};
  // Empty: the sender is a primary.
  NodeId replica_of{};
  // Of a replica: its primary's.
  SlotSet slots{};
  uint64_t current_epoch = 0;
  uint64_t config_epoch = 0;  // of a replica: its primary's
  int64_t replication_offset = 0;
  NodeAddress address{};  // the ip empty: take the connection's
  NodeFlags flags = 0;
  ClusterHealth health = ClusterHealth::kOk;
  uint8_t message_flags = 0;
  // 0: not a norn node.
  uint16_t norn_level = 0;

  bool operator==(const BusHeader&) const = default;
};

// What the sender thinks of a third node.
struct GossipEntry {
  NodeId id{};
  uint32_t ping_sent_s = 0;      // unix time; 0: no ping is outstanding
  uint32_t pong_received_s = 0;  // unix time
  NodeAddress address{};
  NodeFlags flags = 0;
  bool operator==(const GossipEntry&) const = default;
};

// PING, PONG and MEET are one message with three names.
struct Heartbeat {
  enum class Kind : uint8_t { kPing, kPong, kMeet };

  Kind kind = Kind::kPing;
  std::vector<GossipEntry> gossip{};
  // Requires, when there are any: message_flag::kExtensions in the header.
  PingExtensions extensions{};
  // Read only. Valkey: an entry without a proper id means that the sender's memory is damaged; its gossip is then ignored as a
  // whole (and empty here), its header is not.
  bool gossip_refused = false;

  bool operator==(const Heartbeat&) const = default;
};

struct Fail {
  NodeId failed{};
  bool operator==(const Fail&) const = default;
};

struct Publish {
  bool sharded = false;
  std::string channel{};
  std::string message{};
  bool operator==(const Publish&) const = default;
};

struct VoteRequest {
  bool operator==(const VoteRequest&) const = default;
};

struct Vote {
  bool operator==(const Vote&) const = default;
};

struct VoteDenial {
  enum class Reason : uint8_t {
    kNotSafe = 1,
    kEpochOld = 2,
    kAlreadyVoted = 3,
    kRequesterIsPrimary = 4,
    kNoPrimary = 5,
    kPrimaryUp = 6,
    kStaleConfig = 7,
  };
  uint64_t epoch = 0;
  uint8_t reason = 0;  // a Reason, or one of a later version
  bool operator==(const VoteDenial&) const = default;
};

// The sender tells a node that claims slots of which it knows a later owner.
struct Update {
  uint64_t config_epoch = 0;
  NodeId owner{};
  SlotSet slots{};
  bool operator==(const Update&) const = default;
};

struct ManualFailoverStart {
  bool operator==(const ManualFailoverStart&) const = default;
};

struct Module {
  uint64_t module_id = 0;
  uint8_t type = 0;
  std::string payload{};
  bool operator==(const Module&) const = default;
};

// Between norn nodes; the meaning is not this layer's.
struct NornBody {
  std::string payload{};
  bool operator==(const NornBody&) const = default;
};

using BusBody = std::variant<Heartbeat, Fail, Publish, VoteRequest, Vote, VoteDenial, Update,
                             ManualFailoverStart, Module, NornBody>;

struct BusMessage {
  // nullopt: a light message, which only Publish, Module and NornBody may be; the link knows who speaks.
  std::optional<BusHeader> header{};
  BusBody body{};

  bool operator==(const BusMessage&) const = default;
};

BusType TypeOf(const BusBody& body);

// As in CLUSTER INFO's counters: "ping", "auth-req", ...; "norn", and "unknown" for a number without a name.
std::string_view NameOf(BusType type);

}  // namespace norn::cluster
