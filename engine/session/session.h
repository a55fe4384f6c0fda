#pragma once
// One client's state, whatever bytes it speaks: who it is, which database, what it queued and watches.
//
// Belongs to the executor of its connection. While a batch of its commands runs on another executor the connection's
// fiber is parked, so reading it there is safe; only commands that run at home (no keys) change it.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/key_slot.h"
#include "engine/base/time.h"
#include "engine/keyspace/db.h"
#include "engine/session/replica_facts.h"
#include "engine/session/reply.h"

namespace norn {

class ClientHandle;
struct CommandSpec;

// A command waiting for EXEC; owns its words.
struct QueuedCommand {
  const CommandSpec* spec = nullptr;
  std::vector<std::string> words;
  size_t bytes = 0;
};

// A watched key and the version that WATCH saw.
struct WatchedKey {
  DbIndex db;
  std::string key;
  uint64_t hash = 0;
  SlotId slot;
  uint64_t version = 0;
};

struct Transaction {
  bool open = false;    // between MULTI and EXEC
  bool broken = false;  // a command was refused while queueing: EXEC answers EXECABORT
  std::vector<QueuedCommand> queue;
  size_t queued_bytes = 0;
};

// CLIENT REPLY. The dispatcher turns kSkipNext into kSkipThis for the command after it.
enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkipThis };

// What a connection is for: the classes of client-output-buffer-limit.
enum class ClientClass : uint8_t { kNormal, kReplica, kPubSub };

// A call in which the client's fiber is parked (WAIT), for those who end it early. Of the client's executor.
class BlockedCall {
 public:
  enum class End : uint8_t { kTimeout, kError, kClosed, kRoleChange };
  virtual ~BlockedCall() = default;
  virtual void Unblock(End end) = 0;
};

// What a client listens to (engine/pubsub); ordered, because it is told of each when it stops listening to all.
struct Subscriptions {
  using Names = std::set<std::string, std::less<>>;
  Names channels;
  Names patterns;
  Names shard_channels;

  size_t total() const { return channels.size() + patterns.size() + shard_channels.size(); }
};

struct Session {
  ClientId id;
  DbIndex db;
  Resp resp = Resp::k2;
  bool authenticated = false;
  bool no_evict = false;
  bool no_touch = false;
  bool import_source = false;      // fills a server in import mode: sees what expired
  bool close_after_reply = false;  // QUIT, protocol errors, CLIENT KILL of oneself
  bool unix_socket = false;
  bool readonly = false;  // READONLY: reads at a replica are not redirected
  bool asking =
      false;  // ASKING: the next command, or the transaction that it begins, was sent here by -ASK
  bool from_primary =
      false;  // repeats what a primary or a log did: nothing is refused, nothing expires by itself
  bool wrote = false;         // ran a command that may have written since its replies last left
  bool wrote_before = false;  // ... and before that, since WAIT last asked how far
  int64_t write_offset = 0;   // of the replication stream, behind what it wrote before that
  ReplyMode reply_mode = ReplyMode::kOn;
  ClientClass client_class = ClientClass::kNormal;
  uint32_t executor = 0;
  std::string user = "default";
  std::string name;
  std::string library_name;
  std::string library_version;
  std::string peer_address;  // "127.0.0.1:50123", "/path/sock:0" for unix sockets
  std::string local_address;
  Instant created;
  Instant last_interaction;
  const CommandSpec* last_command = nullptr;

  Transaction transaction;
  bool executing = false;                // EXEC runs its queue: commands must not block
  BlockedCall* blocked_call = nullptr;   // while `blocked`
  std::shared_ptr<ReplicaSide> replica;  // since its first REPLCONF, PSYNC or SYNC
  std::vector<WatchedKey> watched;
  ClientHandle* handle = nullptr;  // its connection; null: a client that no message can reach
  std::shared_ptr<Subscriptions> subscriptions;  // since its first subscription

  // Speaks RESP2 and listens to channels: what it is sent could be a reply or a message, so it may ask little else.
  bool in_subscriber_mode() const {
    return client_class == ClientClass::kPubSub && resp == Resp::k2;
  }

  // For CLIENT LIST, kept by the connection.
  uint64_t commands_processed = 0;
  uint64_t net_input_bytes = 0;
  uint64_t net_output_bytes = 0;
  size_t query_buffer_bytes = 0;
  size_t query_buffer_free_bytes = 0;
  size_t output_pending_bytes = 0;
  size_t output_buffer_bytes = 0;       // room of the output buffer
  size_t output_buffer_peak_bytes = 0;  // most of it in use at once
  size_t memory_bytes = 0;
  int file_descriptor = -1;
  bool paused = false;  // held back by CLIENT PAUSE
  bool blocked = false;
};

}  // namespace norn
