#include "engine/commands/streams/stream_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/number.h"
#include "engine/commands/replies.h"

namespace norn {
namespace {

constexpr size_t kIdCharsMax = 127;

// Valkey: what strtoull reads is a number here too: blanks or a plus before it, leading zeros.
std::optional<uint64_t> ParseNumber(std::string_view text) {
  text = UpToNul(text);
  if (const std::optional<uint64_t> plain = ParseUint64(text)) return plain;
  const size_t begin = text.find_first_not_of(" \t\n\v\f\r");
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin);
  if (text.front() == '+') text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
  return ParseUint64(text);
}

}  // namespace

std::optional<StreamId> ParseStreamId(std::string_view word, uint64_t missing_seq) {
  if (word.size() > kIdCharsMax) return std::nullopt;
  word = UpToNul(word);
  const size_t between = word.find('-');
  const std::optional<uint64_t> ms = ParseNumber(word.substr(0, between));
  if (!ms) return std::nullopt;
  if (between == std::string_view::npos) return StreamId{*ms, missing_seq};
  const std::optional<uint64_t> seq = ParseNumber(word.substr(between + 1));
  if (!seq) return std::nullopt;
  return StreamId{*ms, *seq};
}

void ReplyBadStreamId(CommandContext& c) {
  c.reply.Error("ERR Invalid stream ID specified as stream command argument");
}

std::optional<StreamId> StreamIdAt(CommandContext& c, size_t at) {
  const std::optional<StreamId> id = ParseStreamId(c.word(at));
  if (!id) ReplyBadStreamId(c);
  return id;
}

namespace {

struct RangeEnd {
  StreamId id;
  bool excluded = false;
};

std::optional<RangeEnd> RangeEndAt(CommandContext& c, size_t at, uint64_t missing_seq) {
  std::string_view word = c.word(at);
  if (word == "-") return RangeEnd{kStreamIdMin};
  if (word == "+") return RangeEnd{kStreamIdMax};
  RangeEnd end;
  end.excluded = word.size() > 1 && word.front() == '(';
  if (end.excluded) word.remove_prefix(1);
  const std::optional<StreamId> id = ParseStreamId(word, missing_seq);
  if (!id) {
    ReplyBadStreamId(c);
    return std::nullopt;
  }
  end.id = *id;
  return end;
}

}  // namespace

std::optional<StreamId> RangeStartAt(CommandContext& c, size_t at) {
  std::optional<RangeEnd> start = RangeEndAt(c, at, 0);
  if (!start) return std::nullopt;
  if (start->excluded && !start->id.Increment()) {
    c.reply.Error("ERR invalid start ID for the interval");
    return std::nullopt;
  }
  return start->id;
}

std::optional<StreamIdRange> StreamIdRangeAt(CommandContext& c, size_t start_at, size_t end_at) {
  const std::optional<StreamId> start = RangeStartAt(c, start_at);
  if (!start) return std::nullopt;
  std::optional<RangeEnd> end = RangeEndAt(c, end_at, UINT64_MAX);
  if (!end) return std::nullopt;
  if (end->excluded && !end->id.Decrement()) {
    c.reply.Error("ERR invalid end ID for the interval");
    return std::nullopt;
  }
  return StreamIdRange{*start, end->id};
}

void ReplyStreamId(CommandContext& c, StreamId id) { c.reply.Bulk(StreamIdText(id).view()); }

void ReplyStreamEntry(CommandContext& c, const StreamEntry& entry) {
  c.reply.Array(2);
  ReplyStreamId(c, entry.id());
  c.reply.Array(2 * entry.fields());
  entry.ForEachField([&](const PackedValue& field, const PackedValue& value) {
    PackedScratch scratch;
    c.reply.Bulk(field.View(scratch));
    c.reply.Bulk(value.View(scratch));
  });
}

void ReplyStreamEntries(CommandContext& c, const StreamLog& log, const StreamIdRange& range,
                        StreamDirection direction, uint64_t count_max) {
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  uint64_t count = 0;
  log.Visit(range.min, range.max, direction, [&](const StreamEntry& entry) {
    ReplyStreamEntry(c, entry);
    return ++count != count_max;
  });
  c.reply.EndArray(begun, count);
}

bool ReplyStreamEntryOf(CommandContext& c, const StreamLog& log, StreamId id) {
  bool found = false;
  log.Visit(id, id, StreamDirection::kUp, [&](const StreamEntry& entry) {
    ReplyStreamEntry(c, entry);
    found = true;
    return false;
  });
  return found;
}

std::optional<FoundGroup> FindStreamGroup(CommandContext& c, const Key& key, std::string_view name,
                                          bool for_write) {
  const std::optional<EntryRef> found =
      for_write ? FindOfTypeForWrite(c, key, kStreamType) : FindOfType(c, key, kStreamType);
  if (!found) return std::nullopt;
  FoundGroup group{.entry = *found};
  if (*found) group.group = StreamOf(**found).FindGroup(name);
  return group;
}

void ReplyNoSuchGroup(CommandContext& c, std::string_view key, std::string_view group,
                      std::string_view more) {
  c.reply.Error(fmt::format("NOGROUP No such key '{}' or consumer group '{}'{}", UpToNul(key),
                            UpToNul(group), more));
}

}  // namespace norn
