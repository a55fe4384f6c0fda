#include "scenarios/exact_model.h"

#include <gtest/gtest.h>

#include "scenarios/testing_history.h"

namespace norn::scenarios {
namespace {

ExactModelReport Check(HistoryBuilder& h) {
  h.history().lone_client = true;
  return CheckExactModel(h.history(), {1, 1, 3}, ClockError{});
}

TEST(ExactModel, ComparesEveryReply) {
  HistoryBuilder h;
  h.Add(1, 0, 1, {"SET g0k0 41"}, "+OK\r\n");
  h.Add(1, 1, 2, {"INCR g0k0"}, ":42\r\n");
  h.Add(1, 2, 3, {"GETRANGE g0k0 -1 -1"}, "$1\r\n2\r\n");
  const ExactModelReport report = Check(h);
  EXPECT_EQ(report.message, "");
  EXPECT_EQ(report.examined, 3u);
}

TEST(ExactModel, FindsAWrongByte) {
  HistoryBuilder h;
  h.Add(1, 0, 1, {"SET g0k0 x"}, "+OK\r\n");
  h.Add(1, 1, 2, {"INCR g0k0"}, "-ERR value is not an integer\r\n");
  EXPECT_NE(Check(h).message.find("or out of range"), std::string::npos);
}

TEST(ExactModel, FindsAMissingReply) {
  HistoryBuilder h;
  h.Unknown(1, 0, "SET g0k0 x");
  EXPECT_NE(Check(h).message.find("no reply"), std::string::npos);
}

TEST(ExactModel, FollowsBothSidesOfAnExpiry) {
  HistoryBuilder h;
  h.Add(1, 0, 1, {"SET g0k0 x PX 100"}, "+OK\r\n");
  h.Add(1, 100, 101, {"SETNX g0k0 y"}, ":1\r\n");
  h.Add(1, 102, 103, {"GET g0k0"}, "$1\r\ny\r\n");
  EXPECT_EQ(Check(h).message, "");
  h.history().operations.back().reply = "$1\r\nx\r\n";
  EXPECT_NE(Check(h).message, "");
}

TEST(ExactModel, AKeyMissedByAScanMayHaveComeBack) {
  HistoryBuilder h;
  h.Add(1, 0, 1, {"SCAN 0"}, "*2\r\n$1\r\n5\r\n*0\r\n");
  h.Add(1, 1, 2, {"SET g0k0 x"}, "+OK\r\n");
  h.Add(1, 2, 3, {"SCAN 5"}, "*2\r\n$1\r\n0\r\n*0\r\n");
  EXPECT_EQ(Check(h).message, "");
}

TEST(ModelReply, TimeToLiveIsARange) {
  HistoryBuilder h;
  h.Add(1, 0, 1, {"SET g0k0 x PX 1000"}, "+OK\r\n");
  h.Add(1, 500, 501, {"PTTL g0k0"}, ":500\r\n");
  h.Add(1, 500, 501, {"TTL g0k0"}, ":1\r\n");
  EXPECT_EQ(Check(h).message, "");
  h.history().operations.back().reply = ":3\r\n";
  EXPECT_NE(Check(h).message, "");
}

}  // namespace
}  // namespace norn::scenarios
