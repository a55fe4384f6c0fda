#pragma once
// SCAN's cursor over the shards of a node: they are walked one after the other, so that a call needs one shard's token.
//
//   cursor = shard << Db::kScanCursorBits | the shard's own cursor
//
// 0 begins at shard 0 and, as an answer, means the end.

#include <cstdint>
#include <string_view>

namespace norn {

// The shard that a SCAN with this cursor word goes to. Any word has one: SCAN itself refuses what is no cursor.
uint32_t ScanShard(std::string_view cursor_word, uint32_t shard_count);

}  // namespace norn
