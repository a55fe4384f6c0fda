#pragma once
// A story as data: what a scenario file says, checked and in numbers. scenario_file.h reads it; the runner plays it.
//
// Most values are ranges: [low, high] in the file, or one number for both. Each seed draws its own value from the range
// before anything runs, so that one file covers small and large, fast and slow.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "faults/budget.h"
#include "faults/plan.h"
#include "faults/rules.h"

namespace norn::scenarios {

using faults::FaultKind;
using faults::FaultRow;
using faults::FaultRule;
using faults::kFaultKinds;
using faults::kFaultRows;
using faults::NameOf;
using faults::Range;

// An option of the node: one of the values is drawn per seed.
struct OptionChoice {
  std::string name;
  std::vector<std::string> values;
  uint32_t line = 0;  // of the file, for messages
};

struct NodeSection {
  Range threads{1, 1};
  Range drift_ppm{0, 0};  // of the node's clocks
  std::vector<OptionChoice> options;
  Range replicas{0, 0};                       // more nodes, which replicate the first
  std::vector<OptionChoice> replica_options;  // theirs, after `options`
  int64_t zones = 3;                          // node i lies in zone i modulo that
};

struct ClientSection {
  Range count{20, 20};
  Range think_time_ns{0, 5'000'000};
  Range pipeline{1, 8};
  Range timeout_ns{2'000'000'000, 2'000'000'000};
  Range groups{4, 4};
  Range keys_per_group{3, 3};
  Range databases{2, 2};
  Range value_bytes{1, 40};
  int64_t resp3_percent = 50;
};

// What happens between the nodes, beside the faults.
struct ReplicationSection {
  Range quiet_every_ns{200'000'000, 800'000'000};  // between two moments without writes
  int64_t chained_percent = 0;                     // replicas that begin as replica of a replica
  Range witnesses{0, 0};                           // writers that WAIT and set deadlines
  bool primary_dies = false;   // for good, at the end; the best replica takes over
  int64_t full_syncs_max = 0;  // for each replica in the whole run; 0: not judged
};

struct NetworkSection {
  Range latency_ns{20'000, 100'000};
  Range jitter_ns{0, 100'000};
};

// A cluster instead of one primary with replicas (scenarios/cluster); `shards` 0: none.
struct ClusterSection {
  Range shards{0, 0};
  Range replicas{1, 1};  // of each shard
  Range node_timeout_ns{1'000'000'000, 2'000'000'000};
  bool seed_config = false;  // nodes find their nodes.conf; else an operator makes the cluster
  int64_t replica_reads_percent = 0;  // clients that read from replicas
  int64_t wait_percent = 0;           // writes after which the client waits for all replicas
  Range failover_every_ns{0, 0};      // CLUSTER FAILOVER, in all its forms; 0: never
  int64_t takeover_percent = 0;       // of those, without asking anybody (G13)
  Range membership_every_ns{0, 0};    // a node is forgotten, reset, met again; 0: never
  Range move_every_ns{0, 0};          // a replica is given to another shard; 0: never
  Range bump_every_ns{0, 0};          // CLUSTER BUMPEPOCH of a primary; 0: never
  Range old_nodes{0, 0};              // that speak the bus as before 7.0
  bool form_in_trouble = false;       // faults begin before the operator makes the cluster
  int64_t outage_timeouts = 1;        // bounded_outage: that many node timeouts and outage_extra
  int64_t outage_extra_ns = 1'000'000'000;
  Range reshard_every_ns{0, 0};  // a slot is moved to another shard, as redis-cli does it; 0: never
  Range migrate_slots_every_ns{0, 0};  // CLUSTER MIGRATESLOTS; 0: never
  bool moves_slots() const { return reshard_every_ns.high > 0 || migrate_slots_every_ns.high > 0; }
  bool enabled() const { return shards.high > 0; }
};

// How a cluster's run ends.
struct EndingSection {
  bool heal_quorum = false;  // else all nodes live again
  int64_t converge_within_ns = 30'000'000'000;
  int64_t serve_within_ns = 20'000'000'000;
};

// The families of the workload, in the order of the table in workload.cc.
enum class Family : uint8_t {
  kRead,
  kWrite,
  kCounter,
  kExpiry,
  kMultiKey,
  kTransaction,
  kWatch,
  kScan,
  kFlush,
  kToken,
  kSelect,
  kLedger,
  kSave,
  kBgSave,
  kRewrite,
  kTyped,
};
inline constexpr size_t kFamilies = 16;

struct Scenario {
  std::string name;
  std::string description;
  int64_t duration_ns = 10'000'000'000;
  bool swarm = false;  // each seed switches a random subset of the fault kinds off
  std::vector<std::string> checks;
  NodeSection node;
  ClientSection clients;
  NetworkSection network;
  ReplicationSection replication;
  ClusterSection cluster;
  EndingSection ending;
  int64_t weights[kFamilies] = {};
  faults::FaultRules faults{};
  faults::Budget budget;  // of what is drawn by those rules
  // Instead of what the seed would draw by those rules.
  std::optional<faults::FaultPlan> plan;
  int64_t seed = 1;  // when nobody asks for another

  bool HasFault(FaultKind kind) const {
    return plan ? faults::KindsOf(*plan)[static_cast<size_t>(kind)]
                : faults[static_cast<size_t>(kind)].enabled();
  }
  bool Checks(const std::string& name) const {
    for (const std::string& check : checks) {
      if (check == name) return true;
    }
    return false;
  }
};

}  // namespace norn::scenarios
