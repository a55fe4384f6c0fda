#include "engine/cluster/failure_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/cluster/topology_testing.h"

namespace norn::cluster {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Node 1 of five primaries with a timeout of one second; 6 is a replica of 5.
class FailureDetectorTest : public ::testing::Test {
 protected:
  explicit FailureDetectorTest(uint16_t level = 0)
      : view_(Node(1), Shard(1), TopologyOptions{.node_timeout = Duration::Seconds(1)}) {
    view_.DescribeSelf({.norn_level = level}, {}, true, At(0));
    for (int i = 2; i <= 6; ++i) view_.Add(Member(i, i == 6 ? 5 : i, i == 6 ? 5 : 0, level), At(0));
    for (int i = 1; i <= 5; ++i) view_.SetOwner(Slots(i * 3000, i * 3000 + 10), Node(i));
    for (int i = 2; i <= 6; ++i) {
      detector_.OnLinkUp(Node(i), At(0));
      detector_.OnPong(Node(i), At(0));
    }
  }
  // Steps every 100 ms; all but `silent` answer.
  DetectorActions RunUntil(int64_t from_ms, int64_t to_ms, int silent) {
    DetectorActions all;
    for (int64_t ms = from_ms; ms <= to_ms; ms += 100) {
      const DetectorActions actions = detector_.Step(At(ms));
      all.suspected.insert(all.suspected.end(), actions.suspected.begin(), actions.suspected.end());
      for (const NodeId& id : actions.ping) {
        detector_.OnPingSent(id, At(ms));
        if (id != Node(silent)) detector_.OnPong(id, At(ms));
      }
    }
    return all;
  }
  DetectorActions Report(int from, int about, int64_t ms) {
    const NodeId ids[] = {Node(about)};
    return detector_.OnReports(Node(from), ids, {}, At(ms));
  }
  Health HealthOf(int id) { return view_.Find(Node(id))->health; }

