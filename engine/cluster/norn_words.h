#pragma once
// What norn nodes tell only each other, as bytes: the messages of elections and leases and news (the body of BusType::kNorn), facts that
// ride on a heartbeat (PingExtensions::norn), and what a norn node remembers beyond Valkey's file (the value of "norn" among
// the vars of nodes.conf; Valkey skips names that it does not know there).
//
// A later version may append fields to each; readers take what they know of it. Numbers are big-endian.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/cluster/election_types.h"

namespace norn::cluster {

// How far this node's norn words go (BusHeader::norn_level).
inline constexpr uint16_t kNornLevel = 1;

// Requires: one of the five messages between norn nodes.
std::string EncodeElectionMessage(const ElectionMessage& message);
// nullopt: malformed, or of a kind that we do not know.
std::optional<ElectionMessage> DecodeElectionMessage(std::string_view payload);

struct HeartbeatFacts {
  History history;
  bool hears_quorum = false;
  LeaseStamp released;  // with message_flag::kPaused
  bool operator==(const HeartbeatFacts&) const = default;
};
std::string EncodeHeartbeatFacts(const HeartbeatFacts& facts);
std::optional<HeartbeatFacts> DecodeHeartbeatFacts(std::string_view payload);

// ---- between heartbeats ----

// A heartbeat that says only what changes all the time. It goes to a norn node that was told the rest on this link already, and
// has a light header: the link knows who speaks.
struct LightBeat {
  bool is_pong = false;
  bool hears_quorum = false;
  uint64_t current_epoch = 0;
  History history;
  bool operator==(const LightBeat&) const = default;
};
// Whom the sender has come to suspect, and whom no longer.
struct Suspicions {
  std::vector<NodeId> failing;
  std::vector<NodeId> up;
  bool operator==(const Suspicions&) const = default;
};
// FAIL about several nodes.
struct Verdicts {
  std::vector<NodeId> failed;
  bool operator==(const Verdicts&) const = default;
};
using NornNews = std::variant<LightBeat, Suspicions, Verdicts>;
std::string EncodeNornNews(const NornNews& news);
// nullopt: malformed, or of another kind (an election message).
std::optional<NornNews> DecodeNornNews(std::string_view payload);

struct NornMemory {
  ElectionRecord record = {};        // without last_vote_epoch, which has a name of its own
  uint64_t data_reign = 0;           // History::reign of the data here
  bool uncopied = false;             // that is of a shard which this node left (I7)
  uint64_t config_epoch = 0;         // its own: a replica's line tells its primary's
  std::set<NodeId> norn_nodes = {};  // those that showed a level
  bool operator==(const NornMemory&) const = default;
};
// One word without blanks.
std::string NornMemoryText(const NornMemory& memory);
// nullopt: damaged; a node must not start without its promises (I3).
std::optional<NornMemory> ParseNornMemory(std::string_view word);

}  // namespace norn::cluster
