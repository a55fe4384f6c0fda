#pragma once
// SCAN's cursor over the shards of a node: they are walked one after the other, so that a call needs one shard's token.
//
//   cursor = place << Db::kScanCursorBits | the rest of the shard's own cursor
//
// The place is a shard. In slot mode it is a slot, which tells the shard; shards are still walked one after the other, each from
// its first slot, which has the shard's number.
//
// 0 begins at shard 0 and, as an answer, means the end.

#include <cstdint>
#include <string_view>

#include "engine/keyspace/key_map.h"

namespace norn {

// The shard that a SCAN with this cursor word goes to. Any word has one: SCAN itself refuses what is no cursor.
uint32_t ScanShard(std::string_view cursor_word, const KeyMap& map);

}  // namespace norn
