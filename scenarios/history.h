#pragma once
// What clients did and saw: the record that every check reads after a run.
//
// An operation is what must be seen as one step: a command, or MULTI ... EXEC as a whole. Times are the world's true
// time, not a node's clock. An operation whose connection ended before all its replies arrived has an unknown outcome:
// it may take effect at any time until the node crashes, or never.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace norn::scenarios {

inline constexpr int64_t kNeverNs = std::numeric_limits<int64_t>::max();

using Words = std::vector<std::string>;

// How the checks treat an operation; the workload knows when it makes one.
enum class OperationKind : uint8_t {
  kCommand,      // commands[0] reads or writes keys of one group; the model knows its reply
  kTransaction,  // commands = MULTI ... EXEC, one atomic step over keys of one group
  kDiscarded,    // MULTI ... that never takes effect (DISCARD, or EXEC refused); the reply is fixed
  kWatch,        // commands = WATCH key, GET key
  kKeys,         // KEYS *: every key at one instant, in any order
  kRandomKey,    // RANDOMKEY
  kScan,         // one call of an iteration
  kFlushDb,      // FLUSHDB
  kFlushAll,     // FLUSHALL
  kToken,        // touches no key; the reply is fixed (PING token, ECHO token, SELECT)
  kDbSize,       // DBSIZE; only asked when nothing can expire
  kLedger,       // a write that ledger.h judges after restarts
  kSave,         // SAVE, BGSAVE, BGREWRITEAOF
  kTyped,        // any write of any type: its reply is not judged, only what nodes hold afterwards
};

// A write of the ledger (ledger.h): sets `keys` to `text`, or appends it to the one key. Only the connection that sends
// it ever writes these keys.
struct LedgerWrite {
  uint32_t db = 0;
  std::vector<std::string> keys;
  std::string text;
  bool appends = false;
  bool ticks = false;  // and increments the tick counter, in the same transaction
};

struct Operation {
  OperationKind kind = OperationKind::kCommand;
  uint8_t resp = 2;         // the protocol of the connection
  bool must_abort = false;  // kTransaction: this connection touched the watched key after WATCH
  uint32_t db = 0;
  uint32_t client = 0;
  uint32_t connection = 0;  // unique in the run
  uint32_t sequence = 0;    // position in its connection
  uint32_t epoch = 0;       // crashes of the node before the connection was made
  int64_t invoke_ns = 0;
  int64_t complete_ns = kNeverNs;  // kNeverNs: outcome unknown
  std::vector<Words> commands;
  std::vector<std::string> keys;  // every key it may touch; empty for those that see all
  std::string watched_key;        // kTransaction under WATCH, with the reply of the GET after it
  std::string watched_reply;
  std::string expected_reply;         // kToken, kDiscarded
  std::optional<LedgerWrite> ledger;  // kLedger
  std::string reply;                  // the bytes of all its replies, one after another

  bool known() const { return complete_ns != kNeverNs; }
};

struct Crash {
  int64_t at_ns = 0;
};

struct History {
  std::vector<Operation> operations;  // in order of invocation
  std::vector<Crash> crashes;         // epoch e ends with crashes[e]
  bool lone_client = false;           // nobody else could touch what a client watches
};

// The keys of a run: `databases` x `groups` x `keys_per_group`. An operation on several keys takes them from one group,
// so that groups can be checked apart while atomicity over several keys still shows.
struct KeyUniverse {
  uint32_t databases = 1;
  uint32_t groups = 4;
  uint32_t keys_per_group = 3;

  static std::string Name(uint32_t group, uint32_t index) {
    return "g" + std::to_string(group) + "k" + std::to_string(index);
  }
  // Requires: `name` is one of Name's.
  static uint32_t GroupOf(std::string_view name) {
    uint32_t group = 0;
    for (size_t i = 1; i < name.size() && name[i] != 'k'; ++i) {
      group = group * 10 + static_cast<uint32_t>(name[i] - '0');
    }
    return group;
  }
  std::vector<std::string> GroupKeys(uint32_t group) const {
    std::vector<std::string> names;
    for (uint32_t i = 0; i < keys_per_group; ++i) names.push_back(Name(group, i));
    return names;
  }
};

// "client 3 connection 17 #4 [1.000200 s, 1.000900 s] SET g0k1 v -> OK"
std::string Describe(const Operation& operation);

}  // namespace norn::scenarios
