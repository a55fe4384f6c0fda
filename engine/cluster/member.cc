// A member of a cluster: its start, its steps, and what follows from what its parts decide. What it says: member_compose.cc; what
// it hears: member_receive.cc; what it is told by commands: member_orders.cc.

#include "engine/cluster/member.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/plant.h"
#include "engine/cluster/norn_words.h"

namespace norn::cluster {

using member_action::Log;

namespace {

constexpr Duration kHandshakeMin = Duration::Seconds(1);
// Between attempts to reach a node. A refusal costs nothing, and two of them are evidence (failure_detector.h).
constexpr Duration kRetry = Duration::Millis(100);
// ... that is known to be down: it will come by itself.
constexpr Duration kFailedRetry = Duration::Seconds(1);
constexpr Duration kFailedRetryPerNode = Duration::Millis(2);
constexpr Duration kOrphanLook = Duration::Seconds(1);
constexpr Duration kOrphanPatience = Duration::Seconds(5);
// Suspicions of one moment travel together.
constexpr Duration kSuspicionDelay = Duration::Millis(5);

NodeId IdOf(const NodeLine& line) { return line.id; }

NodeEndpoint EndpointOf(const NodeLine& line) {
  return {.ip = line.ip.str(),
          .port = line.tcp_port,
          .tls_port = line.tls_port,
          .bus_port = line.bus_port};
}

}  // namespace

Member::Member(const MemberOptions& options, std::optional<NodesFile> file, NodeId fresh_id,
               ClusterShardId fresh_shard, uint64_t boot, Prng random, Instant now, WallTime wall)
    : options_(options), boot_(boot), random_(random), wall_(wall), last_step_(now) {
  const NodeId id = file ? IdOf(file->Myself()) : fresh_id;
  ClusterShardId shard = file ? file->Myself().shard_id : fresh_shard;
  if (shard.empty()) shard = fresh_shard;
  view_ = std::make_unique<Topology>(id, shard, options.topology);
  detector_ = std::make_unique<FailureDetector>(*view_);
  ElectionRecord record;
  if (file) record = Boot(*file, now);
  MakeElection(std::move(record), now);
  DescribeSelf(now);
  Note(Log::Level::kNotice, file
                                ? fmt::format("Node configuration loaded, I'm {}", id.view())
                                : fmt::format("No cluster configuration found, I'm {}", id.view()));
  if (file && !view_->self().is_primary()) FollowNow(data_is_of_shard_);
  Changed(!file);
}

Member::~Member() = default;

void Member::MakeElection(ElectionRecord record, Instant now) {
  if (election_ != nullptr && election_->holds_writes()) Do(member_action::ResumeWrites{});
  election_ = std::make_unique<Election>(*view_, *detector_, options_.election, std::move(record),
                                         boot_, random_.Fork(), now);
}

ElectionRecord Member::Boot(const NodesFile& file, Instant now) {
  const NornMemory memory = ParseNornMemory(file.norn).value_or(NornMemory{});
  const NodeLine& mine = file.Myself();
  // Primaries first: a replica's claim must find whom it follows.
  for (const bool primaries : {true, false}) {
    for (const NodeLine& line : file.nodes) {
      if (&line == &mine || line.replica_of.empty() != primaries) continue;
      ClusterNode node{.id = line.id,
                       .shard = line.shard_id,
                       .primary = line.replica_of,
                       .config_epoch = primaries ? line.config_epoch : 0,
                       .slots = line.slots.Ranges(),
                       .endpoint = EndpointOf(line)};
      node.told.hostname = line.hostname;
      node.told.human_name = line.human_nodename;
      node.told.norn_level = memory.norn_nodes.contains(line.id) ? kNornLevel : 0;
      node.address_lost = (line.flags & node_flag::kNoAddress) != 0;
      // Who had failed then is up until this node sees for itself: its gossip is evidence to others. Valkey: remembers.
      view_->Add(node, now);
    }
  }
  if (!mine.slots.empty()) view_->SetOwner(mine.slots, mine.id);
  view_->RestoreEpochs(file.current_epoch,
                       mine.replica_of.empty() ? mine.config_epoch : memory.config_epoch);
  if (!mine.replica_of.empty() && view_->Find(mine.replica_of) != nullptr) {
    view_->FollowPrimary(mine.replica_of);
  }
  for (const OpenSlot& open : mine.open_slots) {
    (open.way == OpenSlot::Way::kMigratingTo ? migrating_ : importing_)[open.slot] = open.other;
  }
  for (const auto& [to, slots] : GivenUp()) view_->Promise(slots);
  if (mine.replica_of.empty()) DropForeignSlots();
  own_ip_ = mine.ip.str();
  data_reign_ = memory.data_reign;
  data_is_of_shard_ = !memory.uncopied;
  began_uncopied_ = memory.uncopied;
  ElectionRecord record = memory.record;
  record.last_vote_epoch = file.last_vote_epoch;
  return record;
}

void Member::OnDataLoaded(std::string_view shard, Instant now) {
  if (view_->self().is_primary()) return;
  // Who came back to a shard has old data of it, and data_reign_ is of what it copied in between.
  data_is_of_shard_ = !began_uncopied_ && shard == view_->self().shard.view();
  DescribeSelf(now);
  if (data_is_of_shard_) return;
  Note(Log::Level::kNotice,
       "The data here is not of this node's shard: no election before it is copied.");
}

ClusterShardId Member::DataShard() const {
  return data_is_of_shard_ ? view_->self().shard : ClusterShardId();
}

std::vector<MemberAction> Member::TakeActions() { return std::exchange(actions_, {}); }

void Member::TakeActions(std::vector<MemberAction>& into) {
  into.clear();
  into.swap(actions_);
}

void Member::Note(Log::Level level, std::string line) {
  Do(Log{.level = level, .line = std::move(line)});
}

void Member::Changed(bool durable) {
  epoch_in_file_ = view_->current_epoch();
  ++file_version_;
  ++routes_version_;
  Do(member_action::Save{.version = file_version_, .durable = durable});
}

// ---- what this node is ----

bool Member::IsNorn(const NodeId& id) const {
  const ClusterNode* node = view_->Find(id);
  return node != nullptr && IsNorn(*node);
}

History Member::OwnHistory() const {
  if (view_->self().is_primary()) {
    return {.has_data = true, .reign = election_->record().reign, .offset = data_.offset};
  }
  return {.has_data = data_is_of_shard_ && data_.has_data,
          .reign = data_reign_,
          .offset = data_.offset};
}

void Member::DescribeSelf(Instant now) {
  if (view_->self().is_primary()) {
    data_reign_ = election_->record().reign;
    data_is_of_shard_ = true;
  } else if (data_.synced_since) {
    // The stream is the primary's now, and so is its past.
    const ClusterNode* primary = view_->Find(view_->self().primary);
    const bool told = primary != nullptr && primary->history.has_data;
    const uint64_t reign = told ? primary->history.reign : data_reign_;
    if (!data_is_of_shard_ || reign != data_reign_) {
      data_is_of_shard_ = true;
      data_reign_ = reign;
      Changed(false);
    }
  }
  view_->DescribeSelf({.hostname = options_.hostname,
                       .human_name = options_.human_name,
                       .no_failover = options_.no_failover,
                       .norn_level = options_.old_bus ? uint16_t{0} : kNornLevel},
                      OwnHistory(), detector_->HearsQuorum(now), now);
}

void Member::SetOptions(const MemberOptions& options, Instant now) {
  const bool retimed = options.topology.node_timeout != options_.topology.node_timeout;
  options_ = options;
  view_->SetOptions(options.topology);
  // A lease under the old timeout must not outlive promises under the new one: begin anew.
  if (retimed) MakeElection(election_->record(), now);
  DescribeSelf(now);
  ++routes_version_;
}

// ---- steps ----

void Member::Step(const DataFacts& data, Instant now, WallTime wall) {
  data_ = data;
  wall_ = wall;
  last_step_ = now;
  DescribeSelf(now);
  NoteClaim();
  step_now_ = false;
  StepHandshakes(now);
  MeetAgain(now);
  Apply(detector_->Step(now), now);
  StepLinks(now);
  const SelfFacts facts{.history = OwnHistory(),
                        .data_age = data.data_age,
                        .no_failover = options_.no_failover,
                        .hears_quorum = view_->self().hears_quorum};
  Apply(election_->Step(facts, now), now);
  StepReplicaMigration(now);
  TellSuspicions(now);
  JudgeState(now);
  // I5: an epoch that was only heard of is not to fall at the next start either.
  if (view_->current_epoch() != epoch_in_file_) Changed(false);
}

void Member::NoteClaim() {
  const ClusterNode& self = view_->self();
  const ClusterNode* speaks_for = self.is_primary() ? &self : view_->Find(self.primary);
  const Told told{.primary = self.primary,
                  .config_epoch = speaks_for == nullptr ? 0 : speaks_for->config_epoch,
                  .slots_version = view_->own_slots_version(),
                  .shard = self.shard,
                  .flags = self.has_spare_claim ? node_flag::kMigrateTo : NodeFlags{0},
                  .ok = view_->state().ok,
                  .paused = election_->paused() && writes_held_,
                  .forgets = !to_forget_.empty()};
  if (told == told_) return;
  told_ = told;
  ++claim_version_;
}

Instant Member::next_at() const {
  if (step_now_) return last_step_;
  const bool tells = !suspicions_to_tell_.empty() || !cleared_to_tell_.empty();
  // Writes are held back until the replica has all of them: it looks often (G12).
  const bool hurries = tells || election_->manual_running();
  const Instant soon = hurries ? last_step_ + kSuspicionDelay : Instant::Never();
  return std::min(soon, election_->next_at());
}

Duration Member::HandshakePatience() const {
  return std::max(kHandshakeMin, options_.topology.node_timeout);
}

// A handshake has two ends, and each gives up on its own: a member that never shows that it took this node in is met again, or
// it would stay ignorant of this node, and all that others hear from it. Valkey 8.1: likewise, and whenever no link of it is up.
void Member::MeetAgain(Instant now) {
  if (NORN_PLANTED("B35")) return;
  for (auto at = meet_again_.begin(); at != meet_again_.end();) {
    const auto current = at++;
    if (view_->Find(current->first) == nullptr) {
      meet_again_.erase(current);
    } else if (now >= current->second) {
      current->second = now + HandshakePatience();
      Note(Log::Level::kNotice,
           fmt::format("Node {} does not seem to know this node, meeting it again.",
                       current->first.view()));
      SendBeat(current->first, Heartbeat::Kind::kMeet, now);
    }
  }
}

void Member::StepHandshakes(Instant now) {
  const Duration patience = HandshakePatience();
  for (auto at = handshakes_.begin(); at != handshakes_.end();) {
    const auto current = at++;
    Handshake& handshake = current->second;
    if (now - handshake.began > patience) {
      const std::optional<LinkId> link = handshake.link;
      handshakes_.erase(current);
      if (link) DropLink(*link, now);
      continue;
    }
    if (handshake.link || handshake.connecting || now < handshake.retry_at) continue;
    handshake.connecting = true;
    Do(member_action::Connect{current->first, handshake.ip, handshake.bus_port});
  }
}

void Member::StepLinks(Instant now) {
  if (membership_seen_ != view_->membership_version()) {
    membership_seen_ = view_->membership_version();
    for (const auto& [id, node] : view_->nodes()) {
      if (&node != &view_->self() && !PeerOf(node).link) unlinked_.insert(id);
    }
  }
  const std::vector<NodeId> unlinked(unlinked_.begin(), unlinked_.end());
  for (const NodeId& id : unlinked) ConnectIfDue(id, now);
}

void Member::ConnectIfDue(const NodeId& id, Instant now) {
  const ClusterNode* node = view_->Find(id);
  if (node == nullptr || PeerOf(*node).link) {
    unlinked_.erase(id);
    return;
  }
  Peer& peer = PeerOf(*node);
  if (node->address_lost || node->endpoint.ip.empty()) return;
  if (peer.connecting || now < peer.retry_at) return;
  peer.connecting = true;
  Do(member_action::Connect{id, node->endpoint.ip, node->endpoint.bus_port});
}

Member::Peer* Member::FindPeer(const NodeId& id) const {
  const ClusterNode* node = view_->Find(id);
  return node == nullptr ? nullptr : FindPeer(*node);
}

Member::Peer* Member::FindPeer(const ClusterNode& node) const {
  return node.seat < peers_.size() ? peers_[node.seat].get() : nullptr;
}

Member::Peer& Member::PeerOf(const NodeId& id) {
  const ClusterNode* node = view_->Find(id);
  CHECK(node != nullptr);
  return PeerOf(*node);
}

Member::Peer& Member::PeerOf(const ClusterNode& node) {
  if (Peer* known = FindPeer(node)) return *known;
  if (peers_.size() <= node.seat) peers_.resize(node.seat + 1);
  peers_[node.seat] = std::make_unique<Peer>();
  Peer& peer = *peers_[node.seat];
  peer.node = &node;
  peer.facts = &detector_->Of(node, last_step_);
  return peer;
}

Member::Peer* Member::PeerAt(Link& link) {
  if (link.peer != nullptr || link.node.empty()) return link.peer;
  if (link.node == view_->self().id || view_->Find(link.node) == nullptr) return nullptr;
  link.peer = &PeerOf(link.node);
  return link.peer;
}

// A primary without a working replica gets a spare one: from the primary that has most, and of its replicas the one with the
// smallest id, so that all come to the same choice.
void Member::StepReplicaMigration(Instant now) {
  const ClusterNode& self = view_->self();
  if (now < migration_at_) return;
  migration_at_ = now + kOrphanLook;
  const NodeId orphan = options_.allow_replica_migration && !self.is_primary() && view_->state().ok
                            ? OrphanToAdopt()
                            : NodeId();
  if (orphan.empty()) {
    orphan_since_ = Instant::Never();
    return;
  }
  if (orphan_since_ == Instant::Never()) orphan_since_ = now;
  if (now - orphan_since_ < kOrphanPatience || manual_failover_running()) return;
  orphan_since_ = Instant::Never();
  Note(Log::Level::kNotice, fmt::format("Migrating to orphaned primary {}", orphan.view()));
  Apply(view_->FollowPrimary(orphan), now);
}

// Empty: none, or another replica is the one to go.
NodeId Member::OrphanToAdopt() const {
  const ClusterNode& self = view_->self();
  const auto& siblings = view_->MembersOf(self.shard);
  if (siblings.size() <= options_.migration_barrier + 1) return {};  // the usual case, cheaply
  struct Shard {
    uint32_t working = 0;
    NodeId first;  // the working replica with the smallest id
  };
  std::map<NodeId, Shard> shards;
  for (const auto& [id, node] : view_->nodes()) {
    if (node.is_primary()) {
      shards.try_emplace(id);
    } else if (node.health == Health::kUp) {
      Shard& shard = shards[node.primary];
      if (shard.working++ == 0) shard.first = id;
    }
  }
  if (shards[self.primary].working <= options_.migration_barrier) return {};
  uint32_t most = 0;
  NodeId orphan;
  for (const auto& [id, shard] : shards) {
    const ClusterNode* primary = view_->Find(id);
    if (primary == nullptr || primary->health == Health::kFailed) continue;
    most = std::max(most, shard.working);
    const bool lonely = shard.working == 0 && primary->owns_slots() && primary->has_spare_claim;
    if (lonely && orphan.empty()) orphan = id;
  }
  if (orphan.empty() || shards[self.primary].working < most) return {};
  NodeId chosen;
  for (const auto& [id, shard] : shards) {
    if (shard.working == most && (chosen.empty() || shard.first < chosen)) chosen = shard.first;
  }
  return chosen == self.id ? orphan : NodeId();
}

void Member::JudgeState(Instant now) {
  const ClusterState before = view_->state();
  const ClusterState after = view_->UpdateState(now);
  if (before == after) return;
  ++routes_version_;
  if (before.ok == after.ok) return;
  Note(Log::Level::kNotice, fmt::format("Cluster state changed: {}", after.ok ? "ok" : "fail"));
}

bool Member::serves() const {
  const ClusterNode& self = view_->self();
  const bool leads = self.is_primary() && self.owns_slots();
  return view_->state().ok && (!leads || last_step_ < Fence().until);
}

// ---- what the parts ask for ----

void Member::Apply(const TopologyEffects& effects, Instant now) {
  if (effects.changed) Changed(effects.must_sync);
  if (effects.overtaken_by != 0) election_->OnOvertaken(effects.overtaken_by);
  if (!effects.lost_slots.empty()) {
    for (const SlotId slot : effects.lost_slots) migrating_.erase(slot);
    Do(member_action::DropSlots{effects.lost_slots.Ranges()});
  }
  for (const TopologyEffects::Update& update : effects.updates) SendUpdate(update.to, update.about);
  if (effects.became_primary) Do(member_action::BecomePrimary{.elected = false});
  if (effects.follow) FollowNow(effects.follow->same_shard);
  if (effects.tell_everyone) TellEveryone(now);
}

void Member::FollowNow(bool same_shard) {
  // What the shard gave up may not have been taken: whoever leads it next has to ask (G3), and that may be this node.
  std::erase_if(migrating_, [&](const auto& open) {
    const ClusterNode* const owner = view_->OwnerOf(open.first);
    return !same_shard || owner == nullptr || owner->id != open.second;
  });
  importing_.clear();
  data_is_of_shard_ &= same_shard || NORN_PLANTED("B01");
  data_.synced_since = false;  // until replication says so of this primary
  const ClusterNode* primary = view_->Find(view_->self().primary);
  if (NORN_PLANTED("B01") && !same_shard && primary != nullptr) {
    data_reign_ = std::max(data_reign_, primary->history.reign);
  }
  if (primary == nullptr || primary->endpoint.ip.empty()) return;  // LearnAddress comes back here
  Do(member_action::Follow{.ip = primary->endpoint.ip,
                           .port = primary->endpoint.port,
                           .tls_port = primary->endpoint.tls_port,
                           .same_shard = same_shard});
}

void Member::Apply(const DetectorActions& detected, Instant now) {
  for (const NodeId& id : detected.suspected) {
    Note(Log::Level::kVerbose, fmt::format("NODE {} possibly failing.", id.view()));
    suspicions_to_tell_.push_back(id);
  }
  for (const NodeId& id : detected.declared) {
    step_now_ |= id == view_->self().primary;
    Note(Log::Level::kNotice,
         fmt::format("Marking node {} as failing (quorum reached).", id.view()));
  }
  const bool tells = view_->self().is_primary() || !NORN_PLANTED("B12");
  if (!detected.declared.empty() && tells) TellVerdicts(detected.declared);
  for (const NodeId& id : detected.obeyed) {
    step_now_ |= id == view_->self().primary;
    Note(Log::Level::kNotice, fmt::format("FAIL message received about {}", id.view()));
  }
  for (const NodeId& id : detected.cleared) {
    cleared_to_tell_.push_back(id);
    Note(Log::Level::kNotice,
         fmt::format("Clear FAIL state for node {}: is reachable again.", id.view()));
  }
  for (const NodeId& id : detected.reconnect) {
    const std::optional<LinkId> link = PeerOf(id).link;
    if (link) DropLink(*link, now);
  }
  for (const NodeId& id : detected.ping) SendBeat(id, Heartbeat::Kind::kPing, now);
  if (!detected.changed()) return;
  Changed(false);
  JudgeState(now);
}

void Member::Apply(const ElectionActions& asked, Instant now) {
  for (const ElectionAction& action : asked) {
    if (std::holds_alternative<election_action::Persist>(action)) {
      Changed(true);
    } else if (const auto* send = std::get_if<election_action::Send>(&action)) {
      SendElection(send->to, send->message);
    } else if (const auto* all = std::get_if<election_action::SendAll>(&action)) {
      for (const auto& [id, node] : view_->nodes()) {
        if (&node != &view_->self()) SendElection(id, all->message);
      }
    } else if (const auto* promoted = std::get_if<election_action::Promoted>(&action)) {
      OnPromoted(promoted->epoch, now);
    } else if (const auto* pause = std::get_if<election_action::PauseWrites>(&action)) {
      writes_held_ = false;
      Do(member_action::PauseWrites{pause->until});
    } else if (std::holds_alternative<election_action::ResumeWrites>(action)) {
      writes_held_ = false;
      Do(member_action::ResumeWrites{});
    } else if (const auto* offset = std::get_if<election_action::TellOffset>(&action)) {
      TellOffset(offset->to, now);
    } else if (const auto* config = std::get_if<election_action::TellConfig>(&action)) {
      SendUpdate(config->to, config->about);
    }
  }
}

void Member::OnPromoted(uint64_t epoch, Instant now) {
  Note(Log::Level::kNotice, fmt::format("Failover election won, epoch {}", epoch));
  // What the old primary was told about open slots this node was told too.
  std::erase_if(importing_, [this](const auto& open) { return OwnsSlot(open.first); });
  DescribeSelf(now);
  Do(member_action::BecomePrimary{.elected = true});
  DropForeignSlots();
  Changed(true);
  TellEveryone(now);
  JudgeState(now);
}

// Keys of slots that went to others: the word of their going may have come before that of their deletion.
void Member::DropForeignSlots() {
  SlotSet foreign;
  for (const auto& [id, node] : view_->nodes()) {
    if (&node != &view_->self() && node.owns_slots()) foreign |= ToSet(node.slots);
  }
  for (const auto& [slot, from] : importing_) foreign.Clear(slot);
  for (const auto& [slot, to] : migrating_) foreign.Clear(slot);  // given up, and perhaps not taken
  if (!foreign.empty()) Do(member_action::DropSlots{foreign.Ranges()});
}

void Member::OnWritesHeld(const DataFacts& data, Instant now) {
  if (!election_->paused()) return;
  data_ = data;
  writes_held_ = true;
  DescribeSelf(now);
  TellOffset(tell_when_held_, now);
}

void Member::TellOffset(const NodeId& to, Instant now) {
  if (election_->paused() && !writes_held_) {
    tell_when_held_ = to;
    return;
  }
  NoteClaim();
  if (!to.empty()) return SendBeat(to, Heartbeat::Kind::kPong, now);
  for (const ClusterNode* sibling : view_->ReplicasOf(view_->self().primary)) {
    if (sibling != &view_->self()) SendBeat(sibling->id, Heartbeat::Kind::kPong, now);
  }
}

// ---- links ----

void Member::OnAccepted(LinkId link, const LinkFacts& facts, Instant now) {
  links_[link.value] = std::make_unique<Link>(
      Link{.facts = facts, .since = now, .created_unix_ms = wall_.unix_ms()});
}

void Member::OnLinkUp(const NodeId& node, LinkId link, const LinkFacts& facts, Instant now) {
  links_[link.value] = std::make_unique<Link>(Link{.facts = facts,
                                                   .outgoing = true,
                                                   .since = now,
                                                   .node = node,
                                                   .created_unix_ms = wall_.unix_ms()});
  if (const auto found = handshakes_.find(node); found != handshakes_.end()) {
    found->second.connecting = false;
    found->second.link = link;
    const auto kind = found->second.owes_meet ? Heartbeat::Kind::kMeet : Heartbeat::Kind::kPing;
    found->second.owes_meet &= !NORN_PLANTED("B35");
    return SendOn(link, {.header = Header(), .body = Beat(kind, nullptr, node)});
  }
  if (view_->Find(node) == nullptr) return DropLink(link, now);  // forgotten meanwhile
  Peer& peer = PeerOf(node);
  peer.connecting = false;
  peer.link = link;
  peer.introduced = false;
  peer.told_claim = 0;
  unlinked_.erase(node);
  detector_->OnLinkUp(node, now);
  SendBeat(node, Heartbeat::Kind::kPing, now);
}

void Member::OnConnectFailed(const NodeId& node, bool refused, Instant now) {
  if (const auto found = handshakes_.find(node); found != handshakes_.end()) {
    found->second.connecting = false;
    found->second.retry_at = now + kRetry;
    return;
  }
  if (view_->Find(node) == nullptr) return;
  Peer& peer = PeerOf(node);
  peer.connecting = false;
  peer.retry_at = now + kRetry;
  if (peer.node->health == Health::kFailed) {
    const auto nodes = static_cast<int64_t>(view_->nodes().size());
    peer.retry_at = now + std::max(kFailedRetry, kFailedRetryPerNode * nodes);
  }
  if (refused) Apply(detector_->OnRefused(node, now), now);
}

void Member::OnLinkDown(LinkId link, Instant now) {
  const auto found = links_.find(link.value);
  if (found == links_.end()) return;
  const Link down = *found->second;
  links_.erase(found);
  if (down.peer != nullptr) down.peer->told_claim = 0;
  if (!down.outgoing) return;
  if (const auto handshake = handshakes_.find(down.node); handshake != handshakes_.end()) {
    handshake->second.link.reset();
    handshake->second.retry_at = now + kRetry;
    return;
  }
  if (view_->Find(down.node) == nullptr) return;
  Peer& peer = PeerOf(down.node);
  if (peer.link != link) return;
  peer.link.reset();
  peer.introduced = false;
  peer.retry_at = now;  // at once: a refusal is evidence
  unlinked_.insert(down.node);
  detector_->OnLinkDown(down.node, now);
  election_->OnLinkDown(down.node);
  ConnectIfDue(down.node, now);
}

void Member::DropLink(LinkId link, Instant now) {
  Do(member_action::Close{link});
  OnLinkDown(link, now);
}

void Member::OnBytes(LinkId link, Instant now) {
  const auto found = links_.find(link.value);
  if (found == links_.end()) return;
  if (const Peer* peer = PeerAt(*found->second)) detector_->OnData(*peer->facts, now);
}

bool Member::manual_failover_running() const { return election_->manual_running(); }

}  // namespace norn::cluster
