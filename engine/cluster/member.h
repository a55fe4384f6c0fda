#pragma once
// One node's whole life in its cluster, without any I/O: what it believes (Topology), who is up (FailureDetector), who leads
// (Election), and between them the conversation: meeting, heartbeats with gossip, the answers. net/cluster.h carries bytes,
// files and role changes in and out.
//
// The problem. Links come and go in both directions, messages of a dozen kinds arrive from nodes of several versions and from
// strangers, and each may change membership, slots, roles and the file that a restart depends on. What leaves must not run
// ahead of what is on disk.
//
// The design. Everything is an event with a time; what must be done is appended to a list of actions, in order, that the
// carrier takes and performs: a message behind a Save of some version leaves when that version is durable (A1). Each node keeps
// one link of its own to every other (asks on it, reads answers there) and answers on whatever link was asked: so both
// directions of the network prove themselves. A stranger is answered, but believed only after a handshake: a MEET from him, or
// the word of a member about him.
//
//   A1  No action is carried out before all actions ahead of it; Save{durable} is done when the file is synced.
//   M1  Gossip, FAIL, PUBLISH, votes count only from members (by name, handshake over).
//   M2  What only norn peers understand goes only to peers that showed a norn level (B68 likewise: extensions, light headers).
//
// Thousands of norn nodes: what does not change is said in full once in a while and at changes, and lightly in between
// (norn_words.h, LightBeat); a suspicion is told to a few judges instead of everybody (TellSuspicions).
//
//   M3  A node in handshake owns nothing, votes nothing, is gossiped about to nobody, and is gone after max(node timeout, 1 s).
//
// Pure; executor 0.

#include <absl/container/flat_hash_map.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/time.h"
#include "engine/cluster/bus_message.h"
#include "engine/cluster/election.h"
#include "engine/cluster/failure_detector.h"
#include "engine/cluster/member_actions.h"
#include "engine/cluster/member_facts.h"
#include "engine/cluster/nodes_file.h"
#include "engine/cluster/norn_words.h"
#include "engine/cluster/slot_routes.h"
#include "engine/cluster/topology.h"

namespace norn::cluster {

class Member {
 public:
  // `file`: what an earlier life saved; none: a new node with a new name. `boot`: random bits of this life.
  Member(const MemberOptions& options, std::optional<NodesFile> file, NodeId fresh_id,
         ClusterShardId fresh_shard, uint64_t boot, Prng random, Instant now, WallTime wall);
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  // Before the first step, where the data that was loaded says whose it is: a shard's name, or "" (RdbInfo::cluster_shard).
  void OnDataLoaded(std::string_view shard, Instant now);
  // Whose data is here; empty: a shard's that this node left (I7).
  ClusterShardId DataShard() const;
  // What is to be done since the last call, in order.
  std::vector<MemberAction> TakeActions();
  // Likewise, into memory that is used again.
  void TakeActions(std::vector<MemberAction>& into);
  // Every 100 ms, and at next_at(). `data` is kept for the events up to the next Step.
  void Step(const DataFacts& data, Instant now, WallTime wall);
  // When Step has something to do that cannot wait for the next 100 ms.
  Instant next_at() const;

  // ---- links ----
  void OnAccepted(LinkId link, const LinkFacts& facts, Instant now);
  // Of a Connect.
  void OnLinkUp(const NodeId& node, LinkId link, const LinkFacts& facts, Instant now);
  void OnConnectFailed(const NodeId& node, bool refused, Instant now);
  void OnLinkDown(LinkId link, Instant now);
  // Some bytes of a message that is not complete yet: a sign of life.
  void OnBytes(LinkId link, Instant now);
  // PauseWrites is done; `data` as it is now.
  void OnWritesHeld(const DataFacts& data, Instant now);
  // A whole message. The link may be closed by it (actions say so).
  void OnMessage(LinkId link, const BusMessage& message, Instant now, WallTime wall);

