// Lists: nodes as they are, or the elements one by one.

#include <string>

#include "engine/persist/codecs.h"
#include "engine/persist/rdb_format.h"
#include "engine/persist/ziplist.h"
#include "engine/types/list_value.h"

namespace norn::persist {
namespace {

constexpr uint64_t kNodeLarge = 1;
constexpr uint64_t kNodePacked = 2;

bool Reads(uint8_t rdb_type) {
  return rdb_type == kRdbTypeList || rdb_type == kRdbTypeListZiplist ||
         rdb_type == kRdbTypeListQuicklist || rdb_type == kRdbTypeListQuicklist2;
}

uint8_t TypeOf(const Entry&, int rdb_version) {
  return rdb_version >= kRdbVersionListpacks ? kRdbTypeListQuicklist2 : kRdbTypeList;
}

void EncodeElements(const ListReader& reader, RdbOutput& out) {
  out.Length(reader.size());
  reader.Visit(0, ListEnd::kFront, [&](const PackedValue& element) {
    PackedScratch scratch;
    out.String(element.View(scratch));
    return true;
  });
}

void Encode(const Entry& entry, uint8_t rdb_type, RdbOutput& out) {
  const ListReader reader(entry);
  if (rdb_type == kRdbTypeList) return EncodeElements(reader, out);
  if (reader.is_packed()) {
    out.Length(1);
    out.Length(kNodePacked);
    return out.String(reader.packed());
  }
  out.Length(reader.list().node_count());
  std::string scratch;
  for (size_t i = 0; i < reader.list().node_count(); ++i) {
    const Quicklist::NodeBytes node = reader.list().ReadNode(i, scratch);
    out.Length(node.is_large ? kNodeLarge : kNodePacked);
    out.String(node.bytes);
  }
}

void DecodeElements(RdbInput& in, ListWriter& writer) {
  const uint64_t elements = in.Length();
  for (uint64_t i = 0; i < elements && in.ok(); ++i) {
    const std::string_view element = in.String();
    if (in.ok()) writer.Push(ListEnd::kBack, element);
  }
}

void DecodeZiplist(RdbInput& in, ListWriter& writer) {
  PackedBlock listpack(Listpack::Empty());
  const std::string_view bytes = in.String();
  if (!in.ok()) return;
  if (!AppendZiplist(bytes, listpack)) return in.Fail("a damaged ziplist of a list");
  if (!ListpackView(listpack.bytes()).empty()) writer.AppendNode(listpack.bytes(), false);
}

void DecodeNode(RdbInput& in, ListWriter& writer) {
  const uint64_t kind = in.Length();
  const std::string_view bytes = in.String();
  if (!in.ok()) return;
  if (kind == kNodeLarge) return writer.AppendNode(bytes, true);
  if (kind != kNodePacked) return in.Fail("an unknown kind of node in a list");
  if (!ListpackIsValid(bytes)) return in.Fail("a damaged listpack of a list");
  if (!ListpackView(bytes).empty()) writer.AppendNode(bytes, false);
}

std::optional<DetachedValue> Decode(uint8_t rdb_type, RdbInput& in, const TypeRules& rules) {
  LoosePlace place;
  ListWriter writer(place, rules);
  if (rdb_type == kRdbTypeList) {
    DecodeElements(in, writer);
  } else if (rdb_type == kRdbTypeListZiplist) {
    DecodeZiplist(in, writer);
  } else {
    const uint64_t nodes = in.Length();
    for (uint64_t i = 0; i < nodes && in.ok(); ++i) {
      rdb_type == kRdbTypeListQuicklist ? DecodeZiplist(in, writer) : DecodeNode(in, writer);
    }
  }
  writer.Settle();
  if (!place.exists()) return std::nullopt;
  return place.Take(ValueType::kList);
}

}  // namespace

const ValueCodec kListCodec = {ValueType::kList, Reads, TypeOf, Encode, Decode};

}  // namespace norn::persist
