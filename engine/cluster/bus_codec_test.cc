#include "engine/cluster/bus_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

#include "engine/base/status.h"

namespace norn::cluster {
namespace {

using ::testing::HasSubstr;

constexpr size_t kHeader = 2256;
constexpr size_t kBytesMax = 1 << 20;

NodeId Id(char c) { return *NodeId::Parse(std::string(kNodeIdChars, c)); }

BusHeader SomeHeader() {
  BusHeader header;
  header.sender = Id('a');
  header.replica_of = Id('b');
  header.slots.Set(SlotId{9});
  header.current_epoch = 0x0102030405060708;
  header.config_epoch = 0x1112131415161718;
  header.replication_offset = 0x2122232425262728;
  header.address = {
      .ip = *IpText::Parse("10.1.2.3"), .port = 7001, .secondary_port = 7002, .bus_port = 17001};
  header.flags = node_flag::kReplica | node_flag::kLightPublish;
  header.health = ClusterHealth::kFail;
  header.message_flags = message_flag::kPaused;
  return header;
}

BusMessage With(BusBody body) { return {.header = SomeHeader(), .body = std::move(body)}; }

std::string Field(const std::string& bytes, size_t at, size_t count) {
  return bytes.substr(at, count);
}

std::string ErrorOf(const std::string& bytes) {
  BusMessage message;
  return std::string(MessageOf(DecodeBusMessage(bytes, message)));
}

std::string FramingErrorOf(const std::string& bytes) {
  return std::string(MessageOf(NextBusMessageBytes(bytes, kBytesMax).status()));
}

BusMessage Decoded(const std::string& bytes) {
  BusMessage message;
  const absl::Status decoded = DecodeBusMessage(bytes, message);
  EXPECT_TRUE(decoded.ok()) << MessageOf(decoded);
  return message;
}

TEST(BusCodec, TheFullHeaderHasItsFieldsWhereTheProtocolHasThem) {
  const std::string bytes = EncodeBusMessage(With(Heartbeat{}));
  ASSERT_EQ(bytes.size(), kHeader);
  EXPECT_EQ(Field(bytes, 0, 4), "RCmb");
  EXPECT_EQ(Field(bytes, 4, 4), std::string("\0\0\x08\xd0", 4));
  EXPECT_EQ(Field(bytes, 8, 2), std::string("\0\1", 2));
  EXPECT_EQ(Field(bytes, 10, 2), "\x1b\x59");
  EXPECT_EQ(Field(bytes, 12, 4), std::string(4, '\0'));  // type, gossip count
  EXPECT_EQ(Field(bytes, 16, 8), "\1\2\3\4\5\6\7\x08");
  EXPECT_EQ(Field(bytes, 24, 8), "\x11\x12\x13\x14\x15\x16\x17\x18");
  EXPECT_EQ(Field(bytes, 32, 8), "\x21\x22\x23\x24\x25\x26\x27\x28");
  EXPECT_EQ(Field(bytes, 40, 40), std::string(40, 'a'));
  EXPECT_EQ(Field(bytes, 80, 2048), std::string("\0\2", 2) + std::string(2046, '\0'));
  EXPECT_EQ(Field(bytes, 2128, 40), std::string(40, 'b'));
  EXPECT_EQ(Field(bytes, 2168, 46), "10.1.2.3" + std::string(38, '\0'));
  EXPECT_EQ(Field(bytes, 2214, 32), std::string(32, '\0'));  // extensions, reserved
  EXPECT_EQ(Field(bytes, 2246, 2), "\x1b\x5a");
  EXPECT_EQ(Field(bytes, 2248, 2), "\x42\x69");
  EXPECT_EQ(Field(bytes, 2250, 2), "\x08\x02");
  EXPECT_EQ(Field(bytes, 2252, 4), std::string("\1\1\0\0", 4));
}

TEST(BusCodec, AGossipEntryHasItsFieldsWhereTheProtocolHasThem) {
  GossipEntry entry{.id = Id('c'), .ping_sent_s = 0x01020304, .pong_received_s = 0x05060708};
  entry.address = {.ip = *IpText::Parse("::1"), .port = 1, .secondary_port = 4, .bus_port = 2};
  entry.flags = 3;
  const std::string bytes = EncodeBusMessage(With(Heartbeat{.gossip = {entry}}));
  ASSERT_EQ(bytes.size(), kHeader + 104);
  EXPECT_EQ(Field(bytes, 14, 2), std::string("\0\1", 2));
  EXPECT_EQ(Field(bytes, kHeader, 40), std::string(40, 'c'));
  EXPECT_EQ(Field(bytes, kHeader + 40, 8), "\1\2\3\4\5\6\7\x08");
  EXPECT_EQ(Field(bytes, kHeader + 48, 46), "::1" + std::string(43, '\0'));
  EXPECT_EQ(Field(bytes, kHeader + 94, 10), std::string("\0\1\0\2\0\3\0\4\0\0", 10));
}

TEST(BusCodec, ExtensionsArePaddedToEightBytesAndCounted) {
  BusMessage message = With(Heartbeat{.kind = Heartbeat::Kind::kPong});
  message.header->message_flags |= message_flag::kExtensions;
  PingExtensions& extensions = std::get<Heartbeat>(message.body).extensions;
  extensions.hostname = "n1.example";
  extensions.forgotten = {{.id = Id('f'), .ttl_s = 60}};
  extensions.shard_id = *ClusterShardId::Parse(std::string(40, 'd'));
  const std::string bytes = EncodeBusMessage(message);
  EXPECT_EQ(Field(bytes, 2214, 2), std::string("\0\3", 2));
  EXPECT_EQ(bytes.substr(kHeader), std::string("\0\0\0\x18\0\0\0\0", 8) + "n1.example" +
                                       std::string(6, '\0') + std::string("\0\0\0\x38\0\2\0\0", 8) +
                                       std::string(40, 'f') + std::string("\0\0\0\0\0\0\0\x3c", 8) +
                                       std::string("\0\0\0\x30\0\3\0\0", 8) + std::string(40, 'd'));
}

TEST(BusCodec, TheOtherBodiesAreWhatTheProtocolSays) {
  const std::string name(40, 'f');
  const std::string slot_0 = '\1' + std::string(2047, '\0');
  EXPECT_EQ(EncodeBusMessage(With(Fail{.failed = Id('f')})).substr(kHeader), name);
  EXPECT_EQ(EncodeBusMessage(With(VoteRequest())).size(), kHeader);
  EXPECT_EQ(EncodeBusMessage(With(Vote())).size(), kHeader);
  EXPECT_EQ(EncodeBusMessage(With(ManualFailoverStart())).size(), kHeader);
  EXPECT_EQ(EncodeBusMessage(With(Publish{.channel = "ch", .message = "msg"})).substr(kHeader),
            std::string("\0\0\0\2\0\0\0\3chmsg", 13));
  Update update{.config_epoch = 7, .owner = Id('f'), .slots = {}};
  update.slots.Set(SlotId{0});
  EXPECT_EQ(EncodeBusMessage(With(update)).substr(kHeader),
            std::string("\0\0\0\0\0\0\0\7", 8) + name + slot_0);
  EXPECT_EQ(
      EncodeBusMessage(With(Module{.module_id = 9, .type = 4, .payload = "pp"})).substr(kHeader),
      std::string("\0\0\0\0\0\0\0\x09\0\0\0\2\4pp", 15));
  EXPECT_EQ(EncodeBusMessage(With(VoteDenial{.epoch = 5, .reason = 3})).substr(kHeader),
            std::string("\0\0\0\0\0\0\0\5\3\0\0\0\0\0\0\0", 16));
}

TEST(BusCodec, ALightMessageIsSixteenBytesAndTheBody) {
  const BusMessage message{.header = std::nullopt,
                           .body = Publish{.sharded = true, .channel = "c", .message = "m"}};
  const std::string bytes = EncodeBusMessage(message);
  EXPECT_EQ(bytes, std::string("RCmb\0\0\0\x1a\0\1\0\0\x80\x0a\0\0\0\0\0\1\0\0\0\1cm", 26));
  EXPECT_EQ(Decoded(bytes), message);
}

// From the captured text: hexadecimal, XX*N for a run.
std::string BytesOf(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string word, bytes;
  while (words >> word) {
    const size_t star = word.find('*');
    const size_t times = star == std::string::npos ? 1 : std::stoul(word.substr(star + 1));
    for (size_t i = 0; i < std::min(word.size(), star); i += 2) {
      bytes.append(times, static_cast<char>(std::stoi(word.substr(i, 2), nullptr, 16)));
    }
  }
  return bytes;
}

const std::map<std::string, std::string, std::less<>>& Captured() {
  static const std::map<std::string, std::string, std::less<>> messages = {
#include "engine/cluster/testdata/redis_7_0_messages.inc"
  };
  return messages;
}

TEST(BusCodec, WhatRedisSentIsReadAndWrittenBackTheSame) {
  ASSERT_EQ(Captured().size(), 10u);
  for (const auto& [name, text] : Captured()) {
    const std::string bytes = BytesOf(text);
    const BusMessage message = Decoded(bytes);
    EXPECT_EQ(NextBusMessageBytes(bytes, kBytesMax).value_or(0), bytes.size()) << name;
    EXPECT_EQ(NameOf(TypeOf(message.body)), name);
    EXPECT_TRUE(EncodeBusMessage(message) == bytes) << name;
    EXPECT_EQ(message.header->norn_level, 0);
  }
}

TEST(BusCodec, WhatRedisSentMeansWhatItMeant) {
  const BusMessage ping = Decoded(BytesOf(Captured().at("ping")));
  EXPECT_TRUE(ping.header->address.ip.empty());
  EXPECT_GE(ping.header->address.bus_port, 27900);
  const Heartbeat& heartbeat = std::get<Heartbeat>(ping.body);
  ASSERT_EQ(heartbeat.gossip.size(), 2u);
  EXPECT_EQ(heartbeat.gossip[0].address.ip.view(), "127.0.0.1");
  EXPECT_THAT(heartbeat.extensions.hostname, HasSubstr(".example.com"));
  EXPECT_EQ(heartbeat.extensions.skipped, 0u);
  const BusMessage request = Decoded(BytesOf(Captured().at("auth-req")));
  EXPECT_FALSE(request.header->replica_of.empty());
  EXPECT_TRUE((request.header->flags & node_flag::kReplica) != 0);
  EXPECT_GT(request.header->slots.count(), 5000u);
  const BusMessage update = Decoded(BytesOf(Captured().at("update")));
  EXPECT_GT(std::get<Update>(update.body).slots.count(), 5000u);
  const BusMessage news = Decoded(BytesOf(Captured().at("publish")));
  EXPECT_EQ(std::get<Publish>(news.body),
            (Publish{.sharded = false, .channel = "news", .message = "hello there"}));
}

TEST(BusCodec, ANornNodeIsKnownByReservedBytesThatOthersIgnore) {
  BusMessage message = With(Vote());
  message.header->norn_level = 0x0102;
  const std::string bytes = EncodeBusMessage(message);
  EXPECT_EQ(Field(bytes, 2216, 30), std::string(24, '\0') + "norn\1\2");
  EXPECT_EQ(Decoded(bytes).header->norn_level, 0x0102);
}

TEST(BusCodec, FramingAsksForThePrefixAndThenForTheWhole) {
  const std::string bytes = EncodeBusMessage(With(Fail{.failed = Id('f')}));
  for (size_t have = 0; have <= bytes.size(); ++have) {
    const absl::StatusOr<size_t> needed = NextBusMessageBytes(bytes.substr(0, have), kBytesMax);
    ASSERT_TRUE(needed.ok());
    EXPECT_EQ(*needed, have < 16 ? 16 : bytes.size());
  }
  EXPECT_EQ(NextBusMessageBytes(bytes + "RCmb", bytes.size()).value_or(0), bytes.size());
}

TEST(BusCodec, FramingRefusesWhatIsNotTheBusOrTooLargeOrTooSmall) {
  const std::string bytes = EncodeBusMessage(With(Vote()));
  EXPECT_EQ(FramingErrorOf("GET / HTTP/1.1\r\n\r\n"), "not a signature at byte 0");
  EXPECT_EQ(FramingErrorOf("RCx"), "not a signature at byte 0");
  EXPECT_THAT(std::string(MessageOf(NextBusMessageBytes(bytes, 2255).status())),
              HasSubstr("a length of 2256"));
  std::string small = bytes;
  small[6] = 0;
  EXPECT_EQ(FramingErrorOf(small), "a length of 208, not 2256 to 1048576 at byte 4");
}

TEST(BusCodec, ErrorsSayWhatAndWhere) {
  std::string version = EncodeBusMessage(With(Vote()));
  version[9] = 2;
  EXPECT_EQ(ErrorOf(version), "bus: auth-ack of 2256 bytes: another version of the protocol");
  std::string type = EncodeBusMessage(With(Vote()));
  type[13] = 99;
  BusMessage message;
  EXPECT_EQ(DecodeBusMessage(type, message).code(), absl::StatusCode::kUnimplemented);
  std::string sender = EncodeBusMessage(With(Vote()));
  sender[41] = 'A';
  EXPECT_EQ(ErrorOf(sender), "bus: auth-ack of 2256 bytes: the sender's name at byte 40");
  std::string count = EncodeBusMessage(With(Heartbeat{}));
  count[15] = 1;
  EXPECT_EQ(ErrorOf(count), "bus: ping of 2256 bytes: 1 gossip entries in 0 bytes at byte 14");
  std::string light = EncodeBusMessage(With(Vote()));
  light[12] = '\x80';
  EXPECT_EQ(ErrorOf(light),
            "bus: auth-ack of 2256 bytes: a light header on such a message at byte 12");
}

TEST(BusCodec, LengthsThatWrapAreNotBelieved) {
  std::string bytes = EncodeBusMessage(With(Publish{.channel = "ch", .message = "msg"}));
  bytes.replace(kHeader, 8, std::string("\xff\xff\xff\xff\0\0\0\6", 8));  // 5 modulo 2^32
  EXPECT_THAT(ErrorOf(bytes), HasSubstr("a body that does not fit"));
}

// A PONG with one extension of that length field, type and body.
std::string WithExtension(uint32_t length, uint16_t type, std::string_view body) {
  BusMessage message = With(Heartbeat{.kind = Heartbeat::Kind::kPong});
  message.header->message_flags |= message_flag::kExtensions;
  std::string bytes = EncodeBusMessage(message);
  bytes[2215] = 1;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift);
  bytes += static_cast<char>(type >> 8);
  bytes += static_cast<char>(type);
  bytes.append(2, '\0').append(body);
  bytes[6] = static_cast<char>(bytes.size() >> 8);
  bytes[7] = static_cast<char>(bytes.size());
  return bytes;
}

TEST(BusCodec, AnUnknownExtensionIsSkipped) {
  const BusMessage message = Decoded(WithExtension(16, 999, "whatever"));
  EXPECT_EQ(std::get<Heartbeat>(message.body).extensions, PingExtensions{.skipped = 1});
}

TEST(BusCodec, AnExtensionOfMoreThan64KiBKeepsItsLength) {
  const std::string body(0x10000, 'x');
  const BusMessage message = Decoded([&] {
    std::string bytes = WithExtension(0x10008, 999, body);
    bytes[5] = static_cast<char>(bytes.size() >> 16);
    return bytes;
  }());
  EXPECT_EQ(std::get<Heartbeat>(message.body).extensions.skipped, 1u);  // B73
}

TEST(BusCodec, ExtensionsThatDoNotFitAreRefused) {
  EXPECT_THAT(ErrorOf(WithExtension(0, 0, "whatever")), HasSubstr("a length of 0"));
  EXPECT_THAT(ErrorOf(WithExtension(12, 0, "whatever")), HasSubstr("a length of 12"));
  EXPECT_THAT(ErrorOf(WithExtension(24, 0, "whatever")), HasSubstr("with 16 bytes left"));
  EXPECT_THAT(ErrorOf(WithExtension(8, 0, "whatever")), HasSubstr("behind the last"));
  EXPECT_THAT(ErrorOf(WithExtension(16, 0, "what")), HasSubstr("at byte 2256"));
}

TEST(BusCodec, TextThatNodesConfCouldNotHoldIsKeptOff) {
  for (const char* text : {"a b\0    ", "a\nb\0   ", "a,b=c\0 ", "12345678"}) {
    const BusMessage message = Decoded(WithExtension(16, 0, std::string_view(text, 8)));
    const PingExtensions& extensions = std::get<Heartbeat>(message.body).extensions;
    EXPECT_EQ(extensions.hostname, "");
    EXPECT_EQ(extensions.skipped, 1u);
  }
  const BusMessage message = Decoded(WithExtension(16, 0, std::string_view("a-b.c\0zz", 8)));
  EXPECT_EQ(std::get<Heartbeat>(message.body).extensions.hostname, "a-b.c");
}

TEST(BusCodec, GossipAboutAnImpossibleNameIsIgnoredAsAWholeTheHeaderIsNot) {
  const Heartbeat heartbeat{.gossip = {{.id = Id('c')}, {.id = Id('d')}}};
  std::string bytes = EncodeBusMessage(With(heartbeat));
  bytes[kHeader + 104] = '\xee';
  const BusMessage message = Decoded(bytes);
  EXPECT_EQ(message.header, SomeHeader());
  EXPECT_TRUE(std::get<Heartbeat>(message.body).gossip.empty());
  EXPECT_TRUE(std::get<Heartbeat>(message.body).gossip_refused);
}

}  // namespace
}  // namespace norn::cluster
