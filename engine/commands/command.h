#pragma once
// What a command is: one static row (table.cc) and a handler. And what a handler is given: one CommandContext.
//
// A handler is written as if the server had one thread: the tokens of every shard it touches are held around it. It parses
// its words, calls operations on Db, writes exactly one reply. Data handlers (Placement::kKeys, kScan, kAllShards) never
// park; handlers of Placement::kHome run on the connection's fiber and may. A few that need every shard and the other
// executors as well (INFO, MEMORY STATS, DEBUG SLEEP) are kAllShards and park with the tokens held. kHome handlers ask for
// no token: inside EXEC the transaction's are held already.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/time.h"
#include "engine/commands/effect.h"
#include "engine/config/options.h"
#include "engine/keyspace/key_events.h"
#include "engine/keyspace/key_map.h"
#include "engine/keyspace/keyspace.h"
#include "engine/session/reply.h"
#include "engine/session/session.h"
#include "engine/types/type_rules.h"

namespace norn {

class NodeControl;
struct CommandContext;

using Handler = void (*)(CommandContext& c);

// As COMMAND INFO names them (lower case there).
enum CommandFlag : uint32_t {
  kWrite = 1u << 0,
  kReadonly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubSub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipCommandLog = 1u << 10,
  kAsking = 1u << 11,
  kFast = 1u << 12,
  kNoAuth = 1u << 13,
  kMayReplicate = 1u << 14,
  kSentinel = 1u << 15,
  kOnlySentinel = 1u << 16,
  kNoMandatoryKeys = 1u << 17,
  kProtected = 1u << 18,
  kNoAsyncLoading = 1u << 19,
  kNoMulti = 1u << 20,
  kAllowBusy = 1u << 21,
  kTouchesArbitraryKeys = 1u << 22,
};

// Where a command runs, beside what its key specs say.
enum class Placement : uint8_t {
  kHome,  // no shard: on the connection's executor, may park (CLIENT, CONFIG, INFO, PING ...)
  kKeys,  // the shards of its keys
  kScan,  // the shard in the cursor, word 1 (SCAN)
  kChannel,  // the shard of the channel in word 1 (PUBLISH, SPUBLISH); runs there, as a command with a key does
  kChannels,  // on the client's executor, under the tokens of the channels from word 1 on (SUBSCRIBE, SSUBSCRIBE)
  kAllShards,   // every shard (FLUSHALL, KEYS, DBSIZE, RANDOMKEY, SWAPDB ...)
  kDispatcher,  // the dispatcher itself (MULTI, EXEC, DISCARD, WATCH, UNWATCH); no handler
};

// Where the keys stand among the words (the fields of COMMAND INFO's key specifications).
struct KeySpec {
  enum class Begin : uint8_t { kIndex, kKeyword, kUnknown };
  enum class Find : uint8_t { kRange, kKeyNum, kUnknown };
  Begin begin = Begin::kIndex;
  Find find = Find::kRange;
  int index = 0;  // kIndex: position; kKeyword: start of the search (negative: from the end)
  std::string_view keyword;
  int last = 0;  // kRange: relative to the first; -1: to the end, -2: but one
  int step = 1;
  int limit = 0;
  int keynum_index = 0;  // kKeyNum: all relative to the begin
  int first_key = 0;
  uint32_t flags = 0;  // KeyFlag
};

enum KeyFlag : uint32_t {
  kKeyRo = 1u << 0,
  kKeyRw = 1u << 1,
  kKeyOw = 1u << 2,
  kKeyRm = 1u << 3,
  kKeyAccess = 1u << 4,
  kKeyUpdate = 1u << 5,
  kKeyInsert = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyNotKey = 1u << 8,
  kKeyIncomplete = 1u << 9,
  kKeyVariableFlags = 1u << 10,
};

struct CommandSpec {
  // ---- written in the table ----
  std::string_view name;  // lower case; a subcommand's row says "client|kill", its spec "kill"
  int arity;              // words including the name; negative: at least
  uint32_t flags;         // CommandFlag
  std::string_view
      acl;  // categories beyond those that the flags imply: "string", "keyspace,dangerous"
  std::string_view keys;  // "idx:1>range:0:1:0(RW,UPDATE) ; ..."
  Placement placement;
  Handler handler;         // null: a container of subcommands, or the dispatcher's own
  std::string_view group;  // "string", "generic", ...
  std::string_view since;
  std::string_view complexity;
  std::string_view summary;
  std::string_view arguments;  // COMMAND DOCS arguments in the notation of docs.h
  std::string_view tips = {};  // "request_policy:all_shards,nondeterministic_output"
  std::string_view deprecated_since = {};
  std::string_view replaced_by = {};
  // For a command that is placed by its words; what it does not place at home is placed as `placement` says.
  Placement (*place)(std::span<const std::string_view> words) = nullptr;

