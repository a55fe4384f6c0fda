#pragma once
// The packed forms of before Redis 7, which old snapshots and payloads hold: ziplist and zipmap. They are read once and become
// listpacks; nothing here writes them.
//
//   ziplist   bytes u32 | offset of the last u32 | count u16 | entry ... | FF
//   entry     length of the one before: 1 byte, or FE and 4 | head | text, of a string
//   head      00llllll | 01llllll llllllll | 10...... and 4 bytes, big-endian lengths of text
//             C0 i16 | D0 i32 | E0 i64 | F0 i24 | FE i8 | 1111vvvv: v - 1, 0 to 12
//   zipmap    count u8 | length name length free value free-bytes ... | FF      length: 1 byte, or FE and 4
//
// The bytes come from outside: both refuse what is not well formed.

#include <string_view>

#include "engine/structs/packed_bytes.h"

namespace norn::persist {

// Appends the elements of a ziplist to a listpack. False: it is damaged.
bool AppendZiplist(std::string_view ziplist, PackedBytes& listpack);

// Appends names and values of a zipmap in turn. False: it is damaged.
bool AppendZipmap(std::string_view zipmap, PackedBytes& listpack);

}  // namespace norn::persist
