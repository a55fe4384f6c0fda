// The judge of a cluster's writes, on histories written by hand: each right one passes, each with a mistake planted fails the
// check that is named for it.

#include "scenarios/cluster/write_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace norn::scenarios {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr NodeNumber kOld = 0, kNew = 1;

// Time goes on by a millisecond with every call; everything takes as long.
class WriteJudge : public ::testing::Test {
 protected:
  WriteJudge() {
    history_.keys.push_back({"k", SlotId{7}, true});
    history_.keys.push_back({"l", SlotId{7}, true});
    Rules(kOld, 1);
  }

  void Rules(NodeNumber node, uint64_t epoch) {
    reigns_.Rules(node, epoch, cluster::SlotSet::All(), Tick());
  }
  void Ends(NodeNumber node) {
    reigns_.Ends(node, Tick());
    now_ns_ += 20 * kMs;  // past the grace
  }
  void FailsOver() {
    Ends(kOld);
    Rules(kNew, 2);
  }

  WriteId Write(NodeNumber node, uint32_t length, Outcome outcome = Outcome::kAcked) {
    const int64_t begun_ns = Tick();
    history_.writes.push_back({.node = node,
                               .invoke_ns = begun_ns,
                               .complete_ns = outcome == Outcome::kUnknown ? kNeverNs : Tick(),
                               .outcome = outcome,
                               .length = length});
    return static_cast<WriteId>(history_.writes.size());
  }
  void Read(NodeNumber node, std::vector<WriteId> list, bool of_replica = false) {
    const int64_t begun_ns = Tick();
    history_.reads.push_back({.node = node,
                              .of_replica = of_replica,
                              .invoke_ns = begun_ns,
                              .complete_ns = Tick(),
                              .list = std::move(list)});
  }
  void Incr(NodeNumber node, int64_t value) {
    const int64_t begun_ns = Tick();
    history_.counts.push_back(
        {.node = node, .invoke_ns = begun_ns, .complete_ns = Tick(), .value = value});
  }

  // The names of the checks that fail.
  std::string Verdict() {
    tallies_ = {};
    fate_ = JudgeWrites(history_, reigns_, options_, tallies_);
    std::string failed;
    for (const CheckRow& row : kChecks) {
      if (At(tallies_, row.id).failures > 0) failed += std::string(row.name) + " ";
    }
    return failed;
  }
  uint64_t Examined(CheckId check) { return At(tallies_, check).examined; }

  int64_t Tick() { return now_ns_ += kMs; }

  ClusterHistory history_;
  Reigns reigns_;
  JudgeOptions options_;
  CheckTallies tallies_{};
  WriteFate fate_;
  int64_t now_ns_ = 0;
};

TEST_F(WriteJudge, AHistoryWithoutLossPasses) {
  const WriteId a = Write(kOld, 1);
  const WriteId b = Write(kOld, 2);
  Read(kOld, {a, b});
  FailsOver();
  Read(kNew, {a, b});
  const WriteId c = Write(kNew, 3);
  Read(kNew, {a, b, c});
  EXPECT_EQ(Verdict(), "");
  EXPECT_EQ(fate_.survived, 3u);
  EXPECT_EQ(fate_.lost, 0u);
  EXPECT_EQ(Examined(CheckId::kLossModel), 1u);
  EXPECT_EQ(Examined(CheckId::kOneOrder), 6u);
}

TEST_F(WriteJudge, TheLastWritesMayBeLostWithTheirPrimary) {
  const WriteId a = Write(kOld, 1);
  Write(kOld, 2);
  Write(kOld, 3);
  FailsOver();
  Read(kNew, {a});
  EXPECT_EQ(Verdict(), "");
  EXPECT_EQ(fate_.lost, 2u);
}

TEST_F(WriteJudge, AMoveOfASlotLosesNothing) {
  cluster::SlotSet others = cluster::SlotSet::All();
  others.Clear(SlotId{7});
  reigns_.Rules(kNew, 2, cluster::SlotSet::OfRange({SlotId{9}, SlotId{9}}), Tick());
  const WriteId a = Write(kOld, 1);
  reigns_.MoveBegins(SlotId{7}, Tick(), true);
  const WriteId b = Write(kOld, 2);
  reigns_.Rules(kNew, 3, cluster::SlotSet::OfRange({SlotId{7}, SlotId{9}}), Tick());
  reigns_.Rules(kOld, 1, others, Tick());
  now_ns_ += 20 * kMs;
  Read(kNew, {a, b});
  EXPECT_EQ(Verdict(), "");
  history_.reads.clear();
  Read(kNew, {a});
  EXPECT_EQ(Verdict(), "loss_model ");
  // Who became a primary in the middle of it may have lacked the last writes.
  Ends(kNew);
  reigns_.Rules(kNew, 4, cluster::SlotSet::OfRange({SlotId{7}, SlotId{9}}), Tick());
  history_.reads.clear();
  Read(kNew, {a});
  EXPECT_EQ(Verdict(), "");
}

TEST_F(WriteJudge, ALossInTheMiddleIsNoLossOfTheLast) {
  const WriteId a = Write(kOld, 1);
  Write(kOld, 2);
  const WriteId c = Write(kOld, 3);
  FailsOver();
  Read(kNew, {a, c});
  EXPECT_EQ(Verdict(), "loss_model ");
}

