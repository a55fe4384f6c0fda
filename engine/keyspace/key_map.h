#pragma once
// What a node knows about a key from its bytes alone: its hash, its slot where slots matter, and the shard that owns it.
// The one place that decides the last.

#include <cstdint>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/base/key_slot.h"

namespace norn {

// A key with its hash and slot, computed once when the command is parsed.
struct Key {
  std::string_view bytes;
  uint64_t hash = 0;
  SlotId slot = {};  // 0 where keys are not kept by slot
};

// The same for every shard of a node, and for as long as it runs.
struct KeyMap {
  uint64_t hash_seed = 0;
  uint32_t shard_count = 1;
  bool slots = false;  // cluster mode: keys are kept by slot, and a slot lives in one shard

  Key MakeKey(std::string_view bytes) const {
    return {bytes, HashBytes(bytes, hash_seed), slots ? KeySlot(bytes) : SlotId()};
  }
  // Without slots by bits 8 to 23 of the hash. The table reads the tag below them and its own position above them: a bit
  // that is the same in a whole shard would leave half of the buckets empty.
  uint32_t ShardOf(const Key& key) const {
    if (slots) return ShardOfSlot(key.slot);
    return static_cast<uint32_t>(((key.hash >> 8 & 0xffff) * shard_count) >> 16);
  }
  uint32_t ShardOfSlot(SlotId slot) const { return slot.value % shard_count; }
};

}  // namespace norn
