// Ranges of ranks, scores and bytes.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/index_range.h"
#include "engine/commands/typed_key.h"
#include "engine/commands/zsets/zset_handlers.h"
#include "engine/commands/zsets/zset_words.h"
#include "engine/types/zset_value.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kZset;
using Direction = ZsetReader::Direction;

enum class By { kRank, kScore, kLex };

// What a range command asks for. The range is `scores` or `lex` or `first` to `last`, as `by` says.
struct RangeQuery {
  By by = By::kRank;
  Direction direction = Direction::kUp;
  bool with_scores = false;
  bool has_limit = false;
  int64_t offset = 0;
  int64_t count = -1;
  int64_t first = 0;
  int64_t last = 0;
  ScoreRange scores = {};
  LexRange lex = {};
};

// Which options a command takes besides.
struct RangeSyntax {
  bool any_order = false;  // ZRANGE: BYSCORE, BYLEX, REV
  bool scores = true;      // WITHSCORES
};

// One option at *at, which it moves on. False: the error is replied.
bool ReadRangeOption(CommandContext& c, const RangeSyntax& syntax, size_t* at, RangeQuery* query) {
  const std::string_view word = c.word(*at);
  if (syntax.scores && WordIs(word, "withscores")) {
    query->with_scores = true;
  } else if (WordIs(word, "limit") && *at + 2 < c.count()) {
    const std::optional<int64_t> offset = IntegerAt(c, *at + 1);
    if (!offset) return false;
    const std::optional<int64_t> count = IntegerAt(c, *at + 2);
    if (!count) return false;
    query->has_limit = true;
    query->offset = *offset;
    query->count = *count;
    *at += 2;
  } else if (syntax.any_order && WordIs(word, "rev")) {
    query->direction = Direction::kDown;
  } else if (syntax.any_order && WordIs(word, "bylex")) {
    query->by = By::kLex;
  } else if (syntax.any_order && WordIs(word, "byscore")) {
    query->by = By::kScore;
  } else {
    c.reply.Error(kSyntaxError);
    return false;
  }
  ++*at;
  return true;
}

// The two words at `at` are the range's ends. False: the error is replied.
bool ReadEnds(CommandContext& c, size_t at, RangeQuery* query) {
  // Valkey: downwards the higher end comes first, but for ranks.
  const bool swapped = query->direction == Direction::kDown && query->by != By::kRank;
  const std::string_view min = c.word(swapped ? at + 1 : at);
  const std::string_view max = c.word(swapped ? at : at + 1);
  if (query->by == By::kRank) {
    const std::optional<int64_t> first = IntegerAt(c, at);
    if (!first) return false;
    const std::optional<int64_t> last = IntegerAt(c, at + 1);
    if (!last) return false;
    query->first = *first;
    query->last = *last;
    return true;
  }
  if (query->by == By::kScore) {
    const std::optional<ScoreRange> scores = ParseScoreRange(min, max);
    if (!scores) return c.reply.Error(kBadScoreRange), false;
    query->scores = *scores;
    return true;
  }
  const std::optional<LexRange> lex = ParseLexRange(min, max);
  if (!lex) return c.reply.Error(kBadLexRange), false;
  query->lex = *lex;
  return true;
}

// The range at `at` and the options behind it. nullopt: the error is replied.
std::optional<RangeQuery> ReadQuery(CommandContext& c, size_t at, RangeQuery query,
                                    const RangeSyntax& syntax) {
  for (size_t i = at + 2; i < c.count();) {
    if (!ReadRangeOption(c, syntax, &i, &query)) return std::nullopt;
  }
  if (query.has_limit && query.by == By::kRank) {
    c.reply.Error(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
    return std::nullopt;
  }
  if (query.with_scores && query.by == By::kLex) {
    c.reply.Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return std::nullopt;
  }
  if (!ReadEnds(c, at, &query)) return std::nullopt;
  return query;
}

// The ranks that the range alone means.
RankRange RanksOf(const ZsetReader& reader, const RangeQuery& query) {
  if (query.by == By::kScore) return reader.InScores(query.scores);
  if (query.by == By::kLex) return reader.InLex(query.lex);
  const IndexRange range = ClampRange(query.first, query.last, reader.size());
  if (query.direction == Direction::kUp || range.count == 0) return {range.first, range.count};
  return {reader.size() - range.first - range.count, range.count};
}

// And what LIMIT leaves of it, counted in the query's direction.
RankRange Limited(const RankRange& range, const RangeQuery& query) {
  if (!query.has_limit) return range;
  if (query.offset < 0 || static_cast<uint64_t>(query.offset) >= range.count) return {};
  const auto offset = static_cast<size_t>(query.offset);
  size_t count = range.count - offset;
  if (query.count >= 0) count = std::min(count, static_cast<size_t>(query.count));
  if (query.direction == Direction::kUp) return {range.first + offset, count};
  return {range.first + range.count - offset - count, count};
}

void ReplyRange(CommandContext& c, const RangeQuery& query) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  if (!*found) return c.reply.Array(0);
  const ZsetReader reader(**found);
  const RankRange range = Limited(RanksOf(reader, query), query);
  MemberReply reply(c, query.with_scores);
  reply.Begin(range.count);
  reader.Visit(range, query.direction, [&](const ZsetMember& member) {
    reply.Add(member);
    return true;
  });
}

