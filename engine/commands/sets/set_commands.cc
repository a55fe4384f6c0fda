// The commands of one set.

#include <algorithm>
#include <string>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/collection_scan.h"
#include "engine/commands/sets/set_handlers.h"
#include "engine/commands/typed_key.h"
#include "engine/keyspace/deletion_word.h"
#include "engine/types/set_value.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kSet;

void ReplyMember(CommandContext& c, const PackedValue& member) {
  PackedScratch scratch;
  c.reply.Bulk(member.View(scratch));
}

// Members drawn for SPOP are repeated as SREM, in commands of modest length.
void RepeatRemoval(CommandContext& c, std::string_view key,
                   const std::vector<std::string>& members) {
  constexpr size_t kMembersMax = 1024;
  if (!c.effect.wanted()) return;
  for (size_t begin = 0; begin < members.size(); begin += kMembersMax) {
    std::vector<std::string_view> words = {"SREM", key};
    const size_t end = std::min(begin + kMembersMax, members.size());
    words.insert(words.end(), members.begin() + static_cast<ptrdiff_t>(begin),
                 members.begin() + static_cast<ptrdiff_t>(end));
    c.effect.Instead(words);
  }
}

void RepeatDeletion(CommandContext& c, std::string_view key) {
  c.effect.Instead({DeletionWord(c.options.lazyfree_lazy_server_del), key});
}

// `count` different members, each choice equally likely. Requires count <= the set's size.
std::vector<std::string> DrawDifferent(const SetReader& reader, size_t count, Prng& prng) {
  std::vector<std::string> drawn;
  drawn.reserve(count);
  // One walk: the n-th of what is left is taken with the chance that the rest of the wanted has.
  size_t left = reader.size();
  reader.ForEach([&](const PackedValue& member) {
    if (prng.Below(left--) < count - drawn.size()) drawn.push_back(member.ToString());
  });
  return drawn;
}

// A few out of many are found quicker by drawing again where one comes twice.
std::vector<std::string> DrawFew(const SetReader& reader, size_t count, Prng& prng) {
  std::vector<std::string> drawn;
  while (drawn.size() < count) {
    std::string member = reader.Random(prng).ToString();
    if (std::find(drawn.begin(), drawn.end(), member) == drawn.end()) {
      drawn.push_back(std::move(member));
    }
  }
  return drawn;
}

std::vector<std::string> Draw(const SetReader& reader, size_t count, Prng& prng) {
  constexpr size_t kFewMax = 32;
  const bool few = count <= kFewMax && count * kFewMax < reader.size();
  return few ? DrawFew(reader, count, prng) : DrawDifferent(reader, count, prng);
}

void PopOne(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found) return c.reply.Null();
  const std::string member = SetReader(**found).Random(PrngFor(c, key)).ToString();
  KeyPlace place = PlaceOf(c, key, *found, kType);
  SetWriter(place, c.rules()).Remove(member);
  NotifyRemoval(c, config::kNotifySet, "spop", key, place);
  c.effect.Instead({"SREM", key.bytes, member});
  c.reply.Bulk(member);
}

void PopSeveral(CommandContext& c) {
  const std::optional<int64_t> count = IntegerAt(c, 2, kMustBePositive);
  if (!count) return;
  if (*count < 0) return c.reply.Error(kMustBePositive);
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found || *count == 0) return c.reply.Set(0);
  const SetReader reader(**found);
  if (static_cast<uint64_t>(*count) >= reader.size()) {
    c.reply.Set(reader.size());
    reader.ForEach([&](const PackedValue& member) { ReplyMember(c, member); });
    c.DbFor(key).Erase(key, *found);
    c.Notify(config::kNotifySet, "spop", key.bytes);
    c.Notify(config::kNotifyGeneric, "del", key.bytes);
    return RepeatDeletion(c, key.bytes);
  }
  const std::vector<std::string> drawn = Draw(reader, static_cast<size_t>(*count), PrngFor(c, key));
  KeyPlace place = PlaceOf(c, key, *found, kType);
  SetWriter writer(place, c.rules());
  c.reply.Set(drawn.size());
  for (const std::string& member : drawn) {
    writer.Remove(member);
    c.reply.Bulk(member);
  }
  NotifyRemoval(c, config::kNotifySet, "spop", key, place);
  RepeatRemoval(c, key.bytes, drawn);
}

void ReplyRandomMembers(CommandContext& c, const Key& key, const SetReader& reader, int64_t count) {
  Prng& prng = PrngFor(c, key);
  if (count < 0) {
    // The same member may come again, as often as asked for.
    c.reply.Array(static_cast<size_t>(-count));
    for (; count < 0; ++count) ReplyMember(c, reader.Random(prng));
    return;
  }
  const size_t wanted = std::min(static_cast<size_t>(count), reader.size());
  const std::vector<std::string> drawn = Draw(reader, wanted, prng);
  c.reply.Array(drawn.size());
  for (const std::string& member : drawn) c.reply.Bulk(member);
}

}  // namespace