  // ---- what others must know ----
  const Topology& view() const { return *view_; }
  FailureDetector& detector() { return *detector_; }
  const Election& election() const { return *election_; }
  const MemberOptions& options() const { return options_; }
  void SetOptions(const MemberOptions& options, Instant now);
  // Raised by everything that routes depend on.
  uint64_t routes_version() const { return routes_version_; }
  SlotRoutes Routes() const;
  // Until when this node may take writes, and until when they wait for that.
  WriteFence Fence() const { return election_->Fence(); }
  bool about_to_hold_writes() const { return election_->paused() && !writes_held_; }
  // As CLUSTER INFO's cluster_state: the slots are covered, and a primary of some has leave to write.
  bool serves() const;
  // What the file must hold now; its version as Save names it.
  NodesFile File() const;
  uint64_t file_version() const { return file_version_; }
  // Nodes as CLUSTER NODES shows them, this node's own among them, those in handshake too; by id.
  std::vector<NodeLine> Lines() const;
  NodeLine LineOf(const ClusterNode& node) const;
  std::vector<LinkRow> Links() const;
  BusCounters counters() const;
  bool manual_failover_running() const;

  // ---- commands (engine/cluster/cluster_commands.h); checked by the caller unless said otherwise ----
  // False: such a handshake is going on already, or the address is no ip.
  bool Meet(const NodeEndpoint& endpoint, Instant now, WallTime wall);
  // Not self, not the own primary, known. Tells the others.
  void Forget(const NodeId& id, Instant now);
  // ADDSLOTS, DELSLOTS (empty owner), SETSLOT NODE.
  void SetOwner(const SlotSet& slots, const NodeId& owner, Instant now);
  void SetMigrating(SlotId slot, const NodeId& to);
  void SetImporting(SlotId slot, const NodeId& from);
  void SetStable(SlotId slot);
  // ---- slots handed over in one piece (slot_migration.h) ----
  // This primary's clients of them wait; no others do any more.
  void Hold(const SlotSet& slots);
  const SlotSet& held() const { return held_; }
  // They are `to`'s in this view, which claims them when it is ready; this node, or its primary, claims them no more. Told to
  // a replica by its primary too.
  void GiveUp(const SlotSet& slots, const NodeId& to, Instant now);
  // Of what was given up, whatever nobody has taken so far as this node knows; by who was to take it.
  std::map<NodeId, SlotSet> GivenUp() const;
  // This node's again, with an epoch above every claim that could still appear; as a replica, its primary's.
  void TakeBack(const SlotSet& slots, uint64_t above_epoch, Instant now);
  // Another has them: what was given up is gone.
  void LetGo(const SlotSet& slots);
  const std::map<SlotId, NodeId>& migrating() const { return migrating_; }
  const std::map<SlotId, NodeId>& importing() const { return importing_; }
  // A config epoch above all others without asking. False: it has the greatest already.
  bool BumpEpoch();
  // Likewise above `epoch`, and above what an election that is under way may choose: for slots that come from another shard.
  void ClaimAbove(uint64_t epoch);
  bool SetConfigEpoch(uint64_t epoch);
  // A PONG to every node, so that they need not wait for the next heartbeat (after BumpEpoch, SETSLOT NODE).
  void TellAll(Instant now);
  // A known primary, not self; this node owns no slots.
  void Replicate(const NodeId& primary, Instant now);
  // Requires: a replica with a known primary.
  void Failover(ManualMode mode, Instant now);
  // Forgets everybody and everything but, when soft, its name and epochs.
  void Reset(bool hard, const NodeId& fresh_id, const ClusterShardId& fresh_shard, Instant now);
  void SaveNow();  // SAVECONFIG
  // To every node that can have subscribers (sharded: of the own shard).
  void Publish(bool sharded, std::string_view channel, std::string_view message);

 private:
  struct Handshake {
    std::string ip = {};
    uint16_t port = 0;
    uint16_t bus_port = 0;
    bool owes_meet = false;
    bool connecting = false;
    std::optional<LinkId> link = {};
    Instant began = {};
    Instant retry_at = {};
  };
  struct Peer {
    const ClusterNode* node = nullptr;  // these two as long as it is a member
    FailureDetector::Facts* facts = nullptr;
    std::optional<LinkId> link = {};  // this node's own
    // Since the own link is up, a full beat went over it: the other end can know who speaks.
    bool introduced = false;
    // This node's claim as it was told in full, and when; 0: not since links broke.
    uint64_t told_claim = 0;
    Instant told_at = {};
    bool connecting = false;
    Instant retry_at = {};
    NodeFlags shown_flags = 0;  // of its last header: what it understands
    NodeId gossip_cursor = {};  // the last that it was told about
    int64_t pong_wall_ms = 0;
    int64_t ping_sent_wall_ms = 0;
  };
  struct ClientAddresses {
    std::string ipv4 = {};
    std::string ipv6 = {};
  };
  struct Link {
    LinkFacts facts = {};
    bool outgoing = false;
    Peer* peer = nullptr;  // of `node`, once it was looked up
    // A full beat of this node went over it. None is light before: behind an address that is known there may be another node now.
    bool introduced = false;
    Instant since = {};
    NodeId node =
        {};  // outgoing: whom it was made for (or a provisional name); incoming: who spoke, once known
    int64_t created_unix_ms = 0;
  };

