#pragma once
// What this node believes of its cluster: who is in it, who owns which slot, who is up. Nobody else's belief counts here and
// there is no central truth; what follows makes the beliefs of all nodes that can talk become one.
//
// The problem. Every node tells every other, again and again, its role, its slots and a config epoch. Such claims arrive late,
// twice, in another order over two links, and from nodes that were cut off for a day. Which claim is newer must be decided
// without a common clock.
//
// The design is Valkey's, because nodes of Valkey must agree with us: a config epoch is the version of one primary's claim. A
// slot follows the greatest epoch that claimed it; whoever claims with a smaller one is told better (UPDATE). Epochs come from
// won elections, so that two primaries do not have the same one; where they do (a new cluster, reshardings), the one with the
// smaller id moves on. A node whose shard lost its last slot to a node of the same shard becomes that node's replica.
//
//   T1  owner(s) changes only to a primary that claims s with an epoch above the present owner's, or by this node's own
//       commands and promotions. Replicas claim nothing (B27).
//   T2  current_epoch() and this node's config epoch never fall; current_epoch() >= every config epoch seen (I5).
//   T3  while this node is a replica it owns no slot, and its primary is another node (I14 as far as one view can tell).
//   T4  a claim that is older than what is known of its sender's shard changes neither role nor slots (B28).
//   T6  under norn rules a primary does not yield its slots to a node of its shard whose data is of an earlier reign, whatever
//       epoch that shows: it claims them again with a greater one (an old primary may have raised its epoch unheard).
//   T5  this node is in nodes() always, up, and follows only what it was told to or what T1 made necessary.
//
// Who votes (Electorate). Among Valkey nodes: primaries with slots. Where every member of a shard that owns slots is a norn
// node, all those members vote, replicas too. Valkey: differs. That electorate does not change when a primary is replaced, which
// is what makes leases (lease.h) safe over many failovers at once, and half of the primaries may die at once. The price: replicas
// count, so that 3 of 6 nodes are no quorum, even if they are three primaries.
//
// What can fail: two sides of a partition that both were told TAKEOVER keep both claims until they meet; then the greater
// epoch wins and the other side's writes are gone. Membership that changes by two nodes or more faster than gossip spreads
// can make two disjoint quorums.
//
// Pure: time is an argument, effects are values. Not thread-safe: belongs to executor 0. Ordered by id everywhere.

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/cluster/history.h"
#include "engine/cluster/node_id.h"
#include "engine/cluster/slot_set.h"

namespace norn::cluster {

// kSuspected is the bus's PFAIL, one node's opinion; kFailed is FAIL, a quorum's.
enum class Health : uint8_t { kUp, kSuspected, kFailed };

struct NodeEndpoint {
  std::string ip = {};  // empty: not known
  uint16_t port = 0;
  uint16_t tls_port = 0;
  uint16_t bus_port = 0;
  bool operator==(const NodeEndpoint&) const = default;
};

// What its owner tells of itself besides role and slots.
struct NodeDescription {
  std::string hostname = {};
  std::string human_name = {};
  bool no_failover = false;  // does not stand for election
  uint16_t norn_level = 0;   // 0: not a norn node
  bool operator==(const NodeDescription&) const = default;
};

struct ClusterNode {
  NodeId id = {};
  // A small number, this node's alone as long as the view lives: what others keep of each node they keep by it. Set by Topology.
  uint32_t seat = 0;
  ClusterShardId shard = {};
  NodeId primary = {};  // empty: it is a primary
  uint64_t config_epoch = 0;
  std::vector<SlotRange> slots = {};
  uint32_t slot_count = 0;
  NodeEndpoint endpoint = {};
  NodeDescription told = {};
  bool has_spare_claim = false;  // MIGRATE_TO: it had replicas, so it may be given spare ones
  bool address_lost = false;     // NOADDR: its address now answers with another id
  Health health = Health::kUp;
  Instant failed_at = {};  // since when kFailed
  StreamOffset offset = 0;
  Instant offset_at = Instant::Past();
  // Of norn nodes, told with the rest.
  History history = {};
  bool hears_quorum = false;  // so that it may stand
  // Topology::IsVoter's answer as of the last count; every grant and report asks.
  bool votes = false;

