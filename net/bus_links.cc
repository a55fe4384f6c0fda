#include "net/bus_links.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/status.h"
#include "engine/cluster/bus_codec.h"
#include "engine/fiber/spawn.h"
#include "net/address_text.h"

namespace norn::net {
namespace {

using cluster::LinkFacts;
using cluster::LinkId;
using cluster::NodeId;

constexpr size_t kReadBytes = 64 * 1024;
// A PUBLISH may carry what a client may send.
constexpr size_t kMessageBytesMax = size_t{1} << 30;
constexpr Duration kOutOfDescriptorsPause = Duration::Millis(100);

std::string WithoutPort(const std::string& address) {
  if (address.starts_with('[')) return address.substr(1, address.find(']') - 1);
  return address.substr(0, address.rfind(':'));
}

}  // namespace

// Lives on the stack of the fiber that reads it.
struct BusLinks::Link {
  Link(BusLinks& bus, LinkId id, std::unique_ptr<env::Stream> transport)
      : bus(bus),
        id(id),
        stream(std::move(transport)),
        output(bus.env_.executor(), *stream),
        facts{WithoutPort(stream->PeerAddress()), WithoutPort(stream->LocalAddress())} {
    bus.links_[id] = this;
  }
  ~Link() { bus.links_.erase(id); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  BusLinks& bus;
  const LinkId id;
  std::unique_ptr<env::Stream> stream;
  Output output;
  const LinkFacts facts;
  std::string partial;  // of a message that is not complete
  bool closed = false;  // by Close
};

BusLinks::BusLinks(env::Env& env, env::Logger& log, BusOwner& owner)
    : env_(env), log_(log), owner_(owner), scratch_(kReadBytes) {}

BusLinks::~BusLinks() = default;

absl::Status BusLinks::Listen(const std::string& address, int backlog) {
  auto listener = env_.network().Listen(address, env::ListenOptions{.backlog = backlog});
  if (!listener.ok()) return listener.status();
  listeners_.push_back(*std::move(listener));
  SpawnFiber(env_.executor(), [this, raw = listeners_.back().get()] { AcceptLoop(raw); });
  return absl::OkStatus();
}

void BusLinks::StopListening() {
  for (const auto& listener : listeners_) listener->Close();
}

void BusLinks::CloseAll() {
  for (const auto& [id, link] : links_) {
    link->closed = true;
    link->stream->Close();
  }
}

void BusLinks::AcceptLoop(env::Listener* listener) {
  for (;;) {
    auto stream = listener->Accept();
    if (stream.ok()) {
      SpawnFiber(env_.executor(), [this, stream = *std::move(stream)]() mutable {
        Link link(*this, NextId(), std::move(stream));
        owner_.OnAccepted(link.id, link.facts);
        Serve(link);
      });
      continue;
    }
    if (!absl::IsResourceExhausted(stream.status())) break;
    log_.Warning("Error accepting a cluster bus connection: {}", MessageOf(stream.status()));
    env_.executor().Park(env_.clock().Now() + kOutOfDescriptorsPause);
  }
  std::erase_if(listeners_, [listener](const auto& own) { return own.get() == listener; });
}

void BusLinks::Connect(const NodeId& node, const std::string& ip, uint16_t port,
                       Duration patience) {
  SpawnFiber(env_.executor(), [this, node, patience, address = AddressText(ip, port)] {
    auto stream = env_.network().Connect(address, env_.clock().Now() + patience);
    if (!stream.ok()) {
      return owner_.OnConnectFailed(node, absl::IsUnavailable(stream.status()));
    }
    Link link(*this, NextId(), *std::move(stream));
    owner_.OnConnected(node, link.id, link.facts);
    Serve(link);
  });
}

void BusLinks::Serve(Link& link) {
  while (ReadSome(link)) {
  }
  const bool tell = !link.closed;
  link.closed = true;
  link.stream->Close();
  if (tell) owner_.OnLinkDown(link.id);
  link.output.AwaitEnd();
}

bool BusLinks::ReadSome(Link& link) {
  // The scratch is shared: no buffer while this fiber is parked.
  if (!link.stream->Read({}, Instant::Never()).ok() || link.closed) return false;
  const env::IoResult read = link.stream->Read(scratch_, Instant::Past());
  if (read.code == env::IoCode::kDeadline) return true;
  if (!read.ok()) return false;
  std::string_view bytes(scratch_.data(), read.bytes);
  if (!link.partial.empty()) {
    link.partial.append(bytes);
    std::string whole = std::move(link.partial);
    std::string_view rest = whole;
    if (!TakeMessages(link, rest)) return false;
    whole.erase(0, whole.size() - rest.size());
    link.partial = std::move(whole);
  } else {
    // What is left over is kept before anything else can use the scratch: nothing parks on the way.
    if (!TakeMessages(link, bytes)) return false;
    link.partial.assign(bytes);
  }
  if (link.partial.empty()) {
    link.partial.shrink_to_fit();
  } else {
    owner_.OnBytes(link.id);
  }
  return !link.closed;
}

// Leaves in `bytes` what is not a whole message yet. False: the link ends.
bool BusLinks::TakeMessages(Link& link, std::string_view& bytes) {
  while (!bytes.empty()) {
    const absl::StatusOr<size_t> needed = cluster::NextBusMessageBytes(bytes, kMessageBytesMax);
    if (!needed.ok()) {
      log_.Warning("Bad message length or signature received from {} on the cluster bus: {}",
                   link.facts.peer_ip, MessageOf(needed.status()));
      return false;
    }
    if (bytes.size() < *needed) return true;
    const absl::Status decoded = cluster::DecodeBusMessage(bytes.substr(0, *needed), message_);
    bytes.remove_prefix(*needed);
    if (!decoded.ok()) {
      log_.Debug("Message on the cluster bus from {} ignored: {}", link.facts.peer_ip,
                 MessageOf(decoded));
      continue;
    }
    owner_.OnMessage(link.id, message_);
    if (link.closed) return false;
  }
  return true;
}

void BusLinks::Send(LinkId id, std::string_view bytes, size_t pending_max) {
  const auto found = links_.find(id);
  if (found == links_.end() || found->second->closed) return;
  Link& link = *found->second;
  outgoing_.Append(bytes);
  const bool sent = link.output.Send(outgoing_);
  outgoing_.Clear();
  if (sent && (pending_max == 0 || link.output.pending_bytes() <= pending_max)) return;
  if (sent) {
    ++dropped_by_limit_;
    log_.Warning("Cluster bus link to {} closed: {} bytes unsent exceed cluster-link-sendbuf-limit",
                 link.facts.peer_ip, link.output.pending_bytes());
  }
  link.stream->Close();  // the reading fiber tells the owner
}

void BusLinks::Close(LinkId id) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  found->second->closed = true;
  found->second->stream->Close();
}

size_t BusLinks::PendingBytes(LinkId id) const {
  const auto found = links_.find(id);
  return found == links_.end() ? 0 : found->second->output.pending_bytes();
}

size_t BusLinks::BufferBytes(LinkId id) const {
  const auto found = links_.find(id);
  return found == links_.end() ? 0 : found->second->output.capacity_bytes();
}

}  // namespace norn::net
