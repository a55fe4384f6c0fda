#pragma once
// A node's part in its cluster, wired together: carries bytes, files and time to the member (engine/cluster/member.h), and
// carries out what it asks for, in order.
//
// Lives on executor 0; calls say where else they may come from.

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "engine/cluster/cluster_commands.h"
#include "engine/cluster/member.h"
#include "engine/commands/cluster_control.h"
#include "engine/fiber/wait_queue.h"
#include "engine/node/node.h"
#include "net/bus_links.h"
#include "net/replication.h"
#include "net/slot_migration.h"

namespace norn::net {

class Cluster : public ClusterControl,
                private BusOwner,
                private cluster::ClusterHost,
                private SlotMigrationHost {
 public:
  // Requires: executor 0; cluster-enabled.
  Cluster(Node& node, Replication& replication);
  ~Cluster() override;

  // Reads the file of an earlier life, if there was one. Errors: it is damaged, or another server's. Before the data is loaded: a replica says so to
  // replication. Requires: a fiber. Parks.
  absl::Status Remember();
  // Goes on with that life, or begins a new one, listens and keeps time. Errors: the port is taken. Requires: a fiber; Remember
  // returned Ok; the data is loaded. Parks.
  absl::Status Start();
  void Stop();
  // A cluster-* option changed.
  void OnOptions(const config::Options& options);

  cluster::Member& member() override { return *member_; }
  // Carries out what the member asks for after a call of it from outside.
  void Pump() override;

  // ---- ClusterControl: from every executor ----
  void Run(std::span<const std::string_view> words, Session& session, ReplyWriter& reply) override;
  std::string Info() override;
  void Publish(bool sharded, std::string_view channel, std::string_view message) override;

 private:
  // ---- BusOwner ----
  void OnAccepted(cluster::LinkId link, const cluster::LinkFacts& facts) override;
  void OnConnected(const cluster::NodeId& node, cluster::LinkId link,
                   const cluster::LinkFacts& facts) override;
  void OnConnectFailed(const cluster::NodeId& node, bool refused) override;
  void OnLinkDown(cluster::LinkId link) override;
  void OnBytes(cluster::LinkId link) override;
  void OnMessage(cluster::LinkId link, const cluster::BusMessage& message) override;

  // ---- cluster::ClusterHost ----
  uint64_t KeysInSlot(SlotId slot, std::optional<DbIndex> db) override;
  void VisitKeys(SlotId slot, DbIndex db, size_t count_max,
                 absl::FunctionRef<void(std::string_view key)> visit) override;
  uint64_t KeyCount() override;
  uint64_t ScanSlot(SlotId slot, DbIndex db, uint64_t position, size_t count,
                    absl::FunctionRef<void(const Entry& entry)> visit) override;
  uint64_t ScanFingerprint() override;
  std::optional<std::vector<SlotUsage>> SlotUsages() override;
  SendBuffer SendBufferOf(cluster::LinkId link) override {
    return {bus_.BufferBytes(link), bus_.PendingBytes(link)};
  }
  uint64_t links_over_limit() override { return bus_.links_dropped_by_limit(); }

  absl::StatusOr<std::optional<cluster::NodesFile>> LoadFile();
  // FailedPrecondition: another server uses the file.
  absl::Status LockFile();
  absl::Status Listen();
  cluster::MemberOptions OptionsFrom(const config::Options& options);
  cluster::DataFacts Data();
  void RunClock();
  void RunSaver();
  void RunActions();
  // False: it parks, and so must be carried out on the actions' fiber.
  bool DoNow(const cluster::MemberAction& action);
  void DoParking(const cluster::MemberAction& action);
  void AwaitSaved(uint64_t version);
  void Follow(const cluster::member_action::Follow& follow);
  void DropSlots(const cluster::SlotSet& slots) override;
  void CarryOut() override;
  void DropAllKeys();
  void Write(const cluster::member_action::Log& log);
  // A node that lost its disk comes back at its old address as a stranger, and its replicas must not copy its emptiness.
  bool Leads() const;
  void PublishRoutes();
  void PublishFence();
  void RunHere(const cluster::ClusterCall& call);
  void TellOpenSlots();
  uint16_t BusPort();
  ExecutorState& state() { return node_.state(0); }
  const config::Options& options() { return node_.state(0).options(); }
  Instant Now() { return node_.env().clock().Now(); }
  WallTime Wall() { return node_.env().clock().Wall(); }

  Node& node_;
  Replication& replication_;
  BusLinks bus_;
  std::optional<cluster::NodesFile> file_;  // until Start
  std::unique_ptr<cluster::Member> member_;
  SlotMigrations migrations_;
  std::deque<cluster::MemberAction> actions_;
  bool acting_ = false;   // a fiber carries out actions
  bool turning_ = false;  // to another primary
  bool ended_ = false;
  uint64_t wanted_version_ = 0;
  uint64_t urgent_version_ = 0;  // somebody waits for it
  uint64_t saved_version_ = 0;
  bool routes_posted_ = false;
  uint64_t routes_version_ = 0;
  cluster::WriteFence fence_;         // as it was published
  std::set<uint64_t> told_replicas_;  // those who were there when open slots were last told
  int slot_orders_ = 0;               // SETSLOTs that replicas hear of before they are done here
  WaitQueue clock_;
  WaitQueue saver_;
  WaitQueue saved_;
};

}  // namespace norn::net
