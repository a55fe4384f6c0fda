#pragma once
// A node's channels: who listens, and getting messages to them. See README.md for the way of a message.
//
//   P1  A subscription stands in the registry of its client's executor, in the client's own list, and is counted in the
//       directory of its channel's shard (of every shard: StandsInEveryShard). The first two change together; the directory
//       changes with them, or later when a client goes or a slot is lost.
//   P2  Messages of one publisher reach a client in the order of their PUBLISH: each is posted to the client's executor before
//       its publisher is answered, and posts keep the order of cause and effect (executor.h O1).
//
// Never parks. Which tokens a call needs is said there; "the client's executor" is the one that calls.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/env/executor.h"
#include "engine/keyspace/key_events.h"
#include "engine/keyspace/key_map.h"
#include "engine/pubsub/channel_directory.h"
#include "engine/pubsub/channel_kind.h"
#include "engine/pubsub/channel_registry.h"

namespace norn {

class PubSub {
 public:
  PubSub(env::Executor& executor, const KeyMap& key_map);
  ~PubSub();

  uint32_t ShardOf(std::string_view channel) const {
    return key_map_.ShardOf(key_map_.MakeKey(channel));
  }
  ChannelRegistry& registry(uint32_t executor) { return *registries_[executor]; }

  // ---- the client's executor, with the tokens of the names' shards; requires session.handle ----
  // False: it listened to it already.
  bool Subscribe(ChannelKind kind, std::string_view name, Session& session);
  // False: it did not listen to it.
  bool Unsubscribe(ChannelKind kind, std::string_view name, Session& session);

  // ---- the client's executor, in two steps for those who hold no tokens yet ----
  using NameList = std::vector<std::pair<ChannelKind, std::string>>;
  // The client hears no more; returns what ForgetIn is to be told.
  NameList EndSubscriptions(Session& session);
  // Ends subscriptions to shard channels for which `lost` is true and tells their clients. Returns what ForgetIn is to be told,
  // a name as often as it had clients.
  template <typename Lost>
  NameList EndShardChannels(Lost&& lost) {
    NameList ended;
    for (std::string& name : Here().Names(ChannelKind::kShardChannel)) {
      if (lost(name)) EndShardChannel(name, &ended);
    }
    return ended;
  }
  // Takes them out of the directory of `shard`, whose token is held, as far as they stand there.
  void ForgetIn(uint32_t shard, const NameList& names);

  // ---- any executor, with the token of the channel's shard ----
  // Returns how many times clients hear of it.
  uint64_t Publish(bool sharded, std::string_view channel, std::string_view message);
  uint64_t Subscribers(ChannelKind kind, std::string_view name);
  // With every token. Names in order of their shards.
  std::vector<std::string> Names(ChannelKind kind);
  size_t Count(ChannelKind kind);

  // Tells of events of keys of `shard`, whose token is held. `wanted`: kNotify bits (which channels there are).
  void TellEvents(uint32_t shard, const std::vector<KeyEvent>& events, uint32_t wanted);

  // ---- executor 0 ----
  // What another node published.
  void DeliverFromBus(bool sharded, std::string_view channel, std::string_view message);

 private:
  struct Delivery;

  ChannelRegistry& Here() { return *registries_[executor_.Current()]; }
  void EndShardChannel(const std::string& name, NameList* ended);
  uint64_t PublishIn(uint32_t shard, ChannelKind kind, std::string_view channel,
                     std::string_view message);
  void DeliverAt(uint32_t executor, ChannelKind kind, std::string_view channel,
                 std::string_view message);
  // The executor's first subscription began or its last one ended.
  void TellInterest(bool any);

  env::Executor& executor_;
  const KeyMap key_map_;
  std::vector<std::unique_ptr<ChannelRegistry>> registries_;    // by executor
  std::vector<std::unique_ptr<ChannelDirectory>> directories_;  // by shard
  std::vector<char> interested_;  // executor 0's: which executors have subscribers at all
};

}  // namespace norn
