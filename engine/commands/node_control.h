#pragma once
// What a handler of Placement::kHome may ask of the node it runs in. Implemented by engine/node; an interface because
// commands stand below it on the ladder.
//
// Calls marked "parks" gather from or reach every executor and suspend the calling fiber.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/commands/cluster_control.h"
#include "engine/commands/latency.h"
#include "engine/commands/migration_control.h"
#include "engine/commands/replication_control.h"
#include "engine/commands/stats.h"
#include "engine/config/config.h"
#include "engine/env/env.h"
#include "engine/keyspace/keyspace.h"
#include "engine/persist/aof_info.h"
#include "engine/pubsub/pubsub.h"
#include "engine/session/session.h"

namespace norn {

// A client as CLIENT LIST shows it: a copy, so that it may be read on any executor.
struct ClientInfo {
  Session session;  // without queue and watches' contents
  size_t queued_commands = 0;
  size_t watched_keys = 0;
  size_t queued_bytes = 0;
  size_t channels = 0;
  size_t patterns = 0;
  size_t shard_channels = 0;
  int64_t age_s = 0;
  int64_t idle_s = 0;
  size_t argument_bytes = 0;  // words of the command under way
  bool closing = false;
};

enum class PauseMode : uint8_t { kNone, kWrite, kAll };

struct Pause {
  PauseMode mode = PauseMode::kNone;
  Instant until = Instant::Past();
};

// COMMANDLOG's three logs.
enum class CommandLogKind : uint8_t { kSlow, kLargeRequest, kLargeReply };
inline constexpr size_t kCommandLogKinds = 3;

struct CommandLogEntry {
  uint64_t id = 0;
  int64_t unix_s = 0;
  int64_t value = 0;               // microseconds, or bytes of the request or reply
  std::vector<std::string> words;  // cut as Valkey cuts them (at most 32, 128 bytes each)
  std::string peer;
  std::string name;
};

// Per shard and database, gathered for INFO, DBSIZE-like needs and MEMORY STATS.
struct DbStats {
  uint64_t keys = 0;
  uint64_t expires = 0;
  int64_t avg_ttl_ms = 0;
  uint64_t timed_objects = 0;  // hashes with fields that expire
  uint64_t used_bytes = 0;
  uint64_t overhead_bytes = 0;
};

// Saving and loading, with the names of INFO persistence.
struct PersistenceStats {
  bool loading = false;
  uint64_t loading_start_unix_s = 0;
  uint64_t loading_total_bytes = 0;  // 0: not known
  uint64_t loading_loaded_bytes = 0;
  double loading_bytes_per_s = 0;
  uint64_t save_keys_processed = 0;
  uint64_t save_keys_total = 0;
  uint64_t changes_since_last_save = 0;
  bool bgsave_in_progress = false;
  int64_t last_save_unix_s = 0;
  bool last_bgsave_ok = true;
  int64_t last_bgsave_s = -1;
  int64_t current_bgsave_s = -1;
  uint64_t saves = 0;
  uint64_t last_load_keys_expired = 0;
  uint64_t last_load_keys_loaded = 0;
  persist::AofInfo aof;
};

struct NodeStats {
  PersistenceStats persistence;
  ReplicationStats replication;
  ExecutorStats totals;      // summed over executors
  KeyspaceStats keyspace;    // summed over shards (keyspace.h)
  std::vector<DbStats> dbs;  // by database index, summed over shards
  uint64_t connected_clients = 0;
  uint64_t paused_clients = 0;
  uint64_t blocked_clients = 0;
  uint64_t watching_clients = 0;
  uint64_t watched_keys = 0;
  uint64_t blocking_keys = 0;        // waited for
  uint64_t blocking_keys_nokey = 0;  // of those: also for their deletion
  uint64_t pubsub_clients = 0;
  uint64_t pubsub_channels = 0;
  uint64_t pubsub_patterns = 0;
  uint64_t pubsub_shard_channels = 0;
  uint64_t denied_auths = 0;
  uint64_t migrate_cached_sockets = 0;
  uint64_t client_memory_bytes = 0;
  uint64_t largest_input_buffer_bytes = 0;  // of any client now
  uint64_t largest_output_buffer_bytes = 0;
  uint64_t used_memory_bytes = 0;  // dataset + tables + client buffers + the engine's own
  uint64_t used_memory_peak_bytes = 0;
  uint64_t startup_memory_bytes = 0;
  double instantaneous_ops_per_s = 0;
  double instantaneous_input_kbps = 0;
  double instantaneous_output_kbps = 0;
  env::ProcessStats process;
};

// Of the program and machine that a node runs in; constant. Empty where it does not know.
struct HostFacts {
  std::string os;          // as uname: "Linux 6.1.0 x86_64"
  std::string executable;  // absolute path
};

struct ShutdownRequest {
  bool save = false;
  bool nosave = false;
  bool now = false;
  bool force = false;
  bool abort = false;
};

class NodeControl {
 public:
  virtual ~NodeControl() = default;

