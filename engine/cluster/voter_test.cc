#include "engine/cluster/voter.h"

#include <gtest/gtest.h>

#include "engine/cluster/topology_testing.h"

namespace norn::cluster {
namespace {

using namespace testing;

constexpr Duration kTimeout = Duration::Seconds(1);
constexpr int64_t kStart = 2000;  // the quiet time is over

// Voter 1 leads shard 1; shard 2 is led by 2, with the replicas 3 and 4.
class VoterTest : public ::testing::Test {
 protected:
  VoterTest() { Fill(1); }
  void Fill(uint16_t level) {
    view_.DescribeSelf({.norn_level = level}, {.has_data = true}, true, At(0));
    view_.RestoreEpochs(2, 1);
    ClusterNode primary = Member(2, 2, 0, level);
    primary.config_epoch = 2;
    view_.Add(primary, At(0));
    for (int i : {3, 4}) view_.Add(Member(i, 2, 2, level), At(0));
    view_.SetOwner(Slots(0, 99), Node(1));
    view_.SetOwner(Slots(100, 199), Node(2));
  }
  BallotRequest Ask(int candidate, uint64_t ballot, StreamOffset offset = 10) {
    return {.candidate = Node(candidate),
            .shard = Shard(2),
            .ballot = ballot,
            .config_epoch = 2,
            .history = {.has_data = true, .reign = 2, .offset = offset},
            .manual = false,
            .released = {}};
  }
  LeaseRequest AskLease(int primary, uint64_t reign, uint64_t number = 1) {
    return {.primary = Node(primary), .shard = Shard(2), .reign = reign, .stamp = {7, number}};
  }
  void Tell(int id, StreamOffset offset, int64_t ms) {
    Claim claim{.sender = Node(id), .replica_of = Node(2), .config_epoch = 2, .shard = Shard(2)};
    claim.description.norn_level = 1;
    claim.history = {.has_data = true, .reign = 2, .offset = offset};
    claim.hears_quorum = true;
    view_.ApplyClaim(claim, At(ms));
  }
  // nullopt: voted.
  std::optional<DenialReason> Outcome(const ElectionActions& actions) {
    const auto& send = std::get<election_action::Send>(actions.back());
    if (const auto* denial = std::get_if<BallotDenial>(&send.message)) return denial->reason;
    EXPECT_TRUE(std::holds_alternative<BallotVote>(send.message));
    EXPECT_TRUE(std::holds_alternative<election_action::Persist>(actions.front()));
    return std::nullopt;
  }
  std::optional<DenialReason> Request(const BallotRequest& request, int64_t ms) {
    return Outcome(voter_.OnBallotRequest(request, At(ms)));
  }
  LeaseGrant Lease(const LeaseRequest& request, int64_t ms) {
    const ElectionActions actions = voter_.OnLeaseRequest(request, At(ms));
    return std::get<LeaseGrant>(std::get<election_action::Send>(actions.back()).message);
  }
  void FailPrimary(int64_t ms) { view_.SetHealth(Node(2), Health::kFailed, At(ms)); }