  bool is_primary() const { return primary.empty(); }
  bool owns_slots() const { return slot_count > 0; }
};

// What a PING, PONG or MEET says of its sender.
struct Claim {
  NodeId sender;
  NodeId replica_of = {};  // empty: a primary
  uint64_t current_epoch = 0;
  uint64_t config_epoch = 0;  // of a replica: its primary's
  SlotSet slots = {};         // of a replica: its primary's
  StreamOffset offset = 0;
  std::optional<ClusterShardId> shard = {};  // old servers do not tell
  NodeDescription description = {};
  History history = {};
  bool hears_quorum = false;
};

// What one step made of the view; the caller must do the rest. Order: save, then send.
struct TopologyEffects {
  struct Update {
    NodeId to;
    NodeId about;
  };
  struct Follow {
    NodeId primary;
    bool same_shard = false;  // the histories have a common past: a partial sync may do
  };

  bool changed = false;    // nodes.conf differs
  bool must_sync = false;  // ... and must be durable before the next message leaves
  bool tell_everyone = false;
  std::vector<Update> updates = {};
  std::optional<Follow> follow = {};
  bool became_primary = false;  // by a broken loop
  // Slots that went to others while this node stays a primary: their keys must go.
  SlotSet lost_slots = {};
  // The greatest config epoch that a primary newly showed: elections at or below it are lost (B06). 0: none.
  uint64_t overtaken_by = 0;
};

// Who decides by majority in this view.
struct Electorate {
  bool norn_rules = false;
  uint32_t size = 0;
  uint32_t quorum() const { return size / 2 + 1; }
};

enum class StateReason : uint8_t { kNone, kSlotsUncovered, kMinority };

struct ClusterState {
  bool ok = false;
  StateReason reason = StateReason::kNone;
  bool operator==(const ClusterState&) const = default;
};

struct TopologyOptions {
  Duration node_timeout = Duration::Seconds(15);
  bool allow_replica_migration = true;
  bool require_full_coverage = true;
  Duration forget_ttl = Duration::Seconds(60);
  Duration ping_interval = {};  // between pings to one node; 0: what the node timeout makes it
  // Off: primaries with slots vote under norn rules too. More failures of replicas are survived; the proof of lease.h then holds
  // only while no voter is replaced within one lease of another.
  bool members_vote = true;
};

class Topology {
 public:
  using Nodes = std::map<NodeId, ClusterNode>;

  // A cluster of one, a primary without slots. Requires: neither id empty.
  Topology(NodeId self, ClusterShardId shard, TopologyOptions options);
  // Slot owners point into nodes().
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;

  const ClusterNode& self() const { return *self_; }
  const Nodes& nodes() const { return nodes_; }
  // Null: not known.
  const ClusterNode* Find(const NodeId& id) const;
  const ClusterNode* OwnerOf(SlotId slot) const { return owners_[slot.value]; }
  uint64_t current_epoch() const { return current_epoch_; }
  const TopologyOptions& options() const { return options_; }
  void SetOptions(const TopologyOptions& options) {
    options_ = options;
    voters_stale_ = true;
  }
  // By id; O(nodes).
  std::vector<const ClusterNode*> ReplicasOf(const NodeId& primary) const;
  // By id.
  const std::vector<const ClusterNode*>& MembersOf(const ClusterShardId& shard) const;
  // Those whose health is kSuspected.
  const std::set<NodeId>& suspects() const { return suspects_; }
  // Raised when a node comes or goes.
  uint64_t membership_version() const { return membership_version_; }
  // Raised when what this node claims, or its primary, may own other slots.
  uint64_t own_slots_version() const { return own_slots_version_; }
  // Raised when it may be others who vote.
  uint64_t voters_version() const {
    electorate();
    return voters_version_;
  }
  // The primary that owns slots in this shard, the greatest epoch's; null: none.
  const ClusterNode* PrimaryOfShard(const ClusterShardId& shard) const;

