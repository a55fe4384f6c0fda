#pragma once
// One process of a deployment: its shards, its executors' states, its clients, over one Env. What a command may ask of the
// whole node (NodeControl) is answered here, by posts to the executors that own the answer.
//
// Sockets and connections are net's; NodeHost (net/node_host.h) wires a Node to them.

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/commands/command_log.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replication_control.h"
#include "engine/node/journal.h"
#include "engine/node/node_replication.h"
#include "engine/node/persistence.h"
#include "engine/node/rate_sampler.h"
#include "engine/node/snapshot.h"
#include "engine/pubsub/pubsub.h"
#include "engine/session/client_registry.h"
#include "engine/shard/executor_state.h"
#include "engine/shard/shard.h"

namespace norn {

// What only the wiring around the node can do. Empty functions: not available in this world.
struct NodeHooks {
  // Applies an effect of CONFIG SET outside the engine (listeners, descriptors, directory). Runs on executor 0's fiber; may
  // park. An error undoes the CONFIG SET.
  std::function<absl::Status(config::Effect, const config::Config& after)> apply_effect;
  // Stops accepting, before the end.
  std::function<void()> stop_listening;
};

class Node : public NodeControl {
 public:
  Node(env::Env& env, config::Config config, HostFacts host);
  ~Node() override;

  // Loads the data and spawns each executor's cron. An error says why the server must not start. Requires: called from a fiber
  // on executor 0. Parks.
  absl::Status Start();

  // What replication needs of this node.
  NodeReplication& replication_host() { return *node_replication_; }
  // Before the first connection; `replication` outlives the node's use of it.
  void SetReplication(ReplicationControl& replication) { replication_ = &replication; }
  // By executor; they outlive the node's use of them. Before the first connection.
  void SetMigration(std::vector<MigrationControl*> migration) { migration_ = std::move(migration); }
  // Likewise, where cluster-enabled is yes.
  void SetCluster(ClusterControl& cluster) { cluster_ = &cluster; }
  // Effects are wanted for slots that move, or no longer; `listener` is told of all of them, wanted or not. Executor 0; the first
  // parks.
  void SetMigrationJournal(bool on) { SetJournaling(Listener::kMigration, on); }
  void ListenToJournal(JournalListener* listener) { journal_.Listen(listener); }
  Journal& journal() { return journal_; }
  void SetHooks(NodeHooks hooks) { hooks_ = std::move(hooks); }
  void SetListeningPort(std::string port) { port_ = std::move(port); }

  uint32_t executor_count() const { return static_cast<uint32_t>(executors_.size()); }
  ExecutorState& state(uint32_t executor) { return executors_[executor]->state; }
  ExecutorState* const* states() const { return states_.data(); }
  ClientRegistry& clients(uint32_t executor) { return executors_[executor]->clients; }

  // The next client id, or nullopt when maxclients are connected. Answered by executor 0. Parks.
  std::optional<ClientId> AdmitClient();
  // The client that AdmitClient let in is gone. Never parks.
  void ReleaseClient();
  // Requires: the client's executor.
  ClientInfo DescribeClient(ClientHandle& client);

  // ---- NodeControl ----
  env::Env& env() override { return env_; }
  const config::Config& config() override;
  Instant start_instant() override { return start_instant_; }
  WallTime start_wall() override { return start_wall_; }
  std::string_view run_id() override { return run_id_; }
  std::string ListeningPortText() override { return port_; }
  const HostFacts& host() override { return host_; }
  absl::Status SetConfig(const std::vector<std::pair<std::string, std::string>>& pairs) override;
  absl::Status RewriteConfig() override;
  NodeStats GatherStats() override;
  void ResetStats() override;
  void ResetLatency(const std::vector<uint32_t>& command_ids) override;
  std::vector<ClientInfo> Clients() override;
  size_t KillClients(const std::function<bool(const ClientInfo&)>& wanted, ClientId self) override;
  void DiscardTransaction(Session& session) override;
  void EndSubscriptions(Session& session) override;
  void CountDeniedAuth() override;
  bool Unblock(ClientId id, bool with_error) override;
  void SetPause(Pause pause) override;
  Pause GetPause() override;
  std::vector<CommandLogEntry> CommandLog(CommandLogKind kind, int64_t count) override;
  size_t CommandLogLength(CommandLogKind kind) override;
  void CommandLogReset(CommandLogKind kind) override;
  void LogCommand(CommandLogKind kind, const CommandSpec& spec,
                  std::span<const std::string_view> words, const Session& session, WallTime now,
                  int64_t value) override;
  void NoteLatency(std::string_view event, Duration took) override;
  std::vector<LatencyEvent> LatencyEvents() override;
  size_t ResetLatencyEvents(const std::vector<std::string>& names) override;
  void OnEveryShard(const std::function<void(uint32_t shard, Keyspace&)>& work) override;
  absl::Status Shutdown(const ShutdownRequest& request) override;
  void SetActiveExpire(bool on) override;
  absl::Status Save() override;
  absl::StatusOr<std::string> SaveInBackground(bool schedule) override;
  absl::StatusOr<std::string> CancelSave() override;
  void NoteFlushed() override;
  absl::StatusOr<std::string> RewriteLogInBackground() override;
  int64_t LastSaveUnixS() override;
  absl::Status Reload(bool save) override;
  absl::Status ReloadLog() override;

