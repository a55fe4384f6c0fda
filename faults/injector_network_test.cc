// Links that are cut in every shape, that lose, that are narrow, that refuse, that flip bits.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "faults/cluster_room_testing.h"

namespace norn::faults {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Pair = std::pair<size_t, size_t>;

constexpr Duration kWhile = Duration::Millis(600);
constexpr Duration kSilence = Duration::Millis(550);

// Pairs of machines that heard nothing of each other, each counted in both directions.
std::set<Pair> SilentMachines(const ClusterRoom& room) {
  std::set<Pair> silent;
  for (const Pair& pair : room.Silent(kSilence)) {
    if (pair.first < room.machines()) silent.insert(pair);
  }
  return silent;
}

size_t HeardBy(const ClusterRoom& room, const std::set<Pair>& silent, size_t machine) {
  size_t heard = 1;  // itself
  for (size_t other = 0; other < room.machines(); ++other) {
    if (other != machine && !silent.contains({machine, other})) ++heard;
  }
  return heard;
}

TEST(InjectorNetwork, ASymmetricPartitionIsOfOneLink) {
  ClusterRoom clients;
  ExpectOneEffect(clients.Play({.kind = FaultKind::kPartitionBoth, .target = 0, .lasts = kWhile}));
  EXPECT_THAT(clients.Silent(kSilence), UnorderedElementsAre(Pair(5, 0)));
  ClusterRoom machines;
  ExpectOneEffect(machines.Play({.kind = FaultKind::kPartitionBoth, .target = 3, .lasts = kWhile}));
  EXPECT_THAT(machines.Silent(kSilence), UnorderedElementsAre(Pair(1, 2), Pair(2, 1)));
  EXPECT_TRUE(machines.AllTalk(Duration::Seconds(1)));
}

TEST(InjectorNetwork, ClientsMayReachAllMachines) {
  for (uint32_t target = 0; target < 6; ++target) {
    ClusterRoom room({.machines = 3, .clients = 2, .clients_reach_all = true});
    ExpectOneEffect(
        room.Play({.kind = FaultKind::kPartitionBoth, .target = target, .lasts = kWhile}));
    EXPECT_THAT(room.Silent(kSilence), UnorderedElementsAre(Pair(3 + target % 2, target / 2)));
  }
}

TEST(InjectorNetwork, MachinesMeetASlowLinkToo) {
  ClusterRoom room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kSlowLink,
                             .target = 1,
                             .lasts = kWhile,
                             .latency = Duration::Millis(60)}));
  EXPECT_GE(room.talk(0, 1).longest_answer, Duration::Millis(60));
  ClusterRoom quiet({.talks = false});
  const FaultCount count = quiet.Play({.kind = FaultKind::kSlowLink, .target = 1, .lasts = kWhile});
  EXPECT_EQ(count.fired, 1u);
  EXPECT_EQ(count.effect, 0u);
}

TEST(InjectorNetwork, APartialPartitionIsOfTwoMachines) {
  ClusterRoom room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kPartialPartition, .target = 0, .lasts = kWhile}));
  EXPECT_THAT(room.Silent(kSilence), UnorderedElementsAre(Pair(0, 1), Pair(1, 0)));
}

TEST(InjectorNetwork, ASplitMakesTwoGroups) {
  std::set<size_t> sizes;
  for (uint32_t target = 0; target < 6; ++target) {
    ClusterRoom room({.machines = 6});
    ExpectOneEffect(room.Play({.kind = FaultKind::kSplit, .target = target, .lasts = kWhile}));
    const std::set<Pair> silent = SilentMachines(room);
    std::set<size_t> few;
    for (size_t i = 0; i < 6; ++i) {
      const size_t heard = HeardBy(room, silent, i);
      sizes.insert(heard);
      if (heard <= 3) few.insert(i);
      for (size_t j = 0; j < 6; ++j) {
        if (i == j || silent.contains({i, j})) continue;
        EXPECT_EQ(HeardBy(room, silent, j), heard) << "who hear each other are of one group";
      }
    }
    EXPECT_FALSE(few.empty());
    EXPECT_EQ(room.Silent(kSilence).size(), silent.size()) << "clients are not concerned";
  }
  EXPECT_GT(sizes.size(), 2u);
}

