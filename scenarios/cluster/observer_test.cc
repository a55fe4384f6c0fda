// Nodes that are what their nodes.conf says, or are told, and what the observer says of them.

#include "scenarios/cluster/observer.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/cluster/norn_words.h"
#include "scenarios/cluster/layout.h"
#include "scenarios/server.h"
#include "sim/world.h"

namespace norn::scenarios {
namespace {

using cluster::Member;
using cluster::NodesFile;

// A process that does nothing but have a member.
class Shell : public Server {
 public:
  explicit Shell(const std::unique_ptr<Member>& member) : member_(member) {}
  absl::Status Start() override { return absl::OkStatus(); }
  const Member* member() override { return member_.get(); }

 private:
  const std::unique_ptr<Member>& member_;
};

// Nodes 0 and 1 are primaries of two shards, 2 and 3 their replicas in some order.
class ObserverTest : public testing::Test {
 protected:
  ObserverTest() : world_({.seed = 1}), members_(4) {
    std::vector<std::string> ips;
    std::vector<ServerHost*> hosts;
    for (size_t i = 0; i < members_.size(); ++i) {
      sim::NodeOptions node;
      node.name = "node" + std::to_string(i);
      factories_.push_back([this, i](env::Env&, const ServerOptions&) -> std::unique_ptr<Server> {
        return std::make_unique<Shell>(members_[i]);
      });
      ips.push_back("10.0.0." + std::to_string(i + 1));
    }
    for (size_t i = 0; i < members_.size(); ++i) {
      sim::NodeOptions node;
      node.name = "node" + std::to_string(i);
      hosts_.push_back(std::make_unique<ServerHost>(world_, world_.AddNode(node), factories_[i],
                                                    ServerOptions()));
      hosts.push_back(hosts_.back().get());
      hosts.back()->Start();
    }
    world_.RunFor(Duration::Millis(10));
    const SeededConfig config(layout_, ips, {}, Prng(7));
    for (NodeNumber i = 0; i < members_.size(); ++i) files_.push_back(config.FileOf(i));
    observer_ = std::make_unique<Observer>(world_, hosts, std::vector<SlotId>{SlotId{0}},
                                           ServiceBounds{.outage_ns = INT64_MAX}, tallies_);
  }
  ~ObserverTest() override {
    for (const auto& host : hosts_) world_.Stop(host->node());
  }

