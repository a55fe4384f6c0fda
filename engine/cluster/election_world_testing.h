#pragma once
// For property tests: a cluster of Elections with their Topologies and FailureDetectors on a virtual clock, and a network that
// loses, repeats, delays and reorders. Nodes crash, keep what was persisted, and come back; clocks run at different rates.
// The world checks as it goes:
//
//   one winner     of a shard and ballot (I1, I3)
//   one writer     of a shard at any instant, and none of an earlier reign behind one of a later (I2): what the fencing promises
//   best history   a vote goes to nobody of whom the voter knows an able replica with more (I6)
//   patience       older data wins no sooner than old_data_wait() after the last leave to write of a later reign (E2 of election.h)
//
// A Mistake turns the nodes into doubles that do one thing wrong.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/prng.h"
#include "engine/cluster/election.h"
#include "engine/cluster/topology_testing.h"

namespace norn::cluster::testing {

enum class Mistake {
  kNone,
  kVoteNotPersisted,
  kVotesTwice,
  kFencesLate,
  kIgnoresHistory,
  kIgnoresReigns
};

class ElectionWorld {
 public:
  static constexpr Duration kTimeout = Duration::Seconds(1);
  static constexpr Duration kStep = Duration::Millis(20);
  static constexpr Duration kPatience = Duration::Seconds(4);

  // `shards` primaries, the rest of `nodes` replicas of them in turn.
  ElectionWorld(int nodes, int shards, uint64_t seed, Mistake mistake);

  void Run(Duration span);
  // Crashes, restarts and cuts something.
  void DisturbOnce();
  void Heal();
  void Crash(int node);
  void Restart(int node);
  void Cut(int from, int to) { cut_.insert({from, to}); }
  void CutOff(int node);
  // After CutOff, but not to those who are cut off themselves.
  void Reconnect(int node);
  // Who won does not say so: its claims are lost, its requests are not.
  void MuteWinners() { mute_winners_ = true; }
  void SetLoss(int percent) { loss_percent_ = percent; }

  bool IsUp(int node) const { return nodes_.at(node).up; }
  Topology& View(int node) { return *nodes_.at(node).view; }
  Election& ElectionOf(int node) { return *nodes_.at(node).election; }
  History& HistoryOf(int node) { return nodes_.at(node).history; }
  Instant Local(int node) const;
  Instant now() const { return now_; }
  bool IsWriter(int node) const;
  // 0: none.
  int WriterOf(int shard) const;
  void Perform(int node, ElectionActions actions);

  const std::optional<std::string>& violation() const { return violation_; }
  int promotions() const { return promotions_; }
  Instant last_promotion() const { return last_promotion_; }

 private:
  struct Stored {
    ElectionRecord record;
    std::vector<ClusterNode> nodes;
    uint64_t current_epoch = 0;
  };
  struct Member {
    bool up = true;
    double rate = 1;
    int64_t offset_ns = 0;
    int life = 0;
    std::unique_ptr<Topology> view;
    std::unique_ptr<FailureDetector> detector;
    std::unique_ptr<Election> election;
    History history;
    Stored stored;
  };
  struct Event {
    int node;
    int life;
    std::function<void()> what;
  };

  void Boot(int node, const ElectionRecord& record);
  void StepNode(int node);
  void CheckWriters();
  void CheckVote(int voter, const BallotRequest& request);
  void CheckPatience(int winner);
  void Fail(const std::string& what);
  void At(Instant when, int node, std::function<void()> what);
  void Deliver(int from, int to, std::function<void()> what);
  void Heartbeat(int from, int to, bool is_answer);
  void ApplyEffects(int node, const TopologyEffects& effects);
  void Spread(int node, const DetectorActions& actions);
  void Stream(int from, int to);
  void PerformOne(int node, const ElectionAction& action);
  void SendElection(int from, int to, ElectionMessage message);
  Stored Snapshot(int node) const;
  void Store(int node);
  static int NumberOf(const NodeId& id);

  int size_;
  int shards_;
  Prng random_;
  Mistake mistake_;
  Instant now_;
  std::map<std::pair<Instant, uint64_t>, Event> events_;
  uint64_t next_event_ = 0;
  std::map<int, Member> nodes_;
  std::set<std::pair<int, int>> cut_;
  int loss_percent_ = 0;
  std::map<std::pair<ClusterShardId, uint64_t>, int> winners_;
  std::optional<std::string> violation_;
  int promotions_ = 0;
  Instant last_promotion_;
  Instant checked_at_;
  std::map<ClusterShardId, uint64_t> reigns_;
  std::map<ClusterShardId, Instant> wrote_at_;
  bool mute_winners_ = false;
};

}  // namespace norn::cluster::testing
