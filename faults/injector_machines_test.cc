// Deaths of machines with their disks, in silence, and of many at once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "faults/cluster_room_testing.h"

namespace norn::faults {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration kDown = Duration::Millis(500);

TEST(InjectorMachines, NothingHappensWithoutAPlan) {
  ClusterRoom room;
  room.Begin({});
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_THAT(room.Died(), IsEmpty());
  EXPECT_THAT(room.Silent(Duration::Millis(100)), IsEmpty());
  EXPECT_GT(room.talk(1, 4).answers, 100u);
  EXPECT_GT(room.talk(5, 0).answers, 100u) << "a client";
  for (const Life& life : room.lives) {
    EXPECT_EQ(life.date_ahead, Duration{0});
    EXPECT_EQ(life.clock_behind, Duration{0});
    EXPECT_EQ(life.strange, 0u);
  }
}

TEST(InjectorMachines, AWipedMachineReturnsWithAnEmptyDisk) {
  ClusterRoom room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kWipe, .target = 2, .lasts = kDown}));
  EXPECT_THAT(room.Died(), ElementsAre(2u));
  EXPECT_THAT(room.lives[2].ids, ElementsAre("", ""));
  EXPECT_TRUE(room.AllTalk(Duration::Seconds(1)));
}

TEST(InjectorMachines, TwoMachinesReturnWithEachOthersDisk) {
  ClusterRoom room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kDiskSwap, .target = 2, .lasts = kDown}));
  const std::vector<size_t> died = room.Died();
  ASSERT_EQ(died.size(), 2u);
  EXPECT_THAT(room.lives[died[0]].ids, ElementsAre("", std::to_string(died[1])));
  EXPECT_THAT(room.lives[died[1]].ids, ElementsAre("", std::to_string(died[0])));
}

TEST(InjectorMachines, AnEmptyDiskCannotBeMissed) {
  for (const FaultKind kind : {FaultKind::kWipe, FaultKind::kDiskSwap}) {
    ClusterRoom room({.keeps_files = false});
    const FaultCount count = room.Play({.kind = kind, .lasts = kDown});
    EXPECT_EQ(count.fired, 1u);
    EXPECT_EQ(count.effect, 0u);
  }
}

TEST(InjectorMachines, OneMachineHasNobodyToSwapWith) {
  ClusterRoom room({.machines = 1});
  EXPECT_EQ(room.Play({.kind = FaultKind::kDiskSwap, .lasts = kDown}).fired, 0u);
  EXPECT_THAT(room.Died(), IsEmpty());
}

TEST(InjectorMachines, ADeadHostDoesNotEvenRefuse) {
  ClusterRoom room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kHostDead, .target = 1, .lasts = kDown}));
  EXPECT_THAT(room.Died(), ElementsAre(1u));
  EXPECT_GE(room.talk(0, 1).longest_gap, kDown);
  EXPECT_EQ(room.talk(0, 1).refused, 0u);
  ClusterRoom other;
  ExpectOneEffect(other.Play({.kind = FaultKind::kCrash, .target = 1, .lasts = kDown}));
  EXPECT_GT(other.talk(0, 1).refused, 10u) << "as a host without the process does";
}

TEST(InjectorMachines, AZoneDiesAtOnce) {
  for (const bool silent : {false, true}) {
    ClusterRoom room({.machines = 7});
    ExpectOneEffect(
        room.Play({.kind = FaultKind::kZone, .target = 4, .other = silent, .lasts = kDown}));
    EXPECT_THAT(room.Died(), ElementsAre(1u, 4u));
    EXPECT_EQ(room.talk(0, 1).refused == 0, silent);
    EXPECT_GE(room.talk(0, 4).longest_gap, kDown);
    EXPECT_LT(room.talk(0, 2).longest_gap, kDown);
    EXPECT_TRUE(room.AllTalk(Duration::Seconds(1)));
  }
}

