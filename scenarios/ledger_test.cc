// Histories by hand: each rule of the ledger accepts what it allows and finds what it forbids.

#include "scenarios/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn::scenarios {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kAll = kNeverNs;
constexpr const char* kTicked = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:{}\r\n+OK\r\n";

struct LedgerTest : ::testing::Test {
  // Sends at `from`, is answered at `to`; to < 0: never.
  size_t Write(std::vector<std::string> keys, std::string text, int64_t from, int64_t to,
               std::string reply = "+OK\r\n") {
    return Add({.db = 0, .keys = std::move(keys), .text = std::move(text)}, from, to, reply);
  }
  size_t Tick(std::string key, std::string text, int64_t from, int64_t to, int tick) {
    std::string reply = kTicked;
    reply.replace(reply.find("{}"), 2, std::to_string(tick));
    return Add({.keys = {std::move(key)}, .text = std::move(text), .ticks = true}, from, to, reply);
  }
  size_t Add(const LedgerWrite& write, int64_t from, int64_t to, const std::string& reply) {
    const size_t number = ledger_.Begin(write, from);
    if (to < 0) return number;
    EXPECT_THAT(ledger_.Complete(number, reply, to), IsEmpty());
    return number;
  }
  std::string Judge(const std::map<std::string, std::string>& values, int64_t tick = 0,
                    int64_t promised_before = 0) {
    LedgerReading reading;
    for (const auto& [key, text] : values) reading.values[{0, key}] = text;
    if (tick > 0) reading.ticks[0] = tick;
    return ledger_.Judge(reading, {.read_ns = 1000, .promised_before_ns = promised_before});
  }

  Ledger ledger_;
};

TEST_F(LedgerTest, AcceptsAnyPrefixThatKeepsThePromise) {
  Write({"a"}, "1", 10, 20);
  Write({"a"}, "2", 30, 40);
  Write({"b"}, "3", 50, -1);
  EXPECT_THAT(Judge({{"a", "2"}, {"b", "3"}}, 0, kAll), IsEmpty());
  EXPECT_EQ(ledger_.survived(), 3u);
}

TEST_F(LedgerTest, AnUnansweredWriteMayBeLost) {
  Write({"a"}, "1", 10, 20);
  Write({"a"}, "2", 30, -1);
  EXPECT_THAT(Judge({{"a", "1"}}, 0, kAll), IsEmpty());
  EXPECT_EQ(ledger_.lost(), 1u);
}

TEST_F(LedgerTest, FindsALostPromise) {
  Write({"a"}, "1", 10, 20);
  Write({"a"}, "2", 30, 40);
  EXPECT_THAT(Judge({{"a", "1"}}, 0, 40), IsEmpty()) << "answered at 40, promised before 40";
  Write({"b"}, "3", 50, 60);
  EXPECT_THAT(Judge({{"a", "1"}}, 0, 61), HasSubstr("L5"));
}

TEST_F(LedgerTest, FindsWhatNobodyWrote) {
  Write({"a"}, "1", 10, 20);
  EXPECT_THAT(Judge({{"a", "x"}}), HasSubstr("L1: key a of database 0 holds what nobody wrote: x"));
  EXPECT_THAT(Judge({{"z", "1"}}), HasSubstr("L1: nobody wrote key z"));
}

TEST_F(LedgerTest, FindsWhatComesBackFromTheDead) {
  Write({"a"}, "1", 10, 20);
  Write({"a"}, "2", 30, 40);
  EXPECT_THAT(Judge({{"a", "1"}}), IsEmpty());
  EXPECT_THAT(Judge({{"a", "2"}}), HasSubstr("L1: key a of database 0 holds what was lost before"));
}

TEST_F(LedgerTest, FindsARefusedWriteThatTookEffect) {
  Write({"a"}, "1", 10, 20, "-MISCONF no\r\n");
  EXPECT_THAT(Judge({}, 0, kAll), IsEmpty());
  EXPECT_THAT(Judge({{"a", "1"}}), HasSubstr("refused"));
}

