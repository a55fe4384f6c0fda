#include "engine/shard/executor_state.h"

#include <utility>

#include "engine/commands/table.h"
#include "engine/shard/blocking.h"

namespace norn {
namespace {

env::LogLevel LevelOf(config::Verbosity verbosity) {
  switch (verbosity) {
    case config::Verbosity::kDebug:
      return env::LogLevel::kDebug;
    case config::Verbosity::kVerbose:
      return env::LogLevel::kVerbose;
    case config::Verbosity::kNotice:
      return env::LogLevel::kNotice;
    default:
      return env::LogLevel::kWarning;
  }
}

}  // namespace

ExecutorState::ExecutorState(env::Env& env, NodeControl& node, uint32_t index,
                             config::Config config, Shard* const* shards,
                             Keyspace* const* keyspaces, const KeyMap& key_map)
    : env(env),
      node(node),
      log(env, LevelOf(config.options.loglevel)),
      index(index),
      key_map(key_map),
      shard_count(key_map.shard_count),
      shards(shards),
      keyspaces(keyspaces),
      config(std::move(config)),
      names(this->config.renames),
      cluster_mode(this->config.options.cluster_enabled),
      held_fibers(env.executor()),
      paused_fibers(env.executor()),
      eviction_random(env.entropy().Next()) {
  stats.commands.resize(CommandIdCount());
}

void ExecutorState::AdoptRoutes(cluster::SlotRoutes adopted) {
  if (slot_counters != nullptr) {  // what a slot cost its earlier owner is no matter of ours
    for (uint16_t slot = 0; slot < kSlotCount; ++slot) {
      if (routes.ShardServes(SlotId{slot}) != adopted.ShardServes(SlotId{slot})) {
        slot_counters->slots[slot] = {};
      }
    }
  }
  routes = std::move(adopted);
  // Open towards a node that nobody knows any more: there is nowhere to send a client.
  const auto leads_nowhere = [](const auto& open) { return open.second == cluster::kNoRoute; };
  std::erase_if(routes.migrating, leads_nowhere);
  std::erase_if(routes.importing, leads_nowhere);
  stable_slots.ClearAll();
  held_fibers.WakeAll();
  for (BlockedCommand* blocked : blocked_commands) blocked->AskForRedirect();
  if (!routes.state.ok || !routes.is_primary || routes.self == cluster::kNoRoute) return;
  for (uint16_t slot = 0; slot < routes.owners.size(); ++slot) {
    if (routes.owners[slot] == routes.self) stable_slots.Set(SlotId{slot});
  }
  for (const auto& [slot, to] : routes.migrating) stable_slots.Clear(slot);
  for (const auto& [slot, from] : routes.importing) stable_slots.Clear(slot);
  stable_slots -= routes.held;
}

void ExecutorState::AdoptCondition(const NodeCondition& adopted) {
  const bool demoted = adopted.replica && !condition.replica;
  condition = adopted;
  if (!demoted) return;
  for (BlockedCommand* blocked : blocked_commands) blocked->Unblock(BlockedCall::End::kRoleChange);
}

void ExecutorState::AdoptLogLevel() { log.SetMinimum(LevelOf(config.options.loglevel)); }

}  // namespace norn
