// Entries of several streams behind an id each, for anybody or as a consumer of a group.

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/blocking.h"
#include "engine/commands/streams/stream_handlers.h"
#include "engine/commands/streams/stream_repeat.h"
#include "engine/commands/streams/stream_words.h"

namespace norn::handlers {
namespace {

// From where one stream is read.
struct ReadFrom {
  Key key;
  StreamId behind = {};
  bool is_new = false;  // ">": what the group has not been given, else the consumer's own history
};

struct ReadWords {
  bool is_group = false;
  std::optional<int64_t> block_ms;
  uint64_t count_max = 0;  // 0: all
  size_t keys_at = 0;
  size_t streams = 0;
  std::string_view group;
  std::string_view consumer;
  bool has_group = false;
  bool no_ack = false;
  std::vector<ReadFrom> from;
};

// ---- words ----

// The option at `*at`, which then stands on its last word. False: the error is replied.
bool ReadOption(CommandContext& c, size_t* at, ReadWords* words) {
  const std::string_view word = c.word(*at);
  const size_t more = c.count() - *at - 1;
  if (WordIs(word, "block") && more > 0) {
    words->block_ms = MillisToWaitAt(c, ++*at);
    return words->block_ms.has_value();
  }
  if (WordIs(word, "count") && more > 0) {
    const std::optional<int64_t> count = IntegerAt(c, ++*at);
    if (!count) return false;
    words->count_max = *count < 0 ? 0 : static_cast<uint64_t>(*count);
    return true;
  }
  const bool is_group = WordIs(word, "group") && more > 1;
  if (!is_group && !WordIs(word, "noack")) return c.reply.Error(kSyntaxError), false;
  if (!words->is_group) {
    c.reply.Error(
        fmt::format("ERR The {} option is only supported by XREADGROUP. You called XREAD instead.",
                    is_group ? "GROUP" : "NOACK"));
    return false;
  }
  if (!is_group) {
    words->no_ack = true;
    return true;
  }
  words->has_group = true;
  words->group = c.word(*at + 1);
  words->consumer = c.word(*at + 2);
  *at += 2;
  return true;
}

// All before the ids. False: the error is replied.
bool ReadOptions(CommandContext& c, ReadWords* words) {
  for (size_t i = 1; i < c.count() && words->keys_at == 0; ++i) {
    if (WordIs(c.word(i), "streams") && i + 1 < c.count()) {
      words->keys_at = i + 1;
    } else if (!ReadOption(c, &i, words)) {
      return false;
    }
  }
  if (words->keys_at == 0) return c.reply.Error(kSyntaxError), false;
  const size_t rest = c.count() - words->keys_at;
  if (rest % 2 != 0) {
    c.reply.Error(
        fmt::format("ERR Unbalanced '{}' list of streams: for each stream key an ID or '{}' must "
                    "be specified.",
                    c.spec->full_name, words->is_group ? '>' : '$'));
    return false;
  }
  words->streams = rest / 2;
  if (words->is_group && !words->has_group) {
    return c.reply.Error("ERR Missing GROUP option for XREADGROUP"), false;
  }
  return true;
}

bool ReplyMeaningless(CommandContext& c, std::string_view word) {
  c.reply.Error(fmt::format(
      "ERR The {} ID is meaningless in the context of XREADGROUP: you want to read the history of "
      "this consumer by specifying a proper ID, or use the > ID to get new messages. The {} ID "
      "would just return an empty result set.",
      word, word));
  return false;
}

// Where to read a stream from, as the word says; `stream` is null where there is none. False: the error is replied.
bool ReadFromWord(CommandContext& c, const ReadWords& words, size_t at, const Stream* stream,
                  ReadFrom* from) {
  const std::string_view word = c.word(at);
  if (word == "$" || word == "+") {
    if (words.is_group) return ReplyMeaningless(c, word);
    if (stream == nullptr) return true;
    from->behind = stream->last_id();
    if (word == "$" || from->behind.Decrement()) return true;
    return c.reply.Error("ERR the stream last element ID is 0-0"), false;
  }
  if (word == ">") {
    from->is_new = true;
    if (words.is_group) return true;
    c.reply.Error(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
        "<consumer> option.");
    return false;
  }
  const std::optional<StreamId> id = StreamIdAt(c, at);
  if (!id) return false;
  from->behind = *id;
  // Valkey: the highest id is taken for ">".
  from->is_new = words.is_group && *id == kStreamIdMax;
  return true;
}

// False: the error is replied.
bool ReadStreams(CommandContext& c, ReadWords* words) {
  for (size_t i = 0; i < words->streams; ++i) {
    ReadFrom from{.key = c.KeyAt(words->keys_at + i)};
    const std::optional<EntryRef> found = FindOfType(c, from.key, kStreamType);
    if (!found) return false;
    const Stream* stream = *found ? &StreamOf(**found) : nullptr;
    if (words->is_group && (stream == nullptr || stream->FindGroup(words->group) == nullptr)) {
      ReplyNoSuchGroup(c, from.key.bytes, words->group, " in XREADGROUP with GROUP option");
      return false;
    }
    if (!ReadFromWord(c, *words, words->keys_at + words->streams + i, stream, &from)) return false;
    words->from.push_back(from);
  }
  return true;
}

// ---- serve ----

// The entry was counted and touched when the words were read.
EntryRef FindAgain(CommandContext& c, const Key& key) {
  Moment moment = WithoutTouch(c);
  moment.count = false;
  return c.DbFor(key).Find(key, moment);
}

void BeginStream(CommandContext& c, const Key& key) {
  if (c.reply.resp() == Resp::k2) c.reply.Array(2);
  c.reply.Bulk(key.bytes);
}

// The ids behind one. nullopt: none.
std::optional<StreamIdRange> Behind(StreamId id) {
  return id.Increment() ? std::optional<StreamIdRange>({id, kStreamIdMax}) : std::nullopt;
}

// False: nothing there, nothing is replied.
bool ServeStream(CommandContext& c, const ReadWords& words, const ReadFrom& from) {
  const EntryRef found = FindAgain(c, from.key);
  if (!found) return false;
  const StreamLog& log = StreamOf(*found).log();
  if (log.size() == 0 || log.last_id() <= from.behind) return false;
  BeginStream(c, from.key);
  ReplyStreamEntries(c, log, *Behind(from.behind), StreamDirection::kUp, words.count_max);
  return true;
}

// One stream as a consumer reads it.
class GroupRead {
 public:
  GroupRead(CommandContext& c, const ReadWords& words, const ReadFrom& from, Stream& stream)
      : c_(c),
        words_(words),
        from_(from),
        stream_(stream),
        group_(*stream.FindGroup(words.group)),
        repeat_(c, from.key.bytes, words.group, group_) {}

