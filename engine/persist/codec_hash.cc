// Hashes: a listpack as it is, or the fields one by one, with their deadlines if there are any.

#include <set>
#include <string>

#include "engine/persist/codecs.h"
#include "engine/persist/rdb_format.h"
#include "engine/persist/ziplist.h"
#include "engine/types/hash_value.h"

namespace norn::persist {
namespace {

bool Reads(uint8_t rdb_type) {
  return rdb_type == kRdbTypeHash || rdb_type == kRdbTypeHashZipmap ||
         rdb_type == kRdbTypeHashZiplist || rdb_type == kRdbTypeHashListpack ||
         rdb_type == kRdbTypeHash2;
}

HashReader All(const Entry& entry) { return HashReader(entry, INT64_MIN); }

// Valkey: fields with deadlines are of version 80. They are written so in every version: an older reader then refuses the file
// instead of keeping for ever what was to go.
uint8_t TypeOf(const Entry& entry, int rdb_version) {
  const HashReader reader = All(entry);
  if (reader.has_deadlines()) return kRdbTypeHash2;
  return !reader.is_table() && rdb_version >= kRdbVersionListpacks ? kRdbTypeHashListpack
                                                                   : kRdbTypeHash;
}

void Encode(const Entry& entry, uint8_t rdb_type, RdbOutput& out) {
  const HashReader reader = All(entry);
  if (rdb_type == kRdbTypeHashListpack) return out.String(reader.packed());
  out.Length(reader.size());
  reader.ForEach([&](const HashField& field) {
    PackedScratch scratch;
    out.String(field.name.View(scratch));
    out.String(field.value.View(scratch));
    if (rdb_type == kRdbTypeHash2) out.LittleEndian(static_cast<uint64_t>(field.deadline_ms), 8);
  });
}

void DecodeFields(uint8_t rdb_type, RdbInput& in, HashWriter& writer) {
  const uint64_t fields = in.Length();
  std::string name;
  for (uint64_t i = 0; i < fields && in.ok(); ++i) {
    name = in.String();
    const std::string_view value = in.String();
    int64_t deadline_ms = Field::kNoDeadline;
    if (rdb_type == kRdbTypeHash2) deadline_ms = static_cast<int64_t>(in.LittleEndian(8));
    if (!in.ok()) return;
    if (deadline_ms < Field::kNoDeadline) return in.Fail("a field's deadline is no time");
    if (!writer.Set(name, value, deadline_ms)) in.Fail("a hash has a field twice");
  }
}

// Pairs, and no name twice.
bool IsHash(std::string_view listpack) {
  const ListpackView view(listpack);
  std::set<std::string> names;
  for (auto at = view.first(); at != view.end(); at = view.Skip(at, 2)) {
    if (view.Next(at) == view.end() || !names.insert(view.At(at).ToString()).second) return false;
  }
  return true;
}

void DecodePacked(uint8_t rdb_type, RdbInput& in, HashWriter& writer) {
  const std::string_view bytes = in.String();
  if (!in.ok()) return;
  PackedBlock listpack(Listpack::Empty());
  bool valid = true;
  if (rdb_type == kRdbTypeHashZiplist) {
    valid = AppendZiplist(bytes, listpack);
  } else if (rdb_type == kRdbTypeHashZipmap) {
    valid = AppendZipmap(bytes, listpack);
  } else {
    valid = ListpackIsValid(bytes);
    if (valid) listpack.Assign(bytes);
  }
  if (!valid || !IsHash(listpack.bytes())) return in.Fail("a damaged packed hash");
  if (!ListpackView(listpack.bytes()).empty()) writer.TakePacked(listpack.bytes());
}

std::optional<DetachedValue> Decode(uint8_t rdb_type, RdbInput& in, const TypeRules& rules) {
  LoosePlace place;
  HashWriter writer(place, rules);
  if (rdb_type == kRdbTypeHash || rdb_type == kRdbTypeHash2) {
    DecodeFields(rdb_type, in, writer);
  } else {
    DecodePacked(rdb_type, in, writer);
  }
  if (!place.exists()) return std::nullopt;
  return place.Take(ValueType::kHash);
}

}  // namespace

const ValueCodec kHashCodec = {ValueType::kHash, Reads, TypeOf, Encode, Decode};

}  // namespace norn::persist
