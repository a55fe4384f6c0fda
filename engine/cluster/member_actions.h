#pragma once
// What a Member asks its carrier to do, in order (A1 of member.h). Plain data.

#include <cstdint>
#include <string>
#include <variant>

#include "engine/base/time.h"
#include "engine/cluster/node_id.h"
#include "engine/cluster/slot_set.h"

namespace norn::cluster {

// A bus connection, named by who carries it; never reused.
struct LinkId {
  uint64_t value = 0;
  auto operator<=>(const LinkId&) const = default;
};

namespace member_action {
// The file of this version or a later one. `durable`: what follows waits until it is on disk; else soon.
struct Save {
  uint64_t version = 0;
  bool durable = false;
};
// A link of this node's own to `node`: answer with OnLinkUp or OnConnectFailed. There is at most one attempt at a time for a node.
struct Connect {
  NodeId node;  // or the provisional name of one in handshake
  std::string ip;
  uint16_t bus_port = 0;
};
struct Close {
  LinkId link;
};
struct Send {
  LinkId link;
  std::string bytes;
};
// Replicate from there. `same_shard`: the histories have a common past.
struct Follow {
  std::string ip;
  uint16_t port = 0;
  uint16_t tls_port = 0;
  bool same_shard = false;
};
struct BecomePrimary {
  bool elected = false;  // false: an order of somebody
};
// Answer with OnWritesHeld once no write is under way any more: only then does the other side learn where the stream ends.
struct PauseWrites {
  Instant until;
};
struct ResumeWrites {};
// The keys of these slots are somebody else's now: delete them.
struct DropSlots {
  std::vector<SlotRange> slots;
};
// RESET of a node that was a replica, FLUSHALL's work.
struct DropAllKeys {};
// For the local subscribers.
struct Deliver {
  bool sharded = false;
  std::string channel;
  std::string message;
};
struct Log {
  enum class Level : uint8_t { kDebug, kVerbose, kNotice, kWarning };
  Level level = Level::kNotice;
  std::string line;
};
}  // namespace member_action

using MemberAction =
    std::variant<member_action::Save, member_action::Connect, member_action::Close,
                 member_action::Send, member_action::Follow, member_action::BecomePrimary,
                 member_action::PauseWrites, member_action::ResumeWrites, member_action::DropSlots,
                 member_action::DropAllKeys, member_action::Deliver, member_action::Log>;

}  // namespace norn::cluster