  // False: nothing there, nothing is replied.
  bool Serve() {
    StreamConsumer* consumer = group_.FindConsumer(words_.consumer);
    const bool is_first = consumer == nullptr;
    if (is_first) {
      consumer = &group_.AddConsumer(words_.consumer, c_.moment.now_ms);
      ++changes_;
      c_.Notify(config::kNotifyStream, "xgroup-createconsumer", from_.key.bytes);
      if (words_.no_ack) repeat_.Consumer(words_.consumer);
    }
    consumer->seen_ms = c_.moment.now_ms;
    const bool has_new = stream_.size() > 0 && stream_.log().last_id() > group_.last_id;
    const bool served = !from_.is_new || has_new;
    if (served) {
      BeginStream(c_, from_.key);
      from_.is_new ? ReplyNew(*consumer) : ReplyHistory(*consumer);
      ++changes_;
    }
    // Valkey: replicas and log hear of a consumer with its first entry only. Here they hear of it at once.
    if (is_first && !words_.no_ack && consumer->pending().empty()) {
      repeat_.Consumer(words_.consumer);
    }
    return served;
  }
  size_t changes() const { return changes_; }

 private:
  void ReplyNew(StreamConsumer& consumer) {
    const ReplyWriter::Deferred begun = c_.reply.BeginDeferred();
    uint64_t count = 0;
    const std::optional<StreamIdRange> range = Behind(group_.last_id);
    stream_.log().Visit(range->min, range->max, StreamDirection::kUp,
                        [&](const StreamEntry& entry) {
                          stream_.Advance(group_, entry.id());
                          ReplyStreamEntry(c_, entry);
                          if (!words_.no_ack) Deliver(consumer, entry.id());
                          return ++count != words_.count_max;
                        });
    c_.reply.EndArray(begun, count);
    repeat_.Position();
  }

