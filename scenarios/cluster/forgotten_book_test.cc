// Views by hand.

#include "scenarios/cluster/forgotten_book.h"

#include <gtest/gtest.h>

namespace norn::scenarios {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

cluster::NodeId Id(char letter) { return *cluster::NodeId::Parse(std::string(40, letter)); }
const cluster::NodeId kA = Id('a'), kB = Id('b'), kC = Id('c');

// As node 0 sees it, with a memory of ten seconds.
std::string See(ForgottenBook& book, const ForgottenBook::Ids& known, int64_t at_s) {
  return book.Note(0, known, 10 * kSecond, at_s * kSecond);
}

TEST(ForgottenBook, BackBeforeItsTimeIsFound) {
  ForgottenBook book;
  EXPECT_EQ(See(book, {kA, kB, kC}, 0), "");
  EXPECT_EQ(See(book, {kA, kB}, 1), "");
  EXPECT_EQ(See(book, {kA, kB, kC}, 10), "knows cccccccc again, 1.000 s before its time");
  EXPECT_GT(book.examined(), 0u);
}

TEST(ForgottenBook, BackLaterIsFine) {
  ForgottenBook book;
  See(book, {kA, kB, kC}, 0);
  See(book, {kA, kB}, 1);
  EXPECT_EQ(See(book, {kA, kB, kC}, 11), "");
}

TEST(ForgottenBook, AnOrderToMeetItBringsItBack) {
  ForgottenBook book;
  See(book, {kA, kB, kC}, 0);
  See(book, {kA, kB}, 1);
  book.MayMeet(0, kC);
  EXPECT_EQ(See(book, {kA, kB, kC}, 2), "");
}

TEST(ForgottenBook, ARestartAndAResetForgetThatTheyForgot) {
  ForgottenBook book;
  See(book, {kA, kB, kC}, 0);
  See(book, {kA, kB}, 1);
  book.Died(0);
  EXPECT_EQ(See(book, {kA, kB, kC}, 2), "");
  EXPECT_EQ(See(book, {kA}, 3), "");
  EXPECT_EQ(See(book, {kA, kB, kC}, 4), "");
}

TEST(ForgottenBook, SomebodyNewIsNobodyForgotten) {
  ForgottenBook book;
  See(book, {kA, kB}, 0);
  EXPECT_EQ(See(book, {kA, kB, kC}, 1), "");
}

}  // namespace
}  // namespace norn::scenarios
