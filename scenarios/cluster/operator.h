#pragma once
// The operator of a cluster: makes it as `redis-cli --cluster create` does, fails shards over by hand, moves replicas, sends
// nodes away and takes them back, and looks after nodes that lost their disk. Its own links are never ill.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/env/env.h"
#include "scenarios/cluster/layout.h"
#include "scenarios/cluster/observer.h"
#include "scenarios/cluster/wire.h"
#include "scenarios/scenario.h"
#include "scenarios/server_host.h"
#include "sim/world.h"

namespace norn::scenarios {

class Operator {
 public:
  Operator(const Scenario& scenario, const ClusterLayout& layout, sim::World& world,
           std::vector<ServerHost*> hosts, Observer& observer);

  // The body of its fiber: from then on until the world ends.
  void Run(env::Env& env);
  // The cluster is whole and every node of it says that it is ok.
  bool formed() const { return formed_; }
  // No more orders than what is needed to put things right.
  void EndBusyTime() { busy_ = false; }
  // Bounds a node's memory by CONFIG SET, or no more, within a moment. `effect` is called when a client was refused for it.
  void LimitMemory(NodeNumber node, std::optional<int64_t> bytes, std::function<void()> effect);
  // A write was refused for want of memory.
  void OutOfMemory();
  // This node never comes back.
  void GiveUp(NodeNumber node) { gone_ |= uint64_t{1} << node; }

  uint64_t orders() const { return orders_; }  // that were answered with OK
  // A node's data went by its orders at these times.
  struct Emptied {
    NodeNumber node = 0;
    int64_t at_ns = 0;
  };
  const std::vector<Emptied>& emptied() const { return emptied_; }

 private:
  // The reply's text; nullopt: none, or an error.
  std::optional<std::string> Order(NodeNumber node, const Words& words);
  bool Answers(NodeNumber node) const;
  bool IsGone(NodeNumber node) const { return ((gone_ >> node) & 1) != 0; }
  void Pause(Duration span);

  void Form();
  bool AllKnowAll() const;
  bool AllOk() const;
  void TendAll();
  void TakeIn(NodeNumber node);
  void Introduce(NodeNumber node);
  void ForgetTheLost(NodeNumber node, const cluster::Member& member);
  void FailOver();
  void SendAway();
  void SetMemory();
  void MoveReplica();
  void BumpEpoch();

  const Scenario& scenario_;
  const ClusterLayout& layout_;
  sim::World& world_;
  const std::vector<ServerHost*> hosts_;
  Observer& observer_;
  Prng prng_;
  std::vector<std::unique_ptr<Wire>> wires_;
  std::vector<Instant> alone_until_;  // sent away: not taken in before
  std::vector<Instant> slotless_since_;
  env::Env* env_ = nullptr;
  bool formed_ = false;
  bool busy_ = true;
  uint64_t gone_ = 0;
  struct MemoryOrder {
    NodeNumber node = 0;
    int64_t bytes = 0;  // 0: no bound
  };
  std::vector<MemoryOrder> memory_orders_;  // yet to be given
  std::function<void()> memory_effect_;     // of the last bound; null: it had one, or there is none
  uint64_t orders_ = 0;
  std::vector<Emptied> emptied_;
};

}  // namespace norn::scenarios
