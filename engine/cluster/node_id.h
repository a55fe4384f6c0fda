#pragma once
// The names by which the nodes of a cluster and its shards know each other: 40 characters, drawn once at random and kept for
// life in nodes.conf. They are compared as text everywhere (ties of an election, the smaller id that gives way), so the
// characters are kept and not the number that they spell.
//
// Valkey: what it writes is hexadecimal, what it accepts from others is any of 0-9 and a-z. So do we.

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/env/entropy.h"

namespace norn::cluster {

inline constexpr size_t kNodeIdChars = 40;

// A value; one type a Tag, so that a node's name cannot stand for a shard's. The empty one means "none"; it is smaller than all
// others and travels as 40 zero bytes.
template <typename Tag>
class ClusterId {
 public:
  ClusterId() = default;

  // nullopt: not 40 characters of 0-9 and a-z.
  static std::optional<ClusterId> Parse(std::string_view text) {
    if (text.size() != kNodeIdChars) return std::nullopt;
    bool valid = true;  // no early end: this loop sees every node that others gossip about
    for (size_t i = 0; i < kNodeIdChars; ++i) valid &= IsIdChar(text[i]);
    if (!valid) return std::nullopt;
    ClusterId id;
    std::copy(text.begin(), text.end(), id.chars_.begin());
    return id;
  }

  // A new name, from three draws.
  static ClusterId Random(env::Entropy& entropy) {
    ClusterId id;
    uint64_t bits = 0;
    for (size_t i = 0; i < kNodeIdChars; ++i) {
      constexpr size_t kDigitsPerDraw = 16;
      if (i % kDigitsPerDraw == 0) bits = entropy.Next();
      id.chars_[i] = "0123456789abcdef"[bits & 0xf];
      bits >>= 4;
    }
    return id;
  }

  bool empty() const { return chars_[0] == '\0'; }
  // 40 characters, zero bytes when empty. The view lies in this object.
  std::string_view view() const { return {chars_.data(), chars_.size()}; }
  std::string str() const { return empty() ? std::string() : std::string(view()); }

  bool operator==(const ClusterId&) const = default;
  std::strong_ordering operator<=>(const ClusterId& other) const { return view() <=> other.view(); }

 private:
  static bool IsIdChar(char c) {
    return (static_cast<uint8_t>(c - '0') < 10) | (static_cast<uint8_t>(c - 'a') < 26);
  }

  std::array<char, kNodeIdChars> chars_{};
};

using NodeId = ClusterId<struct NodeIdTag>;
// A primary and its replicas (not one of a process's keyspaces: that is norn::ShardId).
using ClusterShardId = ClusterId<struct ClusterShardIdTag>;

}  // namespace norn::cluster