  // ---- member.cc ----
  // Fills the view; what is remembered of elections comes back.
  ElectionRecord Boot(const NodesFile& file, Instant now);
  void MakeElection(ElectionRecord record, Instant now);
  template <typename Action>
  void Do(Action action) {
    actions_.push_back(std::move(action));
  }
  void Changed(bool durable);
  void Note(member_action::Log::Level level, std::string line);
  void Apply(const TopologyEffects& effects, Instant now);
  void Apply(const DetectorActions& detected, Instant now);
  void Apply(const ElectionActions& asked, Instant now);
  void OnPromoted(uint64_t epoch, Instant now);
  void DropForeignSlots();
  void FollowNow(bool same_shard);
  void DescribeSelf(Instant now);
  Duration HandshakePatience() const;
  void StepHandshakes(Instant now);
  void MeetAgain(Instant now);
  void StepLinks(Instant now);
  void StepReplicaMigration(Instant now);
  NodeId OrphanToAdopt() const;
  void JudgeState(Instant now);
  History OwnHistory() const;
  bool IsNorn(const NodeId& id) const;
  bool IsNorn(const ClusterNode& node) const {
    return node.told.norn_level > 0 && !options_.old_bus;
  }
  bool OwnsSlot(SlotId slot) const { return view_->OwnerOf(slot) == &view_->self(); }
  // Null: not a member, or nothing is known yet.
  Peer* FindPeer(const NodeId& id) const;
  Peer* FindPeer(const ClusterNode& node) const;
  // Requires: a member, not this node.
  Peer& PeerOf(const NodeId& id);
  Peer& PeerOf(const ClusterNode& node);
  // Null: nobody knows who is at its other end, or no member is.
  Peer* PeerAt(Link& link);
  void ConnectIfDue(const NodeId& id, Instant now);
  void NoteClaim();
  void DropLink(LinkId link, Instant now);

  // ---- member_compose.cc ----
  NodeAddress AddressOf(const NodeEndpoint& endpoint) const;
  BusHeader Header() const;
  Heartbeat Beat(Heartbeat::Kind kind, Peer* peer, const NodeId& to);
  PingExtensions ExtensionsFor(bool to_norn);
  void AddGossip(Heartbeat& beat, const NodeId& to, NodeId& cursor);
  GossipEntry GossipOf(const ClusterNode& node) const;
  void SendOn(LinkId link, const BusMessage& message);
  // A full beat if there is something new to say, or that was not said for long.
  void SendBeatOn(LinkId id, Link& link, Peer& peer, Heartbeat::Kind kind);
  // Lost when there is no such link.
  void SendBeatOn(LinkId id, Peer& peer, Heartbeat::Kind kind);
  // Light if the peer heard a full beat on its link. Lost when there is none.
  void SendNorn(const Peer& to, std::string payload);
  Duration FullBeatEvery() const;
  std::vector<NodeId> JudgesOf(const NodeId& suspect) const;
  // On this node's own link to it; lost when there is none.
  void SendTo(const NodeId& node, BusBody body, uint8_t message_flags = 0);
  void SendBeat(const NodeId& to, Heartbeat::Kind kind, Instant now);
  void SendUpdate(const NodeId& to, const NodeId& about);
  void SendElection(const NodeId& to, const ElectionMessage& message);
  void TellEveryone(Instant now);
  void TellSuspicions(Instant now);
  void TellVerdicts(const std::vector<NodeId>& failed);
  void TellOffset(const NodeId& to, Instant now);
  std::string EndpointText(const ClusterNode& node) const;