TEST_F(LedgerTest, FindsATornTransaction) {
  Write({"a", "b"}, "1", 10, 20);
  EXPECT_THAT(Judge({{"a", "1"}}), HasSubstr("L2: survived in 1 of its 2 keys"));
}

TEST_F(LedgerTest, FindsAGap) {
  Write({"a"}, "1", 10, 20);
  Write({"b"}, "2", 15, 40);
  EXPECT_THAT(Judge({{"b", "2"}}), IsEmpty()) << "they were concurrent";
  Write({"c"}, "3", 50, 60);
  Write({"d"}, "4", 61, -1);
  EXPECT_THAT(Judge({{"b", "2"}, {"d", "4"}}), HasSubstr("L3"));
}

TEST_F(LedgerTest, AReadingOfAnUnansweredWriteCountsAsItsAnswer) {
  Write({"a"}, "1", 10, -1);
  EXPECT_THAT(Judge({{"a", "1"}}), IsEmpty());
  Write({"b"}, "2", 2000, 2010);
  EXPECT_THAT(Judge({{"b", "2"}}), HasSubstr("L3"));
}

TEST_F(LedgerTest, TheCounterOrdersConcurrentWrites) {
  Tick("a", "1", 10, 90, 1);
  Tick("b", "2", 10, 90, 2);
  Tick("c", "3", 10, 90, 3);
  EXPECT_THAT(Judge({{"a", "1"}, {"b", "2"}}, 2), IsEmpty());
  EXPECT_THAT(Judge({{"a", "1"}, {"b", "2"}}, 3), HasSubstr("L4: the counter"));
}

TEST_F(LedgerTest, FindsALossInTheMiddleOfTheOrder) {
  Tick("a", "1", 10, 90, 1);
  Tick("b", "2", 10, 90, 2);
  EXPECT_THAT(Judge({{"b", "2"}}, 1), HasSubstr("L4"));
}

TEST_F(LedgerTest, FindsAnIncrementThatRanTwice) {
  Tick("a", "1", 10, -1, 0);
  EXPECT_THAT(Judge({{"a", "1"}}, 2), HasSubstr("L4: the counter of database 0 stands at 2"));
}

TEST_F(LedgerTest, FindsACounterThatIsGone) {
  Tick("a", "1", 10, -1, 0);
  EXPECT_THAT(Judge({{"a", "1"}}), HasSubstr("L4: database 0 has no counter"));
}

TEST_F(LedgerTest, AppendedTextTellsEachWrite) {
  Write({"a"}, "1.", 10, 20);
  Add({.keys = {"a"}, .text = "2.", .appends = true}, 30, 40, ":4\r\n");
  Add({.keys = {"a"}, .text = "3.", .appends = true}, 50, 60, ":6\r\n");
  EXPECT_THAT(Judge({{"a", "1.2."}}), IsEmpty());
  EXPECT_EQ(ledger_.lost(), 1u);
  EXPECT_THAT(Judge({{"a", "1.2.2."}}), HasSubstr("what nobody wrote")) << "replayed twice";
}

TEST_F(LedgerTest, AnAnswerThatComesAfterTheReadingIsAPromiseToo) {
  const size_t late = ledger_.Begin({.keys = {"a"}, .text = "1"}, 10);
  EXPECT_THAT(Judge({}, 0, kAll), IsEmpty()) << "nobody was answered yet";
  EXPECT_THAT(ledger_.Complete(late, "+OK\r\n", 2000), HasSubstr("L5"));
  const size_t refused = ledger_.Begin({.keys = {"b"}, .text = "2"}, 10);
  EXPECT_THAT(Judge({}, 0, kAll), IsEmpty());
  EXPECT_THAT(ledger_.Complete(refused, "-ERR\r\n", 2000), IsEmpty());
}

TEST_F(LedgerTest, SavedMovesForwardOnly) {
  ledger_.Saved(50);
  ledger_.Saved(20);
  EXPECT_EQ(ledger_.saved_before_ns(), 50);
}

}  // namespace
}  // namespace norn::scenarios
