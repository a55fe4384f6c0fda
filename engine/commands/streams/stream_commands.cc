// The entries of a stream by their ids.

#include <optional>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/streams/stream_handlers.h"
#include "engine/commands/streams/stream_words.h"

namespace norn::handlers {
namespace {

void ReplyRange(CommandContext& c, StreamDirection direction) {
  const bool up = direction == StreamDirection::kUp;
  const std::optional<StreamIdRange> range = StreamIdRangeAt(c, up ? 2 : 3, up ? 3 : 2);
  if (!range) return;
  std::optional<int64_t> count_max;
  for (size_t i = 4; i < c.count(); i += 2) {
    if (!WordIs(c.word(i), "count") || i + 1 == c.count()) return c.reply.Error(kSyntaxError);
    count_max = IntegerAt(c, i + 1);
    if (!count_max) return;
  }
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kStreamType);
  if (!found) return;
  if (!*found) return c.reply.Array(0);
  if (count_max && *count_max <= 0) return c.reply.NullArray();
  ReplyStreamEntries(c, StreamOf(**found).log(), *range, direction,
                     static_cast<uint64_t>(count_max.value_or(0)));
}

struct SetIdWords {
  StreamId last_id;
  StreamId max_deleted_id;  // zero: stays
  std::optional<int64_t> entries_added;
};

// One option and its value at `at`. False: the error is replied.
bool ReadSetIdOption(CommandContext& c, size_t at, SetIdWords* words) {
  const bool more = at + 1 < c.count();
  if (WordIs(c.word(at), "entriesadded") && more) {
    words->entries_added = IntegerAt(c, at + 1);
    if (!words->entries_added) return false;
    if (*words->entries_added >= 0) return true;
    c.reply.Error("ERR entries_added must be positive");
    return false;
  }
  if (WordIs(c.word(at), "maxdeletedid") && more) {
    const std::optional<StreamId> id = StreamIdAt(c, at + 1);
    if (!id) return false;
    words->max_deleted_id = *id;
    if (words->last_id >= *id) return true;
    c.reply.Error(
        "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
    return false;
  }
  c.reply.Error(kSyntaxError);
  return false;
}

// kNoError: the stream may be set so.
ErrorText RefuseSetId(const Stream& stream, const SetIdWords& words) {
  if (words.last_id < stream.max_deleted_id()) {
    return "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
  }
  if (stream.size() == 0) return kNoError;
  if (words.last_id < stream.log().last_id()) {
    return "ERR The ID specified in XSETID is smaller than the target stream top item";
  }
  if (words.entries_added && static_cast<uint64_t>(*words.entries_added) < stream.size()) {
    return "ERR The entries_added specified in XSETID is smaller than the target stream length";
  }
  return kNoError;
}

}  // namespace

void XLen(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kStreamType);
  if (found) c.reply.Integer(*found ? static_cast<int64_t>(StreamOf(**found).size()) : 0);
}

void XRange(CommandContext& c) { ReplyRange(c, StreamDirection::kUp); }
void XRevRange(CommandContext& c) { ReplyRange(c, StreamDirection::kDown); }

void XDel(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kStreamType);
  if (!found) return;
  if (!*found) return c.reply.Integer(0);
  std::vector<StreamId> ids;
  for (size_t i = 2; i < c.count(); ++i) {
    const std::optional<StreamId> id = StreamIdAt(c, i);
    if (!id) return;
    ids.push_back(*id);
  }
  KeyPlace place = PlaceOf(c, key, *found, kStreamType);
  size_t erased = 0;
  place.Change([&](Object& object) {
    for (const StreamId id : ids) erased += StreamOf(object).Erase(id);
  });
  if (erased > 0) {
    place.NoteChanges(erased);
    c.Notify(config::kNotifyStream, "xdel", key.bytes);
  }
  c.reply.Integer(static_cast<int64_t>(erased));
}

void XSetId(CommandContext& c) {
  SetIdWords words;
  const std::optional<StreamId> last_id = StreamIdAt(c, 2);
  if (!last_id) return;
  words.last_id = *last_id;
  for (size_t i = 3; i < c.count(); i += 2) {
    if (!ReadSetIdOption(c, i, &words)) return;
  }
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kStreamType);
  if (!found) return;
  if (!*found) return c.reply.Error(kNoSuchKey);
  const ErrorText refused = RefuseSetId(StreamOf(**found), words);
  if (refused != kNoError) return c.reply.Error(refused);
  KeyPlace place = PlaceOf(c, key, *found, kStreamType);
  place.Change([&](Object& object) {
    Stream& stream = StreamOf(object);
    const bool stays = words.max_deleted_id.is_zero();
    stream.SetIds(
        words.last_id, stays ? stream.max_deleted_id() : words.max_deleted_id,
        words.entries_added ? static_cast<uint64_t>(*words.entries_added) : stream.entries_added());
  });
  place.NoteChanges(1);
  c.Notify(config::kNotifyStream, "xsetid", key.bytes);
  c.reply.Ok();
}

}  // namespace norn::handlers
