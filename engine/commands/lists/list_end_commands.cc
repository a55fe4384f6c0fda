// Elements at the ends of a list, also for those who wait for them.

#include <algorithm>
#include <optional>
#include <string>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/lists/list_handlers.h"
#include "engine/commands/pop_words.h"
#include "engine/types/list_value.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kList;

std::string_view PushEvent(ListEnd end) { return end == ListEnd::kFront ? "lpush" : "rpush"; }

void NotifyPop(CommandContext& c, ListEnd end, const Key& key, const KeyPlace& place) {
  NotifyRemoval(c, config::kNotifyList, end == ListEnd::kFront ? "lpop" : "rpop", key, place);
}

std::optional<ListEnd> EndAt(CommandContext& c, size_t at) {
  if (WordIs(c.word(at), "left")) return ListEnd::kFront;
  if (WordIs(c.word(at), "right")) return ListEnd::kBack;
  c.reply.Error(kSyntaxError);
  return std::nullopt;
}

void Push(CommandContext& c, ListEnd end, bool must_exist) {
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found && must_exist) return c.reply.Integer(0);
  KeyPlace place = PlaceOf(c, key, *found, kType);
  ListWriter writer(place, c.rules());
  writer.Expect(c.words.subspan(2));
  for (size_t i = 2; i < c.count(); ++i) writer.Push(end, c.word(i));
  c.Notify(config::kNotifyList, PushEvent(end), key.bytes);
  c.reply.Integer(static_cast<int64_t>(writer.size()));
}

// Replies `count` elements from that end, the end first, and takes them away.
void PopRange(CommandContext& c, const Key& key, KeyPlace& place, ListEnd end, size_t count) {
  ListWriter writer(place, c.rules());
  const size_t size = writer.size();
  count = std::min(count, size);
  c.reply.Array(count);
  size_t left = count;
  ListReader(place).Visit(end == ListEnd::kFront ? 0 : size - 1, end,
                          [&](const PackedValue& element) {
                            PackedScratch scratch;
                            c.reply.Bulk(element.View(scratch));
                            return --left > 0;
                          });
  writer.Erase(end == ListEnd::kFront ? 0 : size - count, count);
  NotifyPop(c, end, key, place);
}

void Pop(CommandContext& c, ListEnd end) {
  if (c.count() > 3) return ReplyWrongArity(c);
  std::optional<int64_t> count;
  if (c.count() == 3) {
    count = IntegerAt(c, 2, kMustBePositive);
    if (!count) return;
    if (*count < 0) return c.reply.Error(kMustBePositive);
  }
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found) return count ? c.reply.NullArray() : c.reply.Null();
  KeyPlace place = PlaceOf(c, key, *found, kType);
  if (!count) {
    c.reply.Bulk(ListWriter(place, c.rules()).Pop(end));
    return NotifyPop(c, end, key, place);
  }
  if (*count == 0) return c.reply.Array(0);
  PopRange(c, key, place, end, static_cast<size_t>(*count));
}

// True: moved. `wait`: what a missing source leads to; null: to a reply that says so.
bool Move(CommandContext& c, ListEnd from_end, ListEnd to_end, const KeyWait* wait = nullptr) {
  const Key from = c.KeyAt(1);
  const Key to = c.KeyAt(2);
  // The source last: finding a key may delete it, and then refs to others are void.
  c.DbFor(to).FindForWrite(to, c.moment);
  const EntryRef source = c.DbFor(from).FindForWrite(from, c.moment);
  if (!source) {
    wait != nullptr ? WaitOrReplyNull(c, *wait) : c.reply.Null();
    return false;
  }
  if (!OfTypeOrReply(c, source, kType)) return false;
  if (!OfTypeOrReply(c, c.DbFor(to).FindAny(to), kType)) return false;
  KeyPlace from_place = PlaceOf(c, from, source, kType);
  ListWriter from_writer(from_place, c.rules());
  if (from.bytes == to.bytes && from_writer.size() == 1) {
    // It stays where it is, and the key keeps its deadline; still the command counts as a change.
    from_place.NoteChanges(1);
    c.Notify(config::kNotifyList, PushEvent(to_end), to.bytes);
    NotifyPop(c, from_end, from, from_place);
    c.reply.Bulk(ListReader(from_place).At(0));
    return true;
  }
  const std::string element = from_writer.Pop(from_end);
  // Looked up again: the pop may have moved entries.
  KeyPlace to_place = PlaceOf(c, to, c.DbFor(to).FindAny(to), kType);
  ListWriter(to_place, c.rules()).Push(to_end, element, 0);
  c.Notify(config::kNotifyList, PushEvent(to_end), to.bytes);
  NotifyPop(c, from_end, from, from_place);
  c.reply.Bulk(element);
  return true;
}

