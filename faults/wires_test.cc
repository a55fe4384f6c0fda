#include "faults/wires.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace norn::faults {
namespace {

struct WiresTest : ::testing::Test {
  WiresTest() {
    for (sim::NodeIndex& node : nodes) node = world.AddNode({})->index();
    sim::LinkOptions far{.latency = Duration::Millis(7), .tail_one_in = 50};
    far.tail = Duration::Millis(30);
    world.fabric().SetLink(nodes[0], nodes[1], far);
  }
  const sim::LinkOptions& Link() { return world.fabric().GetLink(nodes[0], nodes[1]); }

  sim::World world{{.seed = 1}};
  sim::NodeIndex nodes[3];
  Wires wires{world.fabric()};
};

TEST_F(WiresTest, TheWorstCountsAndLatenciesAddUp) {
  const Directions way = {{nodes[0], nodes[1]}};
  const Wires::Id slow = wires.Add(way, {.latency = Duration::Millis(10),
                                         .late_one_in = 9,
                                         .late = Duration::Millis(20),
                                         .bytes_per_second = 500});
  const Wires::Id slower =
      wires.Add(way, {.latency = Duration::Millis(5), .late_one_in = 90, .bytes_per_second = 800});
  const Wires::Id cut = wires.Add(way, {.blocked = true});
  EXPECT_EQ(Link().latency, Duration::Millis(22));
  EXPECT_EQ(Link().tail_one_in, 9u);
  EXPECT_EQ(Link().tail, Duration::Millis(30)) << "it was worse before";
  EXPECT_EQ(Link().bytes_per_second, 500u);
  EXPECT_TRUE(Link().blocked);
  wires.Remove(slow);
  EXPECT_EQ(Link().latency, Duration::Millis(12));
  EXPECT_EQ(Link().tail_one_in, 50u);
  EXPECT_EQ(Link().bytes_per_second, 800u);
  wires.Remove(cut);
  EXPECT_FALSE(Link().blocked);
  wires.Remove(slower);
  EXPECT_EQ(Link().latency, Duration::Millis(7)) << "as it was, not as others are";
  EXPECT_EQ(Link().bytes_per_second, 0u);
}

TEST_F(WiresTest, EachDirectionIsItsOwn) {
  Directions both;
  AddBothWays(nodes[1], nodes[2], &both);
  const Wires::Id cut = wires.Add(both, {.blocked = true});
  EXPECT_TRUE(world.fabric().GetLink(nodes[1], nodes[2]).blocked);
  EXPECT_TRUE(world.fabric().GetLink(nodes[2], nodes[1]).blocked);
  EXPECT_FALSE(world.fabric().GetLink(nodes[0], nodes[2]).blocked);
  EXPECT_EQ(wires.Met(cut).sent, 0u);
  wires.Remove(cut);
  EXPECT_FALSE(world.fabric().GetLink(nodes[2], nodes[1]).blocked);
}

}  // namespace
}  // namespace norn::faults