TEST(InjectorNetwork, InTheRingOfMajoritiesEachSeesAnother) {
  for (const size_t machines : {4, 5, 6, 7}) {
    ClusterRoom room({.machines = machines});
    ExpectOneEffect(room.Play({.kind = FaultKind::kMajoritiesRing, .target = 9, .lasts = kWhile}));
    const std::set<Pair> silent = SilentMachines(room);
    std::set<std::set<size_t>> views;
    for (size_t i = 0; i < machines; ++i) {
      EXPECT_GT(HeardBy(room, silent, i), machines / 2);
      EXPECT_LT(HeardBy(room, silent, i), machines);
      std::set<size_t> deaf;
      for (const Pair& pair : silent) {
        if (pair.first == i) deaf.insert(pair.second);
      }
      views.insert(deaf);
    }
    EXPECT_EQ(views.size(), machines);
  }
  ClusterRoom three({.machines = 3});
  EXPECT_EQ(three.Play({.kind = FaultKind::kMajoritiesRing, .lasts = kWhile}).fired, 0u)
      << "there every majority of neighbours is all";
}

TEST(InjectorNetwork, AnIsolatedMachineHearsNobody) {
  for (const bool clients_too : {false, true}) {
    ClusterRoom room({.machines = 3});
    ExpectOneEffect(room.Play(
        {.kind = FaultKind::kIsolate, .target = 1, .other = clients_too, .lasts = kWhile}));
    std::set<Pair> expected = {{0, 1}, {1, 0}, {1, 2}, {2, 1}};
    if (clients_too) expected.emplace(3, 1);
    const std::vector<Pair> silent = room.Silent(kSilence);
    EXPECT_EQ(std::set<Pair>(silent.begin(), silent.end()), expected);
  }
}

TEST(InjectorNetwork, ClientsAreCutOffFromOneMachine) {
  ClusterRoom room({.clients = 2});
  ExpectOneEffect(room.Play({.kind = FaultKind::kClientsCut, .target = 2, .lasts = kWhile}));
  EXPECT_THAT(room.Silent(kSilence), UnorderedElementsAre(Pair(5, 2), Pair(6, 2)));
}

TEST(InjectorNetwork, ASwizzleTakesSomeAwayAndGivesThemBack) {
  ClusterRoom room;
  ExpectOneEffect(room.Play(
      {.kind = FaultKind::kSwizzle, .target = 5, .lasts = Duration::Seconds(2), .amount = 3}));
  std::set<size_t> alone;  // away for half of the least time that one is
  for (size_t i = 0; i < 5; ++i) {
    size_t silent = 0;
    for (const Pair& pair : room.Silent(Duration::Millis(300))) silent += pair.first == i;
    if (silent == 4) alone.insert(i);
  }
  EXPECT_EQ(alone.size(), 3u);
  EXPECT_TRUE(room.AllTalk(Duration::Seconds(1)));
}

TEST(InjectorNetwork, LossMakesLate) {
  ClusterRoom room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kLoss,
                             .target = 1,  // the first pair of machines
                             .lasts = kWhile,
                             .latency = Duration::Millis(90),
                             .amount = 30}));
  EXPECT_GT(room.talk(0, 1).longest_answer, Duration::Millis(20));
  EXPECT_LT(room.talk(0, 2).longest_answer, Duration::Millis(20));
  EXPECT_LT(room.talk(0, 1).longest_gap, kSilence) << "nothing is lost for good";
}

TEST(InjectorNetwork, ANarrowLinkTakesItsTime) {
  ClusterRoom room;
  ExpectOneEffect(
      room.Play({.kind = FaultKind::kBandwidth, .target = 1, .lasts = kWhile, .amount = 20}));
  EXPECT_GE(room.talk(0, 1).longest_answer, Duration::Millis(100)) << "a byte each way";
  EXPECT_LT(room.talk(0, 2).longest_answer, Duration::Millis(20));
}

TEST(InjectorNetwork, ConnectsAreRefusedWhileTheServerLives) {
  ClusterRoom room({.reconnects = true});
  ExpectOneEffect(room.Play({.kind = FaultKind::kRefused, .target = 1, .lasts = kWhile}));
  EXPECT_GT(room.talk(0, 1).refused, 10u);
  EXPECT_EQ(room.talk(0, 2).refused, 0u);
  EXPECT_THAT(room.Died(), IsEmpty());
  EXPECT_TRUE(room.AllTalk(Duration::Seconds(1)));
  ClusterRoom steady;
  const FaultCount count = steady.Play({.kind = FaultKind::kRefused, .target = 1, .lasts = kWhile});
  EXPECT_EQ(count.fired, 1u);
  EXPECT_EQ(count.effect, 0u) << "who is connected notices nothing";
}