void ReplyCount(CommandContext& c, const RangeQuery& query) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  c.reply.Integer(*found ? static_cast<int64_t>(RanksOf(ZsetReader(**found), query).count) : 0);
}

void RemoveRange(CommandContext& c, By by) {
  RangeQuery query{.by = by};
  if (!ReadEnds(c, 2, &query)) return;
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found) return c.reply.Integer(0);
  const RankRange range = RanksOf(ZsetReader(**found), query);
  KeyPlace place = PlaceOf(c, key, *found, kType);
  ZsetWriter(place, c.rules()).EraseRanks(range);
  constexpr std::string_view kEvents[] = {"zremrangebyrank", "zremrangebyscore", "zremrangebylex"};
  if (range.count > 0) {
    NotifyRemoval(c, config::kNotifyZset, kEvents[static_cast<size_t>(by)], key, place);
  }
  c.reply.Integer(static_cast<int64_t>(range.count));
}

}  // namespace

void ZRange(CommandContext& c) {
  const auto query = ReadQuery(c, 2, {}, {.any_order = true});
  if (query) ReplyRange(c, *query);
}

void ZRangeByScore(CommandContext& c) {
  const auto query = ReadQuery(c, 2, {.by = By::kScore}, {});
  if (query) ReplyRange(c, *query);
}

void ZRevRangeByScore(CommandContext& c) {
  const auto query = ReadQuery(c, 2, {.by = By::kScore, .direction = Direction::kDown}, {});
  if (query) ReplyRange(c, *query);
}

void ZRangeByLex(CommandContext& c) {
  const auto query = ReadQuery(c, 2, {.by = By::kLex}, {});
  if (query) ReplyRange(c, *query);
}

void ZRevRangeByLex(CommandContext& c) {
  const auto query = ReadQuery(c, 2, {.by = By::kLex, .direction = Direction::kDown}, {});
  if (query) ReplyRange(c, *query);
}

void ZRevRange(CommandContext& c) {
  const auto query = ReadQuery(c, 2, {.direction = Direction::kDown}, {});
  if (query) ReplyRange(c, *query);
}

void ZCount(CommandContext& c) {
  RangeQuery query{.by = By::kScore};
  if (ReadEnds(c, 2, &query)) ReplyCount(c, query);
}

void ZLexCount(CommandContext& c) {
  RangeQuery query{.by = By::kLex};
  if (ReadEnds(c, 2, &query)) ReplyCount(c, query);
}

void ZRemRangeByRank(CommandContext& c) { RemoveRange(c, By::kRank); }
void ZRemRangeByScore(CommandContext& c) { RemoveRange(c, By::kScore); }
void ZRemRangeByLex(CommandContext& c) { RemoveRange(c, By::kLex); }

void ZRangeStore(CommandContext& c) {
  const auto query = ReadQuery(c, 3, {}, {.any_order = true, .scores = false});
  if (!query) return;
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(2), kType);
  if (!found) return;
  LoosePlace result;
  ZsetWriter writer(result, c.rules());
  if (*found) {
    const ZsetReader reader(**found);
    const RankRange range = Limited(RanksOf(reader, *query), *query);
    // Upwards whatever was asked for: a sorted set has one order.
    reader.Visit(range, Direction::kUp, [&](const ZsetMember& member) {
      PackedScratch scratch;
      writer.Set(member.name.View(scratch), member.score);
      return true;
    });
  }
  const size_t members = writer.size();
  StoreResult(c, c.KeyAt(1), result, kType, config::kNotifyZset, "zrangestore");
  c.reply.Integer(static_cast<int64_t>(members));
}

}  // namespace norn::handlers
