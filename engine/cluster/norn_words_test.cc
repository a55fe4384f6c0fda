#include "engine/cluster/norn_words.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/cluster/topology_testing.h"

namespace norn::cluster {
namespace {

using namespace testing;

BallotRequest ARequest() {
  return {.candidate = Node(1),
          .shard = Shard(2),
          .ballot = 7,
          .config_epoch = 5,
          .history = {.has_data = true, .reign = 3, .offset = 1234},
          .manual = true,
          .released = {.boot = 8, .number = 9}};
}

TEST(NornWords, AShortMessageIsRefused) {
  const std::string whole = EncodeElectionMessage(ARequest());
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_FALSE(DecodeElectionMessage(whole.substr(0, bytes))) << bytes;
  }
  EXPECT_TRUE(DecodeElectionMessage(whole));
}

TEST(NornWords, WhatALaterVersionAppendsIsSkipped) {
  const auto message = DecodeElectionMessage(EncodeElectionMessage(ARequest()) + "and more");
  ASSERT_TRUE(message);
  EXPECT_EQ(std::get<BallotRequest>(*message).ballot, 7u);
  const HeartbeatFacts facts{.history = {.has_data = true, .reign = 1, .offset = 2},
                             .hears_quorum = true,
                             .released = {.boot = 1, .number = 2}};
  EXPECT_EQ(DecodeHeartbeatFacts(EncodeHeartbeatFacts(facts) + "x"), facts);
  EXPECT_TRUE(ParseNornMemory("r1,d2,zlater"));
}

TEST(NornWords, AnUnknownKindIsNotAMessage) {
  std::string message = EncodeElectionMessage(ARequest());
  message[0] = 99;
  EXPECT_FALSE(DecodeElectionMessage(message));
}

TEST(NornWords, AReasonOfALaterVersionPasses) {
  BallotDenial denial{.voter = Node(1), .candidate = Node(2), .shard = Shard(3), .ballot = 4};
  denial.reason = static_cast<DenialReason>(200);
  const auto message = DecodeElectionMessage(EncodeElectionMessage(denial));
  ASSERT_TRUE(message);
  EXPECT_EQ(std::get<BallotDenial>(*message).reason, DenialReason::kNotReady);
}

TEST(NornWords, DamagedMemoryIsNoMemory) {
  for (const char* word : {"r", "rx", "d-1", "nshort", "p", "p:1:", "r1,,d2"}) {
    EXPECT_FALSE(ParseNornMemory(word)) << word;
  }
  EXPECT_EQ(ParseNornMemory(""), NornMemory{});
}

}  // namespace
}  // namespace norn::cluster
