// Sets: an intset or a listpack as it is, or the members one by one.

#include <set>
#include <string>

#include "engine/persist/codecs.h"
#include "engine/persist/rdb_format.h"
#include "engine/types/set_value.h"

namespace norn::persist {
namespace {

// The first version whose readers know sets as listpacks.
constexpr int kRdbVersionSetListpack = 11;

bool Reads(uint8_t rdb_type) {
  return rdb_type == kRdbTypeSet || rdb_type == kRdbTypeSetIntset ||
         rdb_type == kRdbTypeSetListpack;
}

uint8_t TypeOf(const Entry& entry, int rdb_version) {
  switch (SetReader(entry).form()) {
    case SetForm::kIntset:
      return kRdbTypeSetIntset;
    case SetForm::kListpack:
      return rdb_version >= kRdbVersionSetListpack ? kRdbTypeSetListpack : kRdbTypeSet;
    case SetForm::kTable:
      break;
  }
  return kRdbTypeSet;
}

void Encode(const Entry& entry, uint8_t rdb_type, RdbOutput& out) {
  const SetReader reader(entry);
  if (rdb_type != kRdbTypeSet) return out.String(reader.packed());
  out.Length(reader.size());
  reader.ForEach([&](const PackedValue& member) {
    PackedScratch scratch;
    out.String(member.View(scratch));
  });
}

std::optional<DetachedValue> Taken(LoosePlace& place) {
  if (!place.exists()) return std::nullopt;
  return place.Take(ValueType::kSet);
}

std::optional<DetachedValue> DecodeMembers(RdbInput& in, const TypeRules& rules) {
  LoosePlace place;
  SetWriter writer(place, rules);
  const uint64_t members = in.Length();
  for (uint64_t i = 0; i < members && in.ok(); ++i) {
    const std::string_view member = in.String();
    if (!in.ok()) break;
    if (i == 0) writer.Expect(member, members);
    if (!writer.Add(member)) in.Fail("a set has a member twice");
  }
  return Taken(place);
}

bool NoneTwice(std::string_view listpack) {
  const ListpackView view(listpack);
  std::set<std::string> seen;
  for (auto at = view.first(); at != view.end(); at = view.Next(at)) {
    if (!seen.insert(view.At(at).ToString()).second) return false;
  }
  return true;
}

std::optional<DetachedValue> Decode(uint8_t rdb_type, RdbInput& in, const TypeRules& rules) {
  if (rdb_type == kRdbTypeSet) return DecodeMembers(in, rules);
  const std::string_view bytes = in.String();
  if (!in.ok()) return std::nullopt;
  const bool valid = rdb_type == kRdbTypeSetIntset ? IntsetIsValid(bytes)
                                                   : ListpackIsValid(bytes) && NoneTwice(bytes);
  if (!valid) {
    in.Fail(rdb_type == kRdbTypeSetIntset ? "a damaged intset" : "a damaged listpack of a set");
    return std::nullopt;
  }
  LoosePlace place;
  const bool empty =
      rdb_type == kRdbTypeSetIntset ? IntsetView(bytes).Count() == 0 : ListpackView(bytes).empty();
  if (!empty) SetWriter(place, rules).TakePacked(bytes);
  return Taken(place);
}

}  // namespace

const ValueCodec kSetCodec = {ValueType::kSet, Reads, TypeOf, Encode, Decode};

}  // namespace norn::persist