  virtual env::Env& env() = 0;
  virtual const config::Config& config() = 0;  // of the current executor
  virtual Instant start_instant() = 0;
  virtual WallTime start_wall() = 0;
  virtual std::string_view run_id() = 0;        // 40 hexadecimal characters
  virtual std::string ListeningPortText() = 0;  // the TCP port in use
  virtual const HostFacts& host() = 0;

  // All or nothing, on every executor and shard when it returns. The error names the parameter and reason as CONFIG SET
  // replies it. Requires: the caller holds every token. Parks.
  virtual absl::Status SetConfig(const std::vector<std::pair<std::string, std::string>>& pairs) = 0;
  // Writes the file that the node was started with. Parks.
  virtual absl::Status RewriteConfig() = 0;

  // Both look at every shard. Require: the caller holds every token (Placement::kAllShards). Park.
  virtual NodeStats GatherStats() = 0;
  virtual void ResetStats() = 0;                                            // CONFIG RESETSTAT
  virtual void ResetLatency(const std::vector<uint32_t>& command_ids) = 0;  // parks; empty: all

  virtual std::vector<ClientInfo> Clients() = 0;  // parks; ascending id
  // Closes those for which `wanted` is true; returns their count. `self` is closed only after its reply. Parks.
  virtual size_t KillClients(const std::function<bool(const ClientInfo&)>& wanted,
                             ClientId self) = 0;
  // RESET: drops the queue and the watches, as DISCARD does, also when no MULTI is open. Parks.
  virtual void DiscardTransaction(Session& session) = 0;
  // RESET: the client listens to nothing any more, without being told. Parks.
  virtual void EndSubscriptions(Session& session) = 0;
  // A failed AUTH, for INFO's acl_access_denied_auth.
  virtual void CountDeniedAuth() = 0;
  // CLIENT UNBLOCK: true when the client was blocked. Parks.
  virtual bool Unblock(ClientId id, bool with_error) = 0;
  virtual void SetPause(Pause pause) = 0;  // parks
  virtual Pause GetPause() = 0;

  virtual std::vector<CommandLogEntry> CommandLog(
      CommandLogKind kind, int64_t count) = 0;               // newest first; -1: all; parks
  virtual size_t CommandLogLength(CommandLogKind kind) = 0;  // parks
  virtual void CommandLogReset(CommandLogKind kind) = 0;     // parks

  // Adds an entry to a command log, cut to its limits. Never parks: the log lives at executor 0 and gets it by post.
  virtual void LogCommand(CommandLogKind kind, const CommandSpec& spec,
                          std::span<const std::string_view> words, const Session& session,
                          WallTime now, int64_t value) = 0;

  // Something took so long; kept if latency-monitor-threshold says so. Never parks.
  virtual void NoteLatency(std::string_view event, Duration took) = 0;
  virtual std::vector<LatencyEvent> LatencyEvents() = 0;  // parks
  virtual size_t ResetLatencyEvents(
      const std::vector<std::string>& names) = 0;  // parks; empty: all

  // Runs `work` on each shard, one after the other. Requires: the caller holds every token. Never parks.
  virtual void OnEveryShard(const std::function<void(uint32_t shard, Keyspace&)>& work) = 0;

  // Begins a clean stop. An error's message is the reply (behind "ERR "); on success the caller's connection ends without
  // one, but for `abort`, which is answered. Parks.
  virtual absl::Status Shutdown(const ShutdownRequest& request) = 0;
  virtual void SetActiveExpire(bool on) = 0;  // DEBUG SET-ACTIVE-EXPIRE; parks

  // ---- persistence; an error's message is the reply behind "ERR " ----
  virtual absl::Status Save() = 0;  // parks until the snapshot is on disk
  // Begin in the background; the text is the reply. Park.
  virtual absl::StatusOr<std::string> SaveInBackground(bool schedule) = 0;
  virtual absl::StatusOr<std::string> CancelSave() = 0;
  // All keys are gone, on order. With save points a snapshot that says so follows at once, or they would be back after a crash.
  // Never parks.
  virtual void NoteFlushed() = 0;
  virtual absl::StatusOr<std::string> RewriteLogInBackground() = 0;
  virtual int64_t LastSaveUnixS() = 0;  // parks
  // Saves (if asked), then replaces the data by what is on disk, as a start would read it. Parks.
  virtual absl::Status Reload(bool save) = 0;
  // The same from the append-only log, which is synced first. Parks.
  virtual absl::Status ReloadLog() = 0;
  virtual PubSub& pubsub() = 0;                   // pubsub.h says what each call needs
  virtual ReplicationControl& replication() = 0;  // replication_control.h
  virtual MigrationControl& migration() = 0;      // of the current executor; migration_control.h
  virtual ClusterControl* cluster() = 0;  // cluster_control.h; null: this node is in no cluster
};

}  // namespace norn
