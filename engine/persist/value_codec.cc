#include "engine/persist/value_codec.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/persist/codecs.h"
#include "engine/persist/rdb_format.h"

namespace norn::persist {
namespace {

constexpr const ValueCodec* kCodecs[] = {&kStringCodec, &kListCodec, &kSetCodec,
                                         &kZsetCodec,   &kHashCodec, &kStreamCodec};

}  // namespace

const ValueCodec& CodecOf(ValueType type) {
  for (const ValueCodec* codec : kCodecs) {
    if (codec->type == type) return *codec;
  }
  CheckFailed(__FILE__, __LINE__, "the type has a codec", fmt::format("type {}", int(type)));
}

std::optional<DetachedValue> DecodeValue(uint8_t rdb_type, uint64_t type_offset, RdbInput& in,
                                         const TypeRules& rules) {
  for (const ValueCodec* codec : kCodecs) {
    if (!codec->reads(rdb_type)) continue;
    std::optional<DetachedValue> value = codec->decode(rdb_type, in, rules);
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
