#include "net/reply_parser.h"

#include <gtest/gtest.h>

namespace norn::net {
namespace {

using Result = ReplyParser::Result;

Reply Parsed(std::string_view bytes) {
  const std::optional<Reply> reply = ParseReply(bytes);
  EXPECT_TRUE(reply.has_value()) << bytes;
  return reply.value_or(Reply{});
}

TEST(ReplyParser, Scalars) {
  EXPECT_EQ(Parsed("+OK\r\n"), (Reply{ReplyType::kSimple, "OK", {}}));
  EXPECT_EQ(Parsed("-ERR no\r\n"), (Reply{ReplyType::kError, "ERR no", {}}));
  EXPECT_EQ(Parsed("!6\r\nERR no\r\n"), (Reply{ReplyType::kError, "ERR no", {}}));
  EXPECT_EQ(Parsed(":-7\r\n"), (Reply{ReplyType::kInteger, "-7", {}}));
  EXPECT_EQ(Parsed("$4\r\na\r\nb\r\n"), (Reply{ReplyType::kBulk, "a\r\nb", {}}));
  EXPECT_EQ(Parsed("$0\r\n\r\n"), (Reply{ReplyType::kBulk, "", {}}));
  EXPECT_TRUE(Parsed("$-1\r\n").IsNull());
  EXPECT_TRUE(Parsed("_\r\n").IsNull());
  EXPECT_EQ(Parsed("*-1\r\n").type, ReplyType::kNullArray);
  EXPECT_EQ(Parsed("#t\r\n").text, "t");
  EXPECT_EQ(Parsed(",1.5\r\n").type, ReplyType::kDouble);
  EXPECT_EQ(Parsed("(12345678901234567890\r\n").type, ReplyType::kBigNumber);
  EXPECT_EQ(Parsed("=7\r\ntxt:abc\r\n"), (Reply{ReplyType::kVerbatim, "abc", {}}));
}

TEST(ReplyParser, Aggregates) {
  const Reply array = Parsed("*3\r\n:1\r\n*0\r\n*1\r\n$1\r\nx\r\n");
  ASSERT_EQ(array.elements.size(), 3u);
  EXPECT_EQ(array.elements[1].type, ReplyType::kArray);
  EXPECT_EQ(array.elements[2].elements[0].text, "x");
  const Reply map = Parsed("%1\r\n+k\r\n~1\r\n:2\r\n");
  ASSERT_EQ(map.elements.size(), 2u);
  EXPECT_EQ(map.elements[1].type, ReplyType::kSet);
}

TEST(ReplyParser, AttributesBelongToTheReplyThatFollows) {
  const Reply reply = Parsed("|1\r\n+ttl\r\n:9\r\n*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n");
  ASSERT_EQ(reply.elements.size(), 2u);
  EXPECT_EQ(reply.elements[0].text, "1");
  EXPECT_FALSE(ParseReply("|1\r\n+ttl\r\n:9\r\n").has_value());
}

TEST(ReplyParser, EveryCutGivesTheSameReplies) {
  const std::string stream = "+OK\r\n*2\r\n$2\r\n\r\n\r\n%1\r\n:1\r\n_\r\n$-1\r\n:42\r\n";
  const std::vector<std::string> wanted = {"+OK\r\n", "*2\r\n$2\r\n\r\n\r\n%1\r\n:1\r\n_\r\n",
                                           "$-1\r\n", ":42\r\n"};
  for (size_t portion = 1; portion <= stream.size(); ++portion) {
    ReplyParser parser;
    std::vector<std::string> got;
    for (size_t at = 0; at < stream.size(); at += portion) {
      parser.Append(std::string_view(stream).substr(at, portion));
      while (parser.Next() == Result::kReply) got.emplace_back(parser.bytes());
    }
    EXPECT_EQ(got, wanted) << portion;
    EXPECT_EQ(parser.unparsed_bytes(), 0u);
  }
}

TEST(ReplyParser, Malformed) {
  for (const std::string_view bytes :
       {"hello\r\n", ":x\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n", "%-1\r\n", "#x\r\n", "_x\r\n",
        "$1\r\nabc\r\n", "=3\r\nabc\r\n", "$999999999999\r\n", "*99999999999\r\n"}) {
    ReplyParser parser;
    parser.Append(bytes);
    EXPECT_EQ(parser.Next(), Result::kMalformed) << bytes;
    EXPECT_FALSE(parser.error().empty());
    parser.Reset();
    parser.Append("+OK\r\n");
    EXPECT_EQ(parser.Next(), Result::kReply);
  }
}

TEST(ReplyParser, NestingAndLinesAreBounded) {
  std::string deep;
  for (size_t i = 0; i < kReplyDepthMax + 1; ++i) deep += "*1\r\n";
  ReplyParser parser;
  parser.Append(deep);
  EXPECT_EQ(parser.Next(), Result::kMalformed);
  parser.Reset();
  parser.Append("+" + std::string(kReplyLineBytesMax + 1, 'x'));
  EXPECT_EQ(parser.Next(), Result::kMalformed);
}

TEST(ReplyParser, ExtraBytesAreNotOneReply) {
  EXPECT_FALSE(ParseReply("+OK\r\n+OK\r\n").has_value());
  EXPECT_FALSE(ParseReply("").has_value());
}

TEST(ReplyParser, DescribesForPeople) {
  EXPECT_EQ(DescribeReply("*2\r\n$1\r\na\r\n$-1\r\n"), "[\"a\", (nil)]");
  EXPECT_EQ(DescribeReply("-ERR x\r\n"), "(error) ERR x");
  EXPECT_EQ(DescribeReply("nonsense"), "(not a reply)");
}

}  // namespace
}  // namespace norn::net