  static cluster::NodeLine& LineOf(NodesFile& file, const cluster::NodeId& id) {
    for (cluster::NodeLine& line : file.nodes) {
      if (line.id == id) return line;
    }
    ADD_FAILURE() << "no such line";
    return file.nodes.front();
  }
  cluster::NodeId IdOf(NodeNumber node) { return files_[node].Myself().id; }
  NodeNumber ReplicaOf(NodeNumber primary) {
    return files_[2].Myself().replica_of == IdOf(primary) ? 2 : 3;
  }
  // The node lives by its file, another life each time.
  void Begin(NodeNumber node, std::optional<StreamOffset> offset = std::nullopt) {
    const WallTime wall{1'700'000'000'000'000};
    members_[node] =
        std::make_unique<Member>(cluster::MemberOptions(), files_[node], IdOf(node),
                                 files_[node].Myself().shard_id, ++lives_, Prng(3), now(), wall);
    if (offset) members_[node]->Step({.has_data = true, .offset = *offset}, now(), wall);
    observer_->Look();
  }
  void BeginAll() {
    for (NodeNumber i = 0; i < members_.size(); ++i) Begin(i);
  }
  void Die(NodeNumber node) {
    world_.RunFor(Duration::Seconds(1));  // what it knew it told
    observer_->Died(node);
    members_[node] = nullptr;
  }
  Instant now() const { return world_.now(); }
  uint64_t Failures(CheckId id) { return At(tallies_, id).failures; }
  uint64_t Examined(CheckId id) { return At(tallies_, id).examined; }

  const ClusterLayout layout_{2, 1};
  CheckTallies tallies_;
  std::unique_ptr<Observer> observer_;
  std::vector<NodesFile> files_;
  std::vector<ServerFactory> factories_;
  std::vector<std::unique_ptr<ServerHost>> hosts_;
  uint64_t lives_ = 0;
  sim::World world_;
  std::vector<std::unique_ptr<Member>> members_;
};

TEST_F(ObserverTest, AHealthyClusterIsExaminedAndPasses) {
  BeginAll();
  for (const CheckRow& row : kChecks) EXPECT_EQ(Failures(row.id), 0u) << row.name;
  EXPECT_EQ(Examined(CheckId::kOneClaimant), 2u);
  EXPECT_GE(Examined(CheckId::kEpochsNeverFall), 4u);
  EXPECT_TRUE(observer_->IsPrimary(0));
  EXPECT_FALSE(observer_->IsPrimary(2));
  EXPECT_EQ(observer_->OwnerOf(SlotId{0}), NodeNumber{0});
  EXPECT_EQ(observer_->NumberOf(IdOf(3)), NodeNumber{3});
}

TEST_F(ObserverTest, TwoClaimsOfASlotWithOneEpochAreFound) {
  cluster::NodeLine& mine = LineOf(files_[1], IdOf(1));
  mine.slots.SetRange(layout_.SlotsOf(0));
  LineOf(files_[1], IdOf(0)).slots = {};
  mine.config_epoch = 1;  // that of node 0
  BeginAll();
  EXPECT_EQ(Failures(CheckId::kOneClaimant), 1u);
}

TEST_F(ObserverTest, ALaterEpochMayClaimWhatAnotherClaimed) {
  LineOf(files_[1], IdOf(1)).slots.SetRange(layout_.SlotsOf(0));
  LineOf(files_[1], IdOf(0)).slots = {};
  BeginAll();
  EXPECT_EQ(Failures(CheckId::kOneClaimant), 0u);
}

TEST_F(ObserverTest, AnEpochThatFellIsFound) {
  files_[0].current_epoch = 9;
  BeginAll();
  Die(0);
  files_[0].current_epoch = 5;
  Begin(0);
  EXPECT_EQ(Failures(CheckId::kEpochsNeverFall), 1u);
}

TEST_F(ObserverTest, AnEpochOfTheLastMomentMayBeForgotten) {
  files_[0].current_epoch = 9;
  BeginAll();
  observer_->Died(0);
  files_[0].current_epoch = 5;
  Begin(0);
  EXPECT_EQ(Failures(CheckId::kEpochsNeverFall), 0u);
}

TEST_F(ObserverTest, AVoteForTwoIsFound) {
  const auto promise = [this](NodeNumber candidate) {
    cluster::NornMemory memory;
    memory.record.promises[files_[0].Myself().shard_id] = {.ballot = 7,
                                                           .candidate = IdOf(candidate)};
    files_[1].norn = cluster::NornMemoryText(memory);
  };
  promise(2);
  BeginAll();
  EXPECT_EQ(Failures(CheckId::kVoteOnce), 0u);
  Die(1);
  promise(3);
  Begin(1);
  EXPECT_EQ(Failures(CheckId::kVoteOnce), 1u);
}

TEST_F(ObserverTest, AVoteThatWasForgottenIsFound) {
  cluster::NornMemory memory;
  memory.record.promises[files_[0].Myself().shard_id] = {.ballot = 7, .candidate = IdOf(2)};
  files_[1].norn = cluster::NornMemoryText(memory);
  BeginAll();
  Die(1);
  files_[1].norn = cluster::NornMemoryText({});
  Begin(1);
  EXPECT_EQ(Failures(CheckId::kVoteOnce), 1u);
}

TEST_F(ObserverTest, APromotionWithoutVotesIsFound) {
  BeginAll();
  const NodeNumber replica = ReplicaOf(0);
  members_[replica]->Failover(cluster::ManualMode::kTakeover, now());
  observer_->Look();
  EXPECT_EQ(observer_->promotions(), 1u);
  EXPECT_EQ(Failures(CheckId::kBackedPromotions), 1u);
}

TEST_F(ObserverTest, APromotionBeforeTheFirstCopyIsFound) {
  for (const bool copied : {true, false}) {
    BeginAll();
    const NodeNumber replica = ReplicaOf(0);
    members_[replica]->Replicate(IdOf(1), now());
    observer_->Look();
    if (copied) observer_->Hear(replica, "PRIMARY <-> REPLICA sync: finished with success, 3 keys");
    members_[replica]->Failover(cluster::ManualMode::kTakeover, now());
    observer_->Look();
    EXPECT_EQ(Failures(CheckId::kCopiedPromotions), copied ? 0u : 1u);
    EXPECT_EQ(Examined(CheckId::kCopiedPromotions), copied ? 1u : 2u);
  }
}

TEST_F(ObserverTest, ATakeoverThatWasOrderedNeedsNone) {
  BeginAll();
  const NodeNumber replica = ReplicaOf(0);
  observer_->MayTakeOver(replica);
  members_[replica]->Failover(cluster::ManualMode::kTakeover, now());
  observer_->Look();
  EXPECT_EQ(observer_->promotions(), 1u);
  EXPECT_EQ(Failures(CheckId::kBackedPromotions), 0u);
  EXPECT_EQ(observer_->OwnerOf(SlotId{0}), replica);
}

// Its last claim may have an epoch that nobody heard of, above that of whoever replaces it.
TEST_F(ObserverTest, WhatANodeThatNeverComesBackClaimedIsNobodys) {
  BeginAll();
  Die(0);
  EXPECT_EQ(observer_->OwnerOf(SlotId{0}), NodeNumber{0});  // it may come back
  observer_->GiveUp(0);
  EXPECT_EQ(observer_->OwnerOf(SlotId{0}), std::nullopt);
  EXPECT_EQ(observer_->LeaderOf(ReplicaOf(0)), std::nullopt);
}

// One read of the bus may bring the claim of a primary and the word that it follows another by now.
TEST_F(ObserverTest, SlotsThatAReplicaClaimedAsAPrimaryBetweenTwoLooksAreItsOwn) {
  BeginAll();
  const NodeNumber replica = ReplicaOf(0);
  cluster::BusHeader header{.sender = IdOf(replica), .current_epoch = 9, .config_epoch = 9};
  header.slots.SetRange(layout_.SlotsOf(0));
  Member& judge = *members_[1];
  judge.OnAccepted({1}, {"10.0.0.3", "10.0.0.2"}, now());
  judge.OnMessage({1}, {.header = header, .body = cluster::Heartbeat{}}, now(), {});
  header.replica_of = IdOf(0);
  header.config_epoch = 10;
  judge.OnMessage({1}, {.header = header, .body = cluster::Heartbeat{}}, now(), {});
  const cluster::ClusterNode& seen = *judge.view().Find(IdOf(replica));
  ASSERT_FALSE(seen.is_primary());
  ASSERT_TRUE(seen.owns_slots());
  observer_->Look();
  EXPECT_EQ(Failures(CheckId::kOneClaimant), 0u);
}

// Without leases, as among servers that know none.
TEST_F(ObserverTest, TwoThatMayWriteOneSlotAreFound) {
  for (NodesFile& file : files_) file.norn.clear();
  LineOf(files_[1], IdOf(1)).slots.SetRange(layout_.SlotsOf(0));
  LineOf(files_[1], IdOf(0)).slots = {};
  BeginAll();
  for (int second = 0; second < 4; ++second) {
    world_.RunFor(Duration::Seconds(1));
    for (const NodeNumber node : {0u, 1u}) {
      members_[node]->Step({.has_data = true}, now(), {1'700'000'000'000'000});
    }
    observer_->Look();
  }
  EXPECT_GT(Failures(CheckId::kOneWriter), 0u);
}

TEST_F(ObserverTest, AVerdictWithoutSuspicionsIsFound) {
  BeginAll();
  observer_->Hear(1, "Marking node " + IdOf(0).str() + " as failing (quorum reached).");
  observer_->Look();
  EXPECT_EQ(Examined(CheckId::kFailByQuorum), 1u);
  EXPECT_EQ(Failures(CheckId::kFailByQuorum), 1u);
}

TEST_F(ObserverTest, AVerdictThatAnotherHadNotToldIsFound) {
  BeginAll();
  const std::string verdict = "Marking node " + IdOf(0).str() + " as failing (quorum reached).";
  observer_->Hear(1, verdict);
  world_.RunFor(Duration::Millis(10));
  observer_->Hear(2, verdict);  // it was under way
  world_.RunFor(Duration::Millis(60));
  EXPECT_EQ(Failures(CheckId::kVerdictsTold), 0u);
  observer_->Hear(3, verdict);
  EXPECT_EQ(Failures(CheckId::kVerdictsTold), 1u);
  observer_->Hear(2, "Clear FAIL state for node " + IdOf(0).str() + ": is reachable again.");
  observer_->Hear(3, verdict);
  EXPECT_EQ(Failures(CheckId::kVerdictsTold), 1u);
  EXPECT_EQ(Examined(CheckId::kVerdictsTold), 4u);
}

TEST_F(ObserverTest, OfTwoWithOneEpochTheOneWithLessDataMustNotStay) {
  for (const NodeNumber node : {0u, 1u}) {
    NodesFile& file = files_[node];
    LineOf(file, IdOf(0)).shard_id = LineOf(file, IdOf(1)).shard_id = files_[0].Myself().shard_id;
    LineOf(file, IdOf(node)).slots.SetRange(layout_.SlotsOf(0));
    LineOf(file, IdOf(1 - node)).slots = {};
    LineOf(file, IdOf(node)).config_epoch = 5;
    file.current_epoch = 9;
    Begin(node, node == 0 ? 100 : 200);
  }
  EXPECT_EQ(Examined(CheckId::kTiesGoToData), 0u);
  ASSERT_TRUE(members_[0]->BumpEpoch());
  observer_->Look();
  EXPECT_EQ(Examined(CheckId::kTiesGoToData), 0u);  // the other may move on too
  members_[1]->SetOwner(cluster::SlotSet::All(), IdOf(0), now());
  observer_->Look();
  EXPECT_EQ(Examined(CheckId::kTiesGoToData), 1u);
  EXPECT_EQ(Failures(CheckId::kTiesGoToData), 1u);
}

TEST_F(ObserverTest, FullCopiesAreCounted) {
  BeginAll();
  observer_->Hear(0, "Starting a full copy for 1 replicas through memory");
  observer_->Hear(0, "Full copy written in 3 ms");
  EXPECT_EQ(observer_->full_copies(), 1u);
}

}  // namespace
}  // namespace norn::scenarios