  // Whether a reply behind a write must ask AwaitAnswerable. Any executor; cheap. What an executor knows of the log runs out by
  // itself: one that hears nothing, because executor 0 is busy or the post is late, asks.
  bool replies_wait() { return env_.clock().Now() >= Here().answerable_until; }
  // Parks until what ran here so far is as safe as appendfsync promises before a reply. Any executor.
  void AwaitAnswerable();
  PubSub& pubsub() override { return *pubsub_; }
  ReplicationControl& replication() override { return *replication_; }
  MigrationControl& migration() override { return *migration_[env_.executor().Current()]; }
  ClusterControl* cluster() override { return cluster_; }

 private:
  struct PerExecutor {
    PerExecutor(env::Env& env, NodeControl& node, uint32_t index, config::Config config,
                Shard* const* shards, Keyspace* const* keyspaces, const KeyMap& key_map)
        : state(env, node, index, std::move(config), shards, keyspaces, key_map) {}

    ExecutorState state;
    ClientRegistry clients;
    RateSampler commands_rate;
    RateSampler input_rate;
    RateSampler output_rate;
    uint64_t denied_auths = 0;
    uint64_t used_memory_peak_bytes = 0;
    size_t expire_cursor_db = 0;
    Instant answerable_until = Instant::Never();
    bool active_expire = true;
    config::MaxmemoryPolicy adopted_policy = config::MaxmemoryPolicy::kNoEviction;
  };

  PerExecutor& Here() { return *executors_[env_.executor().Current()]; }
  void RunCron();
  void KeepHouse(PerExecutor& here);
  void ExpireSome(PerExecutor& here);
  void Sample(PerExecutor& here, Instant now);
  void TickClients(PerExecutor& here);
  void TellChanges(PerExecutor& here);
  void DescribeExecutor(PerExecutor& here, NodeStats* part);
  static void AddExecutor(const NodeStats& part, NodeStats* sum);
  void DescribeKeyspace(Keyspace& keyspace, NodeStats* out);
  static void AddDb(const DbStats& from, DbStats* to);
  absl::Status SetConfigAtZero(const std::vector<std::string_view>& pairs);
  void AdoptConfig(const config::Config& config);
  void ApplyToEngine(PerExecutor& here);
  uint64_t ClientMemoryBytes(PerExecutor& here);
  enum class Listener : uint8_t { kLog, kStream, kMigration };
  void SetJournaling(Listener listener, bool on);
  NodeCondition ConditionNow();
  void PublishCondition();
  void SettleCondition(bool settle);

  env::Env& env_;
  HostFacts host_;
  NodeHooks hooks_;
  ReplicationControl* replication_ = nullptr;
  std::vector<MigrationControl*> migration_;
  ClusterControl* cluster_ = nullptr;
  Instant start_instant_;
  WallTime start_wall_;
  std::string run_id_;
  std::string port_ = "0";
  uint64_t startup_memory_bytes_ = 0;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<Shard*> shard_pointers_;
  std::vector<Keyspace*> keyspace_pointers_;
  std::unique_ptr<PubSub> pubsub_;
  std::vector<std::unique_ptr<PerExecutor>> executors_;
  std::vector<ExecutorState*> states_;

  // ---- executor 0's own ----
  Journal journal_;
  std::unique_ptr<SnapshotWriter> snapshots_;
  std::unique_ptr<Persistence> persistence_;
  std::unique_ptr<NodeReplication> node_replication_;
  std::array<bool, 3> journal_listeners_ = {};  // by Listener
  bool ending_ = false;
  uint64_t next_client_id_ = 1;
  uint64_t admitted_clients_ = 0;
  norn::CommandLog command_log_;
  LatencyMonitor latency_;
  bool config_changing_ = false;
  WaitQueue config_turn_;
};

}  // namespace norn
