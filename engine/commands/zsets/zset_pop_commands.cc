// The members with the lowest or highest scores, replied and removed.

#include <algorithm>
#include <optional>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/pop_words.h"
#include "engine/commands/zsets/zset_handlers.h"
#include "engine/commands/zsets/zset_words.h"
#include "engine/types/zset_value.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kZset;
using Direction = ZsetReader::Direction;

// kUp: the lowest, and they first.
RankRange EndRange(const KeyPlace& place, Direction direction, size_t count_max) {
  const size_t size = ZsetReader(place).size();
  const size_t count = std::min(count_max, size);
  return {direction == Direction::kUp ? 0 : size - count, count};
}

void NotifyPop(CommandContext& c, Direction direction, const Key& key, const KeyPlace& place) {
  NotifyRemoval(c, config::kNotifyZset, direction == Direction::kUp ? "zpopmin" : "zpopmax", key,
                place);
}

// Replies each member of the range, beside its score or as a pair with it, and takes them away.
void TakeRange(CommandContext& c, const Key& key, KeyPlace& place, Direction direction,
               const RankRange& range, bool pairs) {
  ZsetReader(place).Visit(range, direction, [&](const ZsetMember& member) {
    if (pairs) c.reply.Array(2);
    PackedScratch scratch;
    c.reply.Bulk(member.name.View(scratch));
    c.reply.Double(member.score);
    return true;
  });
  ZsetWriter(place, c.rules()).EraseRanks(range);
  NotifyPop(c, direction, key, place);
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
  const RankRange range = EndRange(place, direction, count);
  // With a count RESP3 gets pairs, without one name and score side by side.
  const bool pairs = c.reply.resp() == Resp::k3 && c.count() == 3;
  c.reply.Array(pairs ? range.count : 2 * range.count);
  TakeRange(c, key, place, direction, range, pairs);
}

std::optional<Direction> DirectionAt(CommandContext& c, size_t at) {
  if (WordIs(c.word(at), "min")) return Direction::kUp;
  if (WordIs(c.word(at), "max")) return Direction::kDown;
  c.reply.Error(kSyntaxError);
  return std::nullopt;
}

std::string_view NameOf(Direction direction) {
  return direction == Direction::kUp ? "ZPOPMIN" : "ZPOPMAX";
}

// ZMPOP, its count of keys in word `at`. `wait`: what it leads to when no key is there; null: to a reply that says so.
void MPop(CommandContext& c, size_t at, const KeyWait* wait) {
  const std::optional<KeyWords> keys = CountedKeysAt(c, at);
  if (!keys) return;
  const std::optional<Direction> direction = DirectionAt(c, keys->end);
  if (!direction) return;
  const std::optional<size_t> count = PopCountAt(c, keys->end + 1);
  if (!count) return;
  const bool replied = TakeFirst(c, *keys, kType, [&](const Key& key, KeyPlace& place) {
    const RankRange range = EndRange(place, *direction, *count);
    c.reply.Array(2);
    c.reply.Bulk(key.bytes);
    c.reply.Array(range.count);
    TakeRange(c, key, place, *direction, range, true);
    c.effect.Instead(
        {NameOf(*direction), key.bytes, Int64Text(static_cast<int64_t>(range.count)).view()});
  });
  if (!replied) wait != nullptr ? WaitForWords(c, *keys, *wait) : c.reply.NullArray();
}

// BZPOPMIN and BZPOPMAX.
void PopOrWait(CommandContext& c, Direction direction) {
  const std::optional<int64_t> timeout = SecondsToWaitAt(c, c.count() - 1);
  if (!timeout) return;
  const KeyWords keys{1, c.count() - 1};
  const bool replied = TakeFirst(c, keys, kType, [&](const Key& key, KeyPlace& place) {
    c.reply.Array(3);
    c.reply.Bulk(key.bytes);
    TakeRange(c, key, place, direction, EndRange(place, direction, 1), false);
    c.effect.Instead({NameOf(direction), key.bytes});
  });
  if (!replied) WaitForWords(c, keys, {.type = kType, .timeout_ms = *timeout});
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
  const KeyWait wait{.type = kType, .timeout_ms = *timeout};
  MPop(c, 2, &wait);
}

}  // namespace norn::handlers
