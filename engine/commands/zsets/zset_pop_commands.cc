// The members with the lowest or highest scores, replied and removed.

#include <algorithm>
#include <optional>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/blocking.h"
#include "engine/commands/typed_key.h"
#include "engine/commands/zsets/zset_handlers.h"
#include "engine/commands/zsets/zset_words.h"
#include "engine/types/zset_value.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kZset;
using Direction = ZsetReader::Direction;

// kUp: the lowest first.
RankRange EndRange(size_t size, Direction direction, size_t count) {
  return {direction == Direction::kUp ? 0 : size - count, count};
}

void NotifyPop(CommandContext& c, Direction direction, const Key& key, const KeyPlace& place) {
  NotifyRemoval(c, config::kNotifyZset, direction == Direction::kUp ? "zpopmin" : "zpopmax", key,
                place);
}

void PopEnd(CommandContext& c, Direction direction) {
  if (c.count() > 3) return c.reply.Error(kSyntaxError);
  size_t count = 1;
  if (c.count() == 3) {
    const std::optional<int64_t> given = IntegerAt(c, 2, kMustBePositive);
    if (!given) return;
    if (*given < 0) return c.reply.Error(kMustBePositive);
    count = static_cast<size_t>(*given);
  }
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found || count == 0) return c.reply.Array(0);
  KeyPlace place = PlaceOf(c, key, *found, kType);
  const ZsetReader reader(place);
  const RankRange range = EndRange(reader.size(), direction, std::min(count, reader.size()));
  // With a count RESP3 gets pairs, without one name and score side by side.
  const bool pairs = c.reply.resp() == Resp::k3 && c.count() == 3;
  c.reply.Array(pairs ? range.count : 2 * range.count);
  reader.Visit(range, direction, [&](const ZsetMember& member) {
    if (pairs) c.reply.Array(2);
    PackedScratch scratch;
    c.reply.Bulk(member.name.View(scratch));
    c.reply.Double(member.score);
    return true;
  });
  ZsetWriter(place, c.rules()).EraseRanks(range);
  NotifyPop(c, direction, key, place);
}

// What stands behind the keys of ZMPOP. nullopt: the error is replied.
struct MPopWords {
  Direction direction = Direction::kUp;
  size_t count = 1;
};

std::optional<MPopWords> ReadMPop(CommandContext& c, size_t where) {
  MPopWords words;
  if (WordIs(c.word(where), "max")) {
    words.direction = Direction::kDown;
  } else if (!WordIs(c.word(where), "min")) {
    c.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  if (c.count() == where + 1) return words;
  if (!WordIs(c.word(where + 1), "count") || c.count() != where + 3) {
    c.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  constexpr ErrorText kNone = "ERR count should be greater than 0";
  const std::optional<int64_t> count = IntegerAt(c, where + 2, kNone);
  if (!count) return std::nullopt;
  if (*count < 1) {
    c.reply.Error(kNone);
    return std::nullopt;
  }
  words.count = static_cast<size_t>(*count);
  return words;
}

// ZMPOP, its count of keys in word `at`. `wait`: what it leads to when no key is there; null: to a reply that says so.
void MPop(CommandContext& c, size_t at, KeyWait* wait) {
  constexpr ErrorText kTooFew = "ERR numkeys should be greater than 0";
  const std::optional<int64_t> keys = IntegerAt(c, at, kTooFew);
  if (!keys) return;
  if (*keys < 1) return c.reply.Error(kTooFew);
  if (static_cast<uint64_t>(*keys) > c.count() - at - 2) return c.reply.Error(kSyntaxError);
  const size_t first = at + 1;
  const size_t where = first + static_cast<size_t>(*keys);
  const std::optional<MPopWords> words = ReadMPop(c, where);
  if (!words) return;
  for (size_t i = first; i < where; ++i) {
    const Key key = c.KeyAt(i);
    const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
    if (!found) return;
    if (!*found) continue;
    KeyPlace place = PlaceOf(c, key, *found, kType);
    const ZsetReader reader(place);
    const RankRange range =
        EndRange(reader.size(), words->direction, std::min(words->count, reader.size()));
    c.reply.Array(2);
    c.reply.Bulk(key.bytes);
    c.reply.Array(range.count);
    reader.Visit(range, words->direction, [&](const ZsetMember& member) {
      PackedScratch scratch;
      c.reply.Array(2);
      c.reply.Bulk(member.name.View(scratch));
      c.reply.Double(member.score);
      return true;
    });
    ZsetWriter(place, c.rules()).EraseRanks(range);
    NotifyPop(c, words->direction, key, place);
    const bool lowest = words->direction == Direction::kUp;
    return c.effect.Instead({lowest ? "ZPOPMIN" : "ZPOPMAX", key.bytes,
                             Int64Text(static_cast<int64_t>(range.count)).view()});
  }
  if (wait == nullptr) return c.reply.NullArray();
  wait->keys.assign(c.words.begin() + static_cast<ptrdiff_t>(first),
                    c.words.begin() + static_cast<ptrdiff_t>(where));
  WaitOrReplyNull(c, std::move(*wait));
}

// BZPOPMIN and BZPOPMAX.
void PopOrWait(CommandContext& c, Direction direction) {
  const std::optional<int64_t> timeout = SecondsToWaitAt(c, c.count() - 1);
  if (!timeout) return;
  for (size_t i = 1; i + 1 < c.count(); ++i) {
    const Key key = c.KeyAt(i);
    const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
    if (!found) return;
    if (!*found) continue;
    KeyPlace place = PlaceOf(c, key, *found, kType);
    const ZsetReader reader(place);
    const RankRange range = EndRange(reader.size(), direction, 1);
    c.reply.Array(3);
    c.reply.Bulk(key.bytes);
    reader.Visit(range, direction, [&](const ZsetMember& member) {
      PackedScratch scratch;
      c.reply.Bulk(member.name.View(scratch));
      c.reply.Double(member.score);
      return true;
    });
    ZsetWriter(place, c.rules()).EraseRanks(range);
    NotifyPop(c, direction, key, place);
    return c.effect.Instead({direction == Direction::kUp ? "ZPOPMIN" : "ZPOPMAX", key.bytes});
  }
  KeyWait wait{.type = kType, .timeout_ms = *timeout};
  wait.keys.assign(c.words.begin() + 1, c.words.end() - 1);
  WaitOrReplyNull(c, std::move(wait));
}

}  // namespace

void ZPopMin(CommandContext& c) { PopEnd(c, Direction::kUp); }
void ZPopMax(CommandContext& c) { PopEnd(c, Direction::kDown); }

void ZMPop(CommandContext& c) { MPop(c, 1, nullptr); }

void BZPopMin(CommandContext& c) { PopOrWait(c, Direction::kUp); }
void BZPopMax(CommandContext& c) { PopOrWait(c, Direction::kDown); }

void BZMPop(CommandContext& c) {
  const std::optional<int64_t> timeout = SecondsToWaitAt(c, 1);
  if (!timeout) return;
  KeyWait wait{.type = kType, .timeout_ms = *timeout};
  MPop(c, 2, &wait);
}

}  // namespace norn::handlers
