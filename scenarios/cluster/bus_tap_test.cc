// What is said on the bus becomes arrows: of both protocols, however it is cut into writes, and nothing of what is no message.

#include "scenarios/cluster/bus_tap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/cluster/bus_codec.h"
#include "engine/cluster/norn_words.h"
#include "scenarios/cluster/layout.h"

namespace norn::scenarios {
namespace {

using ::testing::HasSubstr;

const cluster::NodeId kSpeaker = *cluster::NodeId::Parse(std::string(40, 'a'));
const cluster::ClusterShardId kShard = *cluster::ClusterShardId::Parse(std::string(40, 'c'));
const cluster::NodeId kOther = *cluster::NodeId::Parse(std::string(40, 'b'));

std::string Encoded(cluster::BusBody body) {
  cluster::BusMessage message;
  message.header = cluster::BusHeader{.sender = kSpeaker, .current_epoch = 7};
  message.body = std::move(body);
  return cluster::EncodeBusMessage(message);
}

std::string Norn(const cluster::ElectionMessage& message) {
  return Encoded(cluster::NornBody{.payload = cluster::EncodeElectionMessage(message)});
}

class BusTapTest : public ::testing::Test {
 protected:
  BusTapTest() : world_({.seed = 3}) {
    for (const char* name : {"node0", "node1"}) {
      timeline_.AddLane(name);
      world_.AddNode({.name = name});
    }
    tap_ = std::make_unique<BusTap>(world_, timeline_, 2, [](const cluster::NodeId& id) {
      return id == kOther ? std::string("node9") : std::string("somebody");
    });
    world_.fabric().SetTap(tap_.get());
  }
  ~BusTapTest() override {
    for (const auto& node : world_.nodes()) {
      if (node->state() != sim::NodeState::kDown) world_.Stop(node.get());
    }
    world_.fabric().SetTap(nullptr);
  }

  // Node 0 says that to node 1's port, so many bytes at once.
  const std::vector<Timeline::Arrow>& Say(const std::string& bytes, size_t piece = SIZE_MAX,
                                          int port = kBusPort) {
    world_.Start(world_.nodes()[1].get(), [port](env::Env& env) {
      auto listener = env.network().Listen("*:" + std::to_string(port), {});
      auto stream = (*listener)->Accept();
      char buffer[512];
      while ((*stream)->Read(buffer, Instant::Never()).ok()) {
      }
    });
    world_.RunFor(Duration::Millis(5));
    world_.Start(world_.nodes()[0].get(), [this, bytes, piece, port](env::Env& env) {
      auto stream = env.network().Connect(world_.nodes()[1]->ip() + ":" + std::to_string(port),
                                          Instant::Never());
      env.executor().Park(env.clock().Now() + Duration::Millis(10));
      for (size_t at = 0; at < bytes.size();) {
        const std::string_view part = std::string_view(bytes).substr(at, piece);
        at += (*stream)->Write({part.data(), part.size()}, Instant::Never()).bytes;
      }
      env.executor().Park(Instant::Never());
    });
    world_.RunFor(Duration::Seconds(1));
    return timeline_.arrows();
  }

  sim::World world_;
  Timeline timeline_;
  std::unique_ptr<BusTap> tap_;
};

// A request, a vote and a denial among norn nodes.
std::string NornElection() {
  cluster::BallotRequest request;
  request.shard = kShard;
  request.candidate = kSpeaker;
  request.ballot = 12;
  cluster::BallotVote vote;
  vote.voter = kSpeaker;
  vote.shard = kShard;
  vote.candidate = kOther;
  cluster::BallotDenial denial;
  denial.voter = kSpeaker;
  denial.shard = kShard;
  denial.candidate = kOther;
  denial.reason = cluster::DenialReason::kLeaseHeld;
  return Norn(request) + Norn(vote) + Norn(denial);
}

TEST_F(BusTapTest, AnElectionOfBothProtocolsIsSeenWhateverTheWrites) {
  const std::string said = Encoded(cluster::VoteRequest{}) + Encoded(cluster::Vote{}) +
                           Encoded(cluster::VoteDenial{.epoch = 7, .reason = 3}) +
                           Encoded(cluster::Fail{.failed = kOther}) +
                           Encoded(cluster::ManualFailoverStart{}) + NornElection();
  const auto& arrows = Say(said, 700);
  std::vector<std::string_view> kinds;
  for (const Timeline::Arrow& arrow : arrows) {
    kinds.push_back(arrow.kind);
    EXPECT_EQ(arrow.from, 0u);
    EXPECT_EQ(arrow.to, 1u);
    EXPECT_NE(arrow.arrived_ns, Timeline::kNotYetNs);
  }
  EXPECT_THAT(kinds, ::testing::ElementsAre("request", "grant", "denial", "fail", "manual",
                                            "request", "grant", "denial"));
  ASSERT_EQ(arrows.size(), 8u);
  EXPECT_THAT(arrows[2].words, HasSubstr("voted already"));
  EXPECT_THAT(arrows[3].words, HasSubstr("node9"));
  EXPECT_THAT(arrows[5].words, HasSubstr("ballot 12"));
  EXPECT_THAT(arrows[7].words, HasSubstr("lease"));
}

TEST_F(BusTapTest, HeartbeatsAndOtherPortsAreNotShown) {
  EXPECT_TRUE(Say(Encoded(cluster::Heartbeat{})).empty());
}

TEST_F(BusTapTest, OnlyTheBusIsListenedTo) {
  EXPECT_TRUE(Say(Encoded(cluster::VoteRequest{}), SIZE_MAX, 6379).empty());
}

TEST_F(BusTapTest, WhatIsNoMessageEndsTheListening) {
  EXPECT_EQ(Say(Encoded(cluster::Vote{}) + "no message at all" + Encoded(cluster::Vote{})).size(),
            1u);
}

TEST_F(BusTapTest, WhatIsHeldBackHasNotArrived) {
  world_.After(Duration::Millis(10), [this] {  // connected, and nothing said yet
    world_.fabric().SetBlocked(world_.nodes()[0]->index(), world_.nodes()[1]->index(), true);
  });
  const auto& arrows = Say(Encoded(cluster::Vote{}));
  ASSERT_EQ(arrows.size(), 1u);
  EXPECT_EQ(arrows[0].arrived_ns, Timeline::kNotYetNs);
}

}  // namespace
}  // namespace norn::scenarios