  // What an UPDATE about it tells: without the slots that it stopped claiming itself.
  SlotSet SlotsToTell(const ClusterNode& node) const;

  const Electorate& electorate() const;
  bool IsVoter(const ClusterNode& node) const;

  // ---- membership ----
  // A node that became known by handshake, by gossip of a member, or from nodes.conf. False: it is known already, or forgotten
  // a short while ago (B36).
  bool Add(const ClusterNode& node, Instant now);
  // CLUSTER FORGET: its slots are without owner. False: not known, self, or this node's primary.
  bool Forget(const NodeId& id, Instant now);
  bool IsForgotten(const NodeId& id, Instant now) const;
  // Somebody asked for it again (MEET) before its time.
  void Pardon(const NodeId& id) { forgotten_until_.erase(id); }
  void SetEndpoint(const NodeId& id, const NodeEndpoint& endpoint);
  // The address of `id` answers with another id.
  void LoseAddress(const NodeId& id, Instant now);

  // ---- claims of others ----
  // From a known sender whose handshake is over; others are ignored, and so is what claims to come from this node.
  TopologyEffects ApplyClaim(const Claim& claim, Instant now);
  // UPDATE: somebody says that `owner` claims `slots` with `config_epoch`.
  TopologyEffects ApplyUpdate(const NodeId& owner, uint64_t config_epoch, const SlotSet& slots);
  void ObserveEpoch(uint64_t epoch);
  // A member heard from `id` that it is a replica; this node did not. Believed of a failed one without slots only: it leads nobody,
  // and may never say so again. True: the view changed.
  bool BelieveReplica(const NodeId& id);
  // Of a node in nodes(), between its claims.
  void ApplyNews(const ClusterNode& sender, const History& history, bool hears_quorum, Instant now);

  // ---- this node's own deeds ----
  // From nodes.conf, before anything else. Epochs: the greater stays (T2).
  void RestoreEpochs(uint64_t current_epoch, uint64_t own_config_epoch);
  // ADDSLOTS, DELSLOTS, SETSLOT NODE, as checked by the caller; an empty owner unbinds. Requires: a known primary.
  TopologyEffects SetOwner(const SlotSet& slots, const NodeId& owner);
  // Their owner has them by a word of this shard (SETSLOT, a slot migration) and has yet to claim them: with whatever epoch it
  // has now, nobody else is to hear that it does.
  void Promise(const SlotSet& slots) { promised_ |= slots; }
  // A config epoch above all known ones, without asking (BUMPEPOCH, end of a migration). False: it has the greatest.
  bool BumpEpoch();
  // Above all known ones, and no other member of this shard ever chooses it, with or without votes (epoch_numbers.h).
  uint64_t UnaskedEpoch() const;
  // Of what is known, config epochs and the current one.
  uint64_t GreatestEpoch() const;
  // Takes this one without asking. Requires: it is above GreatestEpoch().
  void RaiseEpoch(uint64_t epoch);
  // CLUSTER SET-CONFIG-EPOCH. False: not fresh (another node known, or an epoch set).
  bool SetConfigEpoch(uint64_t epoch);
  // CLUSTER REPLICATE and orders of TopologyEffects::follow (which are done already). Requires: a known primary, not self; no own slots.
  TopologyEffects FollowPrimary(const NodeId& primary);
  // This replica won `epoch`, or takes it (TAKEOVER): it is the primary, with all slots of its shard.
  TopologyEffects TakeOver(uint64_t epoch);
  // This primary won its own shard anew.
  TopologyEffects Renew(uint64_t epoch);
  // What this node tells of itself.
  void DescribeSelf(const NodeDescription& told, const History& history, bool hears_quorum,
                    Instant now);
  Claim OwnClaim() const;

