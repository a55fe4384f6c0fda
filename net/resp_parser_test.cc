#include "net/resp_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "engine/base/byte_buffer.h"

namespace norn::net {
namespace {

using ::testing::ElementsAre;
using Commands = std::vector<std::vector<std::string>>;

std::string Encode(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return out;
}

// Feeds bytes in pieces, as a connection does.
class Feeder {
 public:
  RespParser::Outcome Feed(std::string_view bytes, ParseLimits limits = {}) {
    buffer.Append(bytes);
    CommandBatch batch;
    size_t consumed = 0;
    const auto outcome = parser.Parse(buffer.view(), limits, 1000, batch, &consumed);
    for (const ParsedCommand& command : batch.commands) {
      std::vector<std::string> words;
      for (uint32_t i = 0; i < command.word_count; ++i) {
        words.emplace_back(batch.words[command.first_word + i]);
      }
      commands.push_back(words);
      request_bytes += command.request_bytes;
    }
    buffer.Consume(consumed);
    return outcome;
  }

  RespParser parser;
  ByteBuffer buffer;
  Commands commands;
  size_t request_bytes = 0;
};

std::string ErrorOf(std::string_view bytes, ParseLimits limits = {}) {
  Feeder feeder;
  EXPECT_EQ(feeder.Feed(bytes, limits), RespParser::Outcome::kError) << bytes;
  return feeder.parser.error();
}

TEST(RespParser, TakesSeveralCommandsOfOneRead) {
  Feeder feeder;
  EXPECT_EQ(feeder.Feed(Encode({"SET", "k", "a\r\nb"}) + Encode({"GET", ""}) + "PING\r\n"),
            RespParser::Outcome::kNeedMore);
  EXPECT_THAT(feeder.commands, ElementsAre(ElementsAre("SET", "k", "a\r\nb"),
                                           ElementsAre("GET", ""), ElementsAre("PING")));
  EXPECT_TRUE(feeder.buffer.empty());
}

TEST(RespParser, InlineWordsMayBeQuoted) {
  Feeder feeder;
  feeder.Feed("\r\n  set \"a b\" 'c\\'d' \"\\x41\\n\"\n");
  EXPECT_THAT(feeder.commands, ElementsAre(ElementsAre("set", "a b", "c'd", "A\n")));
}

TEST(RespParser, EmptyAndNegativeArraysAreSkipped) {
  Feeder feeder;
  feeder.Feed("*0\r\n*-1\r\n" + Encode({"PING"}));
  EXPECT_THAT(feeder.commands, ElementsAre(ElementsAre("PING")));
}

TEST(RespParser, ErrorsSayWhatIsWrong) {
  EXPECT_EQ(ErrorOf("*x\r\n"), "ERR Protocol error: invalid multibulk length");
  EXPECT_EQ(ErrorOf("*2147483648\r\n"), "ERR Protocol error: invalid multibulk length");
  EXPECT_EQ(ErrorOf("*1\r\nfoo\r\n"), "ERR Protocol error: expected '$', got 'f'");
  EXPECT_EQ(ErrorOf("*1\r\n$-1\r\n"), "ERR Protocol error: invalid bulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$536870913\r\n"), "ERR Protocol error: invalid bulk length");
  EXPECT_EQ(ErrorOf("set \"a\r\n"), "ERR Protocol error: unbalanced quotes in request");
  EXPECT_EQ(ErrorOf(std::string(kLineBytesMax + 1, 'a')),
            "ERR Protocol error: too big inline request");
  EXPECT_EQ(ErrorOf("*" + std::string(kLineBytesMax + 1, '1')),
            "ERR Protocol error: too big mbulk count string");
  EXPECT_EQ(ErrorOf("*1\r\n$" + std::string(kLineBytesMax + 1, '1')),
            "ERR Protocol error: too big bulk count string");
}

TEST(RespParser, ALineWithANulNeverEnds) {
  Feeder feeder;
  std::string bytes("\0AAAA\n", 6);
  EXPECT_EQ(feeder.Feed(bytes), RespParser::Outcome::kNeedMore);
  EXPECT_THAT(feeder.commands, ElementsAre());
  EXPECT_EQ(feeder.Feed(std::string(kLineBytesMax, 'A')), RespParser::Outcome::kError);
  EXPECT_EQ(feeder.parser.error(), "ERR Protocol error: too big inline request");
  // Nor does a count with one: Valkey waits for 64 KiB of it, and so do its clients' tests.
  for (const std::string& begin :
       {std::string("*\0", 2), std::string("*1\r\n$\0", 6), std::string("*111111111111\0", 14)}) {
    Feeder counts;
    EXPECT_EQ(counts.Feed(begin + "AAAA\r\n"), RespParser::Outcome::kNeedMore);
    EXPECT_EQ(counts.Feed(std::string(kLineBytesMax, 'A')), RespParser::Outcome::kError);
  }
}

TEST(RespParser, UnauthenticatedClientsGetLittle) {
  const ParseLimits limits{.authenticated = false};
  EXPECT_EQ(ErrorOf("*11\r\n", limits), "ERR Protocol error: unauthenticated multibulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$16385\r\n", limits), "ERR Protocol error: unauthenticated bulk length");
  Feeder feeder;
  EXPECT_EQ(feeder.Feed(Encode({"AUTH", "secret"}), limits), RespParser::Outcome::kNeedMore);
  EXPECT_EQ(feeder.commands.size(), 1u);
}

TEST(RespParser, KnowsHowManyBytesALongWordWants) {
  Feeder feeder;
  feeder.Feed("*2\r\n$3\r\nGET\r\n$100\r\nabc");
  EXPECT_EQ(feeder.parser.BytesWanted(feeder.buffer.size()), 99u);
}

TEST(RespParserProperty, AnyCutOfTheBytesGivesTheSameCommands) {
  EXPECT_TRUE(rc::check([](const std::vector<std::vector<std::string>>& wanted) {
    std::string bytes;
    Commands expected;
    for (const auto& words : wanted) {
      bytes += Encode(words);
      if (!words.empty()) expected.push_back(words);
    }
    Feeder feeder;
    size_t at = 0;
    while (at < bytes.size()) {
      const auto piece = *rc::gen::inRange<size_t>(1, 12);
      RC_ASSERT(feeder.Feed(std::string_view(bytes).substr(at, piece)) ==
                RespParser::Outcome::kNeedMore);
      at += piece;
    }
    RC_ASSERT(feeder.commands == expected);
    RC_ASSERT(feeder.buffer.empty());
  }));
}

TEST(RespParserProperty, AnyBytesEndInCommandsOrAnError) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    Feeder feeder;
    const auto outcome = feeder.Feed("*3\r\n$" + bytes);
    RC_ASSERT(outcome != RespParser::Outcome::kFull);
    RC_ASSERT((outcome == RespParser::Outcome::kError) == !feeder.parser.error().empty());
  }));
}

}  // namespace
}  // namespace norn::net