  Topology view_{Node(1), Shard(1), TopologyOptions{.node_timeout = kTimeout}};
  FailureDetector detector_{view_};
  ElectionOptions options_{.node_timeout = kTimeout};
  ElectionRecord record_;
  Voter voter_{view_, detector_, options_, record_, At(0)};
};

TEST_F(VoterTest, VotesOnceABallot) {  // I3
  FailPrimary(kStart);
  EXPECT_EQ(Request(Ask(3, 5), kStart + 300), std::nullopt);
  EXPECT_EQ(record_.promises[Shard(2)].ballot, 5u);
  EXPECT_EQ(Request(Ask(3, 5), kStart + 310), std::nullopt);  // the same again
  EXPECT_EQ(Request(Ask(4, 5), kStart + 320), DenialReason::kOldBallot);
  EXPECT_EQ(Request(Ask(4, 6), kStart + 330), std::nullopt);
  EXPECT_EQ(Request(Ask(3, 5), kStart + 340), DenialReason::kOldBallot);
}

TEST_F(VoterTest, IsQuietAfterAStart) {
  FailPrimary(0);
  EXPECT_EQ(Request(Ask(3, 5), 750), DenialReason::kNotReady);
}

TEST_F(VoterTest, ElectsNobodyBesideAPrimaryThatIsUp) {
  EXPECT_EQ(Request(Ask(3, 5), kStart), DenialReason::kPrimaryUp);
}

TEST_F(VoterTest, AGrantBindsForThePromise) {
  EXPECT_TRUE(Lease(AskLease(2, 2), kStart).granted);
  FailPrimary(kStart);
  EXPECT_EQ(Request(Ask(3, 5), kStart + 750), DenialReason::kLeaseHeld);
  EXPECT_EQ(Request(Ask(3, 5), kStart + 760), std::nullopt);
  // And the vote ends the old primary's lease for ever, but not that of the winner.
  EXPECT_FALSE(Lease(AskLease(2, 2, 2), kStart + 1100).granted);
  EXPECT_TRUE(Lease(AskLease(3, 5), kStart + 1100).granted);
}

TEST_F(VoterTest, ANumberThatWasPromisedToAnotherIsSettledByAGreaterOne) {
  FailPrimary(kStart);
  ASSERT_EQ(Request(Ask(3, 5), kStart + 760), std::nullopt);
  const LeaseGrant grant = Lease(AskLease(2, 5), kStart + 1100);
  EXPECT_FALSE(grant.granted);
  EXPECT_EQ(grant.seen, 6u);
}

TEST_F(VoterTest, ADeadProcessBindsNobody) {
  detector_.OnData(Node(2), At(kStart));
  Lease(AskLease(2, 2), kStart);
  FailPrimary(kStart + 10);
  detector_.OnLinkDown(Node(2), At(kStart + 10));
  detector_.OnRefused(Node(2), At(kStart + 10));
  detector_.OnRefused(Node(2), At(kStart + 300));
  EXPECT_EQ(Request(Ask(3, 5), kStart + 301), std::nullopt);
}

TEST_F(VoterTest, PrefersTheBestItKnows) {  // I6
  FailPrimary(kStart);
  Tell(3, 10, kStart + 1);
  Tell(4, 20, kStart + 1);
  EXPECT_EQ(Request(Ask(3, 5, 10), kStart + 2), DenialReason::kBetterReplica);
  EXPECT_EQ(Request(Ask(4, 5, 20), kStart + 2), std::nullopt);
}

TEST_F(VoterTest, WaitsForNewsOfTheOthers) {
  Tell(4, 5, kStart - 100);
  FailPrimary(kStart);
  EXPECT_EQ(Request(Ask(3, 5, 10), kStart + 100), DenialReason::kBetterReplica);
  EXPECT_EQ(Request(Ask(3, 5, 10), kStart + 250), std::nullopt);
}

TEST_F(VoterTest, NeverElectsTheEmpty) {  // I7
  FailPrimary(kStart);
  BallotRequest empty = Ask(3, 5);
  empty.history = {};
  EXPECT_EQ(Request(empty, kStart + 300), DenialReason::kNoData);
  empty.manual = true;
  EXPECT_EQ(Request(empty, kStart + 300), std::nullopt);
}

TEST_F(VoterTest, OldDataWaitsForLaterData) {  // V6
  const ElectionActions first = voter_.OnLeaseRequest(AskLease(2, 5), At(kStart));
  EXPECT_TRUE(std::holds_alternative<election_action::Persist>(first.front()));
  EXPECT_EQ(voter_.OnLeaseRequest(AskLease(2, 5, 2), At(kStart + 100)).size(), 1u);
  FailPrimary(kStart + 2000);
  BallotRequest old = Ask(3, 6);  // of reign 2
  EXPECT_EQ(Request(old, kStart + 2500), DenialReason::kOldData);
  EXPECT_EQ(Request(old, kStart + 10000), DenialReason::kOldData);
  EXPECT_EQ(Request(old, kStart + 10200), std::nullopt);
}

TEST_F(VoterTest, OldDataWaitsForARestartedVotersPatienceToo) {
  record_.reigns[Shard(2)] = 5;  // of an earlier life
  FailPrimary(kStart);
  BallotRequest current = Ask(4, 6);
  current.history.reign = 5;
  EXPECT_EQ(Request(Ask(3, 6), 9900), DenialReason::kOldData);
  EXPECT_FALSE(Lease(AskLease(2, 2), 9900).granted);  // V3
  EXPECT_EQ(Lease(AskLease(2, 2), 9900).seen, 5u);
  EXPECT_EQ(Request(Ask(3, 6), 10100), std::nullopt);
  EXPECT_EQ(Request(current, 10200), DenialReason::kOldBallot);
}

TEST_F(VoterTest, APromiseToAWinnerIsNoteEnoughOfItsReign) {  // V6
  FailPrimary(kStart);
  EXPECT_EQ(Request(Ask(3, 5), kStart + 300), std::nullopt);
  EXPECT_EQ(voter_.OnLeaseRequest(AskLease(3, 5), At(kStart + 301)).size(),
            2u);  // not heard of as a primary
  record_.reigns.clear();
  Claim won{.sender = Node(3), .config_epoch = 5, .slots = Slots(100, 199), .shard = Shard(2)};
  won.description.norn_level = 1;
  view_.ApplyClaim(won, At(kStart + 302));
  EXPECT_EQ(voter_.OnLeaseRequest(AskLease(3, 5, 2), At(kStart + 303)).size(), 1u);
  record_.reigns.clear();
  const Voter restarted(view_, detector_, options_, record_, At(kStart + 400));
  EXPECT_EQ(record_.reigns[Shard(2)], 5u);
}

TEST_F(VoterTest, APersonNeedNotWaitForLaterData) {
  EXPECT_TRUE(Lease(AskLease(2, 5), kStart).granted);
  FailPrimary(kStart + 2000);
  BallotRequest forced = Ask(3, 6);
  forced.manual = true;
  EXPECT_EQ(Request(forced, kStart + 2500), std::nullopt);
}

TEST_F(VoterTest, TellsTheStaleWhatTheyMissed) {  // B11
  FailPrimary(kStart);
  BallotRequest stale = Ask(3, 5);
  stale.config_epoch = 1;
  const ElectionActions actions = voter_.OnBallotRequest(stale, At(kStart + 300));
  EXPECT_EQ(Outcome(actions), DenialReason::kStaleConfig);
  EXPECT_EQ(std::get<election_action::TellConfig>(actions.front()).about, Node(2));
}

TEST_F(VoterTest, AReleaseCoversOnlyEarlierGrants) {
  Lease(AskLease(2, 2, 5), kStart);
  BallotRequest by_hand = Ask(3, 5);
  by_hand.manual = true;
  by_hand.released = {7, 4};
  EXPECT_EQ(Request(by_hand, kStart + 1), DenialReason::kLeaseHeld);
  by_hand.released = {8, 5};
  EXPECT_EQ(Request(by_hand, kStart + 1), DenialReason::kLeaseHeld);
  by_hand.released = {7, 5};
  EXPECT_EQ(Request(by_hand, kStart + 1), std::nullopt);
}

class LegacyVoterTest : public VoterTest {
 protected:
  LegacyVoterTest() {
    view_.DescribeSelf({.norn_level = 0}, {.has_data = true}, true, At(0));
    view_.ObserveEpoch(5);
  }
  LegacyVoteRequest AskLegacy(int candidate, uint64_t epoch) {
    view_.ObserveEpoch(epoch);
    return {.candidate = Node(candidate),
            .current_epoch = epoch,
            .config_epoch = 2,
            .slots = Slots(100, 199).Ranges(),
            .force = false};
  }
  bool Votes(const LegacyVoteRequest& request) {
    const ElectionActions actions = voter_.OnLegacyRequest(request, At(kStart));
    return actions.size() == 2 && std::holds_alternative<election_action::Persist>(actions[0]);
  }
};

TEST_F(LegacyVoterTest, OneVoteAnEpochForAFailedPrimarysReplica) {
  EXPECT_FALSE(Votes(AskLegacy(3, 6)));  // the primary is up
  FailPrimary(kStart);
  EXPECT_TRUE(Votes(AskLegacy(3, 6)));
  EXPECT_EQ(record_.last_vote_epoch, 6u);
  EXPECT_FALSE(Votes(AskLegacy(4, 6)));
  EXPECT_FALSE(Votes(AskLegacy(4, 5)));
  EXPECT_TRUE(Votes(AskLegacy(4, 7)));
}

TEST_F(LegacyVoterTest, ForceNeedsNoFailure) {
  LegacyVoteRequest request = AskLegacy(3, 6);
  request.force = true;
  EXPECT_TRUE(Votes(request));
}

TEST_F(LegacyVoterTest, AStaleClaimIsCorrectedAndDenied) {
  FailPrimary(kStart);
  LegacyVoteRequest request = AskLegacy(3, 6);
  request.config_epoch = 1;
  const ElectionActions actions = voter_.OnLegacyRequest(request, At(kStart));
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(std::get<election_action::TellConfig>(actions[0]).about, Node(2));
  EXPECT_EQ(record_.last_vote_epoch, 0u);
}

TEST_F(VoterTest, GivesNoLegacyVoteWhereAllAreNorn) {
  FailPrimary(kStart);
  view_.ObserveEpoch(6);
  const LegacyVoteRequest request{.candidate = Node(3),
                                  .current_epoch = 6,
                                  .config_epoch = 2,
                                  .slots = Slots(100, 199).Ranges(),
                                  .force = false};
  EXPECT_TRUE(voter_.OnLegacyRequest(request, At(kStart)).empty());
}

}  // namespace
}  // namespace norn::cluster
