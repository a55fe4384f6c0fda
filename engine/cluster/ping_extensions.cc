#include "engine/cluster/ping_extensions.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/plant.h"
#include "engine/cluster/bus_wire.h"
#include "engine/cluster/ip_text.h"

namespace norn::cluster {
namespace {

constexpr size_t kAlignBytes = 8;

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void Add(ExtensionType type, std::string_view body) {
    const size_t padded = (body.size() + kAlignBytes - 1) / kAlignBytes * kAlignBytes;
    wire::Append(static_cast<uint32_t>(wire::kExtensionHeaderBytes + padded), out_);
    wire::Append(static_cast<uint16_t>(type), out_);
    out_.append(2, '\0');
    out_.append(body);
    out_.append(padded - body.size(), '\0');
    ++count_;
  }
  void AddText(ExtensionType type, const std::string& text) {
    if (text.empty()) return;
    CHECK(text.size() <= PingExtensions::kTextCharsMax);
    Add(type, std::string_view(text.c_str(), text.size() + 1));  // with the zero behind it
  }
  void AddPort(ExtensionType type, const std::optional<uint16_t>& port) {
    if (!port) return;
    std::string body;
    wire::Append(*port, body);
    Add(type, body);
  }
  uint16_t count() const {
    CHECK(count_ <= UINT16_MAX);
    return static_cast<uint16_t>(count_);
  }

 private:
  std::string& out_;
  size_t count_ = 0;
};

// Valkey: no check at all of what the text says. It ends up in nodes.conf, so we keep only what can be read back from there.
bool ReadText(std::string_view body, std::string& text) {
  const size_t end = body.find('\0');
  if (end == std::string_view::npos || end > PingExtensions::kTextCharsMax) return false;
  if (!IsPlainText(body.substr(0, end))) return false;
  text = body.substr(0, end);
  return true;
}

bool ReadPort(std::string_view body, std::optional<uint16_t>& port) {
  if (body.size() < sizeof(uint16_t)) return false;
  port = wire::Load<uint16_t>(body, 0);
  return true;
}

bool ReadForgotten(std::string_view body, std::vector<ForgottenNode>& forgotten) {
  if (body.size() < kNodeIdChars + sizeof(uint64_t)) return false;
  const std::optional<NodeId> id = NodeId::Parse(body.substr(0, kNodeIdChars));
  if (!id) return false;
  forgotten.push_back({.id = *id, .ttl_s = wire::Load<uint64_t>(body, kNodeIdChars)});
  return true;
}

bool ReadShardId(std::string_view body, ClusterShardId& shard_id) {
  const std::optional<ClusterShardId> id = ClusterShardId::Parse(body.substr(0, kNodeIdChars));
  if (!id) return false;
  shard_id = *id;
  return true;
}

bool ReadNorn(std::string_view body, std::string& norn) {
  if (body.size() < sizeof(uint32_t)) return false;
  const uint32_t length = wire::Load<uint32_t>(body, 0);
  if (length > body.size() - sizeof(uint32_t)) return false;
  norn = body.substr(sizeof(uint32_t), length);
  return true;
}

// False: of no known type, or not to be kept.
bool ReadOne(uint16_t type, std::string_view body, PingExtensions& extensions) {
  switch (static_cast<ExtensionType>(type)) {
    case ExtensionType::kHostname:
      return ReadText(body, extensions.hostname);
    case ExtensionType::kHumanNodename:
      return ReadText(body, extensions.human_nodename);
    case ExtensionType::kForgottenNode:
      return ReadForgotten(body, extensions.forgotten);
    case ExtensionType::kShardId:
      return ReadShardId(body, extensions.shard_id);
    case ExtensionType::kClientIpv4:
      return ReadText(body, extensions.client_ipv4);
    case ExtensionType::kClientIpv6:
      return ReadText(body, extensions.client_ipv6);
    case ExtensionType::kClientPort:
      return ReadPort(body, extensions.client_port);
    case ExtensionType::kClientTlsPort:
      return ReadPort(body, extensions.client_tls_port);
    case ExtensionType::kNorn:
      return ReadNorn(body, extensions.norn);
  }
  return false;
}

absl::Status Bad(size_t index, size_t at, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("extension {} at byte {}: {}", index, at, why));
}

}  // namespace

uint16_t AppendPingExtensions(const PingExtensions& extensions, std::string& out) {
  Writer writer(out);
  writer.AddText(ExtensionType::kHostname, extensions.hostname);
  writer.AddText(ExtensionType::kHumanNodename, extensions.human_nodename);
  writer.AddText(ExtensionType::kClientIpv4, extensions.client_ipv4);
  writer.AddText(ExtensionType::kClientIpv6, extensions.client_ipv6);
  writer.AddPort(ExtensionType::kClientPort, extensions.client_port);
  writer.AddPort(ExtensionType::kClientTlsPort, extensions.client_tls_port);
  for (const ForgottenNode& node : extensions.forgotten) {
    std::string body(node.id.view());
    wire::Append(node.ttl_s, body);
    writer.Add(ExtensionType::kForgottenNode, body);
  }
  if (!extensions.shard_id.empty()) {
    writer.Add(ExtensionType::kShardId, extensions.shard_id.view());
  }
  if (!extensions.norn.empty()) {
    std::string body;
    wire::Append(static_cast<uint32_t>(extensions.norn.size()), body);
    writer.Add(ExtensionType::kNorn, body.append(extensions.norn));
  }
  return writer.count();
}

absl::Status DecodePingExtensions(std::string_view section, uint16_t count, size_t offset_bytes,
                                  PingExtensions& extensions) {
  extensions = PingExtensions();
  size_t at = 0;
  for (size_t index = 0; index < count; ++index) {
    CHECK(at <= section.size());
    const size_t left = section.size() - at;
    if (left < wire::kExtensionHeaderBytes) {
      return Bad(index, offset_bytes + at, "the message ends here");
    }
    const uint32_t length = wire::Load<uint32_t>(section, at);  // B73: 32 bits, kept as such
    const uint32_t checked = NORN_PLANTED("B73") ? static_cast<uint16_t>(length) : length;
    if (checked < wire::kExtensionHeaderBytes || checked % kAlignBytes != 0 || checked > left) {
      return Bad(index, offset_bytes + at,
                 fmt::format("a length of {} with {} bytes left", length, left));
    }
    const uint16_t type = wire::Load<uint16_t>(section, at + sizeof(uint32_t));
    const std::string_view body =
        section.substr(at + wire::kExtensionHeaderBytes, length - wire::kExtensionHeaderBytes);
    if (!ReadOne(type, body, extensions)) ++extensions.skipped;
    at += length;
  }
  if (at == section.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{} bytes behind the last extension at byte {}",
                                                section.size() - at, offset_bytes + at));
}

}  // namespace norn::cluster
