#pragma once
// Sees into all nodes of a cluster between steps, as nobody in the world can, and holds what must be true of all of them at
// once: who claims what with which epoch (one_claimant, epochs_never_fall), who promised whom what (vote_once,
// backed_promotions, copied_promotions), who may take writes (one_writer), who is declared failed and why (fail_by_quorum), who was forgotten
// (forgotten_stays), which of two equals yields (ties_go_to_data), how long slots are not served (service_watch). Keeps the book
// of reigns for the judge of writes.
//
// A node is looked at again when something that it would save or route by has changed, which is one comparison an event;
// suspicions, which change neither, once a millisecond.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "scenarios/checks.h"
#include "scenarios/cluster/forgotten_book.h"
#include "scenarios/cluster/reigns.h"
#include "scenarios/cluster/service_watch.h"
#include "scenarios/server_host.h"
#include "sim/world.h"

namespace norn::scenarios {

class Observer {
 public:
  // `hosts`: by node number. `watched`: slots that are to be served.
  Observer(sim::World& world, std::vector<ServerHost*> hosts, std::vector<SlotId> watched,
           const ServiceBounds& bounds, CheckTallies& tallies);

  // Before every event.
  void Look();
  // A line of its log; one of them says that it found a quorum of suspicions.
  void Hear(NodeNumber node, std::string_view line);
  // The node's process has ended.
  void Died(NodeNumber node);
  // A takeover without votes was asked of it.
  void MayTakeOver(NodeNumber node) { unasked_.insert(node); }
  // It was told to meet that one.
  void MayMeet(NodeNumber node, const cluster::NodeId& id) { forgotten_.MayMeet(node, id); }
  // The cluster is whole: from now on it has to serve.
  void BeginService() { serves_ = true; }
  // Some fault is at work.
  void Trouble() { service_.Trouble(world_.now().ns); }
  // A client was told that.
  void Refused(const std::string& error) { service_.Refused(error, world_.now().ns); }

  const Reigns& reigns() const { return reigns_; }
  // Promotions so far.
  uint64_t promotions() const { return promotions_; }
  // Full copies for replicas that were begun.
  uint64_t full_copies() const { return full_copies_; }
  // What is known of the node, even while it is down.
  bool IsPrimary(NodeNumber node) const { return seen_[node].primary_with_slots; }
  const cluster::NodeId& IdOf(NodeNumber node) const { return seen_[node].id; }
  std::optional<NodeNumber> NumberOf(const cluster::NodeId& id) const;
  // This node never comes back: what it claimed at last, with an epoch that it may have told nobody, is nobody's.
  void GiveUp(NodeNumber node) { seen_[node].gone = true; }
  // Who claims it with the greatest epoch.
  std::optional<NodeNumber> OwnerOf(SlotId slot) const;
  // Its shard, as bits.
  uint64_t MembersOf(SlotId slot) const;
  // Who leads the shard that `node` belongs to.
  std::optional<NodeNumber> LeaderOf(NodeNumber node) const;
  // A slot is being moved by hand from now on; `by_key`: key by key.
  void MoveBegins(SlotId slot, bool by_key) { reigns_.MoveBegins(slot, world_.now().ns, by_key); }

 private:
  struct Seen {
    const cluster::Member* member = nullptr;  // of the present life; only compared
    uint64_t file_version = UINT64_MAX;
    uint64_t routes_version = UINT64_MAX;
    cluster::NodeId id;
    cluster::ClusterShardId shard;
    bool primary_with_slots = false;
    cluster::SlotSet slots;  // while it is one
    cluster::SlotSet
        leaving;  // of them, what is on its way to another shard: served as far as keys are here
    uint64_t config_epoch = 0;
    bool was_replica = false;  // in this life
    bool first_look = true;    // of this life
    bool gone = false;
    int64_t died_ns = 0;  // the life before
    uint64_t membership_version = 0;
    // What it saw of each node at the last look.
    struct Owned {
      uint32_t slots = 0;
      uint64_t epoch = 0;
      bool was_primary = false;
    };
    std::map<cluster::NodeId, Owned> owned;
  };
  // What must outlast the lives of a node, each with the time since when. What it came to just before it died it may have told
  // nobody yet, and forget.
  struct Memory {
    uint64_t current_epoch = 0;
    int64_t current_epoch_ns = 0;
    uint64_t config_epoch = 0;
    int64_t config_epoch_ns = 0;
    std::map<cluster::ClusterShardId, cluster::ShardPromise> promises;
    std::map<cluster::ClusterShardId, int64_t> promised_ns;
  };
  using Ballot = std::pair<cluster::ClusterShardId, uint64_t>;

