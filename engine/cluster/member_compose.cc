// What a member says: headers, heartbeats with their gossip, and to whom.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/plant.h"
#include "engine/cluster/bus_codec.h"
#include "engine/cluster/member.h"
#include "engine/cluster/norn_words.h"

namespace norn::cluster {

namespace {

// Valkey: a tenth of the cluster, at least three.
constexpr size_t kGossipShare = 10;
constexpr size_t kGossipMin = 3;
// Norn nodes of a big cluster: everybody is known, and suspicions travel otherwise.
constexpr size_t kNornGossipMax = 8;
constexpr size_t kNornSuspectsMax = 32;
// Up to so many nodes every norn node hears of every suspicion at once.
constexpr size_t kJudgesAll = 64;
constexpr size_t kJudgesBesides = 3;  // besides those of the suspect's shard
constexpr Duration kFullBeatPerNode = Duration::Millis(10);
constexpr Duration kRetell = Duration::Millis(500);

IpText IpOf(std::string_view text) { return IpText::Parse(text).value_or(IpText()); }

uint32_t Seconds(int64_t unix_ms) { return static_cast<uint32_t>(unix_ms / 1000); }

NodeFlags HealthFlags(Health health) {
  switch (health) {
    case Health::kUp:
      return 0;
    case Health::kSuspected:
      return node_flag::kPossiblyFailed;
    case Health::kFailed:
      return node_flag::kFailed;
  }
  CHECK(false);
}

NodeFlags FlagsOf(const ClusterNode& node) {
  NodeFlags flags = node.is_primary() ? node_flag::kPrimary : node_flag::kReplica;
  flags |= HealthFlags(node.health);
  if (node.told.no_failover) flags |= node_flag::kNoFailover;
  if (node.has_spare_claim) flags |= node_flag::kMigrateTo;
  if (node.address_lost) flags |= node_flag::kNoAddress;
  return flags;
}

constexpr NodeFlags kAbilities =
    node_flag::kExtensions | node_flag::kLightPublish | node_flag::kLightModule;

}  // namespace

NodeAddress Member::AddressOf(const NodeEndpoint& endpoint) const {
  return {.ip = IpOf(endpoint.ip),
          .port = options_.tls ? endpoint.tls_port : endpoint.port,
          .secondary_port = options_.tls ? endpoint.port : endpoint.tls_port,
          .bus_port = endpoint.bus_port};
}

BusHeader Member::Header() const {
  const Claim claim = view_->OwnClaim();
  const ClusterNode& self = view_->self();
  BusHeader header{.sender = self.id,
                   .replica_of = self.primary,
                   .slots = claim.slots,
                   .current_epoch = claim.current_epoch,
                   .config_epoch = claim.config_epoch,
                   .replication_offset = data_.offset,
                   .address = AddressOf(options_.announced),
                   .health = view_->state().ok ? ClusterHealth::kOk : ClusterHealth::kFail,
                   .message_flags = message_flag::kExtensions,
                   .norn_level = kNornLevel};
  header.flags = FlagsOf(self) | node_flag::kMyself | kAbilities;
  if (options_.no_failover) header.flags |= node_flag::kNoFailover;
  if (options_.old_bus) {
    header.flags &= ~kAbilities;
    header.message_flags = 0;
    header.norn_level = 0;
  }
  if (election_->paused() && writes_held_) header.message_flags |= message_flag::kPaused;
  return header;
}

PingExtensions Member::ExtensionsFor(bool to_norn) {
  PingExtensions extensions{.hostname = options_.hostname,
                            .human_nodename = options_.human_name,
                            .client_ipv4 = options_.client_ipv4,
                            .client_ipv6 = options_.client_ipv6,
                            .shard_id = view_->self().shard};
  std::erase_if(to_forget_, [this](const auto& entry) { return entry.second < last_step_; });
  for (const auto& [id, until] : to_forget_) {
    extensions.forgotten.push_back(
        {.id = id, .ttl_s = static_cast<uint64_t>((until - last_step_).ns / 1000000000)});
  }
  if (to_norn) {
    extensions.norn = EncodeHeartbeatFacts({.history = OwnHistory(),
                                            .hears_quorum = view_->self().hears_quorum,
                                            .released = election_->released()});
  }
  return extensions;
}

GossipEntry Member::GossipOf(const ClusterNode& node) const {
  GossipEntry entry{.id = node.id, .address = AddressOf(node.endpoint), .flags = FlagsOf(node)};
  if (const Peer* peer = FindPeer(node)) {
    // Evidence, to those who count it: not of whom this node hears itself, even before it may undo a verdict.
    if (detector_->Hears(*peer->facts, last_step_)) {
      entry.flags &= static_cast<NodeFlags>(~(node_flag::kPossiblyFailed | node_flag::kFailed));
    }
    entry.ping_sent_s = Seconds(peer->ping_sent_wall_ms);
    entry.pong_received_s = Seconds(peer->pong_wall_ms);
    entry.flags |= peer->shown_flags & kAbilities;
  }
  return entry;
}

// Whoever is suspected is always in it (B21); of the others the next few in turn. Each peer has a turn of its own: with one for all
// of them, a small cluster falls into step, and one peer is never told of one node.
void Member::AddGossip(Heartbeat& beat, const NodeId& to, NodeId& cursor) {
  const auto& nodes = view_->nodes();
  const auto may_tell = [&](const ClusterNode& node) {
    return &node != &view_->self() && node.id != to && !node.endpoint.ip.empty();
  };
  const bool to_norn = IsNorn(to);
  size_t wanted = std::max(kGossipMin, nodes.size() / kGossipShare);
  if (to_norn) wanted = std::min(wanted, kNornGossipMax);
  if (NORN_PLANTED("B21")) wanted = kGossipMin;
  for (const NodeId& id : view_->suspects()) {
    const ClusterNode& node = *view_->Find(id);
    if (NORN_PLANTED("B21")) break;
    if (to_norn && beat.gossip.size() >= kNornSuspectsMax) break;
    if (may_tell(node)) beat.gossip.push_back(GossipOf(node));
  }
  auto at = nodes.upper_bound(cursor);
  size_t told = 0;
  for (size_t seen = 0; seen < nodes.size() && told < wanted; ++seen) {
    if (at == nodes.end()) at = nodes.begin();
    const ClusterNode& node = at->second;
    cursor = node.id;
    ++at;
    const bool told_already = node.health == Health::kSuspected && !NORN_PLANTED("B21");
    if (told_already || !may_tell(node)) continue;
    beat.gossip.push_back(GossipOf(node));
    ++told;
  }
}

Heartbeat Member::Beat(Heartbeat::Kind kind, Peer* peer, const NodeId& to) {
  Heartbeat beat{.kind = kind};
  NodeId of_stranger;
  AddGossip(beat, to, peer != nullptr ? peer->gossip_cursor : of_stranger);
  const bool knows = peer != nullptr && ((peer->shown_flags & node_flag::kExtensions) != 0 ||
                                         IsNorn(to) || NORN_PLANTED("B68"));
  if (knows && !options_.old_bus) beat.extensions = ExtensionsFor(IsNorn(to));
  return beat;
}

void Member::SendOn(LinkId link, const BusMessage& message) {
  ++sent_[CounterOf(TypeOf(message.body))];
  Do(member_action::Send{link, EncodeBusMessage(message)});
}

void Member::SendTo(const NodeId& node, BusBody body, uint8_t message_flags) {
  const Peer* peer = FindPeer(node);
  if (peer == nullptr || !peer->link) return;
  BusHeader header = Header();
  header.message_flags |= message_flags;
  SendOn(*peer->link, {.header = std::move(header), .body = std::move(body)});
}

void Member::SendBeat(const NodeId& to, Heartbeat::Kind kind, Instant now) {
  const ClusterNode* node = view_->Find(to);
  if (node == nullptr || node == &view_->self()) return;
  Peer& peer = PeerOf(*node);
  if (!peer.link) return;
  if (kind != Heartbeat::Kind::kPong) {
    if (!peer.facts->ping_sent) peer.ping_sent_wall_ms = wall_.unix_ms();
    detector_->OnPingSent(to, now);
  }
  SendBeatOn(*peer.link, peer, kind);
}

Duration Member::FullBeatEvery() const {
  return std::max(options_.topology.node_timeout / 2,
                  kFullBeatPerNode * static_cast<int64_t>(view_->nodes().size()));
}

void Member::SendBeatOn(LinkId id, Peer& peer, Heartbeat::Kind kind) {
  const auto at = links_.find(id.value);
  if (at != links_.end()) SendBeatOn(id, *at->second, peer, kind);
}

void Member::SendBeatOn(LinkId id, Link& link, Peer& peer, Heartbeat::Kind kind) {
  const Instant now = std::max(last_step_, peer.told_at);
  const bool own = peer.link == id;
  // Paused, its offset is what the replica must reach: told with the flag each time.
  const bool known = peer.told_claim == claim_version_ && now - peer.told_at < FullBeatEvery() &&
                     link.introduced && !election_->paused();
  const bool takes_light = IsNorn(*peer.node) || NORN_PLANTED("B69");
  if (known && takes_light && kind != Heartbeat::Kind::kMeet) {
    return SendOn(
        id, {.header = {},
             .body = NornBody{EncodeNornNews(LightBeat{.is_pong = kind == Heartbeat::Kind::kPong,
                                                       .hears_quorum = view_->self().hears_quorum,
                                                       .current_epoch = view_->current_epoch(),
                                                       .history = OwnHistory()})}});
  }
  link.introduced = true;
  peer.introduced |= own;
  peer.told_claim = claim_version_;
  peer.told_at = last_step_;
  SendOn(id, {.header = Header(), .body = Beat(kind, &peer, peer.node->id)});
}

void Member::SendNorn(const Peer& to, std::string payload) {
  if (!to.link) return;
  BusMessage message{.header = {}, .body = NornBody{std::move(payload)}};
  if (!to.introduced) message.header = Header();
  SendOn(*to.link, message);
}

void Member::SendUpdate(const NodeId& to, const NodeId& about) {
  const ClusterNode* owner = view_->Find(about);
  if (owner == nullptr) return;
  SendTo(to, Update{.config_epoch = owner->config_epoch,
                    .owner = about,
                    .slots = view_->SlotsToTell(*owner)});
}

void Member::SendElection(const NodeId& to, const ElectionMessage& message) {
  if (const auto* request = std::get_if<LegacyVoteRequest>(&message)) {
    return SendTo(to, VoteRequest{}, request->force ? message_flag::kForceVote : 0);
  }
  if (std::holds_alternative<LegacyVote>(message)) return SendTo(to, Vote{});
  if (std::holds_alternative<ManualStart>(message)) return SendTo(to, ManualFailoverStart{});
  const Peer* peer = FindPeer(to);
  const bool norn = peer != nullptr && peer->node->told.norn_level > 0;
  if (norn) SendNorn(*peer, EncodeElectionMessage(message));  // M2
}

void Member::TellEveryone(Instant now) {
  NoteClaim();
  for (const auto& [id, node] : view_->nodes()) {
    if (&node != &view_->self()) SendBeat(id, Heartbeat::Kind::kPong, now);
  }
}

// Who counts the votes about a suspect: in a small cluster all, else those who would replace it and the next few in order of
// their names, so that N observers of K suspects say N * K things and not N * N * K. Whoever reaches the verdict tells all. Nobody
// depends on it: suspicions are in the full beats too.
std::vector<NodeId> Member::JudgesOf(const NodeId& suspect) const {
  std::vector<NodeId> judges;
  const auto may_judge = [&](const ClusterNode& node) {
    return &node != &view_->self() && node.told.norn_level > 0 && node.health == Health::kUp;
  };
  const auto& nodes = view_->nodes();
  if (nodes.size() <= kJudgesAll) {
    for (const auto& [id, node] : nodes) {
      if (may_judge(node)) judges.push_back(id);
    }
    return judges;
  }
  const ClusterNode* failing = view_->Find(suspect);
  if (failing == nullptr) return judges;
  for (const ClusterNode* node : view_->MembersOf(failing->shard)) {
    if (may_judge(*node)) judges.push_back(node->id);
  }
  const size_t wanted = judges.size() + kJudgesBesides;
  auto at = nodes.upper_bound(suspect);
  for (size_t seen = 0; seen < nodes.size() && judges.size() < wanted; ++seen, ++at) {
    if (at == nodes.end()) at = nodes.begin();
    if (may_judge(at->second) && at->second.shard != failing->shard) judges.push_back(at->first);
  }
  return judges;
}

// What is new, and now and then all of it: a judge may have changed, a link been lost.
void Member::TellSuspicions(Instant now) {
  const std::set<NodeId>& suspects = view_->suspects();
  if (!suspects.empty() && now >= retell_at_) {
    suspicions_to_tell_.assign(suspects.begin(), suspects.end());
    retell_at_ = now + kRetell;
  }
  std::map<NodeId, Suspicions> news;
  for (const NodeId& id : std::exchange(suspicions_to_tell_, {})) {
    if (!suspects.contains(id)) continue;
    for (const NodeId& judge : JudgesOf(id)) news[judge].failing.push_back(id);
  }
  for (const NodeId& id : std::exchange(cleared_to_tell_, {})) {
    for (const NodeId& judge : JudgesOf(id)) news[judge].up.push_back(id);
  }
  for (const auto& [judge, told] : news) {
    if (const Peer* peer = FindPeer(judge)) SendNorn(*peer, EncodeNornNews(told));
  }
}

void Member::TellVerdicts(const std::vector<NodeId>& failed) {
  const std::string payload = EncodeNornNews(Verdicts{failed});
  for (const auto& [id, node] : view_->nodes()) {
    const Peer* peer = FindPeer(node);
    if (peer == nullptr || !peer->link) continue;
    if (node.told.norn_level > 0) {
      SendNorn(*peer, payload);
      continue;
    }
    for (const NodeId& each : failed) SendTo(id, Fail{each});
  }
}

void Member::Publish(bool sharded, std::string_view channel, std::string_view message) {
  const NodeId& self = view_->self().id;
  for (const auto& [id, node] : view_->nodes()) {
    const Peer* peer = FindPeer(node);
    if (id == self || peer == nullptr || !peer->link) continue;
    if (sharded && node.shard != view_->self().shard) continue;
    BusMessage out{.body = norn::cluster::Publish{.sharded = sharded,
                                                  .channel = std::string(channel),
                                                  .message = std::string(message)}};
    if ((peer->shown_flags & node_flag::kLightPublish) == 0) out.header = Header();
    SendOn(*peer->link, out);
  }
}

// ---- what others look at ----

NodeLine Member::LineOf(const ClusterNode& node) const {
  const bool self = &node == &view_->self();
  NodeLine line{.id = node.id,
                .ip = IpOf(node.endpoint.ip),
                .tcp_port = node.endpoint.port,
                .tls_port = node.endpoint.tls_port,
                .bus_port = node.endpoint.bus_port,
                .hostname = node.told.hostname,
                .human_nodename = node.told.human_name,
                .shard_id = node.shard,
                .flags = FlagsOf(node),
                .replica_of = node.primary,
                .config_epoch = node.config_epoch};
  if (!node.is_primary()) {
    const ClusterNode* primary = view_->Find(node.primary);
    line.config_epoch = primary != nullptr ? primary->config_epoch : 0;
  }
  for (const SlotRange range : node.slots) line.slots.SetRange(range);
  if (self) {
    line.ip = IpOf(options_.announced.ip.empty() ? own_ip_ : options_.announced.ip);
    line.tcp_port = options_.announced.port;
    line.tls_port = options_.announced.tls_port;
    line.bus_port = options_.announced.bus_port;
    line.client_ipv4 = options_.client_ipv4;
    line.client_ipv6 = options_.client_ipv6;
    line.flags |= node_flag::kMyself;
    line.connected = true;
    for (const auto& [slot, to] : migrating_) {
      line.open_slots.push_back({slot, OpenSlot::Way::kMigratingTo, to});
    }
    for (const auto& [slot, from] : importing_) {
      line.open_slots.push_back({slot, OpenSlot::Way::kImportingFrom, from});
    }
    std::ranges::sort(line.open_slots, {}, [](const OpenSlot& open) { return open.slot; });
    return line;
  }
  if (const Peer* peer = FindPeer(node)) {
    line.connected = peer->link.has_value();
    const bool waits = peer->facts->ping_sent.has_value();
    line.ping_sent_ms = waits ? peer->ping_sent_wall_ms : 0;
    line.pong_received_ms = peer->pong_wall_ms;
  }
  if (const auto told = client_addresses_.find(node.id); told != client_addresses_.end()) {
    line.client_ipv4 = told->second.ipv4;
    line.client_ipv6 = told->second.ipv6;
  }
  return line;
}

std::vector<NodeLine> Member::Lines() const {
  std::vector<NodeLine> lines;
  for (const auto& [id, node] : view_->nodes()) lines.push_back(LineOf(node));
  for (const auto& [id, handshake] : handshakes_) {
    lines.push_back({.id = id,
                     .ip = IpOf(handshake.ip),
                     .tcp_port = handshake.port,
                     .bus_port = handshake.bus_port,
                     .flags = node_flag::kHandshake,
                     .connected = handshake.link.has_value()});
  }
  return lines;
}

NodesFile Member::File() const {
  NodesFile file{.current_epoch = view_->current_epoch(),
                 .last_vote_epoch = election_->record().last_vote_epoch};
  NornMemory memory{.record = election_->record(),
                    .data_reign = data_reign_,
                    .uncopied = !data_is_of_shard_,
                    .config_epoch = view_->self().config_epoch};
  memory.record.last_vote_epoch = 0;
  for (const auto& [id, node] : view_->nodes()) {
    file.nodes.push_back(LineOf(node));
    if (node.told.norn_level > 0) memory.norn_nodes.insert(id);
  }
  file.norn = NornMemoryText(memory);
  return file;
}

std::vector<LinkRow> Member::Links() const {
  std::vector<LinkRow> rows;
  for (const auto& [id, link] : links_) {
    if (link->node.empty() || view_->Find(link->node) == nullptr) continue;
    rows.push_back({.link = LinkId{id},
                    .outgoing = link->outgoing,
                    .node = link->node,
                    .created_unix_ms = link->created_unix_ms});
  }
  std::ranges::sort(rows, {}, &LinkRow::link);
  return rows;
}

size_t Member::CounterOf(BusType type) {
  return std::min(static_cast<size_t>(type), kCountedTypes - 1);
}

BusCounters Member::counters() const {
  BusCounters counters;
  for (size_t i = 0; i < kCountedTypes; ++i) {
    const BusType type =
        i + 1 == kCountedTypes ? BusType::kNorn : BusType{static_cast<uint16_t>(i)};
    if (sent_[i] > 0) counters.sent[NameOf(type)] += sent_[i];
    if (received_[i] > 0) counters.received[NameOf(type)] += received_[i];
  }
  return counters;
}

// ---- routes ----

std::string Member::EndpointText(const ClusterNode& node) const {
  const bool self = &node == &view_->self();
  const NodeEndpoint& endpoint = self ? options_.announced : node.endpoint;
  const std::string& ip = self && endpoint.ip.empty() ? own_ip_ : endpoint.ip;
  const uint16_t port = options_.tls ? endpoint.tls_port : endpoint.port;
  switch (options_.preferred_endpoint) {
    case MemberOptions::Endpoint::kIp:
      return fmt::format("{}:{}", ip, port);
    case MemberOptions::Endpoint::kHostname:
      return fmt::format("{}:{}", node.told.hostname.empty() ? "?" : node.told.hostname, port);
    case MemberOptions::Endpoint::kUnknown:
      return fmt::format(":{}", port);
  }
  CHECK(false);
}

SlotRoutes Member::Routes() const {
  SlotRoutes routes{.state = view_->state(), .is_primary = view_->self().is_primary()};
  routes.owners.assign(kSlotCount, kNoRoute);
  std::map<NodeId, RouteIndex> indices;
  const auto index_of = [&](const NodeId& id) {
    const ClusterNode* node = view_->Find(id);
    if (node == nullptr) return kNoRoute;
    const auto [at, added] = indices.try_emplace(id, static_cast<RouteIndex>(routes.nodes.size()));
    if (added) routes.nodes.push_back({.id = id, .endpoint = EndpointText(*node)});
    return at->second;
  };
  for (const auto& [id, node] : view_->nodes()) {
    if (!node.owns_slots()) continue;
    const RouteIndex index = index_of(id);
    for (const SlotRange range : node.slots) {
      std::fill(routes.owners.begin() + range.first.value,
                routes.owners.begin() + range.last.value + 1, index);
    }
  }
  const ClusterNode& self = view_->self();
  if (self.owns_slots()) routes.self = index_of(self.id);
  if (!self.is_primary()) routes.primary = index_of(self.primary);
  for (const auto& [slot, to] : migrating_) routes.migrating[slot] = index_of(to);
  for (const auto& [slot, from] : importing_) routes.importing[slot] = index_of(from);
  if (!self.is_primary()) return routes;
  routes.held = held_;
  for (const auto& [to, slots] : GivenUp()) routes.held |= slots;
  return routes;
}

}  // namespace norn::cluster
