// Entries added at one end of a stream and trimmed off the other. What is repeated elsewhere names the id that was given and,
// where nodes decided how much went, what was left.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/streams/stream_handlers.h"
#include "engine/commands/streams/stream_words.h"

namespace norn::handlers {
namespace {

// What stands before the fields of XADD, or behind the key of XTRIM.
struct AddWords {
  bool make_stream = true;
  std::optional<StreamTrim> trim;
  size_t threshold_at = 0;
  std::optional<int64_t> limit;
  // XADD's id: none, a millisecond, or all of it.
  size_t id_at = 0;
  std::optional<uint64_t> ms;
  std::optional<StreamId> id;
};

// MAXLEN or MINID at `at`. Returns where its threshold stands; 0: the error is replied.
size_t ReadTrim(CommandContext& c, size_t at, AddWords* words) {
  if (words->trim) {
    c.reply.Error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    return 0;
  }
  StreamTrim trim;
  trim.kind = WordIs(c.word(at), "minid") ? StreamTrim::Kind::kId : StreamTrim::Kind::kLength;
  ++at;
  if (at + 1 < c.count() && (c.word(at) == "~" || c.word(at) == "=")) {
    trim.whole_nodes = c.word(at) == "~";
    ++at;
  }
  if (trim.kind == StreamTrim::Kind::kId) {
    const std::optional<StreamId> id = StreamIdAt(c, at);
    if (!id) return 0;
    trim.id_min = *id;
  } else {
    const std::optional<int64_t> length = IntegerAt(c, at);
    if (!length) return 0;
    if (*length < 0) return c.reply.Error("ERR The MAXLEN argument must be >= 0."), 0;
    trim.length_max = static_cast<uint64_t>(*length);
  }
  words->trim = trim;
  words->threshold_at = at;
  return at;
}

// A word that is not "*". False: the error is replied.
bool ReadId(CommandContext& c, size_t at, AddWords* words) {
  words->id_at = at;
  const std::string_view word = c.word(at);
  if (word.ends_with("-*")) {
    const std::string_view ms = word.substr(0, word.size() - 2);
    const std::optional<StreamId> id =
        ms.find('-') == std::string_view::npos ? ParseStreamId(ms) : std::nullopt;
    if (!id) return ReplyBadStreamId(c), false;
    words->ms = id->ms;
    return true;
  }
  words->id = StreamIdAt(c, at);
  return words->id.has_value();
}

// How many entries one command may trim when nobody says, and it is not to be exact.
uint64_t UsualLimit(const config::Options& options) {
  constexpr int64_t kNodes = 100, kWithoutNodeLimit = 10'000, kMax = 1'000'000;
  const int64_t entries = std::min(options.stream_node_max_entries, kMax);
  return static_cast<uint64_t>(entries == 0 ? kWithoutNodeLimit : std::min(kNodes * entries, kMax));
}

// False: the error is replied.
bool SettleLimit(CommandContext& c, bool is_add, AddWords* words) {
  if (words->limit.value_or(0) != 0 && !words->trim) {
    c.reply.Error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
    return false;
  }
  if (!words->trim && !is_add) {
    c.reply.Error("ERR syntax error, XTRIM must be called with a trimming strategy");
    return false;
  }
  // What a primary trimmed is trimmed here, whatever it takes.
  if (c.session.from_primary) return true;
  const bool whole_nodes = words->trim && words->trim->whole_nodes;
  if (words->limit && !whole_nodes) {
    c.reply.Error("ERR syntax error, LIMIT cannot be used without the special ~ option");
    return false;
  }
  if (whole_nodes) {
    words->trim->erased_max =
        words->limit ? static_cast<uint64_t>(*words->limit) : UsualLimit(c.options);
  }
  return true;
}

// nullopt: the error is replied.
std::optional<AddWords> ReadAddWords(CommandContext& c, bool is_add) {
  AddWords words;
  for (size_t i = 2; i < c.count(); ++i) {
    const bool more = i + 1 < c.count();
    const std::string_view word = c.word(i);
    if (is_add && word == "*") {
      words.id_at = i;
      break;
    }
    if (more && (WordIs(word, "maxlen") || WordIs(word, "minid"))) {
      i = ReadTrim(c, i, &words);
      if (i == 0) return std::nullopt;
    } else if (more && WordIs(word, "limit")) {
      words.limit = IntegerAt(c, ++i);
      if (!words.limit) return std::nullopt;
      if (*words.limit < 0) {
        return c.reply.Error("ERR The LIMIT argument must be >= 0."), std::nullopt;
      }
    } else if (is_add && WordIs(word, "nomkstream")) {
      words.make_stream = false;
    } else if (is_add) {
      if (!ReadId(c, i, &words)) return std::nullopt;
      break;
    } else {
      return c.reply.Error(kSyntaxError), std::nullopt;
    }
  }
  if (!SettleLimit(c, is_add, &words)) return std::nullopt;
  return words;
}

// The words, with what was decided in place of what was asked.
void RepeatExactly(CommandContext& c, const AddWords& words, const Stream& stream,
                   std::optional<StreamId> added) {
  if (!c.effect.wanted()) return c.effect.Nothing();
  std::vector<std::string_view> repeated(c.words.begin(), c.words.end());
  std::string threshold, id;
  if (words.trim && words.trim->whole_nodes) {
    if (words.trim->kind == StreamTrim::Kind::kLength) {
      threshold = std::to_string(stream.size());
    } else {
      const StreamId first = stream.size() == 0 ? kStreamIdMax : stream.log().first_id();
      threshold = StreamIdText(first).view();
    }
    repeated[words.threshold_at - 1] = "=";
    repeated[words.threshold_at] = threshold;
  }
  if (added) {
    id = StreamIdText(*added).view();
    repeated[words.id_at] = id;
  }
  c.effect.Instead(repeated);
}

std::optional<StreamId> NextIdFor(CommandContext& c, const AddWords& words, const Stream& stream) {
  if (words.ms) return stream.NextIdOf(*words.ms);
  if (!words.id) return stream.NextId(c.moment.now_ms);
  return *words.id > stream.last_id() ? words.id : std::nullopt;
}

}  // namespace

void XAdd(CommandContext& c) {
  const std::optional<AddWords> words = ReadAddWords(c, true);
  if (!words) return;
  const auto given =
      words->id_at == 0 ? std::span<const std::string_view>() : c.words.subspan(words->id_at + 1);
  if (given.size() < 2 || given.size() % 2 == 1) return ReplyWrongArity(c);
  if (words->id && words->id->is_zero()) {
    return c.reply.Error("ERR The ID specified in XADD must be greater than 0-0");
  }
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kStreamType);
  if (!found) return;
  if (!*found && !words->make_stream) return c.reply.Null();
  std::optional<Stream> none;
  const Stream& before = *found ? StreamOf(**found) : none.emplace();
  if (before.last_id() == kStreamIdMax) {
    return c.reply.Error(
        "ERR The stream has exhausted the last possible ID, unable to add more items");
  }
  const std::optional<StreamId> id = NextIdFor(c, *words, before);
  if (!id) {
    return c.reply.Error(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item");
  }
  if (!StreamLog::Fits(given)) return c.reply.Error("ERR Elements are too large to be stored");

  KeyPlace place = PlaceOf(c, key, *found, kStreamType);
  if (!place.exists()) place.Unpack(std::make_unique<StreamObject>());
  uint64_t trimmed = 0;
  place.Change([&](Object& object) {
    StreamOf(object).Append(*id, given, c.rules());
    if (words->trim) trimmed = StreamOf(object).Trim(*words->trim);
  });
  place.NoteChanges(1);
  c.Notify(config::kNotifyStream, "xadd", key.bytes);
  if (trimmed > 0) c.Notify(config::kNotifyStream, "xtrim", key.bytes);
  if (!words->id || (words->trim && words->trim->whole_nodes)) {
    RepeatExactly(c, *words, StreamOf(*place.found()), id);
  }
  ReplyStreamId(c, *id);
}

void XTrim(CommandContext& c) {
  const std::optional<AddWords> words = ReadAddWords(c, false);
  if (!words) return;
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kStreamType);
  if (!found) return;
  if (!*found) return c.reply.Integer(0);
  KeyPlace place = PlaceOf(c, key, *found, kStreamType);
  uint64_t trimmed = 0;
  place.Change([&](Object& object) { trimmed = StreamOf(object).Trim(*words->trim); });
  if (trimmed > 0) {
    place.NoteChanges(trimmed);
    c.Notify(config::kNotifyStream, "xtrim", key.bytes);
    if (words->trim->whole_nodes) RepeatExactly(c, *words, StreamOf(*place.found()), std::nullopt);
  }
  c.reply.Integer(static_cast<int64_t>(trimmed));
}

}  // namespace norn::handlers
