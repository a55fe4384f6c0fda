#pragma once
// Which clients of one executor listen to what, and the sending of messages to them. A message is encoded once for each
// protocol; what a client is sent while the executor is at work leaves in one write.
//
// Belongs to its executor. Never parks.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/env/executor.h"
#include "engine/pubsub/channel_kind.h"
#include "engine/session/client_registry.h"

namespace norn {

class ChannelRegistry : private env::Task {
 public:
  // `index`: which executor of the node it belongs to.
  ChannelRegistry(env::Executor& executor, uint32_t index);
  ChannelRegistry(const ChannelRegistry&) = delete;
  ChannelRegistry& operator=(const ChannelRegistry&) = delete;

  // Requires: the client does not listen to it.
  void Add(ChannelKind kind, std::string_view name, ClientHandle& client);
  // Requires: it does.
  void Remove(ChannelKind kind, std::string_view name, const ClientHandle& client);
  // The client is about to go and listens to nothing any more.
  void Forget(const ClientHandle& client);

  // A message for those who listen to `channel`, and (of kChannel) to patterns that match it.
  void Deliver(ChannelKind kind, std::string_view channel, std::string_view message);
  // Sends bytes that are meant for this client alone.
  void Send(ClientHandle& client, std::string_view bytes);

  // All subscriptions of all clients.
  uint64_t subscriptions() const { return subscriptions_; }
  // The names of one kind, in order.
  std::vector<std::string> Names(ChannelKind kind) const;
  // Those who listen to one, by id.
  std::vector<ClientHandle*> ClientsOf(ChannelKind kind, std::string_view name) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  using Clients = std::map<uint64_t, ClientHandle*>;  // by id: the order in which they are told
  using Channels = std::unordered_map<std::string, Clients, Hash, std::equal_to<>>;
  using Patterns = std::map<std::string, Clients, std::less<>>;

  struct Message {
    ChannelKind kind;
    std::string_view pattern;
    std::string_view channel;
    std::string_view text;
  };

  Channels& ChannelsOf(ChannelKind kind) {
    return kind == ChannelKind::kShardChannel ? shard_channels_ : channels_;
  }
  const Channels& ChannelsOf(ChannelKind kind) const {
    return kind == ChannelKind::kShardChannel ? shard_channels_ : channels_;
  }
  void Tell(const Clients& clients, const Message& message);
  void FlushAll();

  env::Executor& executor_;
  const uint32_t index_;
  Channels channels_;
  Channels shard_channels_;
  Patterns patterns_;
  uint64_t subscriptions_ = 0;
  std::vector<ClientHandle*> unflushed_;
  bool flush_posted_ = false;
};

}  // namespace norn
