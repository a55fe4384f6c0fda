#include <fmt/format.h>

#include <algorithm>

#include "engine/base/status.h"
#include "engine/cluster/bus_codec.h"
#include "engine/cluster/bus_wire.h"

namespace norn::cluster {
namespace {

absl::Status BadAt(size_t at, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{} at byte {}", why, at));
}

// Zeros are the empty one.
bool LoadId(std::string_view bytes, NodeId& id) {
  if (std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; })) {
    id = NodeId();
    return true;
  }
  const std::optional<NodeId> parsed = NodeId::Parse(bytes);
  if (parsed) id = *parsed;
  return parsed.has_value();
}

bool LoadIp(std::string_view field, IpText& ip) {
  const std::optional<IpText> parsed = IpText::FromField(field);
  if (parsed) ip = *parsed;
  return parsed.has_value();
}

SlotSet LoadSlots(std::string_view bytes, size_t at) {
  return SlotSet::FromWire(
      std::span<const char, SlotSet::kWireBytes>(bytes.data() + at, SlotSet::kWireBytes));
}

// Requires: wire::kHeaderBytes are there.
absl::Status LoadHeader(std::string_view bytes, BusHeader& header) {
  if (!LoadId(bytes.substr(wire::kSender, kNodeIdChars), header.sender) || header.sender.empty()) {
    return BadAt(wire::kSender, "the sender's name");
  }
  if (!LoadId(bytes.substr(wire::kReplicaOf, kNodeIdChars), header.replica_of)) {
    return BadAt(wire::kReplicaOf, "the name of the sender's primary");
  }
  if (!LoadIp(bytes.substr(wire::kIp, IpText::kFieldBytes), header.address.ip)) {
    return BadAt(wire::kIp, "the sender's address");
  }
  header.slots = LoadSlots(bytes, wire::kSlots);
  header.current_epoch = wire::Load<uint64_t>(bytes, wire::kCurrentEpoch);
  header.config_epoch = wire::Load<uint64_t>(bytes, wire::kConfigEpoch);
  header.replication_offset = wire::Load<int64_t>(bytes, wire::kOffset);
  header.address.port = wire::Load<uint16_t>(bytes, wire::kPort);
  header.address.secondary_port = wire::Load<uint16_t>(bytes, wire::kSecondaryPort);
  header.address.bus_port = wire::Load<uint16_t>(bytes, wire::kBusPort);
  header.flags = wire::Load<uint16_t>(bytes, wire::kFlags);
  header.health = bytes[wire::kState] == 0 ? ClusterHealth::kOk : ClusterHealth::kFail;
  header.message_flags = static_cast<uint8_t>(bytes[wire::kMessageFlags]);
  const bool is_norn =
      bytes.substr(wire::kNornMark, wire::kNornMarkBytes.size()) == wire::kNornMarkBytes;
  header.norn_level = is_norn ? wire::Load<uint16_t>(bytes, wire::kNornLevel) : uint16_t{0};
  return absl::OkStatus();
}

bool LoadGossip(std::string_view bytes, GossipEntry& entry) {
  const std::optional<NodeId> id = NodeId::Parse(bytes.substr(0, kNodeIdChars));
  if (!id || !LoadIp(bytes.substr(48, IpText::kFieldBytes), entry.address.ip)) return false;
  entry.id = *id;
  entry.ping_sent_s = wire::Load<uint32_t>(bytes, 40);
  entry.pong_received_s = wire::Load<uint32_t>(bytes, 44);
  entry.address.port = wire::Load<uint16_t>(bytes, 94);
  entry.address.bus_port = wire::Load<uint16_t>(bytes, 96);
  entry.flags = wire::Load<uint16_t>(bytes, 98);
  entry.address.secondary_port = wire::Load<uint16_t>(bytes, 100);
  return true;
}

// Keeps the memory of the body that is there, when it is of the kind wanted.
template <typename Body>
Body& Become(BusBody& body) {
  Body* const same = std::get_if<Body>(&body);
  return same != nullptr ? *same : body.emplace<Body>();
}

// One message, its length and type known to be right for a header.
class BodyReader {
 public:
  BodyReader(std::string_view bytes, size_t body_at) : bytes_(bytes), at_(body_at) {}

