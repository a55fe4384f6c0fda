#pragma once
// What the clients of a cluster did and saw.
//
// Values are lists: every write appends one token of its own to a key, the reply tells how long the list is then, and a read
// shows all of it. So each reply says where in the order of all writes of that key it stands, and judging takes one pass
// instead of a search (the list-append histories of Elle, Kingsbury and Alvaro 2020). Lists are kept short: after some writes
// clients move on to other keys, which lie in other slots.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cluster/slot_set.h"
#include "scenarios/history.h"

namespace norn::scenarios {

using NodeNumber = uint32_t;  // as the world counts its nodes
using KeyNumber = uint32_t;

// Names a write: its index in ClusterHistory::writes and 1. 0: none.
using WriteId = uint32_t;

enum class Outcome : uint8_t {
  kAcked,
  kRefused,  // by an error reply, so it never takes effect
  kUnknown,  // no reply: it may take effect, once, or not
};

struct ListWrite {
  KeyNumber key = 0;
  uint32_t client = 0;
  NodeNumber node = 0;  // that was asked last
  int64_t invoke_ns = 0;
  int64_t complete_ns = kNeverNs;
  Outcome outcome = Outcome::kUnknown;
  uint32_t length = 0;  // acked: of the list, with this write
  // The nodes that had it when WAIT said that all of the shard's had; 0: none said so.
  uint64_t holders = 0;
  int64_t held_ns = 0;
};

struct ListRead {
  KeyNumber key = 0;
  uint32_t client = 0;
  NodeNumber node = 0;
  bool of_replica = false;
  int64_t invoke_ns = 0;
  int64_t complete_ns = 0;
  std::vector<WriteId> list;
};

// INCR: the reply is the number of increments up to this one.
struct Count {
  KeyNumber key = 0;
  NodeNumber node = 0;
  int64_t invoke_ns = 0;
  int64_t complete_ns = 0;
  int64_t value = 0;
};

// A transaction: both writes take effect, or none. And one that reads both keys: indices of reads.
struct WritePair {
  WriteId first = 0;
  WriteId second = 0;
};
struct ReadPair {
  size_t first = 0;
  size_t second = 0;
};

struct ListKey {
  std::string name;
  SlotId slot;
  bool is_list = true;  // else a count
};

struct ClusterHistory {
  std::vector<ListKey> keys;
  std::vector<ListWrite> writes;
  std::vector<ListRead> reads;
  std::vector<Count> counts;
  std::vector<WritePair> write_pairs;
  std::vector<ReadPair> read_pairs;

  ListWrite& Write(WriteId id) { return writes[id - 1]; }
  const ListWrite& Write(WriteId id) const { return writes[id - 1]; }
};

// A list as it is stored. Nullopt: that is no list of those writes.
inline constexpr size_t kTokenBytes = 8;
std::string TokenOf(WriteId id);
std::optional<std::vector<WriteId>> ParseList(std::string_view value, size_t writes);

}  // namespace norn::scenarios
