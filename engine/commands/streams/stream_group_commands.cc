// Consumer groups: made, moved, removed, and told what is done.

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/streams/stream_handlers.h"
#include "engine/commands/streams/stream_words.h"

namespace norn::handlers {
namespace {

constexpr size_t kKeyAt = 2;
constexpr size_t kGroupAt = 3;

struct GroupOptions {
  bool make_stream = false;
  int64_t entries_read = StreamGroup::kEntriesReadUnknown;
};

// What stands behind the id of CREATE and SETID. nullopt: the error is replied.
std::optional<GroupOptions> ReadGroupOptions(CommandContext& c, bool is_create) {
  GroupOptions options;
  for (size_t i = 5; i < c.count(); ++i) {
    if (is_create && WordIs(c.word(i), "mkstream")) {
      options.make_stream = true;
      continue;
    }
    if (!WordIs(c.word(i), "entriesread") || i + 1 == c.count()) {
      ReplySubcommandError(c);
      return std::nullopt;
    }
    const std::optional<int64_t> entries_read = IntegerAt(c, ++i);
    if (!entries_read) return std::nullopt;
    if (*entries_read < StreamGroup::kEntriesReadUnknown) {
      c.reply.Error("ERR value for ENTRIESREAD must be positive or -1");
      return std::nullopt;
    }
    options.entries_read = *entries_read;
  }
  return options;
}

// The stream. nullopt: the error is replied.
std::optional<EntryRef> FindStream(CommandContext& c, const Key& key) {
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kStreamType);
  if (!found || *found) return found;
  c.reply.Error(
      "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to "
      "use the MKSTREAM option to create an empty stream automatically.");
  return std::nullopt;
}

// The stream, which has the group. nullopt: the error is replied.
std::optional<EntryRef> FindStreamWithGroup(CommandContext& c, const Key& key) {
  const std::optional<EntryRef> found = FindStream(c, key);
  if (!found || StreamOf(**found).FindGroup(c.word(kGroupAt)) != nullptr) return found;
  c.reply.Error(fmt::format("NOGROUP No such consumer group '{}' for key name '{}'",
                            UpToNul(c.word(kGroupAt)), UpToNul(key.bytes)));
  return std::nullopt;
}

void Note(CommandContext& c, const Key& key, KeyPlace& place, size_t changes,
          std::string_view event) {
  place.NoteChanges(changes);
  c.Notify(config::kNotifyStream, event, key.bytes);
}

}  // namespace

void XGroupCreate(CommandContext& c) {
  const std::optional<GroupOptions> options = ReadGroupOptions(c, true);
  if (!options) return;
  const Key key = c.KeyAt(kKeyAt);
  const std::optional<EntryRef> found =
      options->make_stream ? FindOfTypeForWrite(c, key, kStreamType) : FindStream(c, key);
  if (!found) return;
  constexpr size_t kWordsMax = 8;
  if (c.count() > kWordsMax) return ReplySubcommandError(c);
  StreamId id;
  if (c.word(4) == "$") {
    if (*found) id = StreamOf(**found).last_id();
  } else {
    const std::optional<StreamId> given = StreamIdAt(c, 4);
    if (!given) return;
    id = *given;
  }
  KeyPlace place = PlaceOf(c, key, *found, kStreamType);
  if (!place.exists()) place.Unpack(std::make_unique<StreamObject>());
  bool added = false;
  place.Change([&](Object& object) {
    added = StreamOf(object).AddGroup(c.word(kGroupAt), id, options->entries_read) != nullptr;
  });
  if (!added) return c.reply.Error("BUSYGROUP Consumer Group name already exists");
  Note(c, key, place, 1, "xgroup-create");
  c.reply.Ok();
}