  void Deliver(StreamConsumer& consumer, StreamId id) {
    StreamPending& pending = group_.Assign(id, consumer);
    pending.delivered_ms = c_.moment.now_ms;
    pending.deliveries = 1;
    consumer.active_ms = c_.moment.now_ms;
    repeat_.Claim(id, pending);
  }

  void ReplyHistory(StreamConsumer& consumer) {
    const ReplyWriter::Deferred begun = c_.reply.BeginDeferred();
    uint64_t count = 0;
    const auto& ids = consumer.pending();
    for (auto at = ids.upper_bound(from_.behind); at != ids.end(); ++at) {
      if (ReplyStreamEntryOf(c_, stream_.log(), *at)) {
        StreamPending& pending = *group_.FindPending(*at);
        pending.delivered_ms = c_.moment.now_ms;
        ++pending.deliveries;
      } else {
        c_.reply.Array(2);
        ReplyStreamId(c_, *at);
        c_.reply.NullArray();
      }
      if (++count == words_.count_max) break;
    }
    c_.reply.EndArray(begun, count);
  }

  CommandContext& c_;
  const ReadWords& words_;
  const ReadFrom& from_;
  Stream& stream_;
  StreamGroup& group_;
  StreamRepeat repeat_;
  size_t changes_ = 0;
};

bool ServeGroup(CommandContext& c, const ReadWords& words, const ReadFrom& from) {
  const EntryRef found = FindAgain(c, from.key);
  if (!found) return false;
  KeyPlace place = PlaceOf(c, from.key, found, kStreamType);
  bool served = false;
  size_t changes = 0;
  place.Change([&](Object& object) {
    GroupRead read(c, words, from, StreamOf(object));
    served = read.Serve();
    changes = read.changes();
  });
  if (changes > 0) place.NoteChanges(changes);
  return served;
}

// Replies what is there of all streams. False: nothing is, nothing is replied.
bool Serve(CommandContext& c, const ReadWords& words) {
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  size_t served = 0;
  for (const ReadFrom& from : words.from) {
    served += words.is_group ? ServeGroup(c, words, from) : ServeStream(c, words, from);
  }
  if (served == 0) return false;
  c.reply.resp() == Resp::k2 ? c.reply.EndArray(begun, served) : c.reply.EndMap(begun, served);
  return true;
}

// A client of a group hears of its end, and of the key's.
void Wait(CommandContext& c, const ReadWords& words) {
  KeyWait wait{.type = kStreamType, .on_any_change = words.is_group, .timeout_ms = *words.block_ms};
  for (size_t i = 0; i < words.streams; ++i) {
    wait.keys.push_back(words.from[i].key.bytes);
    const size_t id_at = words.keys_at + words.streams + i;
    // "The last one" is the last when the wait began.
    const std::string_view word = c.word(id_at);
    if (word == "$" || word == "+") {
      wait.reread.emplace_back(id_at, std::string(StreamIdText(words.from[i].behind).view()));
    }
  }
  WaitOrReplyNull(c, std::move(wait));
}

void Read(CommandContext& c, bool is_group) {
  ReadWords words;
  words.is_group = is_group;
  // What is repeated says who has been given what; the words themselves never.
  if (is_group) c.effect.Nothing();
  if (!ReadOptions(c, &words) || !ReadStreams(c, &words)) return;
  if (Serve(c, words)) return;
  words.block_ms ? Wait(c, words) : c.reply.NullArray();
}

}  // namespace

void XRead(CommandContext& c) { Read(c, false); }
void XReadGroup(CommandContext& c) { Read(c, true); }

}  // namespace norn::handlers