TEST_F(WriteJudge, ARestartLosesNothingUnlessItMay) {
  const WriteId a = Write(kOld, 1);
  Write(kOld, 2);
  Ends(kOld);
  Rules(kOld, 1);
  Read(kOld, {a});
  EXPECT_EQ(Verdict(), "loss_model ");
  options_.restarts_lose = true;
  EXPECT_EQ(Verdict(), "");
}

TEST_F(WriteJudge, WhatWasLostStaysLost) {
  const WriteId a = Write(kOld, 1);
  const WriteId b = Write(kOld, 2);
  FailsOver();
  Read(kNew, {a});
  Ends(kNew);
  Rules(kOld, 3);
  Read(kOld, {a, b});
  EXPECT_EQ(Verdict(), "no_resurrection ");
}

TEST_F(WriteJudge, WhatAllReplicasHadSurvives) {
  const WriteId a = Write(kOld, 1);
  history_.Write(a).holders = 0b11;
  history_.Write(a).held_ns = Tick();
  FailsOver();
  Read(kNew, {});
  EXPECT_EQ(Verdict(), "waited_survives ");
  options_.forgot = [](NodeNumber, int64_t, int64_t) { return true; };
  EXPECT_EQ(Verdict(), "");
  EXPECT_EQ(Examined(CheckId::kWaitedSurvives), 0u);
}

// A key that is moved by itself leaves its holders; slots that move in one piece do not.
TEST_F(WriteJudge, WhatAllReplicasHadMayBeLostOnlyOnItsWayToAnotherShard) {
  const WriteId a = Write(kOld, 1);
  history_.Write(a).holders = 0b11;
  history_.Write(a).held_ns = Tick();
  reigns_.MoveBegins(SlotId{7}, Tick(), false);
  const int64_t began_ns = Tick();
  FailsOver();
  Read(kNew, {});
  EXPECT_EQ(Verdict(), "waited_survives ");
  reigns_.MoveBegins(SlotId{7}, began_ns, true);
  EXPECT_EQ(Verdict(), "");
}

TEST_F(WriteJudge, WithinAReignNothingIsLost) {
  const WriteId a = Write(kOld, 1);
  Write(kOld, 2);
  Read(kOld, {a});
  EXPECT_EQ(Verdict(), "one_order ");
}

TEST_F(WriteJudge, TwoWritesInOnePlaceAreNoOrder) {
  Write(kOld, 1);
  const WriteId b = Write(kOld, 2);
  Read(kOld, {b});
  EXPECT_EQ(Verdict(), "one_order ");
}

TEST_F(WriteJudge, ARefusedWriteTakesNoEffect) {
  const WriteId a = Write(kOld, 0, Outcome::kRefused);
  Read(kOld, {a});
  EXPECT_EQ(Verdict(), "one_order ");
}

TEST_F(WriteJudge, AnUnansweredWriteMayTakeEffectLaterButOnce) {
  const WriteId a = Write(kOld, 0, Outcome::kUnknown);
  Read(kOld, {});
  FailsOver();
  Read(kNew, {a});
  EXPECT_EQ(Verdict(), "");
  Read(kNew, {a, a});
  EXPECT_EQ(Verdict(), "one_order ");
}

TEST_F(WriteJudge, AReplicaShowsWhatSomePrimaryHad) {
  const WriteId a = Write(kOld, 1);
  const WriteId b = Write(kOld, 2);
  Read(kNew, {a}, true);
  Read(kNew, {}, true);
  EXPECT_EQ(Verdict(), "");
  Read(kNew, {b}, true);
  EXPECT_EQ(Verdict(), "one_order ");
}

TEST_F(WriteJudge, TwoNodesDoNotTakeWritesByTurns) {
  Rules(kNew, 2);
  Write(kOld, 1);
  Write(kNew, 1);
  Write(kOld, 2);
  Write(kNew, 2);
  EXPECT_THAT(Verdict(), ::testing::HasSubstr("one_writer"));
}

TEST_F(WriteJudge, TransactionsAreSeenWhole) {
  const WriteId a = Write(kOld, 1);
  const WriteId b = Write(kOld, 1);
  history_.Write(b).key = 1;
  history_.write_pairs.push_back({a, b});
  Read(kOld, {a});
  Read(kOld, {b});
  history_.reads[1].key = 1;
  history_.read_pairs.push_back({0, 1});
  EXPECT_EQ(Verdict(), "");
  history_.reads[1].list.clear();
  history_.reads[1].invoke_ns = history_.writes[1].invoke_ns;
  EXPECT_EQ(Verdict(), "one_order ");
}

TEST_F(WriteJudge, CountsOnlyGrowWithinAReign) {
  Incr(kOld, 1);
  Incr(kOld, 2);
  FailsOver();
  Incr(kNew, 2);
  EXPECT_EQ(Verdict(), "");
  Incr(kNew, 2);
  EXPECT_EQ(Verdict(), "one_order ");
  history_.counts.back().value = 1;
  EXPECT_EQ(Verdict(), "one_order ");
}

TEST_F(WriteJudge, ListsReadBack) {
  EXPECT_EQ(ParseList(TokenOf(1) + TokenOf(255), 300), (std::vector<WriteId>{1, 255}));
  EXPECT_EQ(ParseList("", 1), std::vector<WriteId>{});
  EXPECT_FALSE(ParseList(TokenOf(2), 1));
  EXPECT_FALSE(ParseList("000001;", 1));
  EXPECT_FALSE(ParseList("000001;0", 1));
}

}  // namespace
}  // namespace norn::scenarios
