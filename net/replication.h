#pragma once
// A node's replication, both sides, wired together: its stream, the feeds of its replicas, the link to its primary, and who
// waits for acknowledgements. State machines are in engine/replication, what only the node can do behind ReplicationHost.
//
// Lives on executor 0; calls say where else they may come from.

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/commands/replication_control.h"
#include "engine/node/node.h"
#include "engine/replication/host.h"
#include "engine/replication/primary.h"
#include "net/ack_waits.h"
#include "net/feed_directory.h"
#include "net/replica_link.h"

namespace norn::net {

class Replication : public ReplicationControl, private LinkOwner {
 public:
  // Requires: executor 0.
  Replication(Node& node, ReplicationHost& host);

  // Begins to follow the primary of the configuration, if there is one, and to keep time. What was loaded at the start has been
  // given to stream() before (PrimaryStream::RestoreAs...). Requires: a fiber. Parks.
  void Start();
  // The journal's effects go here.
  PrimaryStream& stream() { return stream_; }
  // The own append log was synced further (ReplicationHost::LogSyncedOffset).
  void OnLogSynced();
  // Option repl-backlog-size changed.
  void OnBacklogSize(size_t bytes);

  // ---- for feeds, on executor 0 ----
  Admission Admit(ClientId id, const ReplicaFacts& facts, const SyncRequest& request,
                  FeedPort* port);
  FeedPull Pull(ClientId id, std::span<char> out) { return feeds_.Pull(id, out); }
  void Leave(ClientId id) { feeds_.Leave(id); }
  void OnAlive(ClientId id) { feeds_.OnAlive(id); }
  void OnAck(ClientId id, StreamOffset acked, StreamOffset on_disk);
  // PSYNC ... FAILOVER: becomes a primary when `id` is the own history. The refusal, or nothing. Parks.
  std::string TakeOver(const std::string& id);

  // ---- for the cluster, which decides about roles; on executor 0 ----
  // Where the data here stands.
  struct DataPosition {
    bool has_data =
        false;  // of a replica: had a whole copy once in this life, was a primary, or started from files
    bool synced = false;  // of a replica: the link to the present primary has been up
    StreamOffset offset = 0;
    Duration age;  // of a replica: since the primary's last word
  };
  DataPosition Position();
  // Park. Nothing happens when it is so already.
  void FollowOfShard(const std::string& host, int64_t port) { ChangeRole(host, port, kCluster); }
  void BecomePrimaryOfShard() { ChangeRole("", 0, kCluster); }
  // Whom Start follows, by an earlier life's word, where `replicaof` names nobody: so that the history of the data that is loaded
  // goes on as a replica's. Before the data is read.
  void SetFirstPrimary(const std::string& host, int64_t port) {
    first_primary_ = {.host = host, .port = port};
  }
  // Asked for each replica that comes: whether this node has data to give. Once, before the first.
  void SetAdmission(std::function<bool()> leads) { leads_ = std::move(leads); }
  void HoldWrites(bool on) { host_.HoldWrites(on); }
  // Puts a command that changes no keys into the stream, for replicas of Valkey 8's level or later, and parks until each of
  // those that are online now has it. `timeout` zero: however long that takes.
  enum class Told : uint8_t { kAll, kNobodyThere, kTooLate };
  Told TellReplicas(std::span<const std::string_view> words, Duration timeout);
  // The same without waiting.
  void AppendOrder(std::span<const std::string_view> words);
  // Replicas that get the stream, by client.
  std::set<uint64_t> OnlineReplicas() const;
  // Runs commands that no client sent, as a primary's stream would. Parks.
  void RunAsOrder(std::span<const StreamCommand> commands) { host_.Apply(commands); }

  // ---- ReplicationControl: from every executor ----
  bool following() override;
  ReplicationView View() override;
  ReplicationStats Stats() override;
  void ResetStats() override;
  std::string ReplicaOf(const std::string& host, int64_t port, std::string_view who) override;
  std::string Failover(const FailoverRequest& request) override;
  bool DropPrimaryLink() override;
  bool KnowsCopyClient(ClientId id) override;
  AckCounts AwaitAcks(Session& session, const AckWait& wait) override;

 private:
  static constexpr std::string_view kCluster = "the cluster";
  enum class FailoverState : uint8_t { kNone, kWaitForSync, kInProgress };

  // ---- LinkOwner ----
  void OnLinkUp(bool up) override;
  void OnHistoryChanged() override { feeds_.DropAll(); }
  void OnFailoverAnswer(std::string_view refusal) override;

  void RunCron();
  void Tick(Instant now);
  void EverySecond(Instant now);
  void WakeFeedsSoon();
  void RequestAcks();
  void RefreshGates();
  // Role changes, one at a time. Park.
  void BecomeReplica(const std::string& host, int64_t port, bool failover);
  void BecomePrimary();
  std::string ChangeRole(const std::string& host, int64_t port, std::string_view who);
  std::string BeginFailover(const FailoverRequest& request);
  void StepFailover(Instant now);
  void EndFailover(std::string_view why, bool aborted);
  ReplicationView ViewHere();
  std::string_view FailoverName() const;
  ExecutorState& state() { return node_.state(0); }
  Instant Now() { return node_.env().clock().Now(); }

  Node& node_;
  ReplicationHost& host_;
  PrimaryStream stream_;
  FeedDirectory feeds_;
  AckWaits waits_;
  ReplicaLink link_;
  config::ReplicaOf first_primary_;
  std::string primary_host_;  // empty: this node is a primary
  int64_t primary_port_ = 0;
  bool link_up_ = false;
  bool synced_ = false;    // link_up_ was true since this primary is followed
  bool has_copy_ = false;  // ... or since some other was
  ReplicationGates gates_;
  bool setting_gates_ = false;
  std::vector<char> following_;  // by executor, each touched there
  bool changing_role_ = false;
  std::function<bool()> leads_;  // null: it does
  WaitQueue role_turn_;
  WaitQueue acked_;
  StreamOffset acks_requested_at_ = -1;
  int64_t seconds_ = 0;
  Instant
      current_at_;  // the data here was a primary's, or fresh from one; of a process that just started: its start
  Instant next_second_;

  FailoverState failover_ = FailoverState::kNone;
  FailoverRequest failover_request_;
  Instant failover_deadline_ = Instant::Never();
};

}  // namespace norn::net
