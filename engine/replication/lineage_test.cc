#include "engine/replication/lineage.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace norn {
namespace {

std::string Id(uint64_t n) { return ReplicationIdFrom(n, n, n); }

TEST(LineageTest, IdsAreFortyHexDigits) {
  EXPECT_EQ(ReplicationIdFrom(0xabc, 1, ~0ull), "0000000000000abc0000000000000001ffffffff");
}

TEST(LineageTest, APromotedReplicaAnswersForBothHistories) {
  Lineage lineage(Id(1));
  lineage.Promote(Id(2), 500);
  EXPECT_TRUE(lineage.IsPrefix(Id(2), 900));
  EXPECT_TRUE(lineage.IsPrefix(Id(1), 500));
  EXPECT_FALSE(lineage.IsPrefix(Id(1), 501));
  EXPECT_FALSE(lineage.IsPrefix(Id(3), 1));
  EXPECT_EQ(lineage.second_repl_offset(), 501);
}

TEST(LineageTest, AFullCopyForgetsThePast) {
  Lineage lineage(Id(1));
  lineage.Promote(Id(2), 500);
  lineage.Adopt(Id(3));
  EXPECT_FALSE(lineage.IsPrefix(Id(1), 10));
  EXPECT_FALSE(lineage.IsPrefix(Id(2), 10));
  EXPECT_FALSE(lineage.IsPrefix(std::string(40, '0'), 0));
  EXPECT_EQ(lineage.second_repl_offset(), -1);
}

TEST(LineageTest, ARenamedPrimaryIsFollowed) {
  Lineage lineage(Id(1));
  lineage.FollowRename(Id(1), 100);
  EXPECT_EQ(lineage.second_end(), -1);
  lineage.FollowRename(Id(2), 100);
  EXPECT_EQ(lineage.id(), Id(2));
  EXPECT_TRUE(lineage.IsPrefix(Id(1), 100));
}

// Histories as text: whoever is told that it may continue holds a prefix of the other's text (I11).
RC_GTEST_PROP(LineageProperty, ContinuesOnlyAlongOneHistory, ()) {
  struct Node {
    Lineage lineage{Id(0)};
    std::string history;
  };
  std::vector<Node> nodes(3);
  uint64_t next_id = 1;
  for (Node& node : nodes) node.lineage.Renew(Id(next_id++));
  for (int step = 0; step < 80; ++step) {
    Node& node = nodes[*rc::gen::inRange<size_t>(0, nodes.size())];
    const Node& primary = nodes[*rc::gen::inRange<size_t>(0, nodes.size())];
    const auto at = static_cast<StreamOffset>(node.history.size());
    switch (*rc::gen::inRange(0, 4)) {
      case 0:  // stands alone from now on, and writes
        node.lineage.Promote(Id(next_id++), at);
        node.history += std::to_string(next_id) + ";";
        break;
      case 1:
        if (&node == &primary) break;
        if (primary.lineage.IsPrefix(node.lineage.id(), at) &&
            at <= static_cast<StreamOffset>(primary.history.size())) {
          RC_ASSERT(primary.history.starts_with(node.history));
          node.lineage.FollowRename(primary.lineage.id(), at);
          const size_t more =
              *rc::gen::inRange<size_t>(0, primary.history.size() - node.history.size() + 1);
          node.history += primary.history.substr(node.history.size(), more);
        } else {
          node.lineage.Adopt(primary.lineage.id());
          node.history = primary.history;
        }
        break;
      case 2:
        node.lineage.Promote(Id(next_id++), at);
        break;
      default:
        node.lineage.Renew(Id(next_id++));
        node.history += "r";
    }
  }
}

}  // namespace
}  // namespace norn