void XGroupSetId(CommandContext& c) {
  const std::optional<GroupOptions> options = ReadGroupOptions(c, false);
  if (!options) return;
  const Key key = c.KeyAt(kKeyAt);
  const std::optional<EntryRef> found = FindStreamWithGroup(c, key);
  if (!found) return;
  if (c.count() != 5 && c.count() != 7) return ReplySubcommandError(c);
  StreamId id;
  if (c.word(4) == "$") {
    id = StreamOf(**found).last_id();
  } else if (c.word(4) == "+") {
    id = kStreamIdMax;
  } else if (c.word(4) != "-") {
    const std::optional<StreamId> given = StreamIdAt(c, 4);
    if (!given) return;
    id = *given;
  }
  KeyPlace place = PlaceOf(c, key, *found, kStreamType);
  place.Change([&](Object& object) {
    StreamGroup& group = *StreamOf(object).FindGroup(c.word(kGroupAt));
    group.last_id = id;
    group.entries_read = options->entries_read;
  });
  Note(c, key, place, 1, "xgroup-setid");
  c.reply.Ok();
}

void XGroupDestroy(CommandContext& c) {
  const Key key = c.KeyAt(kKeyAt);
  const std::optional<EntryRef> found = FindStream(c, key);
  if (!found) return;
  KeyPlace place = PlaceOf(c, key, *found, kStreamType);
  bool erased = false;
  place.Change([&](Object& object) { erased = StreamOf(object).EraseGroup(c.word(kGroupAt)); });
  if (erased) Note(c, key, place, 1, "xgroup-destroy");
  c.reply.Integer(erased ? 1 : 0);
}

void XGroupCreateConsumer(CommandContext& c) {
  const Key key = c.KeyAt(kKeyAt);
  const std::optional<EntryRef> found = FindStreamWithGroup(c, key);
  if (!found) return;
  KeyPlace place = PlaceOf(c, key, *found, kStreamType);
  bool added = false;
  place.Change([&](Object& object) {
    StreamGroup& group = *StreamOf(object).FindGroup(c.word(kGroupAt));
    added = group.FindConsumer(c.word(4)) == nullptr;
    if (added) group.AddConsumer(c.word(4), c.moment.now_ms);
  });
  if (added) Note(c, key, place, 1, "xgroup-createconsumer");
  c.reply.Integer(added ? 1 : 0);
}

void XGroupDelConsumer(CommandContext& c) {
  const Key key = c.KeyAt(kKeyAt);
  const std::optional<EntryRef> found = FindStreamWithGroup(c, key);
  if (!found) return;
  KeyPlace place = PlaceOf(c, key, *found, kStreamType);
  std::optional<size_t> pending;
  place.Change([&](Object& object) {
    StreamGroup& group = *StreamOf(object).FindGroup(c.word(kGroupAt));
    StreamConsumer* const consumer = group.FindConsumer(c.word(4));
    if (consumer == nullptr) return;
    pending = consumer->pending().size();
    group.EraseConsumer(*consumer);
  });
  if (pending) Note(c, key, place, 1, "xgroup-delconsumer");
  c.reply.Integer(static_cast<int64_t>(pending.value_or(0)));
}

void XGroupHelp(CommandContext& c) {
  ReplyHelp(
      c, {"CREATE <key> <groupname> <id|$> [option]",
          "    Create a new consumer group. Options are:", "    * MKSTREAM",
          "      Create the empty stream if it does not exist.", "    * ENTRIESREAD entries_read",
          "      Set the group's entries_read counter (internal use).",
          "CREATECONSUMER <key> <groupname> <consumer>",
          "    Create a new consumer in the specified group.",
          "DELCONSUMER <key> <groupname> <consumer>", "    Remove the specified consumer.",
          "DESTROY <key> <groupname>", "    Remove the specified group.",
          "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
          "    Set the current group ID and entries_read counter."});
}

void XAck(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const std::optional<FoundGroup> found = FindStreamGroup(c, key, c.word(2), true);
  if (!found) return;
  if (found->group == nullptr) return c.reply.Integer(0);
  std::vector<StreamId> ids;
  for (size_t i = 3; i < c.count(); ++i) {
    const std::optional<StreamId> id = StreamIdAt(c, i);
    if (!id) return;
    ids.push_back(*id);
  }
  KeyPlace place = PlaceOf(c, key, found->entry, kStreamType);
  size_t acknowledged = 0;
  place.Change([&](Object& object) {
    StreamGroup& group = *StreamOf(object).FindGroup(c.word(2));
    for (const StreamId id : ids) acknowledged += group.ErasePending(id);
  });
  if (acknowledged > 0) place.NoteChanges(acknowledged);
  c.reply.Integer(static_cast<int64_t>(acknowledged));
}

}  // namespace norn::handlers
