// Each contradiction that the books of replication are for is found, and nothing else is.

#include "scenarios/replication_books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn::scenarios {
namespace {

using ::testing::HasSubstr;

NodeReading At(size_t node, const std::string& replid, int64_t offset, const std::string& digest) {
  NodeReading reading;
  reading.node = node;
  reading.link_up = true;
  reading.replid = replid;
  reading.offset = offset;
  reading.digest = digest;
  return reading;
}

TEST(NodeReading, IsTakenFromInfo) {
  const auto replica = NodeReading::OfInfo(
      "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\n"
      "master_link_status:up\r\nslave_repl_offset:7\r\nmaster_replid:abc\r\nmaster_replid2:000\r\n"
      "master_repl_offset:42\r\nsecond_repl_offset:-1\r\n");
  ASSERT_TRUE(replica);
  EXPECT_FALSE(replica->primary);
  EXPECT_TRUE(replica->link_up);
  EXPECT_EQ(replica->following, "10.0.0.1:6379");
  EXPECT_EQ(replica->replid, "abc");
  EXPECT_EQ(replica->offset, 42);
  EXPECT_FALSE(NodeReading::OfInfo("LOADING the dataset"));
}

TEST(HistoryBook, FindsTwoStatesAtOnePlaceWheneverTheyWereRead) {
  HistoryBook book;
  EXPECT_EQ(book.Note(At(0, "h", 10, "a")), "");
  EXPECT_EQ(book.Note(At(0, "h", 20, "b")), "");
  EXPECT_EQ(book.Note(At(1, "g", 10, "c")), "");
  NodeReading unborn = At(0, "h", 10, "c");
  unborn.counts = false;
  EXPECT_EQ(book.Note(unborn), "");
  EXPECT_EQ(book.compared(), 0u);
  EXPECT_EQ(book.Note(At(1, "h", 10, "a")), "");
  EXPECT_EQ(book.compared(), 1u);
  EXPECT_THAT(book.Note(At(2, "h", 20, "a")), HasSubstr("not the same data"));
}

TEST(Distance, SaysWhatIsMissing) {
  using Kind = Distance::Kind;
  const NodeReading primary = At(0, "h", 10, "a");
  NodeReading replica = At(1, "h", 10, "a");
  EXPECT_EQ(Distance::Between(primary, replica).kind, Kind::kNone);
  replica.digest = "b";
  EXPECT_EQ(Distance::Between(primary, replica).kind, Kind::kData);
  replica.offset = 9;
  EXPECT_EQ(Distance::Between(primary, replica).kind, Kind::kHistory);
  EXPECT_EQ(Distance::Between(primary, At(1, "g", 10, "a")).kind, Kind::kHistory);
  replica.link_up = false;
  EXPECT_EQ(Distance::Between(primary, replica).kind, Kind::kLink);
}

TEST(AckBook, FindsAWriteThatFewerHoldThanWaitAnswered) {
  AckBook book;
  book.Note({"a", "1", 2});
  book.Note({"b", "2", 1});
  EXPECT_EQ(book.Judge({{{"a", "1"}, {"b", "2"}}, {{"a", "1"}}}), "");
  EXPECT_THAT(book.Judge({{{"a", "1"}, {"b", "2"}}, {}}), HasSubstr("WAIT answered 2"));
  EXPECT_THAT(book.Judge({{{"a", "1"}}, {{"a", "1"}, {"b", "other"}}}), HasSubstr("of b"));
}

TEST(DeadlineBook, FindsAValueAfterItsDeadline) {
  DeadlineBook book;
  book.Wrote("k", 100'000'000, 1'000'000'000);
  EXPECT_EQ(book.Seen("k", 1, 1'099'000'000), "");
  EXPECT_FALSE(book.Gone("k", 1'099'000'000));
  EXPECT_TRUE(book.Gone("k", 1'110'000'000));
  EXPECT_THAT(book.Seen("k", 1, 1'110'000'000), HasSubstr("node 1 shows k"));
  EXPECT_EQ(book.Seen("unwritten", 1, 1'110'000'000), "");
}

}  // namespace
}  // namespace norn::scenarios