TEST(InjectorMachines, AMajorityIsMoreThanHalf) {
  for (const size_t machines : {5, 6}) {
    ClusterRoom room({.machines = machines});
    ExpectOneEffect(room.Play({.kind = FaultKind::kMajority, .target = 77, .lasts = kDown}));
    EXPECT_EQ(room.Died().size(), machines / 2 + 1);
  }
}

TEST(InjectorMachines, AsManyPrimariesDieAsAsked) {
  for (const int64_t amount : {1, 2, 9}) {
    ClusterRoom room({.machines = 6, .has_roles = true});
    ExpectOneEffect(
        room.Play({.kind = FaultKind::kKPrimaries, .target = 3, .lasts = kDown, .amount = amount}));
    const std::vector<size_t> died = room.Died();
    EXPECT_EQ(died.size(), static_cast<size_t>(std::min<int64_t>(amount, 3)));
    for (const size_t machine : died) EXPECT_LT(machine, 3u);
  }
}

TEST(InjectorMachines, APrimaryDiesWithAReplicaOfItsOwn) {
  for (const uint32_t target : {1u, 2u, 3u, 4u}) {
    ClusterRoom room({.machines = 6, .has_roles = true});
    ExpectOneEffect(
        room.Play({.kind = FaultKind::kPrimaryAndReplica, .target = target, .lasts = kDown}));
    const std::vector<size_t> died = room.Died();
    ASSERT_EQ(died.size(), 2u);
    EXPECT_EQ(died[1], died[0] + 3);
  }
}

TEST(InjectorMachines, WithoutRolesNobodyIsAPrimary) {
  for (const FaultKind kind : {FaultKind::kKPrimaries, FaultKind::kPrimaryAndReplica}) {
    ClusterRoom room;
    EXPECT_EQ(room.Play({.kind = kind, .lasts = kDown}).fired, 0u);
    EXPECT_THAT(room.Died(), IsEmpty());
  }
}

TEST(InjectorMachines, WhoIsDownAlreadyIsPassedOver) {
  ClusterRoom room;
  const auto at = [](int64_t at_ms, FaultKind kind) {
    return PlannedFault{
        .at = Duration::Millis(at_ms), .kind = kind, .target = 1, .lasts = Duration::Seconds(1)};
  };
  room.Begin({at(100, FaultKind::kHostDead), at(200, FaultKind::kZone), at(300, FaultKind::kWipe),
              at(400, FaultKind::kHostDead)});
  room.world().RunFor(Duration::Seconds(3));
  EXPECT_EQ(room.CountOf(FaultKind::kHostDead).fired, 1u);
  EXPECT_EQ(room.CountOf(FaultKind::kWipe).fired, 0u);
  EXPECT_THAT(room.Died(), ElementsAre(1u, 4u)) << "of the zone the other one";
  EXPECT_EQ(room.lives[1].lives, 2u);
}

TEST(InjectorMachines, HealingBringsAllBack) {
  ClusterRoom room;
  const FaultCount count =
      room.Play({.kind = FaultKind::kMajority, .other = true, .lasts = Duration::Seconds(3600)});
  EXPECT_EQ(count.fired, 1u);
  EXPECT_FALSE(room.AllTalk(Duration::Seconds(1)));
  room.injector().Heal();
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_TRUE(room.AllTalk(Duration::Seconds(1)));
}

TEST(InjectorMachines, WhoTalksToNobodyIsNotMissed) {
  for (const FaultKind kind : {FaultKind::kHostDead, FaultKind::kZone, FaultKind::kMajority,
                               FaultKind::kKPrimaries, FaultKind::kPrimaryAndReplica}) {
    ClusterRoom room({.machines = 6, .clients = 0, .talks = false, .has_roles = true});
    const FaultCount count = room.Play({.kind = kind, .lasts = kDown});
    EXPECT_EQ(count.fired, 1u) << NameOf(kind);
    EXPECT_EQ(count.effect, 0u) << NameOf(kind);
  }
}

}  // namespace
}  // namespace norn::faults
