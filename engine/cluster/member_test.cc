// Members that meet, part, fail and are promoted; what each believes, and in which order it acts.

#include "engine/cluster/member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "engine/cluster/member_testing.h"

namespace norn::cluster {
namespace {

using namespace testing;

const Heartbeat* BeatOf(const BusMessage& message) { return std::get_if<Heartbeat>(&message.body); }

// A heartbeat of a node that is no Member.
BusMessage BeatFrom(int node, Heartbeat::Kind kind) {
  BusHeader header{.sender = Node(node)};
  header.flags = node_flag::kPrimary;
  header.address = {.ip = *IpText::Parse("10.0.9.9"), .port = 6379, .bus_port = 16379};
  return {.header = header, .body = Heartbeat{.kind = kind}};
}

// ---- meeting ----

TEST(Member, MeetMakesEachKnowTheOther) {
  MemberRoom room(2);
  room.Meet(1, 2);
  EXPECT_TRUE(room.RunUntil(1000, [&] { return room.AreOne(); }));
  EXPECT_EQ(room.Of(2).view().Find(Node(1))->endpoint.ip, "10.0.0.1");
  EXPECT_EQ(room.Of(1).view().Find(Node(2))->endpoint, room.EndpointOf(2));
}

TEST(Member, BothMayMeetAtOnce) {
  MemberRoom room(2);
  ASSERT_TRUE(room.Of(1).Meet(room.EndpointOf(2), room.now(), room.wall()));
  ASSERT_TRUE(room.Of(2).Meet(room.EndpointOf(1), room.now(), room.wall()));
  room.Settle();
  EXPECT_TRUE(room.RunUntil(1500, [&] { return room.AreOne(); }));
}

size_t MeetsOf(const MemberRoom::Place& place) {
  return static_cast<size_t>(std::ranges::count_if(place.sent, [](const BusMessage& message) {
    const auto* beat = std::get_if<Heartbeat>(&message.body);
    return beat != nullptr && beat->kind == Heartbeat::Kind::kMeet;
  }));
}

TEST(Member, WhoGaveTheHandshakeUpIsMetAgain) {
  MemberRoom room(2);
  room.Meet(1, 2);
  ASSERT_TRUE(room.Knows(1, 2));
  room.Stop(2);
  room.Start(2, std::nullopt);  // as if its own end had come to nothing
  ASSERT_FALSE(room.Knows(2, 1));
  EXPECT_TRUE(room.RunUntil(3000, [&] { return room.AreOne(); }));
}

TEST(Member, WhoIsKnownToKnowIsNotMetAgain) {
  MemberRoom room(2);
  room.Meet(1, 2);
  room.Run(10000);
  EXPECT_EQ(MeetsOf(room.PlaceOf(1)), 1u);
  EXPECT_EQ(MeetsOf(room.PlaceOf(2)), 0u);
}

TEST(Member, OneHandshakeForAnAddress) {
  MemberRoom room(2);
  room.PlaceOf(2).cut = true;
  EXPECT_TRUE(room.Of(1).Meet(room.EndpointOf(2), room.now(), room.wall()));
  EXPECT_FALSE(room.Of(1).Meet(room.EndpointOf(2), room.now(), room.wall()));
}

TEST(Member, WhoMeetsItselfStaysAlone) {
  MemberRoom room(1);
  room.Meet(1, 1);
  room.Run(3000);
  EXPECT_EQ(room.Of(1).Lines().size(), 1u);
}

TEST(Member, AHandshakeWithNobodyIsGivenUp) {
  MemberRoom room(2);
  room.Stop(2);
  room.Meet(1, 2);
  room.Run(500);
  EXPECT_EQ(room.Of(1).Lines().size(), 2u);
  EXPECT_THAT(FlagWords(room.Of(1).Lines().back().flags | room.Of(1).Lines().front().flags),
              ::testing::HasSubstr("handshake"));
  room.Run(1000);
  EXPECT_EQ(room.Of(1).Lines().size(), 1u);
}

TEST(Member, MeetingAMemberChangesNothing) {
  MemberRoom room(2);
  room.Meet(1, 2);
  ASSERT_TRUE(room.RunUntil(1000, [&] { return room.AreOne(); }));
  room.Meet(1, 2);
  EXPECT_TRUE(room.RunUntil(1500, [&] { return room.AreOne(); }));
  EXPECT_TRUE(room.Of(1).Links().size() == 2);
}

TEST(Member, GossipBringsTheThird) {
  MemberRoom room(3);
  room.Meet(1, 2);
  room.Meet(2, 3);
  EXPECT_TRUE(room.RunUntil(3000, [&] { return room.AreOne(); }));
}

TEST(Member, AStrangerIsAnsweredAndNotBelieved) {
  MemberRoom room(1);
  const LinkId link = room.Visit(1, "10.0.9.9");
  BusMessage ping = BeatFrom(77, Heartbeat::Kind::kPing);
  ping.header->slots = Slots(0, 100);
  ping.header->current_epoch = 9;
  std::get<Heartbeat>(ping.body).gossip.push_back(
      {.id = Node(78), .address = {.ip = *IpText::Parse("10.0.9.8"), .port = 1, .bus_port = 2}});
  room.Say(link, ping);
  ASSERT_EQ(room.HeardOn(link).size(), 1u);
  EXPECT_EQ(BeatOf(room.HeardOn(link)[0])->kind, Heartbeat::Kind::kPong);
  EXPECT_EQ(room.Of(1).Lines().size(), 1u);
  EXPECT_EQ(room.Of(1).view().OwnerOf(SlotId{5}), nullptr);
  EXPECT_EQ(room.Of(1).view().current_epoch(), 0u);
}

// ---- whose word counts ----

TEST(Member, OnlyMembersDeclareFailures) {
  MemberRoom room(3);
  room.Form(3);
  const LinkId link = room.Visit(1, "10.0.9.9");
  BusMessage fail = BeatFrom(77, Heartbeat::Kind::kPing);
  fail.body = Fail{Node(2)};
  room.Say(link, fail);
  EXPECT_EQ(room.Of(1).view().Find(Node(2))->health, Health::kUp);
  fail.header->sender = Node(3);
  room.Say(link, fail);
  EXPECT_EQ(room.Of(1).view().Find(Node(2))->health, Health::kFailed);
}

TEST(Member, WhoMissedAVerdictIsToldWhenItSuspects) {
  MemberRoom room(3);
  room.Form(3);
  room.Stop(3);
  room.Run(3000);
  ASSERT_EQ(room.Of(1).view().Find(Node(3))->health, Health::kFailed);
  const LinkId link = room.Visit(1, "10.0.0.2");
  BusMessage news = BeatFrom(2, Heartbeat::Kind::kPing);
  news.body =
      NornBody{EncodeNornNews(Suspicions{.failing = {Node(1), Node(2), Node(3)}, .up = {}})};
  const size_t before = room.PlaceOf(1).sent.size();
  room.Say(link, news);
  std::vector<NornNews> told;
  for (size_t i = before; i < room.PlaceOf(1).sent.size(); ++i) {
    const auto* body = std::get_if<NornBody>(&room.PlaceOf(1).sent[i].body);
    const auto said = body == nullptr ? std::nullopt : DecodeNornNews(body->payload);
    if (said && std::holds_alternative<Verdicts>(*said)) told.push_back(*said);
  }
  EXPECT_THAT(told, ::testing::ElementsAre(NornNews(Verdicts{{Node(3)}})));
}

TEST(Member, ANodeThatAnswersWithAnotherNameLosesItsAddress) {
  MemberRoom room(3);
  room.Form(3);
  room.Stop(3);
  room.PlaceOf(3).options.announced = {.ip = {}, .port = 6379, .bus_port = 16379};
  // Another node, which knows nobody, has its address now.
  room.PlaceOf(3).member =
      std::make_unique<cluster::Member>(room.PlaceOf(3).options, std::nullopt, Node(33), Shard(33),
                                        99, Prng(99), room.now(), room.wall());
  room.PlaceOf(3).up = true;
  room.Run(1000);
  const ClusterNode& lost = *room.Of(1).view().Find(Node(3));
  EXPECT_TRUE(lost.address_lost);
  EXPECT_EQ(lost.health, Health::kFailed);
  EXPECT_EQ(room.Of(1).view().Find(Node(33)), nullptr);
  EXPECT_THAT(FlagWords(room.Of(1).LineOf(lost).flags), ::testing::HasSubstr("noaddr"));
}

TEST(Member, AMovedNodeIsFoundAgain) {
  MemberRoom room(3);
  room.Form(3);
  room.Move(3, "10.0.5.5");
  EXPECT_TRUE(room.RunUntil(4000, [&] {
    return room.Of(1).view().Find(Node(3))->endpoint.ip == "10.0.5.5" &&
           room.Of(2).view().Find(Node(3))->endpoint.ip == "10.0.5.5" &&
           room.Of(1).view().Find(Node(3))->health == Health::kUp;
  }));
}

// ---- forgetting ----

TEST(Member, ForgettingIsToldAndHolds) {
  MemberRoom room(3);
  room.Form(2);  // 3 owns nothing
  room.Of(1).Forget(Node(3), room.now());
  room.Settle();
  EXPECT_FALSE(room.Knows(1, 3));
  room.Run(500);
  EXPECT_FALSE(room.Knows(2, 3));  // by the extension
  room.Run(3000);
  EXPECT_FALSE(room.Knows(1, 3));  // although it still speaks
  EXPECT_FALSE(room.Knows(2, 3));
}

TEST(Member, AnOwnerOfSlotsIsNotForgottenByHearsay) {
  MemberRoom room(3);
  room.Form(3);
  room.Of(1).Forget(Node(3), room.now());
  room.Settle();
  room.Run(500);
  EXPECT_FALSE(room.Knows(1, 3));
  EXPECT_TRUE(room.Knows(2, 3));
}

TEST(Member, MeetingOverrulesForgetting) {
  MemberRoom room(3);
  room.Form(2);  // 3 owns nothing
  room.Of(1).Forget(Node(3), room.now());
  room.Settle();
  room.Run(500);
  ASSERT_FALSE(room.Knows(2, 3));
  room.Of(3).Reset(false, Node(3), Shard(33), room.now());
  room.Settle();
  room.Meet(3, 2);
  room.Run(2000);
  EXPECT_FALSE(room.Knows(2, 3));  // B36: the forgotten one asks for itself
  room.Meet(2, 3);
  EXPECT_TRUE(room.RunUntil(2000, [&] { return room.Knows(2, 3) && room.Knows(3, 2); }));
  room.Run(3000);
  EXPECT_TRUE(room.Knows(2, 3));  // although 1 still tells that it is forgotten
}

TEST(Member, WhoWasForgottenAndDoesNotKnowItIsMetAgain) {
  MemberRoom room(3);
  room.Form(3);
  for (const int i : {1, 2}) room.Of(i).Forget(Node(3), room.now());
  room.Settle();
  room.Run(500);
  ASSERT_FALSE(room.Knows(1, 3));
  ASSERT_TRUE(room.Knows(3, 1));
  room.Meet(1, 3);
  EXPECT_TRUE(room.RunUntil(2000, [&] { return room.Knows(1, 3); }));
}

TEST(Member, ResetForgetsEverybody) {
  MemberRoom room(3);
  room.Form(2);
  const uint64_t epoch = room.Of(3).view().current_epoch();
  room.Of(3).Reset(false, Node(3), Shard(33), room.now());
  room.Settle();
  EXPECT_EQ(room.Of(3).Lines().size(), 1u);
  EXPECT_EQ(room.Of(3).view().self().id, Node(3));
  EXPECT_EQ(room.Of(3).view().current_epoch(), epoch);
  EXPECT_TRUE(room.Of(3).view().self().is_primary());
  EXPECT_EQ(CountDone<member_action::DropAllKeys>(room.PlaceOf(3)), 1u);
  room.Of(3).Reset(true, Node(44), Shard(44), room.now());
  EXPECT_EQ(room.Of(3).view().self().id, Node(44));
  EXPECT_EQ(room.Of(3).view().current_epoch(), 0u);
}

// ---- failing and leading ----

TEST(Member, AReplicaTakesOver) {
  MemberRoom room(6);
  room.Form(3);
  room.Stop(1);
  ASSERT_TRUE(room.RunUntil(4000, [&] { return room.CanWrite(4); }));
  EXPECT_EQ(room.Of(2).view().OwnerOf(SlotId{0})->id, Node(4));
  EXPECT_GE(CountDone<member_action::BecomePrimary>(room.PlaceOf(4)), 1u);
  EXPECT_EQ(room.Of(5).view().Find(Node(1))->health, Health::kFailed);
  // It comes back as a replica of its successor.
  room.StartAgain(1);
  EXPECT_TRUE(room.RunUntil(3000, [&] { return room.Of(1).view().self().primary == Node(4); }));
  EXPECT_TRUE(
      room.RunUntil(3000, [&] { return room.Of(2).view().Find(Node(1))->health == Health::kUp; }));
}

TEST(Member, ASilentPrimaryIsReplacedAndFenced) {
  MemberRoom room(6);
  room.Form(3);
  room.PlaceOf(1).cut = true;
  ASSERT_TRUE(room.RunUntil(4000, [&] { return room.CanWrite(4); }));
  EXPECT_LE(room.Of(1).Fence().until, room.now());
  room.PlaceOf(1).cut = false;
  EXPECT_TRUE(room.RunUntil(4000, [&] { return room.Of(1).view().self().primary == Node(4); }));
  EXPECT_EQ(room.Of(1).view().OwnerOf(SlotId{0})->id, Node(4));
}

// A1: nothing that tells of a vote is sent before the vote is safe.
TEST(Member, AVoteWaitsForTheDisk) {
  MemberRoom room(6);
  room.Form(3);
  for (int i = 2; i <= 6; ++i) {
    room.PlaceOf(i).sent.clear();
    if (i != 4) room.PlaceOf(i).sync_held = true;
  }
  room.Stop(1);
  room.Run(4000);
  EXPECT_FALSE(room.CanWrite(4));
  const auto is_vote = [](const BusMessage& message) {
    const auto* norn = std::get_if<NornBody>(&message.body);
    if (norn == nullptr) return false;
    const std::optional<ElectionMessage> said = DecodeElectionMessage(norn->payload);
    return said && std::holds_alternative<BallotVote>(*said);
  };
  for (int i = 2; i <= 6; ++i) {
    if (i == 4) continue;
    EXPECT_EQ(std::ranges::count_if(room.PlaceOf(i).sent, is_vote), 0) << i;
  }
  for (int i = 2; i <= 6; ++i) room.PlaceOf(i).sync_held = false;
  EXPECT_TRUE(room.RunUntil(4000, [&] { return room.CanWrite(4); }));
}

TEST(Member, AFailoverByHandWaitsForTheData) {
  MemberRoom room(6);
  room.Form(3);
  room.PlaceOf(1).data.offset = 500;
  room.PlaceOf(4).data.offset = 400;
  room.Run(300);
  room.Of(4).Failover(ManualMode::kNormal, room.now());
  room.Settle();
  room.Run(300);
  EXPECT_EQ(CountDone<member_action::PauseWrites>(room.PlaceOf(1)), 1u);
  // A write was under way when the order came: until it is done nobody learns where the stream ends.
  room.PlaceOf(4).data.offset = 500;
  room.Run(300);
  EXPECT_FALSE(room.Of(4).view().self().is_primary());
  room.PlaceOf(1).data.offset = 510;
  room.Of(1).OnWritesHeld(room.PlaceOf(1).data, room.now());
  room.Settle();
  room.Run(300);
  EXPECT_TRUE(room.Of(4).manual_failover_running());
  EXPECT_FALSE(room.Of(4).view().self().is_primary());
  room.PlaceOf(4).data.offset = 510;
  EXPECT_TRUE(room.RunUntil(2000, [&] { return room.CanWrite(4); }));
  EXPECT_TRUE(room.RunUntil(1000, [&] { return room.Of(1).view().self().primary == Node(4); }));
}

// The primary is well and goes on renewing its lease: it is made to give it up, its last writes are not waited for.
TEST(Member, AForcedFailoverReplacesALivingPrimary) {
  MemberRoom room(6);
  room.Form(3);
  room.PlaceOf(1).data.offset = 500;
  room.PlaceOf(4).data.offset = 400;
  room.PlaceOf(4).data.has_data = true;
  room.Run(300);
  room.Of(4).Failover(ManualMode::kForce, room.now());
  room.Settle();
  room.Of(1).OnWritesHeld(room.PlaceOf(1).data, room.now());
  EXPECT_TRUE(room.RunUntil(1500, [&] { return room.CanWrite(4); }));
  EXPECT_TRUE(room.RunUntil(1000, [&] { return room.Of(1).view().self().primary == Node(4); }));
}

TEST(Member, ATakeoverAsksNobody) {
  MemberRoom room(6);
  room.Form(3);
  room.PlaceOf(4).data.has_data = true;
  room.Of(4).Failover(ManualMode::kTakeover, room.now());
  room.Settle();
  EXPECT_TRUE(room.Of(4).view().self().is_primary());
  EXPECT_TRUE(room.RunUntil(1000, [&] { return room.Of(1).view().self().primary == Node(4); }));
}

// Deposed and at once in charge again: it must not hold writes back for a failover by hand that is long over.
TEST(Member, APausedPrimaryThatIsDeposedAndTakesOverTakesWritesAgain) {
  MemberRoom room(6);
  room.Form(3);
  room.PlaceOf(4).data.has_data = true;
  room.Of(4).Failover(ManualMode::kNormal, room.now());
  room.Settle();
  ASSERT_EQ(CountDone<member_action::PauseWrites>(room.PlaceOf(1)), 1u);
  room.Of(4).Failover(ManualMode::kTakeover, room.now());
  room.Settle();
  ASSERT_EQ(room.Of(1).view().self().primary, Node(4));
  ASSERT_EQ(CountDone<member_action::ResumeWrites>(room.PlaceOf(1)), 0u);
  room.Of(1).Failover(ManualMode::kTakeover, room.now());
  EXPECT_TRUE(room.RunUntil(1000, [&] { return room.CanWrite(1); }));
  EXPECT_EQ(CountDone<member_action::ResumeWrites>(room.PlaceOf(1)), 1u);
}

// G3: of what the shard gave up each of its nodes knows until the outcome is known, whoever leads it meanwhile.
TEST(Member, AReplicaRemembersWhatWasGivenUpThroughAFailover) {
  MemberRoom room(7);
  room.Form(3);  // 4 and 7 follow 1
  const SlotSet slots = SlotSet::OfRange({SlotId{0}, SlotId{9}});
  for (const int i : {4, 7}) room.Of(i).GiveUp(slots, Node(2), room.now());
  room.Stop(1);
  ASSERT_TRUE(room.RunUntil(4000, [&] { return room.CanWrite(4) || room.CanWrite(7); }));
  const int winner = room.CanWrite(4) ? 4 : 7;
  const int loser = 11 - winner;
  ASSERT_TRUE(
      room.RunUntil(3000, [&] { return room.Of(loser).view().self().primary == Node(winner); }));
  for (const int i : {winner, loser}) {
    ASSERT_TRUE(room.Of(i).GivenUp().contains(Node(2)));
    EXPECT_EQ(room.Of(i).GivenUp().at(Node(2)).Ranges(), slots.Ranges());
  }
}

TEST(Member, AnOrphanGetsASpareReplica) {
  MemberRoom room(7);
  room.Form(3);  // 4 and 7 follow 1, 5 follows 2, 6 follows 3
  room.Stop(6);
  ASSERT_TRUE(room.RunUntil(15000, [&] {
    return room.Of(4).view().self().primary == Node(3) ||
           room.Of(7).view().self().primary == Node(3);
  }));
  EXPECT_TRUE(room.Of(4).view().self().primary == Node(3));  // the one with the smaller name
  room.Run(8000);
  EXPECT_EQ(room.Of(7).view().self().primary, Node(1));
}

// ---- the file ----

TEST(Member, ARestartedNodeRemembers) {
  MemberRoom room(6);
  room.Form(3);
  room.Stop(1);
  ASSERT_TRUE(room.RunUntil(4000, [&] { return room.CanWrite(4); }));
  room.Run(500);
  const ElectionRecord before = room.Of(5).election().record();
  ASSERT_FALSE(before.promises.empty());
  const NodesFile file = room.Of(5).File();
  room.Stop(5);
  room.StartAgain(5);
  EXPECT_EQ(room.Of(5).election().record().promises, before.promises);
  EXPECT_EQ(room.Of(5).view().self().primary, Node(2));
  EXPECT_EQ(room.Of(5).view().OwnerOf(SlotId{0})->id, Node(4));
  EXPECT_TRUE(room.Of(5).view().electorate().norn_rules);
  EXPECT_EQ(room.Of(5).view().current_epoch(), file.current_epoch);
  EXPECT_EQ(room.Of(5).File().norn, file.norn);
  ASSERT_FALSE(room.PlaceOf(5).done.empty());
  EXPECT_EQ(CountDone<member_action::Follow>(room.PlaceOf(5)), 2u);  // then, and at the restart
}

// I7: the order to follow another shard's primary survives a restart, and with it that nothing was copied yet.
TEST(Member, ARestartedNodeDoesNotTakeOldDataForItsShards) {
  MemberRoom room(6);
  room.Form(3);
  room.Run(200);
  const ClusterShardId first = room.Of(4).DataShard();
  EXPECT_EQ(first, room.Of(4).view().self().shard);
  room.PlaceOf(4).data.synced_since = false;  // the new primary's link is not up yet
  room.Of(4).Replicate(Node(2), room.now());
  room.Settle();
  EXPECT_TRUE(room.Of(4).DataShard().empty());
  room.Stop(4);
  room.StartAgain(4);
  EXPECT_TRUE(
      room.Of(4).DataShard().empty());  // nodes.conf remembers: a log does not say whose it is
  room.Of(4).OnDataLoaded(first.view(), room.now());
  EXPECT_EQ(room.Of(4).view().self().shard, room.Of(2).view().self().shard);
  EXPECT_FALSE(room.Of(4).view().self().history.has_data);
  EXPECT_TRUE(room.Of(4).DataShard().empty());
  room.Run(1000);
  EXPECT_FALSE(room.Of(4).view().self().history.has_data);
  room.PlaceOf(4).data.synced_since = true;
  room.Run(100);
  EXPECT_TRUE(room.Of(4).view().self().history.has_data);
  EXPECT_EQ(room.Of(4).DataShard(), room.Of(2).view().self().shard);
  // A snapshot from before that copy, though the file knows of it.
  room.Stop(4);
  room.PlaceOf(4).data.synced_since = false;
  room.StartAgain(4);
  room.Of(4).OnDataLoaded(first.view(), room.now());
  room.Run(100);
  EXPECT_FALSE(room.Of(4).view().self().history.has_data);
  // Its own, and one that a node wrote whose data was no shard's.
  const ClusterShardId second = room.Of(2).view().self().shard;
  room.Of(4).OnDataLoaded(second.view(), room.now());
  EXPECT_TRUE(room.Of(4).view().self().history.has_data);
  room.Of(4).OnDataLoaded("", room.now());
  EXPECT_FALSE(room.Of(4).view().self().history.has_data);
  // A primary leads its shard with whatever it has.
  room.Of(1).OnDataLoaded(second.view(), room.now());
  EXPECT_EQ(room.Of(1).DataShard(), first);
}

// I24: a verdict of an earlier life is no evidence.
TEST(Member, ARestartedNodeDoesNotRepeatOldVerdicts) {
  MemberRoom room(6);
  room.Form(3);
  room.Stop(1);
  ASSERT_TRUE(room.RunUntil(
      4000, [&] { return room.Of(5).view().Find(Node(1))->health == Health::kFailed; }));
  room.Of(5).SaveNow();
  room.Run(300);
  room.Stop(5);
  ASSERT_NE(room.PlaceOf(5).file.find("fail"), std::string::npos);
  room.StartAgain(1);
  ASSERT_TRUE(
      room.RunUntil(9000, [&] { return room.Of(2).view().Find(Node(1))->health == Health::kUp; }));
  room.Run(2500);  // what was said before counts no more
  ASSERT_EQ(room.Of(2).detector().ReportsAbout(Node(1), room.now()), 0u);
  room.PlaceOf(1).cut = true;
  room.StartAgain(5);
  EXPECT_EQ(room.Of(5).view().Find(Node(1))->health, Health::kUp);
  room.Run(500);
  EXPECT_EQ(room.Of(2).detector().ReportsAbout(Node(1), room.now()), 0u);
}

TEST(Member, WhoIsHeardIsNotReportedAsFailing) {
  MemberRoom room(6);
  room.Form(3);
  const LinkId link = room.Visit(1, "10.0.9.9");
  BusMessage fail = BeatFrom(3, Heartbeat::Kind::kPing);
  fail.body = Fail{Node(2)};
  room.Say(link, fail);
  ASSERT_EQ(room.Of(1).view().Find(Node(2))->health, Health::kFailed);
  for (int i = 0; i < 10; ++i) {
    room.Run(100);
    for (int other : {3, 4, 6}) {
      ASSERT_EQ(room.Of(other).detector().ReportsAbout(Node(2), room.now()), 0u);
    }
  }
  EXPECT_EQ(room.Of(1).view().Find(Node(2))->health, Health::kFailed);  // it waits for two timeouts
}

// I12: a node that died again after it told some of its new role.
TEST(Member, WhatADeadNodeIsIsLearntFromThoseWhoHeardIt) {
  MemberRoom room(6);
  room.Form(3);
  room.Stop(1);
  ASSERT_TRUE(room.RunUntil(4000, [&] { return room.CanWrite(4); }));
  room.Run(300);
  room.Stop(6);
  room.StartAgain(1);
  ASSERT_TRUE(
      room.RunUntil(3000, [&] { return room.Of(2).view().Find(Node(1))->primary == Node(4); }));
  room.Stop(1);
  room.Run(1000);
  room.StartAgain(6);
  ASSERT_TRUE(room.Of(6).view().Find(Node(1))->is_primary());
  EXPECT_TRUE(
      room.RunUntil(5000, [&] { return room.Of(6).view().Find(Node(1))->primary == Node(4); }));
}

TEST(Member, TheFileReadsBack) {
  MemberRoom room(6);
  room.Form(3);
  room.Of(1).SetMigrating(SlotId{7}, Node(2));
  const NodesFile file = room.Of(1).File();
  const absl::StatusOr<NodesFile> again = ParseNodesFile(NodesFileText(file), false);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(NodesFileText(*again), NodesFileText(file));
  EXPECT_EQ(again->norn, file.norn);
}

}  // namespace
}  // namespace norn::cluster