void SAdd(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  KeyPlace place = PlaceOf(c, key, *found, kType);
  SetWriter writer(place, c.rules());
  writer.Expect(c.word(2), c.count() - 2);
  int64_t added = 0;
  for (size_t i = 2; i < c.count(); ++i) added += writer.Add(c.word(i)) ? 1 : 0;
  if (added > 0) c.Notify(config::kNotifySet, "sadd", key.bytes);
  c.reply.Integer(added);
}

void SRem(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  KeyPlace place = PlaceOf(c, key, *found, kType);
  SetWriter writer(place, c.rules());
  int64_t removed = 0;
  for (size_t i = 2; i < c.count() && place.exists(); ++i)
    removed += writer.Remove(c.word(i)) ? 1 : 0;
  if (removed > 0) NotifyRemoval(c, config::kNotifySet, "srem", key, place);
  c.reply.Integer(removed);
}

void SMove(CommandContext& c) {
  const Key from = c.KeyAt(1);
  const Key to = c.KeyAt(2);
  // The source last: finding a key may delete it, and then refs to others are void.
  c.DbFor(to).FindForWrite(to, c.moment);
  const EntryRef source = c.DbFor(from).FindForWrite(from, c.moment);
  if (!source) return c.reply.Integer(0);
  if (!OfTypeOrReply(c, source, kType)) return;
  if (!OfTypeOrReply(c, c.DbFor(to).FindAny(to), kType)) return;
  const std::string_view member = c.word(3);
  if (from.bytes == to.bytes) return c.reply.Integer(SetReader(*source).Contains(member) ? 1 : 0);
  KeyPlace from_place = PlaceOf(c, from, source, kType);
  if (!SetWriter(from_place, c.rules()).Remove(member)) return c.reply.Integer(0);
  NotifyRemoval(c, config::kNotifySet, "srem", from, from_place);
  // Looked up again: the removal may have moved entries.
  KeyPlace to_place = PlaceOf(c, to, c.DbFor(to).FindAny(to), kType);
  if (SetWriter(to_place, c.rules()).Add(member)) {
    c.Notify(config::kNotifySet, "sadd", to.bytes);
  }
  c.reply.Integer(1);
}

void SIsMember(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (found) c.reply.Integer(*found && SetReader(**found).Contains(c.word(2)) ? 1 : 0);
}

void SMIsMember(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  c.reply.Array(c.count() - 2);
  for (size_t i = 2; i < c.count(); ++i) {
    c.reply.Integer(*found && SetReader(**found).Contains(c.word(i)) ? 1 : 0);
  }
}

void SCard(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (found) c.reply.Integer(*found ? static_cast<int64_t>(SetReader(**found).size()) : 0);
}

void SMembers(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  if (!*found) return c.reply.Set(0);
  const SetReader reader(**found);
  c.reply.Set(reader.size());
  reader.ForEach([&](const PackedValue& member) { ReplyMember(c, member); });
}

void SPop(CommandContext& c) {
  if (c.count() > 3) return c.reply.Error(kSyntaxError);
  c.count() == 2 ? PopOne(c) : PopSeveral(c);
}

void SRandMember(CommandContext& c) {
  if (c.count() > 3) return c.reply.Error(kSyntaxError);
  const Key key = c.KeyAt(1);
  std::optional<int64_t> count;
  if (c.count() == 3) {
    count = IntegerAt(c, 2);
    if (!count) return;
    if (*count == INT64_MIN) return c.reply.Error(kNotInInt64Halves);
  }
  const std::optional<EntryRef> found = FindOfType(c, key, kType);
  if (!found) return;
  if (!*found) return count ? c.reply.Array(0) : c.reply.Null();
  const SetReader reader(**found);
  if (!count) return ReplyMember(c, reader.Random(PrngFor(c, key)));
  ReplyRandomMembers(c, key, reader, *count);
}

void SScan(CommandContext& c) {
  const std::optional<uint64_t> cursor = ScanCursorAt(c, 2);
  if (!cursor) return;
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  if (!*found) return ReplyEmptyScan(c);
  const std::optional<CollectionScan> scan = ReadCollectionScan(c, *cursor, "");
  if (!scan) return;
  std::vector<std::string> members;
  const uint64_t next =
      SetReader(**found).Scan(scan->cursor, scan->count, [&](const PackedValue& member) {
        PackedScratch scratch;
        const std::string_view name = member.View(scratch);
        if (scan->Wants(name)) members.emplace_back(name);
      });
  BeginScanReply(c, next, members.size());
  for (const std::string& member : members) c.reply.Bulk(member);
}

}  // namespace norn::handlers