  absl::Status ReadHeartbeat(Heartbeat::Kind kind, const BusHeader& header, Heartbeat& heartbeat) {
    heartbeat.kind = kind;
    const size_t count = wire::Load<uint16_t>(bytes_, wire::kCount);
    if (count > left() / wire::kGossipEntryBytes) {
      return BadAt(wire::kCount, fmt::format("{} gossip entries in {} bytes", count, left()));
    }
    heartbeat.gossip.resize(count);
    heartbeat.gossip_refused = false;
    for (GossipEntry& entry : heartbeat.gossip) {
      if (!LoadGossip(Take(wire::kGossipEntryBytes), entry)) heartbeat.gossip_refused = true;
    }
    if (heartbeat.gossip_refused) heartbeat.gossip.clear();
    const bool has_extensions = (header.message_flags & message_flag::kExtensions) != 0;
    const uint16_t extensions =
        has_extensions ? wire::Load<uint16_t>(bytes_, wire::kExtensions) : uint16_t{0};
    return DecodePingExtensions(bytes_.substr(at_), extensions, at_, heartbeat.extensions);
  }

  absl::Status Read(Fail& fail) {
    if (left() != kNodeIdChars) return BadLength();
    return TakeName(fail.failed);
  }

  absl::Status Read(Publish& publish) {
    if (left() < 2 * sizeof(uint32_t)) return BadLength();
    const uint64_t channel_bytes = TakeNumber<uint32_t>();  // B73: a sum of 64 bits
    const uint64_t message_bytes = TakeNumber<uint32_t>();
    if (channel_bytes + message_bytes != left()) return BadLength();
    publish.channel = Take(channel_bytes);
    publish.message = Take(message_bytes);
    return absl::OkStatus();
  }

  absl::Status Read(Update& update) {
    if (left() != sizeof(uint64_t) + kNodeIdChars + SlotSet::kWireBytes) return BadLength();
    update.config_epoch = TakeNumber<uint64_t>();
    const absl::Status named = TakeName(update.owner);
    if (named.ok()) update.slots = LoadSlots(bytes_, at_);
    return named;
  }

  absl::Status Read(Module& module) {
    if (left() < sizeof(uint64_t) + sizeof(uint32_t) + sizeof(uint8_t)) return BadLength();
    module.module_id = TakeNumber<uint64_t>();
    const size_t payload_bytes = TakeNumber<uint32_t>();
    module.type = TakeNumber<uint8_t>();
    if (payload_bytes != left()) return BadLength();
    module.payload = Take(payload_bytes);
    return absl::OkStatus();
  }

  absl::Status Read(VoteDenial& denial) {
    if (left() != 16) return BadLength();
    denial.epoch = TakeNumber<uint64_t>();
    denial.reason = TakeNumber<uint8_t>();
    return absl::OkStatus();
  }

  absl::Status Read(NornBody& body) {
    body.payload = Take(left());
    return absl::OkStatus();
  }

  template <typename Empty>
  absl::Status Read(Empty&) {
    return left() == 0 ? absl::OkStatus() : BadLength();
  }

 private:
  size_t left() const { return bytes_.size() - at_; }
  std::string_view Take(size_t count) {
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }
  template <typename Number>
  Number TakeNumber() {
    return wire::Load<Number>(Take(sizeof(Number)), 0);
  }
  absl::Status TakeName(NodeId& id) {
    const size_t at = at_;
    const std::optional<NodeId> parsed = NodeId::Parse(Take(kNodeIdChars));
    if (!parsed) return BadAt(at, "a node's name");
    id = *parsed;
    return absl::OkStatus();
  }
  absl::Status BadLength() const {
    return BadAt(at_, fmt::format("a body that does not fit the {} bytes left", left()));
  }

  const std::string_view bytes_;
  size_t at_;
};