  Topology view_;
  FailureDetector detector_{view_};
};

class NornDetectorTest : public FailureDetectorTest {
 protected:
  NornDetectorTest() : FailureDetectorTest(1) {}
};

TEST_F(FailureDetectorTest, SilenceCountsFromTheUnansweredPing) {
  EXPECT_THAT(RunUntil(100, 1500, 3).suspected, IsEmpty());
  EXPECT_THAT(RunUntil(1600, 1800, 3).suspected, ElementsAre(Node(3)));
}

TEST_F(NornDetectorTest, SilenceCountsFromTheLastByte) {
  EXPECT_THAT(RunUntil(100, 1000, 3).suspected, IsEmpty());
  EXPECT_THAT(RunUntil(1100, 1100, 3).suspected, ElementsAre(Node(3)));
}

TEST_F(FailureDetectorTest, PingsAsOftenAsItIsTold) {
  const auto pinged_at = [&](int64_t from_ms) {
    for (int64_t ms = from_ms;; ms += 10) {
      if (!detector_.Step(At(ms)).ping.empty()) return ms - from_ms;
    }
  };
  EXPECT_NEAR(static_cast<double>(pinged_at(0)), 500, 20);
  TopologyOptions options = view_.options();
  options.ping_interval = Duration::Millis(150);
  view_.SetOptions(options);
  for (int i = 2; i <= 6; ++i) detector_.OnPong(Node(i), At(1000));
  EXPECT_NEAR(static_cast<double>(pinged_at(1000)), 150, 20);
  options.ping_interval = Duration::Seconds(60);  // nobody could tell the silent from the dead
  view_.SetOptions(options);
  for (int i = 2; i <= 6; ++i) detector_.OnPong(Node(i), At(2000));
  EXPECT_NEAR(static_cast<double>(pinged_at(2000)), 500, 20);
}

TEST_F(NornDetectorTest, ALinkThatAnswersNothingIsMadeAnew) {
  // The peer's own link works: it is up, and yet whatever is asked of it (leases!) is lost.
  std::vector<NodeId> reconnected;
  for (int64_t ms = 100; ms <= 2500; ms += 100) {
    detector_.OnData(Node(3), At(ms));
    const DetectorActions actions = detector_.Step(At(ms));
    reconnected.insert(reconnected.end(), actions.reconnect.begin(), actions.reconnect.end());
    for (const NodeId& id : actions.ping) {
      detector_.OnPingSent(id, At(ms));
      if (id != Node(3)) detector_.OnPong(id, At(ms));
    }
  }
  EXPECT_THAT(reconnected, ::testing::Contains(Node(3)));
  EXPECT_THAT(reconnected, ::testing::Each(Node(3)));
  EXPECT_EQ(HealthOf(3), Health::kUp);
}

TEST_F(NornDetectorTest, OwnPauseIsNobodysSilence) {
  RunUntil(100, 500, 3);
  EXPECT_THAT(detector_.Step(At(9000)).suspected, IsEmpty());
}

TEST_F(FailureDetectorTest, AVerdictNeedsAQuorumAndTheOwnSuspicion) {
  EXPECT_THAT(Report(2, 3, 100).declared, IsEmpty());
  Report(4, 3, 100);
  EXPECT_THAT(Report(5, 3, 100).declared, IsEmpty());  // not suspected here
  RunUntil(200, 2000, 3);
  EXPECT_EQ(HealthOf(3), Health::kFailed);
  EXPECT_EQ(detector_.ReportsAbout(Node(3), At(2000)), 0u);
}

TEST_F(FailureDetectorTest, ReplicasReportInVain) {
  RunUntil(100, 2000, 3);
  EXPECT_EQ(HealthOf(3), Health::kSuspected);
  Report(6, 3, 2000);
  EXPECT_EQ(detector_.ReportsAbout(Node(3), At(2000)), 0u);
  EXPECT_THAT(Report(2, 3, 2000).declared, IsEmpty());
  EXPECT_THAT(Report(4, 3, 2000).declared, ElementsAre(Node(3)));
}

TEST_F(FailureDetectorTest, ReportsExpireAfterOneToTwoTimeouts) {  // F3
  Report(2, 3, 500);
  EXPECT_EQ(detector_.ReportsAbout(Node(3), At(1500)), 1u);
  EXPECT_EQ(detector_.ReportsAbout(Node(3), At(2501)), 0u);
  Report(2, 3, 2600);
  const NodeId up[] = {Node(3)};
  detector_.OnReports(Node(2), {}, up, At(2700));
  EXPECT_EQ(detector_.ReportsAbout(Node(3), At(2700)), 0u);
}

TEST_F(FailureDetectorTest, AFailedOwnerThatAnswersWaitsTwoTimeouts) {
  detector_.OnFail(Node(2), Node(3), At(1000));
  EXPECT_THAT(detector_.OnPong(Node(3), At(3000)).cleared, IsEmpty());
  EXPECT_THAT(detector_.OnPong(Node(3), At(3001)).cleared, ElementsAre(Node(3)));
  detector_.OnFail(Node(2), Node(6), At(4000));
  EXPECT_THAT(detector_.OnPong(Node(6), At(4001)).cleared, ElementsAre(Node(6)));
}

TEST_F(NornDetectorTest, AFailedOwnerWithoutReplicasIsUpAtOnce) {
  detector_.OnFail(Node(2), Node(3), At(1000));
  detector_.OnFail(Node(2), Node(5), At(1000));
  EXPECT_THAT(detector_.OnPong(Node(3), At(1001)).cleared, ElementsAre(Node(3)));
  EXPECT_THAT(detector_.OnPong(Node(5), At(1001)).cleared, IsEmpty());
}

TEST_F(NornDetectorTest, TwoRefusalsAreEvidence) {
  detector_.OnLinkDown(Node(3), At(1000));
  EXPECT_THAT(detector_.OnRefused(Node(3), At(1001)).suspected, IsEmpty());
  EXPECT_THAT(detector_.OnRefused(Node(3), At(1100)).suspected, IsEmpty());
  EXPECT_FALSE(detector_.IsGone(Node(3)));
  EXPECT_THAT(detector_.OnRefused(Node(3), At(1201)).suspected, ElementsAre(Node(3)));
  EXPECT_TRUE(detector_.IsGone(Node(3)));
  detector_.OnData(Node(3), At(1300));
  EXPECT_FALSE(detector_.IsGone(Node(3)));
}

TEST_F(NornDetectorTest, WordsInBetweenTakeTheEvidenceBack) {
  detector_.OnLinkDown(Node(3), At(1000));
  detector_.OnRefused(Node(3), At(1001));
  detector_.OnData(Node(3), At(1100));
  EXPECT_THAT(detector_.OnRefused(Node(3), At(1300)).suspected, IsEmpty());
}

TEST_F(FailureDetectorTest, RefusalsOfOldServersAreNoEvidence) {
  detector_.OnLinkDown(Node(3), At(1000));
  detector_.OnRefused(Node(3), At(1001));
  EXPECT_THAT(detector_.OnRefused(Node(3), At(1900)).suspected, IsEmpty());
}

TEST_F(FailureDetectorTest, ASilentLinkIsReplaced) {
  RunUntil(100, 900, 3);
  EXPECT_THAT(detector_.Step(At(1000)).reconnect, IsEmpty());
  EXPECT_THAT(detector_.Step(At(1200)).reconnect, ElementsAre(Node(3)));
}

TEST_F(NornDetectorTest, AQuorumIsHeardByItsAnswers) {
  EXPECT_TRUE(detector_.HearsQuorum(At(1000)));
  EXPECT_FALSE(detector_.HearsQuorum(At(1001)));
  for (int i = 2; i <= 3; ++i) detector_.OnPong(Node(i), At(1100));
  for (int i = 4; i <= 6; ++i) detector_.OnData(Node(i), At(1100));
  EXPECT_FALSE(detector_.HearsQuorum(At(1200)));  // 3 of 6 members
  detector_.OnPong(Node(4), At(1100));
  EXPECT_TRUE(detector_.HearsQuorum(At(1200)));
}

}  // namespace
}  // namespace norn::cluster