// LMPOP, its count of keys in word `at`; `wait` as for Move.
void MPop(CommandContext& c, size_t at, const KeyWait* wait) {
  const std::optional<KeyWords> keys = CountedKeysAt(c, at);
  if (!keys) return;
  const std::optional<ListEnd> end = EndAt(c, keys->end);
  if (!end) return;
  const std::optional<size_t> count = PopCountAt(c, keys->end + 1);
  if (!count) return;
  const bool replied = TakeFirst(c, *keys, kType, [&](const Key& key, KeyPlace& place) {
    const size_t popped = std::min(*count, ListReader(place).size());
    c.reply.Array(2);
    c.reply.Bulk(key.bytes);
    PopRange(c, key, place, *end, popped);
    c.effect.Instead({*end == ListEnd::kFront ? "LPOP" : "RPOP", key.bytes,
                      Int64Text(static_cast<int64_t>(popped)).view()});
  });
  if (!replied) wait != nullptr ? WaitForWords(c, *keys, *wait) : c.reply.NullArray();
}

// BLPOP and BRPOP.
void PopOrWait(CommandContext& c, ListEnd end) {
  const std::optional<int64_t> timeout = SecondsToWaitAt(c, c.count() - 1);
  if (!timeout) return;
  const KeyWords keys{1, c.count() - 1};
  const bool replied = TakeFirst(c, keys, kType, [&](const Key& key, KeyPlace& place) {
    c.reply.Array(2);
    c.reply.Bulk(key.bytes);
    c.reply.Bulk(ListWriter(place, c.rules()).Pop(end));
    NotifyPop(c, end, key, place);
    c.effect.Instead({end == ListEnd::kFront ? "LPOP" : "RPOP", key.bytes});
  });
  if (!replied) WaitForWords(c, keys, {.timeout_ms = *timeout});
}

}  // namespace

void LPush(CommandContext& c) { Push(c, ListEnd::kFront, false); }
void RPush(CommandContext& c) { Push(c, ListEnd::kBack, false); }
void LPushX(CommandContext& c) { Push(c, ListEnd::kFront, true); }
void RPushX(CommandContext& c) { Push(c, ListEnd::kBack, true); }
void LPop(CommandContext& c) { Pop(c, ListEnd::kFront); }
void RPop(CommandContext& c) { Pop(c, ListEnd::kBack); }
void RPopLPush(CommandContext& c) { Move(c, ListEnd::kBack, ListEnd::kFront); }

void LMove(CommandContext& c) {
  const std::optional<ListEnd> from = EndAt(c, 3);
  if (!from) return;
  const std::optional<ListEnd> to = EndAt(c, 4);
  if (to) Move(c, *from, *to);
}

void LMPop(CommandContext& c) { MPop(c, 1, nullptr); }

// ---- those that wait ----

void BLPop(CommandContext& c) { PopOrWait(c, ListEnd::kFront); }
void BRPop(CommandContext& c) { PopOrWait(c, ListEnd::kBack); }

void BLMove(CommandContext& c) {
  const std::optional<ListEnd> from = EndAt(c, 3);
  if (!from) return;
  const std::optional<ListEnd> to = EndAt(c, 4);
  if (!to) return;
  const std::optional<int64_t> timeout = SecondsToWaitAt(c, 5);
  if (!timeout) return;
  const KeyWait wait{.keys = {c.word(1)}, .timeout_ms = *timeout, .null_is_bulk = true};
  if (!Move(c, *from, *to, &wait)) return;
  c.effect.Instead({"LMOVE", c.word(1), c.word(2), c.word(3), c.word(4)});
}

void BRPopLPush(CommandContext& c) {
  const std::optional<int64_t> timeout = SecondsToWaitAt(c, 3);
  if (!timeout) return;
  const KeyWait wait{.keys = {c.word(1)}, .timeout_ms = *timeout, .null_is_bulk = true};
  if (!Move(c, ListEnd::kBack, ListEnd::kFront, &wait)) return;
  c.effect.Instead({"RPOPLPUSH", c.word(1), c.word(2)});
}

void BLMPop(CommandContext& c) {
  const std::optional<int64_t> timeout = SecondsToWaitAt(c, 1);
  if (!timeout) return;
  const KeyWait wait{.timeout_ms = *timeout};
  MPop(c, 2, &wait);
}

}  // namespace norn::handlers
