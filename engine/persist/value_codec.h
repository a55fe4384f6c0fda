#pragma once
// How values of each type are written into snapshots and DUMP payloads, and read back: one row a type. A type brings its own
// codec; neither the encoder nor the reader know more of it than this.

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/keyspace/db.h"
#include "engine/keyspace/entry.h"
#include "engine/persist/rdb_input.h"
#include "engine/persist/rdb_output.h"
#include "engine/types/type_rules.h"

namespace norn::persist {

struct ValueCodec {
  ValueType type;
  // Whether decode understands values of that type byte.
  bool (*reads)(uint8_t rdb_type);
  // The type byte that says how encode writes the value of `entry` for readers of `rdb_version`.
  uint8_t (*rdb_type_of)(const Entry& entry, int rdb_version);
  // Appends the value, without type byte and key.
  void (*encode)(const Entry& entry, uint8_t rdb_type, RdbOutput& out);
  // Reads what encode writes, or older forms, into the form that `rules` ask for. nullopt: a collection without elements, which
  // is no value. What is returned after a failure of `in` means nothing.
  std::optional<DetachedValue> (*decode)(uint8_t rdb_type, RdbInput& in, const TypeRules& rules);
};

// Requires a type that this build has.
const ValueCodec& CodecOf(ValueType type);

// Type byte and key are consumed, the value follows. A type that this build lacks is a failure of `in` that names it,
// `type_offset` being where its byte stood. nullopt: a failure, or in.ok() and there were no elements.
std::optional<DetachedValue> DecodeValue(uint8_t rdb_type, uint64_t type_offset, RdbInput& in,
                                         const TypeRules& rules);

}  // namespace norn::persist
