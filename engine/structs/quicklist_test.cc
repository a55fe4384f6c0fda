#include "engine/structs/quicklist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace norn {
namespace {

using testing::ElementsAre;

std::vector<size_t> NodeCounts(const Quicklist& list) {
  std::vector<size_t> counts;
  std::string scratch;
  for (size_t i = 0; i < list.node_count(); ++i) {
    const Quicklist::NodeBytes node = list.ReadNode(i, scratch);
    counts.push_back(node.is_large ? 0 : ListpackView(node.bytes).Count());
  }
  return counts;
}

TEST(Quicklist, NodesHoldWhatFillAllows) {
  Quicklist list({.fill = 3});
  for (int i = 0; i < 7; ++i) list.Push(ListEnd::kBack, std::to_string(i));
  EXPECT_THAT(NodeCounts(list), ElementsAre(3, 3, 1));
  list.Push(ListEnd::kFront, "front");
  EXPECT_THAT(NodeCounts(list), ElementsAre(1, 3, 3, 1));
}

TEST(Quicklist, NodesHoldWhatTheirBytesAllow) {
  Quicklist list({.fill = -1});
  for (int i = 0; i < 100; ++i) list.Push(ListEnd::kBack, std::string(100, 'x'));
  // 102 bytes and a back of one byte each, 7 of frame, 4096 allowed.
  EXPECT_THAT(NodeCounts(list), ElementsAre(39, 39, 22));
}

TEST(Quicklist, ALargeElementIsANodeOfItsOwn) {
  Quicklist list({.fill = -2});
  list.Push(ListEnd::kBack, "a");
  list.Push(ListEnd::kBack, "b");
  list.Insert(1, std::string(9000, 'x'));
  EXPECT_THAT(NodeCounts(list), ElementsAre(1, 0, 1));
  list.Replace(1, "small");
  EXPECT_EQ(list.size(), 3u);
  EXPECT_EQ(QuicklistReader(list, 1, ListEnd::kFront).value().ToString(), "small");
  list.CheckInvariants();
}

TEST(Quicklist, InnerNodesAreCompressed) {
  Quicklist list({.fill = -1, .compress_depth = 1});
  for (int i = 0; i < 1000; ++i) list.Push(ListEnd::kBack, std::string(100, 'x'));
  ASSERT_GT(list.node_count(), 20u);
  EXPECT_LT(list.UsedBytes(), 20'000u);
  EXPECT_EQ(list.Pop(ListEnd::kFront), std::string(100, 'x'));
  EXPECT_EQ(QuicklistReader(list, 500, ListEnd::kBack).value().ToString(), std::string(100, 'x'));
  list.CheckInvariants();
}

size_t FoldedNodes(const Quicklist& list) {
  size_t folded = 0;
  for (size_t i = 0; i < list.node_count(); ++i) folded += list.node(i).is_folded();
  return folded;
}

TEST(Quicklist, TheMiddleOfALongListIsFolded) {
  Quicklist list({.fill = -2});
  const auto element = [](int i) { return "element:" + std::to_string(100'000 + i); };
  for (int i = 0; i < 20'000; ++i) list.Push(ListEnd::kBack, element(i));
  const size_t folded = list.node_count() - 2 * Quicklist::kFoldDepth;
  EXPECT_GE(FoldedNodes(list), folded);
  EXPECT_LT(list.UsedBytes(), 20'000u * 10);
  list.CheckInvariants();
  EXPECT_EQ(QuicklistReader(list, 10'000, ListEnd::kFront).value().ToString(), element(10'000));
  list.Replace(10'000, "another");
  EXPECT_EQ(QuicklistReader(list, 10'000, ListEnd::kFront).value().ToString(), "another");
  list.Replace(10'000, element(10'000));
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(list.Pop(ListEnd::kFront), element(i));
}

TEST(Quicklist, AQueueThatKeepsUpIsNotFolded) {
  Quicklist list({.fill = -2});
  for (int i = 0; i < 20'000; ++i) {
    list.Push(ListEnd::kFront, "element:" + std::to_string(i));
    if (list.size() > 2'000) list.Pop(ListEnd::kBack);
    ASSERT_EQ(FoldedNodes(list), 0u);
  }
}

TEST(Quicklist, WhatIsErasedInTheMiddleLeavesNoCrumbs) {
  Quicklist list({.fill = 100});
  for (int i = 0; i < 10000; ++i) list.Push(ListEnd::kBack, std::to_string(i % 50));
  for (int i = 0; i < 45; ++i) list.EraseEqual(std::to_string(i), SIZE_MAX, ListEnd::kFront);
  EXPECT_EQ(list.size(), 1000u);
  EXPECT_LE(list.node_count(), 40u);
  list.CheckInvariants();
}

TEST(Quicklist, IsFreedInSteps) {
  Quicklist list({.fill = 1});
  for (int i = 0; i < 100; ++i) list.Push(ListEnd::kBack, "x");
  EXPECT_FALSE(list.FreeSome(99));
  EXPECT_TRUE(list.FreeSome(1));
}

}  // namespace
}  // namespace norn
