#pragma once
// A NodeControl for tests of handlers: everything it is asked for is a public field, and what it was told is kept there.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/commands/fake_migration.h"
#include "engine/commands/fake_replication.h"
#include "engine/commands/node_control.h"

namespace norn {

class FakeNode : public NodeControl {
 public:
  env::Env& env() override {
    CHECK_MSG(env_value != nullptr, "the test gave the node no Env");
    return *env_value;
  }
  const config::Config& config() override { return config_value; }
  Instant start_instant() override { return {}; }
  WallTime start_wall() override { return {}; }
  std::string_view run_id() override { return "0123456789abcdef0123456789abcdef01234567"; }
  std::string ListeningPortText() override { return "6379"; }
  const HostFacts& host() override { return host_value; }

  absl::Status SetConfig(const std::vector<std::pair<std::string, std::string>>& pairs) override {
    std::vector<std::string_view> words;
    for (const auto& [name, value] : pairs) {
      words.push_back(name);
      words.push_back(value);
    }
    absl::StatusOr<config::Change> change = config::Set(config_value, words, {});
    if (!change.ok()) return change.status();
    config_value = std::move(change->after);
    return absl::OkStatus();
  }
  absl::Status RewriteConfig() override { return rewrite_status; }

  NodeStats GatherStats() override { return stats; }
  void ResetStats() override { ++stat_resets; }
  void ResetLatency(const std::vector<uint32_t>& command_ids) override {
    latency_resets.push_back(command_ids);
  }

  std::vector<ClientInfo> Clients() override { return clients; }
  size_t KillClients(const std::function<bool(const ClientInfo&)>& wanted, ClientId) override {
    return std::erase_if(clients, wanted);
  }
  void DiscardTransaction(Session& session) override {
    session.transaction = {};
    session.watched.clear();
  }
  void EndSubscriptions(Session& session) override {
    if (pubsub_value != nullptr) pubsub_value->EndSubscriptions(session);
  }
  void CountDeniedAuth() override { ++denied_auths; }
  bool Unblock(ClientId id, bool) override { return id == blocked_client; }
  void SetPause(Pause wanted) override { pause = wanted; }
  Pause GetPause() override { return pause; }

  std::vector<CommandLogEntry> CommandLog(CommandLogKind kind, int64_t count) override {
    std::vector<CommandLogEntry> entries = logs[kind];
    if (count >= 0 && entries.size() > static_cast<size_t>(count)) {
      entries.resize(static_cast<size_t>(count));
    }
    return entries;
  }
  size_t CommandLogLength(CommandLogKind kind) override { return logs[kind].size(); }
  void CommandLogReset(CommandLogKind kind) override { logs[kind].clear(); }
  void LogCommand(CommandLogKind, const CommandSpec&, std::span<const std::string_view>,
                  const Session&, WallTime, int64_t) override {}

  void NoteLatency(std::string_view event, Duration took) override {
    latency.Add(event, took, WallTime{});
  }
  std::vector<LatencyEvent> LatencyEvents() override { return latency.Events(); }
  size_t ResetLatencyEvents(const std::vector<std::string>& names) override {
    return latency.Reset(names);
  }

  void OnEveryShard(const std::function<void(uint32_t, Keyspace&)>& work) override {
    for (size_t i = 0; i < shards.size(); ++i) work(static_cast<uint32_t>(i), *shards[i]);
  }
  absl::Status Shutdown(const ShutdownRequest& request) override {
    shutdowns.push_back(request);
    return shutdown_status;
  }
  void SetActiveExpire(bool on) override { active_expire = on; }
  absl::Status Save() override { return save_status; }
  absl::StatusOr<std::string> SaveInBackground(bool schedule) override {
    return schedule ? "Background saving scheduled" : "Background saving started";
  }
  absl::StatusOr<std::string> CancelSave() override { return "Background saving cancelled"; }
  void NoteFlushed() override { ++flushes; }
  absl::StatusOr<std::string> RewriteLogInBackground() override {
    return "Background append only file rewriting started";
  }
  int64_t LastSaveUnixS() override { return last_save_unix_s; }
  absl::Status Reload(bool) override { return save_status; }
  absl::Status ReloadLog() override { return save_status; }
  PubSub& pubsub() override {
    CHECK_MSG(pubsub_value != nullptr, "the test gave the node no channels");
    return *pubsub_value;
  }
  ReplicationControl& replication() override { return replication_value; }
  MigrationControl& migration() override { return migration_value; }
  ClusterControl* cluster() override { return cluster_value; }

  env::Env* env_value = nullptr;
  PubSub* pubsub_value = nullptr;
  config::Config config_value;
  FakeReplication replication_value;
  FakeMigration migration_value;
  ClusterControl* cluster_value = nullptr;
  HostFacts host_value;
  std::vector<Keyspace*> shards;
  NodeStats stats;
  std::vector<ClientInfo> clients;
  ClientId blocked_client;
  std::map<CommandLogKind, std::vector<CommandLogEntry>> logs;  // newest first
  LatencyMonitor latency;
  Pause pause;
  absl::Status rewrite_status;
  absl::Status save_status;
  int flushes = 0;
  int64_t last_save_unix_s = 0;
  absl::Status shutdown_status;
  std::vector<ShutdownRequest> shutdowns;
  std::vector<std::vector<uint32_t>> latency_resets;
  int stat_resets = 0;
  int denied_auths = 0;
  bool active_expire = true;
};

}  // namespace norn
