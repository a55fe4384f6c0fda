#pragma once
// Moves slots from shard to shard under load and faults, as `redis-cli --cluster reshard` does it: the slot is opened at both
// sides, its keys go by MIGRATE, then target and source are told who owns it. What breaks off is taken up again with whoever
// leads the shards by then, as `redis-cli --cluster fix` would. One slot at a time.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/prng.h"
#include "engine/env/env.h"
#include "scenarios/cluster/observer.h"
#include "scenarios/cluster/wire.h"
#include "scenarios/scenario.h"
#include "scenarios/server_host.h"
#include "sim/world.h"

namespace norn::scenarios {

class Resharder {
 public:
  // `draw_slot`: one that has keys, as a rule.
  Resharder(const Scenario& scenario, sim::World& world, std::vector<ServerHost*> hosts,
            Observer& observer, std::function<SlotId(Prng&)> draw_slot);

  // The body of its fiber: from then on until the world ends.
  void Run(env::Env& env);
  // No slot is begun any more; the one that is under way is brought to its end.
  void EndBusyTime() { busy_ = false; }
  // This node never comes back.
  void GiveUp(NodeNumber node) { gone_ |= uint64_t{1} << node; }
  bool resting() const { return !busy_ && !move_; }

  uint64_t orders() const { return orders_; }
  const std::vector<SlotId>& moved() const { return moved_; }

 private:
  struct Move {
    SlotId slot;
    NodeNumber to = 0;  // of the shard that gets it
  };

  // By MIGRATESLOTS.
  bool atomic() const { return scenario_.cluster.migrate_slots_every_ns.high > 0; }
  void Begin();
  void Migrate();
  // True: it is done.
  bool GoOn();
  bool MoveKeys(NodeNumber from, NodeNumber to);
  bool CloseEverywhere(NodeNumber owner);
  bool IsOpenAt(NodeNumber node) const;
  bool Answers(NodeNumber node) const;
  std::optional<net::Reply> Ask(NodeNumber node, const Words& words);
  bool Order(NodeNumber node, const Words& words);
  Words SetSlot(std::string state, NodeNumber node) const;

  const Scenario& scenario_;
  sim::World& world_;
  const std::vector<ServerHost*> hosts_;
  Observer& observer_;
  const std::function<SlotId(Prng&)> draw_slot_;
  Prng prng_;
  std::vector<std::unique_ptr<Wire>> wires_;
  env::Env* env_ = nullptr;
  std::optional<Move> move_;
  bool busy_ = true;
  uint64_t gone_ = 0;
  uint64_t orders_ = 0;
  std::vector<SlotId> moved_;
};

}  // namespace norn::scenarios
