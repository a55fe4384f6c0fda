#pragma once
// What a seed decides before anything runs: the values of the scenario's ranges and lists, and what will happen to the world.
//
// Each purpose has a generator of its own: what a scenario says about one thing changes nothing about the others. So a
// scenario can be made smaller bit by bit and remains the same story.

#include <string>
#include <vector>

#include "faults/plan.h"
#include "scenarios/history.h"
#include "scenarios/scenario.h"
#include "scenarios/server.h"
#include "sim/world.h"

namespace norn::scenarios {

struct Drawn {
  size_t threads = 1;
  int64_t drift_ppm = 0;
  bool pct = false;  // how fibers are scheduled; else at random
  KeyUniverse universe;
  size_t clients = 0;
  Duration timeout;
  ServerOptions options;
  size_t shards = 0;          // of a cluster
  size_t shard_replicas = 0;  // of each
  Duration node_timeout;
  size_t replicas = 0;  // nodes beside the first
  std::vector<size_t> replica_threads;
  ServerOptions replica_options;  // all of a replica's
  faults::KindSet kinds{};
  faults::FaultPlan plan;

  std::string Text() const;   // all but the faults, in one line
  std::string Kinds() const;  // their names, each with a blank before it
};

// `prng_of` is that of a world with this seed.
Drawn Draw(const Scenario& scenario, const faults::PrngOf& prng_of);
Drawn Draw(const Scenario& scenario, uint64_t seed);
// The world of a seed: its network. Without its log sink.
sim::WorldOptions DrawWorld(const Scenario& scenario, uint64_t seed);

}  // namespace norn::scenarios
