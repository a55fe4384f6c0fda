#pragma once
// The model's values: what keys hold, over std containers. Replies are written as reply_value.h shows them.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace norn::reference {

using Words = std::vector<std::string>;
using List = std::deque<std::string>;
using Set = std::set<std::string>;
struct Field {
  std::string value;
  std::optional<int64_t> deadline_ms;
};
using Hash = std::map<std::string, Field>;

using Zset = std::map<std::string, double>;

using EntryId = std::pair<uint64_t, uint64_t>;
struct Pending {
  std::string consumer;
  int64_t delivered_ms = 0;
  int64_t deliveries = 0;
};
struct Consumer {
  int64_t seen_ms = 0;
  int64_t active_ms = -1;  // was never handed anything
};
struct Group {
  EntryId last;
  std::optional<int64_t> entries_read;
  std::map<std::string, Consumer> consumers;
  std::map<EntryId, Pending> pending;
};
struct Stream {
  std::map<EntryId, Words> entries;  // fields and values in turn
  EntryId last;
  EntryId max_deleted;
  int64_t entries_added = 0;
  std::map<std::string, Group> groups;
  static bool empty() { return false; }  // stays without entries
};

// A string that PFADD or PFMERGE made. How the registers are packed is looked at where the string is read.
struct HyperLogLog {
  std::map<uint64_t, int> registers;  // those that are not 0
  bool dense = false;                 // as far as anybody saw
  bool counted = false;               // the count is kept in it
  static bool empty() { return false; }
};

struct Value {
  std::variant<List, Set, Hash, Zset, std::string, Stream, HyperLogLog> data;
  std::optional<int64_t> deadline_ms;
};

struct WrongType {
  std::string error = "-WRONGTYPE Operation against a key holding the wrong kind of value";
};

}  // namespace norn::reference
