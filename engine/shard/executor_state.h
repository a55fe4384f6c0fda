#pragma once
// What one executor of a node owns: its copy of the options, its counters, its pause, and a view of the node's shards. No
// other executor touches it; changes arrive by post.

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "engine/base/time.h"
#include "engine/cluster/slot_routes.h"
#include "engine/cluster/slot_set.h"
#include "engine/cluster/write_fence.h"
#include "engine/commands/command.h"
#include "engine/commands/node_control.h"
#include "engine/commands/stats.h"
#include "engine/config/config.h"
#include "engine/env/env.h"
#include "engine/env/logger.h"
#include "engine/fiber/wait_queue.h"
#include "engine/shard/command_names.h"
#include "engine/shard/shard.h"
#include "engine/shard/slot_counters.h"

namespace norn {

// Where the effects of commands go: the journal of the node, when a replica or a log wants them.
class EffectSink {
 public:
  virtual ~EffectSink() = default;
  // Takes everything from `effects` (not empty). Never parks. What is handed over before a token is released or a reply leaves
  // comes, in the journal, before all that this token or reply lets happen.
  virtual void Accept(EffectLog& effects) = 0;
};

// What the node as a whole is in, as far as it decides which commands may run.
struct NodeCondition {
  bool replica = false;
  bool replica_read_only = true;
  bool loading = false;       // the dataset is being read and not there yet
  bool stale = false;         // a replica without its primary that must not serve old data
  bool disk_broken = false;   // saving fails, and stop-writes-on-bgsave-error says no writes
  bool log_broken = false;    // the append-only log cannot be written
  bool few_replicas = false;  // fewer good replicas than min-replicas-to-write
  bool usual() const {
    return !replica && !loading && !stale && !disk_broken && !log_broken && !few_replicas;
  }
};

class BlockedCommand;

struct ExecutorState {
  ExecutorState(env::Env& env, NodeControl& node, uint32_t index, config::Config config,
                Shard* const* shards, Keyspace* const* keyspaces, const KeyMap& key_map);

  const config::Options& options() const { return config.options; }
  Shard& home() const { return *shards[index]; }
  KeyspaceView view() const { return KeyspaceView(keyspaces, key_map); }
  bool single() const { return shard_count == 1; }
  // After config changed.
  void AdoptLogLevel();
  // Of cluster mode: a new view of who owns what. Commands that wait for keys served elsewhere now end.
  void AdoptRoutes(cluster::SlotRoutes routes);
  // Of cluster mode: until when writes are taken. Those that waited for it go on.
  void AdoptFence(const cluster::WriteFence& adopted) {
    fence = adopted;
    held_fibers.WakeAll();
  }
  // A node that becomes a replica ends all waits for keys.
  void AdoptCondition(const NodeCondition& condition);

  env::Env& env;
  NodeControl& node;
  env::Logger log;
  const uint32_t index;
  const KeyMap key_map;
  const uint32_t shard_count;
  Shard* const* const shards;
  Keyspace* const* const keyspaces;
  config::Config config;
  const CommandNames names;
  ExecutorStats stats;
  NodeCondition condition;
  // Of a node in a cluster; else none of them is looked at.
  const bool cluster_mode;
  cluster::SlotRoutes routes;     // by AdoptRoutes
  WaitQueue held_fibers;          // wait for routes that do not hold their slot, or for the fence
  cluster::SlotSet stable_slots;  // of routes: what this primary serves without a second look
  cluster::WriteFence fence;      // by AdoptFence
  EffectSink* effect_sink = nullptr;  // null: nobody listens
  EffectLog effects;                  // of commands run here, until Settle
  EffectLog effect_scratch;
  KeyEvents key_events;  // of the command that runs here, as its handler tells them
  std::unique_ptr<SlotCounters> slot_counters;  // null: nobody counts (cluster-slot-stats-enabled)
  Pause pause;
  WaitQueue paused_fibers;
  std::list<BlockedCommand*> blocked_commands;  // of its clients (blocking.h)
  bool serving_waiters = false;                 // inside ServeWaiters
  Prng eviction_random;
};

// One reading of both clocks; later moments are derived from the monotonic one, so that a batch reads a clock once a
// command.
class TimeBase {
 public:
  explicit TimeBase(env::Clock& clock) : clock_(&clock) {}

  // Reads both clocks anew. Required before the first Lap.
  void Restart() {
    last_ = clock_->Now();
    const WallTime wall = clock_->Wall();
    offset_ns_ = wall.us * 1000 - last_.ns;
  }
  // Reads the monotonic clock; returns what passed since the last reading.
  Duration Lap() {
    const Instant now = clock_->Now();
    const Duration passed = now - last_;
    last_ = now;
    return passed;
  }
  Instant instant() const { return last_; }
  WallTime wall() const { return WallTime{(last_.ns + offset_ns_) / 1000}; }

 private:
  env::Clock* clock_;
  Instant last_;
  int64_t offset_ns_ = 0;  // unix time minus monotonic time
};

}  // namespace norn
