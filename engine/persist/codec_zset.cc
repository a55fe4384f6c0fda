// Sorted sets: a listpack as it is, or members and scores one by one, scores as doubles or, in old files, as text.

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/number.h"
#include "engine/persist/codecs.h"
#include "engine/persist/rdb_format.h"
#include "engine/persist/ziplist.h"
#include "engine/types/zset_value.h"

namespace norn::persist {
namespace {

// In place of the length of a score's text.
constexpr uint8_t kScoreNan = 253;
constexpr uint8_t kScoreInfinity = 254;
constexpr uint8_t kScoreMinusInfinity = 255;

bool Reads(uint8_t rdb_type) {
  return rdb_type == kRdbTypeZset || rdb_type == kRdbTypeZset2 || rdb_type == kRdbTypeZsetZiplist ||
         rdb_type == kRdbTypeZsetListpack;
}

uint8_t TypeOf(const Entry& entry, int rdb_version) {
  return ZsetReader(entry).is_packed() && rdb_version >= kRdbVersionListpacks ? kRdbTypeZsetListpack
                                                                              : kRdbTypeZset2;
}

void Encode(const Entry& entry, uint8_t rdb_type, RdbOutput& out) {
  const ZsetReader reader(entry);
  if (rdb_type == kRdbTypeZsetListpack) return out.String(reader.packed());
  out.Length(reader.size());
  reader.ForEach([&](const ZsetMember& member) {
    PackedScratch scratch;
    out.String(member.name.View(scratch));
    out.LittleEndian(std::bit_cast<uint64_t>(member.score), 8);
  });
}

double ReadTextScore(RdbInput& in) {
  constexpr size_t kSmallMax = 64;
  const uint8_t length = in.Byte();
  if (length == kScoreInfinity) return HUGE_VAL;
  if (length == kScoreMinusInfinity) return -HUGE_VAL;
  if (length == kScoreNan) return NAN;
  if (length > kSmallMax) {
    in.Fail("a score too long to be a number");
    return 0;
  }
  return ParseDouble(in.Small(length)).value_or(NAN);
}

void DecodeMembers(uint8_t rdb_type, RdbInput& in, ZsetWriter& writer) {
  std::vector<std::pair<double, std::string>> members;
  const uint64_t count = in.Length();
  size_t longest_bytes = 0;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    std::string name(in.String());
    const double score =
        rdb_type == kRdbTypeZset ? ReadTextScore(in) : std::bit_cast<double>(in.LittleEndian(8));
    if (!in.ok()) return;
    if (std::isnan(score)) return in.Fail("a score that is no number");
    longest_bytes = std::max(longest_bytes, name.size());
    members.emplace_back(score, std::move(name));
  }
  if (!in.ok() || members.empty()) return;
  // Ascending: others write them downwards, and what comes upwards fills the tree.
  std::sort(members.begin(), members.end());
  writer.Expect(members.size(), longest_bytes);
  for (const auto& [score, name] : members) {
    if (!writer.Set(name, score)) return in.Fail("a sorted set has a member twice");
  }
}

void DecodePacked(uint8_t rdb_type, RdbInput& in, ZsetWriter& writer) {
  const std::string_view bytes = in.String();
  if (!in.ok()) return;
  PackedBlock listpack(Listpack::Empty());
  bool valid = true;
  if (rdb_type == kRdbTypeZsetZiplist) {
    valid = AppendZiplist(bytes, listpack);
  } else {
    valid = ListpackIsValid(bytes);
    if (valid) listpack.Assign(bytes);
  }
  if (!valid || !IsSortedListpack(listpack.bytes())) return in.Fail("a damaged packed sorted set");
  if (!ListpackView(listpack.bytes()).empty()) writer.TakePacked(listpack.bytes());
}

std::optional<DetachedValue> Decode(uint8_t rdb_type, RdbInput& in, const TypeRules& rules) {
  LoosePlace place;
  ZsetWriter writer(place, rules);
  if (rdb_type == kRdbTypeZset || rdb_type == kRdbTypeZset2) {
    DecodeMembers(rdb_type, in, writer);
  } else {
    DecodePacked(rdb_type, in, writer);
  }
  if (!place.exists()) return std::nullopt;
  return place.Take(ValueType::kZset);
}

}  // namespace

const ValueCodec kZsetCodec = {ValueType::kZset, Reads, TypeOf, Encode, Decode};

}  // namespace norn::persist