  // ---- member_receive.cc ----
  struct Arrival {
    LinkId link;
    const BusHeader& header;
    const ClusterNode* sender;  // null: not a member when the message came
    Instant now;
  };
  // A server before 7.0: it drops beats with extensions, and the link that carries a message with a short header.
  bool TakenAsOldServer(LinkId link, const BusMessage& message, Instant now);
  void OnMemberMessage(const Arrival& arrival, const BusBody& body);
  void Deliver(const norn::cluster::Publish& publish);
  void OnNorn(const NodeId& from, const NornBody& body, Instant now);
  void OnLight(LinkId id, Link& link, const BusBody& body, Instant now);
  void OnLightBeat(LinkId id, Link& link, Peer& peer, const LightBeat& beat, Instant now);
  void TellWhatIsKnown(const NodeId& to, const std::vector<NodeId>& suspected, Instant now);
  void NoteWhoKnows(const Link& link, const BusMessage& message, Instant now);
  void OnNews(const NodeId& from, const NornNews& news, Instant now);
  void OnHeartbeat(const Arrival& arrival, const Heartbeat& beat);
  bool HasHandshakeWith(const std::string& ip, uint16_t bus_port) const;
  void OnMeetOfStranger(const Arrival& arrival);
  void BeginHandshake(const NodeEndpoint& endpoint, bool owes_meet, Instant now);
  bool OnAnswerOnOwnLink(const Arrival& arrival, const Heartbeat& beat);
  bool EndHandshake(const NodeId& provisional, const Arrival& arrival);
  void LearnAddress(const Arrival& arrival);
  void LearnClaim(const Arrival& arrival, const Heartbeat& beat);
  void LearnGossip(const Arrival& arrival, const Heartbeat& beat);
  void AddByGossip(const GossipEntry& entry, Instant now);
  void LearnForgotten(const Heartbeat& beat, Instant now);

  // ---- member_orders.cc ----
  bool ForgetHere(const NodeId& id, Instant now);

  MemberOptions options_;
  uint64_t boot_;
  Prng random_;
  WallTime wall_;
  DataFacts data_;
  std::unique_ptr<Topology> view_;
  std::unique_ptr<FailureDetector> detector_;
  std::unique_ptr<Election> election_;
  std::vector<MemberAction> actions_;
  std::vector<std::unique_ptr<Peer>> peers_;  // by seat; null: this node, or not met yet
  // Of those that announce client addresses.
  std::map<NodeId, ClientAddresses> client_addresses_;
  std::map<NodeId, Handshake> handshakes_;  // by provisional name
  std::map<NodeId, Instant> meet_again_;    // who may have given the handshake up, and when to ask
  absl::flat_hash_map<uint64_t, std::unique_ptr<Link>> links_;  // by LinkId; order must not matter
  std::set<NodeId> unlinked_;                                   // members that may need a link
  std::map<SlotId, NodeId> migrating_;
  std::map<SlotId, NodeId> importing_;
  SlotSet held_;
  std::map<NodeId, Instant> to_forget_;  // told to others until then
  // Met again after a FORGET: until then the word of those who have not heard of it does not count.
  std::map<NodeId, Instant> pardoned_;
  std::string own_ip_;            // as peers of a MEET reach it
  uint64_t data_reign_ = 0;       // History::reign of a replica's data
  bool data_is_of_shard_ = true;  // not another shard's, which this node left
  bool began_uncopied_ = false;   // by the file that it started from
  std::vector<NodeId> suspicions_to_tell_;
  std::vector<NodeId> cleared_to_tell_;
  Instant retell_at_ = Instant::Past();
  bool step_now_ = false;
  Instant migration_at_ = Instant::Past();  // when to look for orphans again
  uint64_t membership_seen_ = UINT64_MAX;
  // What of this node's claim is not in every light beat, and its version.
  struct Told {
    NodeId primary;
    uint64_t config_epoch = 0;
    uint64_t slots_version = 0;
    ClusterShardId shard;
    NodeFlags flags = 0;
    bool ok = false;
    bool paused = false;
    bool forgets = false;
    bool operator==(const Told&) const = default;
  };
  Told told_;
  uint64_t claim_version_ = 1;
  bool writes_held_ = false;  // for a failover by hand
  NodeId tell_when_held_;     // the replica that asked
  uint64_t file_version_ = 0;
  uint64_t epoch_in_file_ = 0;
  uint64_t routes_version_ = 0;
  Instant last_step_;
  Instant orphan_since_ = Instant::Never();
  // By type, of those with a name below kCountedTypes; norn's are the last.
  static constexpr size_t kCountedTypes = 13;
  std::array<uint64_t, kCountedTypes> sent_{};
  std::array<uint64_t, kCountedTypes> received_{};
  static size_t CounterOf(BusType type);
};

}  // namespace norn::cluster
