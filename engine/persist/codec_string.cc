#include "engine/persist/codecs.h"
#include "engine/persist/rdb_format.h"

namespace norn::persist {
namespace {

bool Reads(uint8_t rdb_type) { return rdb_type == kRdbTypeString; }

uint8_t TypeOf(const Entry&, int) { return kRdbTypeString; }

void Encode(const Entry& entry, uint8_t, RdbOutput& out) {
  if (entry.encoding() == Encoding::kInt) return out.IntegerString(entry.Integer());
  StringScratch scratch;
  out.String(entry.String(scratch));
}

std::optional<DetachedValue> Decode(uint8_t, RdbInput& in, const TypeRules&) {
  return DetachedValue::String(in.String());
}

}  // namespace

const ValueCodec kStringCodec = {ValueType::kString, Reads, TypeOf, Encode, Decode};

}  // namespace norn::persist
