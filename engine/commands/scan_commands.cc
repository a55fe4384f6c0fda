#include "engine/commands/scan_commands.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "engine/base/glob.h"
#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/type_names.h"

namespace norn {
namespace {

constexpr uint64_t kPositionMask = (uint64_t{1} << Db::kScanCursorBits) - 1;

uint64_t PlacesOf(const KeyMap& map) { return map.slots ? kSlotCount : map.shard_count; }

// The low kScanCursorBits bits, the other way round.
uint64_t Reversed(uint64_t position) {
  uint64_t reversed = 0;
  for (int bit = 0; bit < Db::kScanCursorBits; ++bit) {
    reversed = reversed << 1 | (position >> bit & 1);
  }
  return reversed;
}

uint64_t ToClient(uint64_t cursor, const KeyMap& map) {
  return Reversed(cursor & kPositionMask) * PlacesOf(map) + (cursor >> Db::kScanCursorBits);
}

uint64_t FromClient(uint64_t shown, const KeyMap& map) {
  const uint64_t place = shown % PlacesOf(map);
  const uint64_t position = shown / PlacesOf(map);
  if (position > kPositionMask) return UINT64_MAX;  // no cursor of ours
  return place << Db::kScanCursorBits | Reversed(position);
}

// nullopt: no cursor of ours.
std::optional<uint32_t> ShardOfCursor(uint64_t cursor, const KeyMap& map) {
  const uint64_t place = cursor >> Db::kScanCursorBits;
  if (map.slots) {
    if (place >= kSlotCount) return std::nullopt;
    return map.ShardOfSlot(SlotId{static_cast<uint16_t>(place)});
  }
  if (place >= map.shard_count) return std::nullopt;
  return static_cast<uint32_t>(place);
}

uint64_t FirstCursorOf(uint32_t shard) { return uint64_t{shard} << Db::kScanCursorBits; }

// Which of the visited entries are wanted.
struct Filter {
  std::optional<ValueType> type;
  std::string_view pattern = "*";

  // Whatever its deadline.
  bool Names(const Entry& entry) const {
    if (type && entry.type() != *type) return false;
    return pattern == "*" || GlobMatch(pattern, entry.key());
  }
  bool Wants(const Entry& entry, const Moment& moment) const {
    return Names(entry) && !entry.ExpiredAt(moment.expired_up_to_ms());
  }
};

struct ScanOptions {
  Filter filter;
  size_t count = 10;
};

// nullopt: the error is replied.
std::optional<ValueType> ReadType(CommandContext& c, size_t at) {
  for (const auto& [type, name] : kTypeNames) {
    if (WordIs(c.word(at), name)) return type;
  }
  c.reply.Error(fmt::format("ERR unknown type name '{}'", UpToNul(c.word(at))));
  return std::nullopt;
}

// False: the error is replied.
bool ReadPair(CommandContext& c, size_t at, ScanOptions* options) {
  if (WordIs(c.word(at), "count")) {
    const std::optional<int64_t> count = IntegerAt(c, at + 1);
    if (!count) return false;
    if (*count < 1) {
      c.reply.Error(kSyntaxError);
      return false;
    }
    options->count = static_cast<size_t>(*count);
    return true;
  }
  if (WordIs(c.word(at), "match")) {
    options->filter.pattern = c.word(at + 1);
    return true;
  }
  if (WordIs(c.word(at), "type")) {
    options->filter.type = ReadType(c, at + 1);
    return options->filter.type.has_value();
  }
  c.reply.Error(kSyntaxError);
  return false;
}

std::optional<ScanOptions> ReadOptions(CommandContext& c) {
  ScanOptions options;
  for (size_t i = 2; i < c.count(); i += 2) {
    if (WordIs(c.word(i), "novalues")) {
      c.reply.Error("ERR NOVALUES option can only be used in HSCAN");
      return std::nullopt;
    }
    if (WordIs(c.word(i), "noscores")) {
      c.reply.Error("ERR NOSCORES option can only be used in ZSCAN");
      return std::nullopt;
    }
    if (i + 1 == c.count()) {
      c.reply.Error(kSyntaxError);
      return std::nullopt;
    }
    if (!ReadPair(c, i, &options)) return std::nullopt;
  }
  return options;
}

void ReplyScan(CommandContext& c, uint64_t cursor, const std::vector<std::string_view>& keys) {
  c.reply.Array(2);
  c.reply.Bulk(fmt::format_int(ToClient(cursor, c.keys.map())).c_str());
  c.reply.Array(keys.size());
  for (const std::string_view key : keys) c.reply.Bulk(key);
}

}  // namespace

uint32_t ScanShard(std::string_view cursor_word, const KeyMap& map) {
  return ShardOfCursor(FromClient(ParseUint64(cursor_word).value_or(0), map), map).value_or(0);
}

namespace handlers {

void Scan(CommandContext& c) {
  const std::optional<uint64_t> shown = ParseUint64(c.word(1));
  if (!shown) return c.reply.Error("ERR invalid cursor");
  const uint64_t cursor = FromClient(*shown, c.keys.map());
  const std::optional<ScanOptions> options = ReadOptions(c);
  if (!options) return;
  std::vector<std::string_view> keys;
  const std::optional<uint32_t> shard = ShardOfCursor(cursor, c.keys.map());
  if (!shard) return ReplyScan(c, 0, keys);
  Db& db = c.keys.shard(*shard).db(c.session.db);
  std::vector<std::string> expired;
  uint64_t next = std::as_const(db).Scan(cursor, options->count, [&](const Entry& entry) {
    if (!options->filter.Names(entry) || c.keys.shard(*shard).Hides(entry.key())) return;
    if (entry.ExpiredAt(c.moment.expired_up_to_ms())) {
      expired.emplace_back(entry.key());
    } else {
      keys.push_back(entry.key());
    }
  });
  if (next == 0) {
    if (*shard + 1 < c.keys.shard_count()) next = FirstCursorOf(*shard + 1);
  } else if (!c.keys.map().slots) {
    next |= FirstCursorOf(*shard);
  }
  ReplyScan(c, next, keys);
  // Looking at a key deletes it when its time is over, and SCAN has looked. Behind the reply: `keys` are views of entries.
  for (const std::string& key : expired) db.Find(c.keys.MakeKey(key), WithoutTouch(c));
}

void Keys(CommandContext& c) {
  const Filter filter{.type = std::nullopt, .pattern = c.word(1)};
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  size_t count = 0;
  for (uint32_t shard = 0; shard < c.keys.shard_count(); ++shard) {
    const Db& db = c.keys.shard(shard).db(c.session.db);
    db.Scan(0, SIZE_MAX, [&](const Entry& entry) {
      if (!filter.Wants(entry, c.moment) || c.keys.shard(shard).Hides(entry.key())) return;
      c.reply.Bulk(entry.key());
      ++count;
    });
  }
  c.reply.EndArray(begun, count);
}

}  // namespace handlers
}  // namespace norn
