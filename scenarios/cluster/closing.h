#pragma once
// The end of a cluster's run, when all has healed that will: every slot must take writes (slots_served), redirects must lead to
// the owner (redirects_reach), replicas must have what their primary has (same_history_same_data, replicas_converge), and all
// that was written is read once more, for the judge.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/env/env.h"
#include "scenarios/cluster/cluster_client.h"
#include "scenarios/cluster/wire.h"
#include "scenarios/replication_books.h"
#include "sim/world.h"

namespace norn::scenarios {

struct ClosingSettings {
  std::vector<std::string> nodes;  // addresses of those that live
  std::vector<SlotId> slots;       // that are tried
  std::vector<SlotId> moved;       // whose keys were moved to other shards
  Instant healed_at;               // of the world
  Duration serve_within;
};

class Closing {
 public:
  Closing(ClosingSettings settings, sim::World& world, ClusterRecord& record);

  // The body of its fiber: tries the slots, and reads once it may.
  void Run(env::Env& env);
  void MayRead() { may_read_ = true; }
  bool tried() const { return tried_; }
  bool read() const { return read_; }
  // How long the last slot took.
  Duration served_after() const { return served_after_; }

 private:
  void TryAllSlots(env::Env& env);
  void ReadAll(env::Env& env);
  void FollowRedirects(env::Env& env);
  void CompareNodes(env::Env& env);
  void FindHolders(env::Env& env);
  std::string WrongHolder(env::Env& env, SlotId slot);
  std::optional<NodeReading> Read(env::Env& env, size_t node);
  std::string NotTogether(env::Env& env);
  CheckTally& Tally(CheckId check) { return At(record_.checks, check); }

  const ClosingSettings settings_;
  sim::World& world_;
  ClusterRecord& record_;
  ClusterClient client_;
  std::vector<Wire> wires_;
  HistoryBook histories_;
  Duration served_after_{0};
  bool tried_ = false;
  bool may_read_ = false;
  bool read_ = false;
};

}  // namespace norn::scenarios