  // ---- filled in when the table is built (at compile time) ----
  std::string_view full_name = {};  // "client|kill"; `name` is then "kill"
  const CommandSpec* parent = nullptr;
  std::span<const CommandSpec> subcommands = {};
  uint32_t id = 0;        // dense; statistics are arrays over it
  uint32_t acl_bits = 0;  // acl_category.h
  uint8_t key_spec_count = 0;
  KeySpec key_specs[4] = {};
  // The legacy triple of COMMAND INFO; first 0: no keys. `simple_keys`: all keys are first..last by step, no other spec.
  int first_key = 0;
  int last_key = 0;
  int key_step = 0;
  bool simple_keys = false;
  bool movable_keys =
      false;  // the triple does not tell all keys; COMMAND INFO's flag "movablekeys"

  bool Has(CommandFlag flag) const { return (flags & flag) != 0; }
  Placement PlacementOf(std::span<const std::string_view> words) const {
    return place == nullptr ? placement : place(words);
  }
};

// The shards whose tokens are held, as one keyspace.
class KeyspaceView {
 public:
  KeyspaceView(Keyspace* const* shards, const KeyMap& map) : shards_(shards), map_(map) {}

  uint32_t shard_count() const { return map_.shard_count; }
  const KeyMap& map() const { return map_; }
  Key MakeKey(std::string_view bytes) const { return map_.MakeKey(bytes); }
  uint32_t ShardOf(const Key& key) const { return map_.ShardOf(key); }
  Keyspace& shard(uint32_t index) const { return *shards_[index]; }
  std::span<const Keyspace* const> shards() const { return {shards_, map_.shard_count}; }
  Keyspace& ShardFor(const Key& key) const {
    return *shards_[map_.shard_count == 1 ? 0 : map_.ShardOf(key)];
  }
  Db& DbFor(const Key& key, DbIndex db) const { return ShardFor(key).db(db); }

 private:
  Keyspace* const* shards_;
  KeyMap map_;
};

// By which a handler says that its command has to wait until one of its keys is filled (blocking.h).
struct KeyWait {
  std::vector<std::string_view> keys = {};  // in the order of the words
  ValueType type = ValueType::kList;        // of a value that may end the wait
  bool on_any_change = false;               // so may the deletion of a key, or another type
  int64_t timeout_ms = 0;                   // 0: none
  bool null_is_bulk = false;                // the reply where it may not wait; else the null array
  // Words, by their number, as they are to be read when the command runs again.
  std::vector<std::pair<size_t, std::string>> reread = {};
  bool asked = false;
};

struct CommandContext {
  std::span<const std::string_view>
      words;  // words[0] is the name as the client wrote it; views die with the handler
  const CommandSpec* spec;
  ReplyWriter& reply;
  Session& session;
  KeyspaceView keys;
  Moment moment;    // unix ms, touch; one reading a command
  WallTime now;     // the same reading in microseconds
  Instant instant;  // the monotonic clock at the same time
  const config::Options& options;
  NodeControl& node;
  Effect& effect;  // what is to be repeated elsewhere; the words themselves when left alone
  KeyEvents* events = nullptr;  // by Notify; null: nobody wants to hear of any
  KeyWait* wait = nullptr;      // where it says that it waits; null: it may not (EXEC)
  // The hash and the slot of the first key, when the dispatcher computed them already.
  uint64_t first_key_hash = 0;
  SlotId first_key_slot = {};
  bool has_first_key_hash = false;

  TypeRules rules() const { return {options, keys.map().hash_seed}; }
  std::string_view word(size_t at) const { return words[at]; }
  size_t count() const { return words.size(); }
  Key KeyAt(size_t at) const {
    if (has_first_key_hash && static_cast<int>(at) == spec->first_key) {
      return Key{words[at], first_key_hash, first_key_slot};
    }
    return keys.MakeKey(words[at]);
  }
  Db& DbFor(const Key& key) const { return keys.DbFor(key, session.db); }

  // Something happened to a key of the session's database; `kind` is one kNotify bit. To be called after it happened.
  void Notify(uint32_t kind, std::string_view event, std::string_view key) const {
    NotifyIn(session.db, kind, event, key);
  }
  void NotifyIn(DbIndex db, uint32_t kind, std::string_view event, std::string_view key) const {
    if (__builtin_expect(events != nullptr, 0)) events->Add(kind, event, db, key);
  }
};

// Case-insensitive comparison with a lower-case word.
bool WordIs(std::string_view word, std::string_view lower);

}  // namespace norn
