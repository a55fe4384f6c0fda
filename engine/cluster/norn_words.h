#pragma once
// What norn nodes tell only each other, as bytes: the messages of elections and leases (the body of BusType::kNorn), facts that
// ride on a heartbeat (PingExtensions::norn), and what a norn node remembers beyond Valkey's file (the value of "norn" among
// the vars of nodes.conf; Valkey skips names that it does not know there).
//
// A later version may append fields to each; readers take what they know of it. Numbers are big-endian.

#include <optional>
#include <set>
#include <string>
#include <string_view>

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

struct NornMemory {
  ElectionRecord record = {};   // without last_vote_epoch, which has a name of its own
  uint64_t data_reign = 0;      // History::reign of the data here
  std::set<NodeId> norn_nodes = {};  // those that showed a level
  bool operator==(const NornMemory&) const = default;
};
// One word without blanks.
std::string NornMemoryText(const NornMemory& memory);
// nullopt: damaged; a node must not start without its promises (I3).
std::optional<NornMemory> ParseNornMemory(std::string_view word);

}  // namespace norn::cluster