  // ---- health ----
  // Entering kFailed sets failed_at.
  void SetHealth(const NodeId& id, Health health, Instant now);
  // Health of the whole as Valkey has it; call after changes and at least every 100 ms. Keeps a primary unwritable for 2 s after
  // its first call, and for clamp(node timeout, 0.5 s, 5 s) after it was in a minority (G6).
  ClusterState UpdateState(Instant now);
  const ClusterState& state() const { return state_; }

 private:
  ClusterNode* Mutable(const NodeId& id);
  bool SameShard(const ClusterNode& a, const ClusterNode& b) const { return a.shard == b.shard; }
  bool IsStaleRole(const ClusterNode& sender, const Claim& claim) const;
  bool Outranks(const ClusterNode& claimant, uint64_t epoch, const SlotSet& slots) const;
  void ClaimAgain(TopologyEffects& effects);
  void ApplyFacts(ClusterNode& sender, const Claim& claim, Instant now, TopologyEffects& effects);
  void ApplyRole(ClusterNode& sender, const Claim& claim, TopologyEffects& effects);
  void ApplyShard(ClusterNode& sender, const Claim& claim, TopologyEffects& effects);
  void MakeReplica(ClusterNode& node, ClusterNode& primary, TopologyEffects& effects);
  void MakePrimary(ClusterNode& node);
  void LeaveLoop(ClusterNode& sender, TopologyEffects& effects);
  void FollowMyPrimarysPrimary(TopologyEffects& effects);
  void ApplySlots(ClusterNode& claimant, uint64_t epoch, const SlotSet& slots,
                  TopologyEffects& effects);
  void AfterLosingSlots(ClusterNode& claimant, uint64_t epoch, bool lost_mine,
                        TopologyEffects& effects);
  void CorrectStaleOwner(const ClusterNode& sender, const Claim& claim, TopologyEffects& effects);
  void ResolveCollision(const ClusterNode& sender, uint64_t epoch, TopologyEffects& effects);
  // Binds without asking; keeps the owners' lists.
  void Bind(const SlotSet& slots, ClusterNode* owner);
  void StoreSlots(ClusterNode& node, const SlotSet& slots);
  void RolesChanged();
  void SetShard(ClusterNode& node, const ClusterShardId& shard);
  void RecountVoters() const;
  void RecountHealth() const;
  ClusterState JudgeState(Instant now);

  TopologyOptions options_;
  Nodes nodes_;
  absl::flat_hash_map<NodeId, ClusterNode*> index_;  // of nodes_: every message asks
  ClusterNode* self_;
  std::vector<ClusterNode*> owners_;
  // Their owner stopped claiming them, or never did (Promise): nothing to tell others (UPDATE).
  SlotSet unclaimed_by_owner_;
  SlotSet promised_;
  uint64_t current_epoch_ = 0;
  std::map<NodeId, Instant> forgotten_until_;

  ClusterState state_;
  std::optional<Instant> first_judged_;
  std::optional<Instant> last_minority_;

  mutable bool voters_stale_ = true;
  mutable Electorate electorate_;
  mutable uint64_t voters_version_ = 0;
  // Kept, because hundreds may fail at once and each failure asks: slots of owners that did not fail, voters that are up.
  mutable bool health_stale_ = true;
  mutable uint32_t covered_ = 0;
  mutable uint32_t reachable_ = 0;
  std::map<ClusterShardId, std::vector<const ClusterNode*>> shards_;
  std::set<NodeId> suspects_;
  uint32_t next_seat_ = 1;  // the first is this node's own
  uint64_t membership_version_ = 0;
  uint64_t own_slots_version_ = 0;
};

// Sets as the ranges that nodes keep them in, and back.
SlotSet ToSet(const std::vector<SlotRange>& ranges);

}  // namespace norn::cluster
