#pragma once
// Which shards a command needs.

#include <cstdint>
#include <vector>

#include "engine/shard/command_ref.h"

namespace norn {

// All of them, in order.
std::vector<uint32_t> EveryShard(uint32_t count);

// Sorted, distinct. Every shard where the key specs do not decide (the handler will then say what is wrong).
std::vector<uint32_t> ShardsOf(const CommandRef& command, const KeyspaceView& view);

// Fills `first_key_hash`, `first_key_slot` and, when all keys live in one shard, `shard`. False: several shards, or none. Allocates nothing
// for commands with simple key positions.
bool RouteToOneShard(CommandRef& command, const KeyspaceView& view);

}  // namespace norn
