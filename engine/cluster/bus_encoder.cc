#include "engine/base/check.h"
#include "engine/cluster/bus_codec.h"
#include "engine/cluster/bus_wire.h"

namespace norn::cluster {
namespace {

void StoreText(std::string_view text, char* at) { text.copy(at, text.size()); }

// `at` points to wire::kHeaderBytes zeros.
void StoreHeader(const BusHeader& header, char* at) {
  CHECK(!header.sender.empty());
  wire::Store(header.address.port, at + wire::kPort);
  wire::Store(header.current_epoch, at + wire::kCurrentEpoch);
  wire::Store(header.config_epoch, at + wire::kConfigEpoch);
  wire::Store(header.replication_offset, at + wire::kOffset);
  StoreText(header.sender.view(), at + wire::kSender);
  header.slots.ToWire(std::span<char, SlotSet::kWireBytes>(at + wire::kSlots, SlotSet::kWireBytes));
  StoreText(header.replica_of.view(), at + wire::kReplicaOf);
  StoreText(header.address.ip.field(), at + wire::kIp);
  if (header.norn_level != 0) {
    StoreText(wire::kNornMarkBytes, at + wire::kNornMark);
    wire::Store(header.norn_level, at + wire::kNornLevel);
  }
  wire::Store(header.address.secondary_port, at + wire::kSecondaryPort);
  wire::Store(header.address.bus_port, at + wire::kBusPort);
  wire::Store(header.flags, at + wire::kFlags);
  at[wire::kState] = static_cast<char>(header.health);
  at[wire::kMessageFlags] = static_cast<char>(header.message_flags);
}

// `at` points to wire::kGossipEntryBytes zeros.
void StoreGossip(const GossipEntry& entry, char* at) {
  StoreText(entry.id.view(), at);
  wire::Store(entry.ping_sent_s, at + 40);
  wire::Store(entry.pong_received_s, at + 44);
  StoreText(entry.address.ip.field(), at + 48);
  wire::Store(entry.address.port, at + 94);
  wire::Store(entry.address.bus_port, at + 96);
  wire::Store(entry.flags, at + 98);
  wire::Store(entry.address.secondary_port, at + 100);
}

class BodyWriter {
 public:
  // `begin` is where the message begins in `out`, its header already there.
  BodyWriter(const BusMessage& message, std::string& out, size_t begin)
      : message_(message), out_(out), begin_(begin) {}

  void operator()(const Heartbeat& heartbeat) {
    const size_t count = heartbeat.gossip.size();
    CHECK(count <= UINT16_MAX);
    size_t at = out_.size();
    out_.resize(at + count * wire::kGossipEntryBytes);
    for (const GossipEntry& entry : heartbeat.gossip) {
      StoreGossip(entry, out_.data() + at);
      at += wire::kGossipEntryBytes;
    }
    wire::Store(static_cast<uint16_t>(count), out_.data() + begin_ + wire::kCount);
    const uint16_t extensions = AppendPingExtensions(heartbeat.extensions, out_);
    CHECK(extensions == 0 || (message_.header->message_flags & message_flag::kExtensions) != 0);
    wire::Store(extensions, out_.data() + begin_ + wire::kExtensions);
  }
  void operator()(const Fail& fail) { out_.append(fail.failed.view()); }
  void operator()(const Publish& publish) {
    wire::Append(static_cast<uint32_t>(publish.channel.size()), out_);
    wire::Append(static_cast<uint32_t>(publish.message.size()), out_);
    out_.append(publish.channel).append(publish.message);
  }
  void operator()(const VoteRequest&) {}
  void operator()(const Vote&) {}
  void operator()(const VoteDenial& denial) {
    wire::Append(denial.epoch, out_);
    wire::Append(denial.reason, out_);
    out_.append(7, '\0');
  }
  void operator()(const Update& update) {
    wire::Append(update.config_epoch, out_);
    out_.append(update.owner.view());
    const size_t at = out_.size();
    out_.resize(at + SlotSet::kWireBytes);
    update.slots.ToWire(
        std::span<char, SlotSet::kWireBytes>(out_.data() + at, SlotSet::kWireBytes));
  }
  void operator()(const ManualFailoverStart&) {}
  void operator()(const Module& module) {
    wire::Append(module.module_id, out_);
    wire::Append(static_cast<uint32_t>(module.payload.size()), out_);
    wire::Append(module.type, out_);
    out_.append(module.payload);
  }
  void operator()(const NornBody& body) { out_.append(body.payload); }

 private:
  const BusMessage& message_;
  std::string& out_;
  const size_t begin_;
};

}  // namespace

void AppendBusMessage(const BusMessage& message, std::string& out) {
  const size_t begin = out.size();
  if (const auto* norn = std::get_if<NornBody>(&message.body)) {
    const size_t header = message.header ? wire::kHeaderBytes : wire::kLightHeaderBytes;
    out.reserve(begin + header + norn->payload.size());
  }
  uint16_t type = static_cast<uint16_t>(TypeOf(message.body));
  if (message.header) {
    out.resize(begin + wire::kHeaderBytes);
    StoreHeader(*message.header, out.data() + begin);
  } else {
    CHECK(std::holds_alternative<Publish>(message.body) ||
          std::holds_alternative<Module>(message.body) ||
          std::holds_alternative<NornBody>(message.body));
    out.resize(begin + wire::kLightHeaderBytes);
    type |= wire::kLightBit;
  }
  std::visit(BodyWriter(message, out, begin), message.body);
  const size_t length = out.size() - begin;
  CHECK(length <= UINT32_MAX);
  StoreText(wire::kSignature, out.data() + begin);
  wire::Store(static_cast<uint32_t>(length), out.data() + begin + wire::kLength);
  wire::Store(wire::kVersion, out.data() + begin + wire::kVersionField);
  wire::Store(type, out.data() + begin + wire::kType);
}

std::string EncodeBusMessage(const BusMessage& message) {
  std::string bytes;
  AppendBusMessage(message, bytes);
  return bytes;
}

}  // namespace norn::cluster