absl::Status ReadBody(BusType type, const BusHeader* header, BodyReader reader, BusBody& body) {
  switch (type) {
    case BusType::kPing:
      return reader.ReadHeartbeat(Heartbeat::Kind::kPing, *header, Become<Heartbeat>(body));
    case BusType::kPong:
      return reader.ReadHeartbeat(Heartbeat::Kind::kPong, *header, Become<Heartbeat>(body));
    case BusType::kMeet:
      return reader.ReadHeartbeat(Heartbeat::Kind::kMeet, *header, Become<Heartbeat>(body));
    case BusType::kFail:
      return reader.Read(Become<Fail>(body));
    case BusType::kPublish:
    case BusType::kPublishShard:
      Become<Publish>(body).sharded = type == BusType::kPublishShard;
      return reader.Read(std::get<Publish>(body));
    case BusType::kVoteRequest:
      return reader.Read(Become<VoteRequest>(body));
    case BusType::kVote:
      return reader.Read(Become<Vote>(body));
    case BusType::kUpdate:
      return reader.Read(Become<Update>(body));
    case BusType::kManualFailoverStart:
      return reader.Read(Become<ManualFailoverStart>(body));
    case BusType::kModule:
      return reader.Read(Become<Module>(body));
    case BusType::kVoteDenial:
      return reader.Read(Become<VoteDenial>(body));
    case BusType::kNorn:
      return reader.Read(Become<NornBody>(body));
  }
  return absl::UnimplementedError("a type that we do not know");
}

bool MayBeLight(BusType type) {
  return type == BusType::kPublish || type == BusType::kPublishShard || type == BusType::kModule ||
         type == BusType::kNorn;
}

absl::Status DecodeParts(std::string_view bytes, BusMessage& message) {
  const absl::StatusOr<size_t> length = NextBusMessageBytes(bytes, bytes.size());
  if (!length.ok()) return length.status();
  if (*length != bytes.size()) return BadAt(wire::kLength, "another length");
  if (wire::Load<uint16_t>(bytes, wire::kVersionField) != wire::kVersion) {
    return absl::UnimplementedError("another version of the protocol");
  }
  const uint16_t number = wire::Load<uint16_t>(bytes, wire::kType);
  const BusType type{static_cast<uint16_t>(number & ~wire::kLightBit)};
  if ((number & wire::kLightBit) != 0) {
    if (!MayBeLight(type)) return BadAt(wire::kType, "a light header on such a message");
    message.header.reset();
    return ReadBody(type, nullptr, BodyReader(bytes, wire::kLightHeaderBytes), message.body);
  }
  if (!message.header) message.header.emplace();
  const absl::Status read = LoadHeader(bytes, *message.header);
  if (!read.ok()) return read;
  return ReadBody(type, &*message.header, BodyReader(bytes, wire::kHeaderBytes), message.body);
}

}  // namespace

absl::StatusOr<size_t> NextBusMessageBytes(std::string_view received, size_t bytes_max) {
  const std::string_view signature = received.substr(0, wire::kSignature.size());
  if (signature != wire::kSignature.substr(0, signature.size())) {
    return BadAt(0, "not a signature");
  }
  if (received.size() < kBusPrefixBytes) return kBusPrefixBytes;
  const size_t length = wire::Load<uint32_t>(received, wire::kLength);
  const bool is_light = (wire::Load<uint16_t>(received, wire::kType) & wire::kLightBit) != 0;
  const size_t bytes_min = is_light ? wire::kLightHeaderBytes : wire::kHeaderBytes;
  if (length < bytes_min || length > bytes_max) {
    return BadAt(wire::kLength,
                 fmt::format("a length of {}, not {} to {}", length, bytes_min, bytes_max));
  }
  return length;
}

absl::Status DecodeBusMessage(std::string_view bytes, BusMessage& message) {
  const absl::Status decoded = DecodeParts(bytes, message);
  if (decoded.ok()) return decoded;
  std::string_view name = "message";
  if (bytes.size() >= kBusPrefixBytes) {
    const uint16_t number = wire::Load<uint16_t>(bytes, wire::kType);
    name = NameOf(BusType{static_cast<uint16_t>(number & ~wire::kLightBit)});
  }
  return absl::Status(decoded.code(), fmt::format("bus: {} of {} bytes: {}", name, bytes.size(),
                                                  MessageOf(decoded)));
}

}  // namespace norn::cluster
