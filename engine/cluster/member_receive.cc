// What a member hears. Who is a stranger, who is believed, and what each message changes.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/cover.h"
#include "engine/cluster/member.h"
#include "engine/cluster/norn_words.h"

namespace norn::cluster {

using member_action::Log;

namespace {

NodeEndpoint EndpointFrom(const NodeAddress& address, std::string_view link_ip, bool tls) {
  NodeEndpoint endpoint{.ip = address.ip.empty() ? std::string(link_ip) : address.ip.str(),
                        .port = address.port,
                        .tls_port = address.secondary_port,
                        .bus_port = address.bus_port};
  if (tls) std::swap(endpoint.port, endpoint.tls_port);
  return endpoint;
}

// A handshake's end is noticed by the next step.
constexpr Duration kHandshakeSlack = Duration::Millis(500);

bool IsFailing(NodeFlags flags) {
  return (flags & (node_flag::kPossiblyFailed | node_flag::kFailed)) != 0;
}

}  // namespace

void Member::OnMessage(LinkId id, const BusMessage& message, Instant now, WallTime wall) {
  wall_ = wall;
  const auto found = links_.find(id.value);
  if (found == links_.end()) return;
  Link& link = *found->second;
  ++received_[CounterOf(TypeOf(message.body))];
  if (options_.old_bus && TakenAsOldServer(id, message, now)) return;
  if (!message.header) return OnLight(id, link, message.body, now);
  const BusHeader& header = *message.header;
  const Arrival arrival{id, header, view_->Find(header.sender), now};
  if (header.sender == view_->self().id && !link.outgoing) return;  // it talks to itself
  if (arrival.sender != nullptr && arrival.sender != &view_->self()) {
    if (link.node.empty()) link.node = header.sender;  // M1
    Peer& peer = PeerOf(*arrival.sender);
    if (!meet_again_.empty()) NoteWhoKnows(link, message, now);
    detector_->OnData(*peer.facts, now);
    peer.shown_flags = header.flags;
    if ((header.message_flags & message_flag::kExtensions) != 0) {
      peer.shown_flags |= node_flag::kExtensions;
    }
    view_->ObserveEpoch(std::max(header.current_epoch, header.config_epoch));
  }
  if (const auto* beat = std::get_if<Heartbeat>(&message.body)) return OnHeartbeat(arrival, *beat);
  if (arrival.sender != nullptr) OnMemberMessage(arrival, message.body);
}

// Whoever only shakes hands gives the link up in time: what lasts longer is a member's. Until then its words put a MEET off.
void Member::NoteWhoKnows(const Link& link, const BusMessage& message, Instant now) {
  const auto doubted = meet_again_.find(message.header->sender);
  if (link.outgoing || doubted == meet_again_.end()) return;
  if (now - link.since > HandshakePatience() + kHandshakeSlack) {
    meet_again_.erase(doubted);
  } else {
    const auto* beat = std::get_if<Heartbeat>(&message.body);
    if (beat != nullptr && beat->kind == Heartbeat::Kind::kMeet) return;
    doubted->second = now + HandshakePatience();
  }
}

bool Member::TakenAsOldServer(LinkId link, const BusMessage& message, Instant now) {
  if (!message.header) {
    DropLink(link, now);
    return true;
  }
  const auto* beat = std::get_if<Heartbeat>(&message.body);
  if (beat == nullptr) return std::holds_alternative<NornBody>(message.body);
  return beat->extensions != PingExtensions();
}

// The link knows who speaks.
void Member::OnLight(LinkId id, Link& link, const BusBody& body, Instant now) {
  Peer* peer = PeerAt(link);
  if (peer == nullptr) {
    NORN_COVER("light_beat_of_stranger");
    // It introduced itself before it was a member here, and would wait for an answer for ever: let it begin anew.
    if (std::holds_alternative<NornBody>(body)) DropLink(id, now);
    return;
  }
  if (!meet_again_.empty()) meet_again_.erase(link.node);  // strangers are not spoken to like that
  detector_->OnData(*peer->facts, now);
  if (const auto* publish = std::get_if<norn::cluster::Publish>(&body)) return Deliver(*publish);
  const auto* norn = std::get_if<NornBody>(&body);
  if (norn == nullptr) return;
  const std::optional<NornNews> news = DecodeNornNews(norn->payload);
  const auto* beat = news ? std::get_if<LightBeat>(&*news) : nullptr;
  const NodeId from =
      beat == nullptr ? link.node : NodeId();  // the link may be gone before its message
  if (!news) return OnNorn(from, *norn, now);
  if (beat == nullptr) return OnNews(from, *news, now);
  OnLightBeat(id, link, *peer, *beat, now);
}

void Member::OnLightBeat(LinkId id, Link& link, Peer& peer, const LightBeat& beat, Instant now) {
  view_->ObserveEpoch(beat.current_epoch);
  view_->ApplyNews(*peer.node, beat.history, beat.hears_quorum, now);
  if (!beat.is_pong) return SendBeatOn(id, link, peer, Heartbeat::Kind::kPong);
  if (!link.outgoing) return;
  peer.pong_wall_ms = wall_.unix_ms();
  Apply(detector_->OnPong(*peer.facts, now), now);
}

// Whoever was down, or had no link, when a verdict was told heard nothing of it. Once it suspects the node itself it is told;
// only as long as this node has no sign of life either, so that a verdict that is about to be undone is not spread.
void Member::TellWhatIsKnown(const NodeId& to, const std::vector<NodeId>& suspected, Instant now) {
  Verdicts verdicts;
  for (const NodeId& id : suspected) {
    const ClusterNode* node = view_->Find(id);
    if (node == nullptr || node->health != Health::kFailed || detector_->Hears(id, now)) continue;
    verdicts.failed.push_back(id);
  }
  const Peer* peer = FindPeer(to);
  if (verdicts.failed.empty() || peer == nullptr) return;
  SendNorn(*peer, EncodeNornNews(verdicts));
}

void Member::OnNews(const NodeId& from, const NornNews& news, Instant now) {
  if (const auto* suspicions = std::get_if<Suspicions>(&news)) {
    TellWhatIsKnown(from, suspicions->failing, now);
    return Apply(detector_->OnReports(from, suspicions->failing, suspicions->up, now), now);
  }
  if (const auto* verdicts = std::get_if<Verdicts>(&news)) {
    DetectorActions all;
    for (const NodeId& failed : verdicts->failed) {
      const DetectorActions one = detector_->OnFail(from, failed, now);
      all.obeyed.insert(all.obeyed.end(), one.obeyed.begin(), one.obeyed.end());
    }
    Apply(all, now);
  }
}

// M1: everything but heartbeats.
void Member::OnMemberMessage(const Arrival& arrival, const BusBody& body) {
  const NodeId& from = arrival.header.sender;
  const Instant now = arrival.now;
  if (const auto* fail = std::get_if<Fail>(&body)) {
    Apply(detector_->OnFail(from, fail->failed, now), now);
  } else if (const auto* publish = std::get_if<norn::cluster::Publish>(&body)) {
    Deliver(*publish);
  } else if (std::holds_alternative<VoteRequest>(body)) {
    const bool force = (arrival.header.message_flags & message_flag::kForceVote) != 0;
    Apply(election_->OnMessage(LegacyVoteRequest{.candidate = from,
                                                 .current_epoch = arrival.header.current_epoch,
                                                 .config_epoch = arrival.header.config_epoch,
                                                 .slots = arrival.header.slots.Ranges(),
                                                 .force = force},
                               now),
          now);
  } else if (std::holds_alternative<Vote>(body)) {
    Apply(election_->OnMessage(
              LegacyVote{.voter = from, .current_epoch = arrival.header.current_epoch}, now),
          now);
  } else if (std::holds_alternative<ManualFailoverStart>(body)) {
    Apply(election_->OnMessage(ManualStart{.replica = from}, now), now);
  } else if (const auto* update = std::get_if<Update>(&body)) {
    Apply(view_->ApplyUpdate(update->owner, update->config_epoch, update->slots), now);
    JudgeState(now);
  } else if (const auto* norn = std::get_if<NornBody>(&body)) {
    if (const std::optional<NornNews> news = DecodeNornNews(norn->payload)) {
      OnNews(from, *news, now);
    } else {
      OnNorn(from, *norn, now);
    }
  }
}

void Member::Deliver(const norn::cluster::Publish& publish) {
  Do(member_action::Deliver{
      .sharded = publish.sharded, .channel = publish.channel, .message = publish.message});
}

// Election messages speak for their sender only.
void Member::OnNorn(const NodeId& from, const NornBody& body, Instant now) {
  const std::optional<ElectionMessage> message = DecodeElectionMessage(body.payload);
  if (!message) return;
  const auto speaker = [](const auto& said) -> NodeId {
    if constexpr (requires { said.voter; }) {
      return said.voter;
    } else if constexpr (requires { said.candidate; }) {
      return said.candidate;
    } else if constexpr (requires { said.primary; }) {
      return said.primary;
    } else {
      return said.replica;
    }
  };
  if (std::visit(speaker, *message) != from) return;
  if (const auto* denial = std::get_if<BallotDenial>(&*message)) {
    Note(Log::Level::kVerbose,
         fmt::format("Ballot {} denied by {}: reason {}, it promised {}", denial->ballot,
                     from.view(), static_cast<int>(denial->reason), denial->seen));
  }
  Apply(election_->OnMessage(*message, now), now);
}

// ---- heartbeats ----

void Member::OnHeartbeat(const Arrival& arrival, const Heartbeat& beat) {
  if (beat.kind != Heartbeat::Kind::kPong) {
    const bool meets = beat.kind == Heartbeat::Kind::kMeet;
    if (own_ip_.empty()) own_ip_ = links_[arrival.link.value]->facts.local_ip;
    if (meets && arrival.sender == nullptr) OnMeetOfStranger(arrival);
    // Whoever asks is answered, known or not.
    if (arrival.sender != nullptr && arrival.sender != &view_->self()) {
      // Whoever meets a member that it ought to know has forgotten it: a light beat would be a stranger's.
      Peer& peer = PeerOf(*arrival.sender);
      if (meets) peer.told_claim = 0;
      SendBeatOn(arrival.link, peer, Heartbeat::Kind::kPong);
      LearnAddress(arrival);
    } else {
      SendOn(arrival.link, {.header = Header(),
                            .body = Beat(Heartbeat::Kind::kPong, nullptr, arrival.header.sender)});
    }
  }
  if (!links_.contains(arrival.link.value)) return;
  const Link& link = *links_[arrival.link.value];
  if (link.outgoing && beat.kind != Heartbeat::Kind::kMeet) {
    if (!OnAnswerOnOwnLink(arrival, beat)) return;
  }
  const ClusterNode* sender = view_->Find(arrival.header.sender);
  if (sender == nullptr) return;
  LearnClaim(arrival, beat);
  if (!beat.gossip_refused) LearnGossip(arrival, beat);
  LearnForgotten(beat, arrival.now);
}

bool Member::HasHandshakeWith(const std::string& ip, uint16_t bus_port) const {
  return std::ranges::any_of(handshakes_, [&](const auto& entry) {
    return entry.second.ip == ip && entry.second.bus_port == bus_port;
  });
}

void Member::OnMeetOfStranger(const Arrival& arrival) {
  if (view_->IsForgotten(arrival.header.sender, arrival.now)) {  // B36
    NORN_COVER("meet_of_forgotten");
    return;
  }
  const NodeEndpoint endpoint =
      EndpointFrom(arrival.header.address, links_[arrival.link.value]->facts.peer_ip, options_.tls);
  if (endpoint.ip.empty() || HasHandshakeWith(endpoint.ip, endpoint.bus_port)) return;
  BeginHandshake(endpoint, false, arrival.now);
}

void Member::BeginHandshake(const NodeEndpoint& endpoint, bool owes_meet, Instant now) {
  // A name until the real one is known; no generator of ids is needed to be unlike all others.
  NodeId provisional = view_->self().id;
  while (handshakes_.contains(provisional) || view_->Find(provisional) != nullptr) {
    provisional = *NodeId::Parse(
        fmt::format("{:016x}{:016x}{:08x}", random_.Next(), boot_, now.ns & 0xffffffff));
  }
  Handshake& handshake = handshakes_[provisional];
  handshake = Handshake{.ip = endpoint.ip,
                        .port = endpoint.port,
                        .bus_port = endpoint.bus_port,
                        .owes_meet = owes_meet,
                        .began = now,
                        .retry_at = now};
  StepHandshakes(now);
}

// On the link that this node made. False: the link is closed, or the sender is not believed.
bool Member::OnAnswerOnOwnLink(const Arrival& arrival, const Heartbeat& beat) {
  const NodeId expected = links_[arrival.link.value]->node;
  const NodeId& sender = arrival.header.sender;
  if (const auto handshake = handshakes_.find(expected); handshake != handshakes_.end()) {
    return EndHandshake(handshake->first, arrival);
  }
  if (sender != expected) {
    NORN_COVER("address_of_another");
    Note(Log::Level::kVerbose, fmt::format("Node {} no longer answers at its address, {} does.",
                                           expected.view(), sender.view()));
    view_->LoseAddress(expected, arrival.now);
    Changed(false);
    DropLink(arrival.link, arrival.now);
    return false;
  }
  if (beat.kind != Heartbeat::Kind::kPong) return true;
  Peer& peer = PeerOf(sender);
  peer.pong_wall_ms = wall_.unix_ms();
  Apply(detector_->OnPong(*peer.facts, arrival.now), arrival.now);
  return true;
}

bool Member::EndHandshake(const NodeId& provisional, const Arrival& arrival) {
  const Handshake handshake = handshakes_[provisional];
  const NodeId& id = arrival.header.sender;
  handshakes_.erase(provisional);
  const NodeEndpoint endpoint{.ip = handshake.ip,
                              .port = arrival.header.address.port,
                              .tls_port = arrival.header.address.secondary_port,
                              .bus_port = handshake.bus_port};
  const ClusterNode* known = view_->Find(id);
  if (id == view_->self().id || known != nullptr) {
    if (known != nullptr && known != &view_->self() && known->endpoint.ip != endpoint.ip) {
      view_->SetEndpoint(id, endpoint);
      Changed(false);
      if (view_->self().primary == id) FollowNow(data_is_of_shard_);
    }
    DropLink(arrival.link, arrival.now);
    return false;
  }
  // An order to meet it, given to this node, overrules a FORGET of before; the node's own wish does not (B36).
  if (handshake.owes_meet) {
    view_->Pardon(id);
    to_forget_.erase(id);
    pardoned_[id] = arrival.now + options_.topology.forget_ttl;
  }
  if (!view_->Add({.id = id, .endpoint = endpoint}, arrival.now)) {
    DropLink(arrival.link, arrival.now);
    return false;
  }
  Note(Log::Level::kNotice, fmt::format("Handshake with node {} completed.", id.view()));
  Peer& peer = PeerOf(id);
  peer.link = arrival.link;
  peer.shown_flags = arrival.header.flags;
  unlinked_.erase(id);
  if ((arrival.header.message_flags & message_flag::kExtensions) != 0) {
    peer.shown_flags |= node_flag::kExtensions;
  }
  peer.pong_wall_ms = wall_.unix_ms();
  links_[arrival.link.value]->node = id;
  meet_again_[id] = arrival.now + HandshakePatience();
  detector_->OnLinkUp(id, arrival.now);
  Apply(detector_->OnPong(id, arrival.now), arrival.now);
  Changed(false);
  return true;
}

// A member that was moved or restarted elsewhere says so by asking from there.
void Member::LearnAddress(const Arrival& arrival) {
  const ClusterNode& sender = *view_->Find(arrival.header.sender);
  const Link& link = *links_[arrival.link.value];
  if (link.outgoing) return;
  const NodeEndpoint endpoint =
      EndpointFrom(arrival.header.address, link.facts.peer_ip, options_.tls);
  if (endpoint == sender.endpoint || endpoint.ip.empty()) return;
  Note(Log::Level::kNotice, fmt::format("Address updated for node {}, now {}:{}", sender.id.view(),
                                        endpoint.ip, endpoint.port));
  view_->SetEndpoint(sender.id, endpoint);
  const std::optional<LinkId> own = PeerOf(sender.id).link;
  if (own) DropLink(*own, arrival.now);
  Changed(false);
  if (view_->self().primary == sender.id) FollowNow(data_is_of_shard_);
}

void Member::LearnClaim(const Arrival& arrival, const Heartbeat& beat) {
  const BusHeader& header = arrival.header;
  Claim claim{.sender = header.sender,
              .replica_of = header.replica_of,
              .current_epoch = header.current_epoch,
              .config_epoch = header.config_epoch,
              .slots = header.slots,
              .offset = header.replication_offset};
  if (!beat.extensions.shard_id.empty()) claim.shard = beat.extensions.shard_id;
  const ClusterNode& known = *view_->Find(header.sender);
  claim.description = known.told;
  claim.description.no_failover = (header.flags & node_flag::kNoFailover) != 0;
  const uint16_t norn_level = options_.old_bus ? uint16_t{0} : header.norn_level;
  claim.description.norn_level = norn_level;
  const bool tells = !beat.extensions.shard_id.empty() || !beat.extensions.hostname.empty() ||
                     !beat.extensions.human_nodename.empty();
  if (tells) {
    claim.description.hostname = beat.extensions.hostname;
    claim.description.human_name = beat.extensions.human_nodename;
    if (beat.extensions.client_ipv4.empty() && beat.extensions.client_ipv6.empty()) {
      client_addresses_.erase(header.sender);
    } else {
      client_addresses_[header.sender] = {beat.extensions.client_ipv4, beat.extensions.client_ipv6};
    }
  }
  claim.history = known.history;
  claim.hears_quorum = known.hears_quorum;
  const std::optional<HeartbeatFacts> facts = DecodeHeartbeatFacts(beat.extensions.norn);
  // Who leads this node's shard is decided by histories (T6 of topology.h): one that was not told must not be taken for none.
  const bool untold = norn_level > 0 && !facts;
  if (untold && view_->self().owns_slots() && known.shard == view_->self().shard) return;
  if (norn_level > 0 && facts) {
    claim.history = facts->history;
    claim.hears_quorum = facts->hears_quorum;
  } else if (norn_level == 0) {
    claim.history = {.has_data = true, .reign = 0, .offset = header.replication_offset};
  }
  Apply(view_->ApplyClaim(claim, arrival.now), arrival.now);
  const bool paused = (header.message_flags & message_flag::kPaused) != 0;
  if (paused && view_->self().primary == header.sender && manual_failover_running()) {
    election_->OnPrimaryPaused(header.replication_offset, facts ? facts->released : LeaseStamp{});
  }
  JudgeState(arrival.now);
}

void Member::LearnGossip(const Arrival& arrival, const Heartbeat& beat) {
  std::vector<NodeId> failing;
  std::vector<NodeId> up;
  const bool from_norn = IsNorn(arrival.header.sender);
  for (const GossipEntry& entry : beat.gossip) {
    if (entry.id == view_->self().id) continue;
    const ClusterNode* node = view_->Find(entry.id);
    if (node == nullptr) {
      AddByGossip(entry, arrival.now);
      continue;
    }
    if (IsFailing(entry.flags)) {
      failing.push_back(entry.id);
    } else if (detector_->HasReports()) {
      up.push_back(entry.id);
    }
    const bool replica = (entry.flags & node_flag::kReplica) != 0 && from_norn;
    if (replica && view_->BelieveReplica(entry.id)) Changed(false);
    const bool ours_fails = node->health != Health::kUp || node->address_lost;
    const bool usable = !IsFailing(entry.flags) && !entry.address.ip.empty() &&
                        (entry.flags & (node_flag::kNoAddress | node_flag::kHandshake)) == 0;
    if (!ours_fails || !usable) continue;
    const NodeEndpoint endpoint = EndpointFrom(entry.address, {}, options_.tls);
    if (endpoint == node->endpoint) continue;
    view_->SetEndpoint(entry.id, endpoint);  // it moved, and others reach it there
    const std::optional<LinkId> own = PeerOf(entry.id).link;
    if (own) DropLink(*own, arrival.now);
    Changed(false);
    if (view_->self().primary == entry.id) FollowNow(data_is_of_shard_);
  }
  Apply(detector_->OnReports(arrival.header.sender, failing, up, arrival.now), arrival.now);
}

void Member::AddByGossip(const GossipEntry& entry, Instant now) {
  constexpr NodeFlags kUnusable = node_flag::kNoAddress | node_flag::kHandshake;
  if ((entry.flags & kUnusable) != 0 || entry.address.ip.empty()) return;
  const ClusterNode node{.id = entry.id, .endpoint = EndpointFrom(entry.address, {}, options_.tls)};
  if (!view_->Add(node, now)) return;
  Note(Log::Level::kVerbose, fmt::format("Heard of node {}.", entry.id.view()));
  Changed(false);
}

void Member::LearnForgotten(const Heartbeat& beat, Instant now) {
  for (const ForgottenNode& forgotten : beat.extensions.forgotten) {
    const ClusterNode* node = view_->Find(forgotten.id);
    // An owner of slots goes only by an order to this node itself: its replica still has to replace it, and whoever spread the word
    // may not have known what it owns. Valkey: goes.
    if (node == nullptr || node->owns_slots()) continue;
    const auto pardon = pardoned_.find(forgotten.id);
    if (pardon != pardoned_.end() && now < pardon->second) continue;
    ForgetHere(forgotten.id, now);
  }
}

}  // namespace norn::cluster
