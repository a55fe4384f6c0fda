#pragma once
// What a client can listen to.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/session/session.h"

namespace norn {

enum class ChannelKind : uint8_t {
  kChannel,
  kPattern,       // of channels
  kShardChannel,  // belongs to a slot; patterns do not see it
};
inline constexpr size_t kChannelKinds = 3;

// A client's own list of one kind.
inline Subscriptions::Names& NamesOf(Subscriptions& subscriptions, ChannelKind kind) {
  if (kind == ChannelKind::kPattern) return subscriptions.patterns;
  return kind == ChannelKind::kShardChannel ? subscriptions.shard_channels : subscriptions.channels;
}

// "__keyspace@0__:key" and "__keyevent@0__:set".
inline bool IsKeyEventChannel(std::string_view channel) {
  return channel.starts_with("__keyspace@") || channel.starts_with("__keyevent@");
}

// Whether every shard's directory must know of subscribers to it, and not just the channel's own.
inline bool StandsInEveryShard(ChannelKind kind, std::string_view name) {
  return kind == ChannelKind::kPattern ||
         (kind == ChannelKind::kChannel && IsKeyEventChannel(name));
}

}  // namespace norn
