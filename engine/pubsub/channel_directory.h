#pragma once
// On which executors the channels of one shard have subscribers, and how many. What PUBLISH looks up.
//
//   D1  A row counts, for each executor, its clients that listen to the name; rows without any do not exist.
//
// Guarded by the shard's token, as its keyspace is. Never parks.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/pubsub/channel_kind.h"

namespace norn {

class ChannelDirectory {
 public:
  explicit ChannelDirectory(uint32_t executors) : executors_(executors), marked_(executors) {}

  void Add(ChannelKind kind, std::string_view name, uint32_t executor);
  // Requires: it was added.
  void Remove(ChannelKind kind, std::string_view name, uint32_t executor);

  uint64_t Subscribers(ChannelKind kind, std::string_view name) const;
  size_t Count(ChannelKind kind) const;
  // Of those, the ones that stand in every shard.
  size_t CountEverywhere(ChannelKind kind) const { return everywhere_[static_cast<size_t>(kind)]; }
  // In order.
  std::vector<std::string> Names(ChannelKind kind) const;

  // Calls reach(executor) once for each executor with a client that is to hear of a message on `channel`; returns how many
  // times clients are to hear of it (a client that listens in two ways hears twice).
  template <typename Reach>
  uint64_t ForAudience(ChannelKind kind, std::string_view channel, Reach&& reach) {
    const uint64_t receivers = MarkAudience(kind, channel);
    if (receivers == 0) return 0;
    for (uint32_t i = 0; i < executors_; ++i) {
      if (!std::exchange(marked_[i], 0)) continue;
      reach(i);
    }
    return receivers;
  }

 private:
  struct Row {
    std::vector<uint32_t> by_executor;
    uint64_t total = 0;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  // Looked up only: the order of the rows reaches nobody.
  using Rows = std::unordered_map<std::string, Row, Hash, std::equal_to<>>;

  Rows& RowsOf(ChannelKind kind) { return rows_[static_cast<size_t>(kind)]; }
  const Rows& RowsOf(ChannelKind kind) const { return rows_[static_cast<size_t>(kind)]; }
  uint64_t MarkAudience(ChannelKind kind, std::string_view channel);
  void Mark(const Row& row);

  const uint32_t executors_;
  std::array<Rows, kChannelKinds> rows_;
  std::array<size_t, kChannelKinds> everywhere_ = {};
  std::vector<char> marked_;  // scratch of ForAudience
};

}  // namespace norn
