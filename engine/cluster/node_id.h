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
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
    if (text.size() != kNodeIdChars || !AreIdChars(text)) return std::nullopt;
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

  bool operator==(const ClusterId& other) const { return Compare(other) == 0; }
  std::strong_ordering operator<=>(const ClusterId& other) const { return Compare(other) <=> 0; }
  // For hash tables whose order does not matter. Names are random from their first character on; those of tests at the end.
  template <typename H>
  friend H AbslHashValue(H state, const ClusterId& id) {
    uint64_t first, last;
    std::memcpy(&first, id.chars_.data(), sizeof(first));
    std::memcpy(&last, id.chars_.data() + kNodeIdChars - sizeof(last), sizeof(last));
    return H::combine(std::move(state), first, last);
  }

 private:
  // As text; the first eight characters nearly always decide.
  int Compare(const ClusterId& other) const {
    for (size_t at = 0; at < kNodeIdChars; at += sizeof(uint64_t)) {
      uint64_t mine, theirs;
      std::memcpy(&mine, chars_.data() + at, sizeof(mine));
      std::memcpy(&theirs, other.chars_.data() + at, sizeof(theirs));
      if (mine == theirs) continue;
      return __builtin_bswap64(mine) < __builtin_bswap64(theirs) ? -1 : 1;
    }
    return 0;
  }

  static constexpr uint64_t EachByte(uint8_t byte) { return byte * uint64_t{0x0101010101010101}; }

  // The top bit of each byte: whether that byte is in [first, last]. Bytes below 0x80 only, so that no sum carries.
  static uint64_t InRange(uint64_t bytes, char first, char last) {
    const uint64_t from_first = bytes + EachByte(static_cast<uint8_t>(0x80 - first));
    const uint64_t behind_last = bytes + EachByte(static_cast<uint8_t>(0x7f - last));
    return from_first & ~behind_last;
  }

  // Eight at a time: this sees every node that others gossip about.
  static bool AreIdChars(std::string_view text) {
    constexpr uint64_t kTopBits = EachByte(0x80);
    uint64_t valid = kTopBits;
    for (size_t at = 0; at < kNodeIdChars; at += sizeof(uint64_t)) {
      uint64_t bytes;
      std::memcpy(&bytes, text.data() + at, sizeof(bytes));
      const uint64_t ascii = bytes & ~kTopBits;
      valid &= (InRange(ascii, '0', '9') | InRange(ascii, 'a', 'z')) & ~bytes;
    }
    return (valid & kTopBits) == kTopBits;
  }

  std::array<char, kNodeIdChars> chars_{};
};

using NodeId = ClusterId<struct NodeIdTag>;
// A primary and its replicas (not one of a process's keyspaces: that is norn::ShardId).
using ClusterShardId = ClusterId<struct ClusterShardIdTag>;

}  // namespace norn::cluster
