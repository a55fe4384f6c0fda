#include "engine/persist/value_codec.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/persist/rdb_format.h"

namespace norn::persist {
namespace {

// ---- strings ----

bool ReadsString(uint8_t rdb_type) { return rdb_type == kRdbTypeString; }

uint8_t TypeOfString(const Entry&, int) { return kRdbTypeString; }

void EncodeString(const Entry& entry, uint8_t, RdbOutput& out) {
  if (entry.encoding() == Encoding::kInt) return out.IntegerString(entry.Integer());
  StringScratch scratch;
  out.String(entry.String(scratch));
}

DetachedValue DecodeString(uint8_t, RdbInput& in) { return DetachedValue::String(in.String()); }

// ---- the table ----

constexpr ValueCodec kCodecs[] = {
    {ValueType::kString, ReadsString, TypeOfString, EncodeString, DecodeString},
};

}  // namespace

const ValueCodec& CodecOf(ValueType type) {
  for (const ValueCodec& codec : kCodecs) {
    if (codec.type == type) return codec;
  }
  CheckFailed(__FILE__, __LINE__, "the type has a codec", fmt::format("type {}", int(type)));
}

std::optional<DetachedValue> DecodeValue(uint8_t rdb_type, uint64_t type_offset, RdbInput& in) {
  for (const ValueCodec& codec : kCodecs) {
    if (!codec.reads(rdb_type)) continue;
    DetachedValue value = codec.decode(rdb_type, in);
    if (!in.ok()) return std::nullopt;
    return value;
  }
  const std::string_view name = RdbTypeName(rdb_type);
  if (name.empty()) {
    in.FailAt(type_offset, fmt::format("unknown opcode {}", rdb_type));
  } else {
    in.Unsupported(
        type_offset,
        fmt::format("value of type {} ({}), which this build does not support", rdb_type, name));
  }
  return std::nullopt;
}

}  // namespace norn::persist