  void LookAt(NodeNumber node, const cluster::Member& member);
  void CheckEpochs(NodeNumber node, const cluster::Member& member);
  void CheckVotes(NodeNumber node, const cluster::Member& member);
  bool MayForget(NodeNumber node, int64_t since_ns) const;
  void CheckClaim(NodeNumber node);
  void CheckPromotion(NodeNumber node, const cluster::Member& member);
  void FindRivals();
  void CheckRivals();
  // Two primaries of a shard with one epoch, and what each had when they were first seen so.
  struct Tie {
    cluster::History one;
    cluster::History two;
  };
  struct Equal {
    NodeNumber node = 0;
    cluster::History had;
  };
  void NoteTies();
  void JudgeTie(const Equal& winner, const Equal& loser);
  void CheckOwners(NodeNumber node, const cluster::Member& member);
  void CheckMembership(NodeNumber node, const cluster::Member& member);
  void WatchService();
  SlotService ServiceOf(SlotId slot) const;
  bool IsOldData(const cluster::Member& replica) const;
  bool QuorumRuns(const cluster::Topology& view) const;
  bool Runs(NodeNumber node) const;
  bool Rules(NodeNumber node) const { return seen_[node].primary_with_slots && !seen_[node].gone; }
  void NoteSuspicions();
  void CheckVerdict(NodeNumber by, const cluster::NodeId& of);
  void CheckTold(NodeNumber by, const cluster::NodeId& of);
  bool MayWrite(NodeNumber node) const;
  CheckTally& Tally(CheckId check) { return At(tallies_, check); }
  void Fail(CheckId check, NodeNumber node, const std::string& what);

  sim::World& world_;
  const std::vector<ServerHost*> hosts_;
  CheckTallies& tallies_;
  std::vector<Seen> seen_;
  Reigns reigns_;
  std::map<cluster::NodeId, Memory> memory_;
  std::map<cluster::NodeId, NodeNumber> numbers_;
  // Who ever claimed slots with that epoch.
  std::map<uint64_t, std::map<cluster::NodeId, cluster::SlotSet>> claims_;
  std::map<Ballot, std::map<cluster::NodeId, std::set<cluster::NodeId>>> votes_;  // by candidate
  std::vector<std::pair<NodeNumber, NodeNumber>> rivals_;  // that claim a slot both, now
  std::map<std::pair<NodeNumber, cluster::NodeId>, int64_t> suspected_ns_;  // when last: by, of
  std::set<NodeNumber> unasked_;
  std::set<NodeNumber> uncopied_;  // replicas that have yet to copy or resume their shard
  std::vector<std::pair<NodeNumber, cluster::NodeId>> verdicts_;  // since the last look: by, of
  struct FirstVerdict {
    NodeNumber by = 0;
    int64_t at_ns = 0;
  };
  std::map<cluster::NodeId, FirstVerdict> first_verdicts_;  // about each, until it is taken back
  int64_t suspicions_at_ns_ = 0;
  uint64_t promotions_ = 0;
  uint64_t full_copies_ = 0;
  bool serves_ = false;
  const std::vector<SlotId> watched_;
  ServiceWatch service_;
  ForgottenBook forgotten_;
  std::map<std::pair<NodeNumber, NodeNumber>, Tie> ties_;
};

}  // namespace norn::scenarios
