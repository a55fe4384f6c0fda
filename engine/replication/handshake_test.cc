#include "engine/replication/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn {
namespace {

using ::testing::ElementsAre;
using Verdict = Handshake::Verdict;

const std::string kId(40, 'b');

// The commands that a handshake sends when each is answered by a line, without framing; then its verdict.
struct Talk {
  std::vector<std::string> sent;
  Handshake::Action end;
};

std::string Plain(const std::string& resp) {
  std::string text;
  size_t at = resp.find("\r\n") + 2;
  while (at < resp.size()) {
    const size_t begin = resp.find("\r\n", at) + 2;
    const size_t end = resp.find("\r\n", begin);
    if (!text.empty()) text += ' ';
    text += resp.substr(begin, end - begin);
    at = end + 2;
  }
  return text;
}

Talk Converse(HandshakeFacts facts, const std::vector<std::string>& lines) {
  Handshake handshake(std::move(facts));
  Talk talk;
  talk.end = handshake.Begin();
  for (const std::string& line : lines) {
    if (talk.end.verdict == Verdict::kSend) talk.sent.push_back(Plain(talk.end.text));
    talk.end = handshake.OnLine(line);
  }
  return talk;
}

TEST(HandshakeTest, AsksForACopy) {
  const Talk talk = Converse({.listening_port = 7}, {"+PONG", "+OK", "+OK", "-ERR what is version",
                                                     "", "+FULLRESYNC " + kId + " 100"});
  EXPECT_THAT(talk.sent,
              ElementsAre("PING", "REPLCONF listening-port 7", "REPLCONF capa eof capa psync2",
                          "REPLCONF version 8.1.0", "PSYNC ? -1"));
  EXPECT_EQ(talk.end.verdict, Verdict::kFull);
  EXPECT_EQ(talk.end.text, kId);
  EXPECT_EQ(talk.end.offset, 100);
}

TEST(HandshakeTest, ResumesWithThePasswordOfAUser) {
  const Talk talk =
      Converse({.user = "repl",
                .password = "secret",
                .listening_port = 7,
                .announce_ip = "1.2.3.4",
                .dual_channel = true,
                .resume_id = kId,
                .resume_at = 99},
               {"-NOAUTH who", "+OK", "+OK", "+OK", "+OK", "+OK", "+CONTINUE " + kId});
  EXPECT_THAT(talk.sent, ElementsAre("PING", "AUTH repl secret", "REPLCONF listening-port 7",
                                     "REPLCONF ip-address 1.2.3.4",
                                     "REPLCONF capa eof capa psync2 capa dual-channel",
                                     "REPLCONF version 8.1.0", "PSYNC " + kId + " 100"));
  EXPECT_EQ(talk.end.verdict, Verdict::kContinue);
  EXPECT_EQ(talk.end.text, kId);
}

TEST(HandshakeTest, Outcomes) {
  const std::vector<std::string> upto = {"+PONG", "+OK", "+OK", "+OK"};
  const auto outcome = [&](const std::string& line, bool resumes, bool failover = false) {
    std::vector<std::string> lines = upto;
    lines.push_back(line);
    HandshakeFacts facts{.failover = failover};
    if (resumes) facts.resume_id = kId;
    return Converse(facts, lines).end.verdict;
  };
  EXPECT_EQ(outcome("+CONTINUE", true), Verdict::kContinue);
  EXPECT_EQ(outcome("+CONTINUE", false), Verdict::kFailed);
  EXPECT_EQ(outcome("+DUALCHANNELSYNC", true), Verdict::kDualChannel);
  EXPECT_EQ(outcome("-NOMASTERLINK no", true), Verdict::kLater);
  EXPECT_EQ(outcome("-LOADING no", true), Verdict::kLater);
  EXPECT_EQ(outcome("-ERR unknown command", true), Verdict::kSync);
  EXPECT_EQ(outcome("-ERR not my replid", true, true), Verdict::kFailed);
  EXPECT_EQ(outcome("+FULLRESYNC short 1", true), Verdict::kFailed);
  EXPECT_EQ(outcome("+FULLRESYNC " + kId + " x", true), Verdict::kFailed);
  EXPECT_EQ(Converse({.password = "x"}, {"+PONG", "-WRONGPASS no"}).end.verdict, Verdict::kFailed);
  EXPECT_EQ(Converse({}, {"-ERR broken"}).end.verdict, Verdict::kFailed);
}

}  // namespace
}  // namespace norn
