// Any message that can be said is heard as it was said; any bytes at all are survived.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "engine/base/status.h"
#include "engine/cluster/bus_codec.h"

namespace norn::cluster {
namespace {

template <typename Number>
Number Any() {
  return *rc::gen::arbitrary<Number>();
}

std::string Text(const char* alphabet, size_t chars_max) {
  const auto size = *rc::gen::inRange<size_t>(0, chars_max + 1);
  return *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string(alphabet)));
}

std::string Bytes() { return *rc::gen::arbitrary<std::string>(); }

template <typename Id>
Id SomeId() {
  return *Id::Parse(*rc::gen::container<std::string>(
      kNodeIdChars, rc::gen::elementOf(std::string("0123456789abcdefz"))));
}

SlotSet Slots() {
  SlotSet slots;
  for (const auto slot :
       *rc::gen::container<std::vector<uint16_t>>(rc::gen::inRange<uint16_t>(0, kSlotCount))) {
    slots.Set(SlotId{slot});
  }
  return slots;
}

NodeAddress Address() {
  NodeAddress address;
  address.ip = *IpText::Parse(Text("0123456789abcdef:.", IpText::kFieldBytes - 1));
  address.port = Any<uint16_t>();
  address.secondary_port = Any<uint16_t>();
  address.bus_port = Any<uint16_t>();
  return address;
}

BusHeader Header() {
  BusHeader header;
  header.sender = SomeId<NodeId>();
  if (Any<bool>()) header.replica_of = SomeId<NodeId>();
  header.slots = Slots();
  header.current_epoch = Any<uint64_t>();
  header.config_epoch = Any<uint64_t>();
  header.replication_offset = Any<int64_t>();
  header.address = Address();
  header.flags = Any<uint16_t>();
  header.health = Any<bool>() ? ClusterHealth::kOk : ClusterHealth::kFail;
  header.message_flags = Any<uint8_t>();
  header.norn_level = Any<bool>() ? Any<uint16_t>() : uint16_t{0};
  return header;
}

PingExtensions Extensions() {
  constexpr char kHostChars[] = "abcz019.-_";
  PingExtensions extensions;
  extensions.hostname = Text(kHostChars, 40);
  extensions.human_nodename = Text(kHostChars, PingExtensions::kTextCharsMax);
  extensions.client_ipv4 = Text("0123456789.", 15);
  extensions.client_ipv6 = Text("0123456789abcdef:", 39);
  if (Any<bool>()) extensions.client_port = Any<uint16_t>();
  if (Any<bool>()) extensions.client_tls_port = Any<uint16_t>();
  for (auto left = *rc::gen::inRange(0, 3); left > 0; --left) {
    extensions.forgotten.push_back({.id = SomeId<NodeId>(), .ttl_s = Any<uint64_t>()});
  }
  if (Any<bool>()) extensions.shard_id = SomeId<ClusterShardId>();
  extensions.norn = Bytes();
  return extensions;
}

BusMessage HeartbeatMessage() {
  BusMessage message{.header = Header(), .body = Heartbeat()};
  Heartbeat& heartbeat = std::get<Heartbeat>(message.body);
  heartbeat.kind =
      *rc::gen::element(Heartbeat::Kind::kPing, Heartbeat::Kind::kPong, Heartbeat::Kind::kMeet);
  for (auto left = *rc::gen::inRange(0, 5); left > 0; --left) {
    GossipEntry entry;
    entry.id = SomeId<NodeId>();
    entry.ping_sent_s = Any<uint32_t>();
    entry.pong_received_s = Any<uint32_t>();
    entry.address = Address();
    entry.flags = Any<uint16_t>();
    heartbeat.gossip.push_back(entry);
  }
  if ((message.header->message_flags & message_flag::kExtensions) != 0) {
    heartbeat.extensions = Extensions();
  }
  return message;
}

BusBody OtherBody() {
  switch (*rc::gen::inRange(0, 9)) {
    case 0:
      return Fail{.failed = SomeId<NodeId>()};
    case 1:
      return Publish{.sharded = Any<bool>(), .channel = Bytes(), .message = Bytes()};
    case 2:
      return VoteRequest();
    case 3:
      return Vote();
    case 4:
      return VoteDenial{.epoch = Any<uint64_t>(), .reason = Any<uint8_t>()};
    case 5:
      return Update{.config_epoch = Any<uint64_t>(), .owner = SomeId<NodeId>(), .slots = Slots()};
    case 6:
      return ManualFailoverStart();
    case 7:
      return Module{.module_id = Any<uint64_t>(), .type = Any<uint8_t>(), .payload = Bytes()};
    default:
      return NornBody{.payload = Bytes()};
  }
}

BusMessage SomeMessage() {
  if (Any<bool>()) return HeartbeatMessage();
  BusMessage message{.header = std::nullopt, .body = OtherBody()};
  const bool may_be_light =
      std::holds_alternative<Publish>(message.body) || std::holds_alternative<Module>(message.body);
  if (!may_be_light || Any<bool>()) message.header = Header();
  return message;
}

RC_GTEST_PROP(BusCodecProperty, WhatIsSaidIsHeardWhateverWasHeardBefore, ()) {
  BusMessage heard;
  std::string stream;
  std::vector<BusMessage> said;
  for (int i = 0; i < 4; ++i) {
    said.push_back(SomeMessage());
    AppendBusMessage(said.back(), stream);
  }
  std::string_view left = stream;
  for (const BusMessage& message : said) {
    const absl::StatusOr<size_t> needed = NextBusMessageBytes(left, stream.size());
    RC_ASSERT(needed.ok());
    const absl::Status decoded = DecodeBusMessage(left.substr(0, *needed), heard);
    RC_ASSERT(std::string(MessageOf(decoded)) == "");
    RC_ASSERT(heard == message);
    left.remove_prefix(*needed);
  }
  RC_ASSERT(left.empty());
}

// What a damaged message still says can be said.
RC_GTEST_PROP(BusCodecProperty, DamageIsRefusedOrUnderstood, ()) {
  std::string bytes = EncodeBusMessage(SomeMessage());
  for (auto left = *rc::gen::inRange(1, 6); left > 0; --left) {
    bytes[*rc::gen::inRange<size_t>(0, bytes.size())] = Any<char>();
  }
  if (Any<bool>()) bytes.resize(*rc::gen::inRange<size_t>(0, bytes.size()));
  BusMessage heard, again;
  if (!DecodeBusMessage(bytes, heard).ok()) return;
  const std::string encoded = EncodeBusMessage(heard);
  RC_ASSERT(DecodeBusMessage(encoded, again).ok());
  if (Heartbeat* heartbeat = std::get_if<Heartbeat>(&heard.body)) {
    heartbeat->gossip_refused = false;
    heartbeat->extensions.skipped = 0;
  }
  RC_ASSERT(heard == again);
}

}  // namespace
}  // namespace norn::cluster
