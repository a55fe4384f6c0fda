#pragma once
// One value outside any snapshot: the reply of DUMP, the argument of RESTORE.
//
//   type byte, value | RDB version, 2 bytes | CRC-64 of all before it, 8 bytes     (both little-endian)
//
// Never parks.

#include <optional>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/keyspace/db.h"
#include "engine/keyspace/entry.h"
#include "engine/persist/rdb_encoder.h"
#include "engine/types/type_rules.h"

namespace norn::persist {

void AppendDumpPayload(const Entry& entry, const RdbEncodeOptions& options, ByteBuffer& out);

// The checksum is right and the version is one that this build reads, or any where `relaxed_version`.
bool DumpPayloadIsWhole(std::string_view payload, bool relaxed_version);

// The value, with no access bits. nullopt: not a value that this build reads, or one without
// elements. Requires a payload that is whole.
std::optional<DetachedValue> ReadDumpPayload(std::string_view payload, const TypeRules& rules);

}  // namespace norn::persist