TEST(InjectorNetwork, BitsFlipOnTheBusOnly) {
  ClusterRoom room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kCorrupt, .lasts = kWhile, .amount = 9}));
  const uint64_t strange = room.lives[0].strange + room.lives[1].strange;
  EXPECT_GT(strange, 0u);
  EXPECT_LE(strange, 9u) << "some are answers";
  EXPECT_EQ(room.lives[2].strange, 0u);
  ClusterRoom other({.bus_port = 81});
  const FaultCount count = other.Play({.kind = FaultKind::kCorrupt, .lasts = kWhile, .amount = 9});
  EXPECT_EQ(count.fired, 1u);
  EXPECT_EQ(count.effect, 0u);
  ClusterRoom none({.bus_port = 0});
  EXPECT_EQ(none.Play({.kind = FaultKind::kCorrupt, .lasts = kWhile, .amount = 9}).fired, 0u);
}

// Two faults on one link: each ends for itself.
TEST(InjectorNetwork, FaultsOfOneLinkAddUp) {
  ClusterRoom room;
  const auto fault = [](int64_t at_ms, FaultKind kind, int64_t lasts_ms) {
    return PlannedFault{.at = Duration::Millis(at_ms),
                        .kind = kind,
                        .target = kind == FaultKind::kIsolate ? 1u : 0u,
                        .lasts = Duration::Millis(lasts_ms)};
  };
  room.Begin({fault(100, FaultKind::kPartialPartition, 2000), fault(200, FaultKind::kIsolate, 300),
              fault(300, FaultKind::kPartialPartition, 100)});
  room.world().RunFor(Duration::Seconds(1));
  const uint64_t before = room.talk(0, 1).answers;
  EXPECT_GT(room.talk(2, 1).answers, before) << "the isolation is over, the partition is not";
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_EQ(room.talk(0, 1).answers, before);
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_TRUE(room.AllTalk(Duration::Seconds(1)));
  EXPECT_EQ(room.CountOf(FaultKind::kPartialPartition).effect, 2u);
}

constexpr Duration kLong = Duration::Seconds(20);
PlannedFault ForLong(FaultKind kind) {
  return {.kind = kind, .target = 1, .lasts = kLong, .latency = Duration::Millis(50), .amount = 3};
}
constexpr FaultKind kOfLinks[] = {
    FaultKind::kPartitionBoth,  FaultKind::kPartialPartition, FaultKind::kSplit,
    FaultKind::kMajoritiesRing, FaultKind::kIsolate,          FaultKind::kSwizzle,
    FaultKind::kLoss,           FaultKind::kBandwidth,        FaultKind::kRefused,
    FaultKind::kCorrupt,        FaultKind::kClientsCut};

TEST(InjectorNetwork, HealingEndsAllOfThem) {
  ClusterRoom room;
  FaultPlan plan;
  for (const FaultKind kind : kOfLinks) plan.push_back(ForLong(kind));
  room.Begin(plan);
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_FALSE(room.AllTalk(Duration::Seconds(1)));
  room.injector().Heal();
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_TRUE(room.AllTalk(Duration::Seconds(1)));
  sim::Fabric& fabric = room.world().fabric();
  const sim::LinkOptions& link = fabric.GetLink(room.node(0).index(), room.node(1).index());
  EXPECT_FALSE(link.blocked);
  EXPECT_EQ(link.tail_one_in, 0u);
  EXPECT_EQ(link.bytes_per_second, 0u);
  room.world().RunFor(kLong);
  EXPECT_TRUE(room.AllTalk(Duration::Seconds(1))) << "a swizzle does not go on";
}

TEST(InjectorNetwork, WhereNothingPassesNothingIsNoticed) {
  for (const FaultKind kind : kOfLinks) {
    ClusterRoom room({.talks = false});
    PlannedFault fault = ForLong(kind);
    fault.lasts = kWhile;
    const FaultCount count = room.Play(fault);
    EXPECT_EQ(count.fired, 1u) << NameOf(kind);
    EXPECT_EQ(count.effect, 0u) << NameOf(kind);
  }
}

}  // namespace
}  // namespace norn::faults
