#include "engine/replication/backlog.h"

#include <gtest/gtest.h>

#include <string>

namespace norn {
namespace {

std::string All(const Backlog& backlog, StreamOffset from) {
  std::string out(static_cast<size_t>(backlog.end() - from), '\0');
  EXPECT_EQ(backlog.Read(from, out), out.size());
  return out;
}

TEST(BacklogTest, KeepsTheLastBytes) {
  Backlog backlog(10);
  backlog.Start(100);
  backlog.Append("hello ");
  backlog.Append("replication");
  EXPECT_EQ(backlog.end(), 117);
  EXPECT_EQ(backlog.begin(), 107);
  EXPECT_EQ(All(backlog, backlog.begin()), "eplication");
  EXPECT_FALSE(backlog.Contains(106));
  EXPECT_TRUE(backlog.Contains(117));
  EXPECT_FALSE(backlog.Contains(118));
}

TEST(BacklogTest, AHoldKeepsBytesBeyondTheLimit) {
  Backlog backlog(4);
  const Backlog::HoldId hold = backlog.Hold(0);
  backlog.Append(std::string(10000, 'a'));
  backlog.Append("tail");
  EXPECT_EQ(backlog.begin(), 0);
  EXPECT_EQ(All(backlog, 0), std::string(10000, 'a') + "tail");
  backlog.MoveHold(hold, 10002);
  EXPECT_EQ(All(backlog, backlog.begin()), "tail");
  backlog.Release(hold);
  EXPECT_EQ(backlog.begin(), 10000);
}

TEST(BacklogTest, FreesBlocks) {
  Backlog backlog(1000);
  for (int i = 0; i < 1000; ++i) backlog.Append(std::string(997, 'x'));
  EXPECT_LE(backlog.memory_bytes(), 3 * 1024u);
}

TEST(BacklogTest, ALargerLimitDoesNotBringBytesBack) {
  Backlog backlog(4);
  backlog.Append("0123456789");
  backlog.SetLimit(100);
  EXPECT_EQ(backlog.begin(), 6);
  backlog.Append("ab");
  EXPECT_EQ(All(backlog, 6), "6789ab");
  backlog.SetLimit(1);
  EXPECT_EQ(All(backlog, backlog.begin()), "b");
}

}  // namespace
}  // namespace norn
