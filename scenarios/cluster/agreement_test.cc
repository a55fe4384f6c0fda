// Members that were told what they believe: agreement is found, and each kind of disagreement named.

#include "scenarios/cluster/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "scenarios/cluster/layout.h"

namespace norn::scenarios {
namespace {

using ::testing::HasSubstr;

// Two shards with a replica each, from the files that a scenario seeds.
class Agreement : public ::testing::Test {
 protected:
  std::unique_ptr<cluster::Member> MemberWith(const cluster::NodesFile& file) {
    cluster::MemberOptions options;
    auto member = std::make_unique<cluster::Member>(options, file, cluster::NodeId{},
                                                    cluster::ClusterShardId{}, 1, Prng(1),
                                                    Instant{0}, WallTime{0});
    cluster::DataFacts data;
    data.has_data = true;
    // The state is ok two seconds after the first judgement.
    for (int64_t ms = 100; ms <= 2500; ms += 100) {
      member->Step(data, Instant{ms * 1'000'000}, WallTime{ms * 1000});
    }
    return member;
  }
  void Add(const cluster::NodesFile& file) { members_.push_back(MemberWith(file)); }
  std::string Verdict() {
    std::vector<AgreementNode> nodes;
    for (const auto& member : members_) nodes.push_back({.member = member.get()});
    return Disagreement(nodes);
  }

  const ClusterLayout layout_{.shards = 2, .replicas = 1};
  const SeededConfig config_{
      layout_, {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}, {}, Prng(7)};
  std::vector<std::unique_ptr<cluster::Member>> members_;
};

TEST_F(Agreement, SeededNodesAgree) {
  for (NodeNumber i = 0; i < 4; ++i) Add(config_.FileOf(i));
  EXPECT_EQ(Verdict(), "");
}

TEST_F(Agreement, ANodeThatIsNotKnown) {
  for (NodeNumber i = 0; i < 4; ++i) {
    cluster::NodesFile file = config_.FileOf(i);
    if (i == 1) file.nodes.erase(file.nodes.begin() + 3);
    Add(file);
  }
  EXPECT_THAT(Verdict(), HasSubstr("does not know"));
}

TEST_F(Agreement, AnotherOwnerOfASlot) {
  for (NodeNumber i = 0; i < 4; ++i) {
    cluster::NodesFile file = config_.FileOf(i);
    if (i == 2) {
      file.nodes[0].slots.Clear(SlotId{0});
      file.nodes[1].slots.Set(SlotId{0});
    }
    Add(file);
  }
  EXPECT_THAT(Verdict(), HasSubstr("slots"));
}

TEST_F(Agreement, AnotherRole) {
  for (NodeNumber i = 0; i < 4; ++i) {
    cluster::NodesFile file = config_.FileOf(i);
    if (i == 1) file.nodes[3].replica_of = file.nodes[1].id;
    Add(file);
  }
  EXPECT_THAT(Verdict(), HasSubstr("follows"));
}

TEST_F(Agreement, ASlotWithoutOwner) {
  for (NodeNumber i = 0; i < 4; ++i) {
    cluster::NodesFile file = config_.FileOf(i);
    file.nodes[0].slots.Clear(SlotId{0});
    Add(file);
  }
  EXPECT_THAT(Verdict(), HasSubstr("16383 slots have owners"));
}

TEST_F(Agreement, OneEpochOfTwoPrimaries) {
  for (NodeNumber i = 0; i < 4; ++i) {
    cluster::NodesFile file = config_.FileOf(i);
    file.nodes[0].config_epoch = file.nodes[1].config_epoch;
    Add(file);
  }
  EXPECT_THAT(Verdict(), HasSubstr("have config epoch"));
}

TEST_F(Agreement, ADeadNodeThatNobodyCallsFailed) {
  for (NodeNumber i = 0; i < 3; ++i) Add(config_.FileOf(i));
  std::vector<AgreementNode> nodes;
  for (const auto& member : members_) nodes.push_back({.member = member.get()});
  nodes.push_back({.member = nullptr, .id = config_.FileOf(3).Myself().id});
  EXPECT_THAT(Disagreement(nodes), HasSubstr("is not failed"));
}

TEST(ClusterLayout, ReplicasLieInOtherZonesThanTheirPrimary) {
  const ClusterLayout layout{.shards = 3, .replicas = 2};
  std::vector<size_t> replicas(3, 0);
  for (NodeNumber i = 3; i < layout.nodes(); ++i) {
    ++replicas[layout.ShardOf(i)];
    EXPECT_NE(layout.ShardOf(i) % 3, i % 3);
  }
  EXPECT_THAT(replicas, ::testing::Each(2u));
  EXPECT_EQ(layout.SlotsOf(0).first, SlotId{0});
  EXPECT_EQ(layout.SlotsOf(2).last, SlotId{16383});
}

}  // namespace
}  // namespace norn::scenarios
