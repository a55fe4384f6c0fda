#include "engine/shard/subscriptions.h"

#include "engine/base/key_slot.h"
#include "engine/fiber/spawn.h"
#include "engine/shard/routing.h"
#include "engine/shard/token_set.h"

namespace norn {
namespace {

std::vector<uint32_t> ShardsOfNames(const PubSub::NameList& names, ExecutorState& state) {
  std::vector<char> wanted(state.shard_count);
  for (const auto& [kind, name] : names) {
    if (StandsInEveryShard(kind, name)) return EveryShard(state.shard_count);
    wanted[state.node.pubsub().ShardOf(name)] = 1;
  }
  std::vector<uint32_t> shards;
  for (uint32_t i = 0; i < state.shard_count; ++i) {
    if (wanted[i]) shards.push_back(i);
  }
  return shards;
}

void ForgetInDirectories(const PubSub::NameList& names, ExecutorState& state) {
  TokenSet tokens(state.env.executor(), state.shards);
  const std::vector<uint32_t> shards = ShardsOfNames(names, state);
  tokens.Collect(shards);
  for (const uint32_t shard : shards) state.node.pubsub().ForgetIn(shard, names);
}

}  // namespace

void AbandonSubscriptions(Session& session, ExecutorState& state) {
  if (session.subscriptions == nullptr) return;
  const PubSub::NameList ended = state.node.pubsub().EndSubscriptions(session);
  if (!ended.empty()) ForgetInDirectories(ended, state);
}

void EndLostShardChannels(ExecutorState& state) {
  if (state.routes.owners.empty()) return;
  PubSub::NameList ended = state.node.pubsub().EndShardChannels(
      [&](std::string_view name) { return !state.routes.ShardServes(KeySlot(name)); });
  if (ended.empty()) return;
  SpawnFiber(state.env.executor(),
             [&state, ended = std::move(ended)] { ForgetInDirectories(ended, state); });
}

}  // namespace norn
