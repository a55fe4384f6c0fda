// Members of a sorted set and their scores.

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/collection_scan.h"
#include "engine/commands/typed_key.h"
#include "engine/commands/zsets/zset_handlers.h"
#include "engine/commands/zsets/zset_words.h"
#include "engine/types/zset_value.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kZset;
constexpr ErrorText kNotANumber = "ERR resulting score is not a number (NaN)";

struct AddOptions {
  bool only_new = false;       // NX
  bool only_existing = false;  // XX
  bool greater = false;        // GT
  bool less = false;           // LT
  bool count_changed = false;  // CH
  bool increment = false;      // INCR
  size_t first = 2;            // the first score
};

// nullopt: the error is replied.
std::optional<AddOptions> ReadAddOptions(CommandContext& c) {
  AddOptions options;
  for (; options.first < c.count(); ++options.first) {
    const std::string_view word = c.word(options.first);
    if (WordIs(word, "nx")) {
      options.only_new = true;
    } else if (WordIs(word, "xx")) {
      options.only_existing = true;
    } else if (WordIs(word, "gt")) {
      options.greater = true;
    } else if (WordIs(word, "lt")) {
      options.less = true;
    } else if (WordIs(word, "ch")) {
      options.count_changed = true;
    } else if (WordIs(word, "incr")) {
      options.increment = true;
    } else {
      break;
    }
  }
  const size_t words = c.count() - options.first;
  ErrorText error = kNoError;
  if (words == 0 || words % 2 != 0) {
    error = kSyntaxError;
  } else if (options.only_new && options.only_existing) {
    error = "ERR XX and NX options at the same time are not compatible";
  } else if ((options.greater && options.only_new) || (options.less && options.only_new) ||
             (options.greater && options.less)) {
    error = "ERR GT, LT, and/or NX options at the same time are not compatible";
  } else if (options.increment && words > 2) {
    error = "ERR INCR option supports a single increment-element pair";
  }
  if (error == kNoError) return options;
  c.reply.Error(error);
  return std::nullopt;
}

// What became of one member.
struct Added {
  enum class Outcome { kNothing, kAdded, kChanged, kSame, kNan } outcome = Outcome::kNothing;
  double score = 0;
};

// The writer's place, whose member is looked up by what is there now.
Added AddOne(KeyPlace& place, ZsetWriter& writer, const AddOptions& options, std::string_view name,
             double score) {
  const std::optional<double> old = place.exists() ? ZsetReader(place).Score(name) : std::nullopt;
  using Outcome = Added::Outcome;
  if (!old) {
    if (options.only_existing) return {};
    writer.Set(name, score);
    return {Outcome::kAdded, score};
  }
  if (options.only_new) return {};
  if (options.increment) score += *old;
  if (std::isnan(score)) return {Outcome::kNan, 0};
  if (options.greater && score <= *old) return {};
  if (options.less && score >= *old) return {};
  if (score == *old) return {Outcome::kSame, score};
  writer.Set(name, score);
  return {Outcome::kChanged, score};
}

std::optional<std::vector<double>> ReadScores(CommandContext& c, size_t first) {
  std::vector<double> scores;
  for (size_t i = first; i < c.count(); i += 2) {
    const std::optional<double> score = ScoreAt(c, i);
    if (!score) return std::nullopt;
    scores.push_back(*score);
  }
  return scores;
}

void ReplyIncremented(CommandContext& c, const Added& added) {
  if (added.outcome == Added::Outcome::kNan) return c.reply.Error(kNotANumber);
  if (added.outcome == Added::Outcome::kNothing) return c.reply.Null();
  c.reply.Double(added.score);
}

void AddMembers(CommandContext& c, const AddOptions& options) {
  const std::optional<std::vector<double>> scores = ReadScores(c, options.first);
  if (!scores) return;
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found && options.only_existing) {
    return options.increment ? c.reply.Null() : c.reply.Integer(0);
  }
  KeyPlace place = PlaceOf(c, key, *found, kType);
  ZsetWriter writer(place, c.rules());
  size_t longest_bytes = 0;
  for (size_t i = options.first + 1; i < c.count(); i += 2) {
    longest_bytes = std::max(longest_bytes, c.word(i).size());
  }
  writer.Expect(scores->size(), longest_bytes);
  const std::string_view event = options.increment ? "zincr" : "zadd";
  int64_t added = 0;
  int64_t changed = 0;
  for (size_t i = 0; i < scores->size(); ++i) {
    const std::string_view name = c.word(options.first + 1 + 2 * i);
    const Added one = AddOne(place, writer, options, name, (*scores)[i]);
    const bool is_change =
        one.outcome == Added::Outcome::kAdded || one.outcome == Added::Outcome::kChanged;
    if (options.increment) {
      if (is_change) c.Notify(config::kNotifyZset, event, key.bytes);
      return ReplyIncremented(c, one);
    }
    added += one.outcome == Added::Outcome::kAdded ? 1 : 0;
    changed += one.outcome == Added::Outcome::kChanged ? 1 : 0;
  }
  if (added + changed > 0) c.Notify(config::kNotifyZset, event, key.bytes);
  c.reply.Integer(options.count_changed ? added + changed : added);
}

void ReplyRank(CommandContext& c, bool from_highest) {
  const bool with_score = c.count() == 4 && WordIs(c.word(3), "withscore");
  if (c.count() > 4) return ReplyWrongArity(c);
  if (c.count() == 4 && !with_score) return c.reply.Error(kSyntaxError);
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  const auto none = [&] { with_score ? c.reply.NullArray() : c.reply.Null(); };
  if (!*found) return none();
  const ZsetReader reader(**found);
  const std::optional<size_t> rank = reader.Rank(c.word(2));
  if (!rank) return none();
  if (with_score) c.reply.Array(2);
  c.reply.Integer(static_cast<int64_t>(from_highest ? reader.size() - 1 - *rank : *rank));
  if (with_score) c.reply.Double(*reader.Score(c.word(2)));
}

// `count` different members, or all there are; each choice equally likely.
std::vector<ScoredName> DrawDifferent(const ZsetReader& reader, size_t count, Prng& prng) {
  std::vector<ScoredName> drawn;
  size_t left = reader.size();
  count = std::min(count, left);
  reader.ForEach([&](const ZsetMember& member) {
    if (prng.Below(left--) < count - drawn.size()) {
      drawn.emplace_back(member.name.ToString(), member.score);
    }
  });
  return drawn;
}

void RandMembers(CommandContext& c, int64_t count, bool with_scores) {
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfType(c, key, kType);
  if (!found) return;
  std::vector<ScoredName> drawn;
  if (*found && count > 0) {
    drawn = DrawDifferent(ZsetReader(**found), static_cast<size_t>(count), PrngFor(c, key));
  } else if (*found) {
    for (; count < 0; ++count) {
      const ZsetMember member = ZsetReader(**found).Random(PrngFor(c, key));
      drawn.emplace_back(member.name.ToString(), member.score);
    }
  }
  MemberReply reply(c, with_scores);
  reply.Begin(drawn.size());
  for (const auto& [name, score] : drawn) reply.Add(name, score);
}

}  // namespace

void ZAdd(CommandContext& c) {
  if (const std::optional<AddOptions> options = ReadAddOptions(c)) AddMembers(c, *options);
}

void ZIncrBy(CommandContext& c) { AddMembers(c, {.increment = true}); }

void ZRem(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  KeyPlace place = PlaceOf(c, key, *found, kType);
  ZsetWriter writer(place, c.rules());
  int64_t removed = 0;
  for (size_t i = 2; i < c.count() && place.exists(); ++i)
    removed += writer.Erase(c.word(i)) ? 1 : 0;
  if (removed > 0) NotifyRemoval(c, config::kNotifyZset, "zrem", key, place);
  c.reply.Integer(removed);
}

void ZCard(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (found) c.reply.Integer(*found ? static_cast<int64_t>(ZsetReader(**found).size()) : 0);
}

void ZScore(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  const std::optional<double> score = *found ? ZsetReader(**found).Score(c.word(2)) : std::nullopt;
  score ? c.reply.Double(*score) : c.reply.Null();
}

void ZMScore(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  c.reply.Array(c.count() - 2);
  for (size_t i = 2; i < c.count(); ++i) {
    const std::optional<double> score =
        *found ? ZsetReader(**found).Score(c.word(i)) : std::nullopt;
    score ? c.reply.Double(*score) : c.reply.Null();
  }
}

void ZRank(CommandContext& c) { ReplyRank(c, false); }
void ZRevRank(CommandContext& c) { ReplyRank(c, true); }

void ZRandMember(CommandContext& c) {
  if (c.count() == 2) {
    const Key key = c.KeyAt(1);
    const std::optional<EntryRef> found = FindOfType(c, key, kType);
    if (!found) return;
    if (!*found) return c.reply.Null();
    PackedScratch scratch;
    return c.reply.Bulk(ZsetReader(**found).Random(PrngFor(c, key)).name.View(scratch));
  }
  const std::optional<int64_t> count = IntegerAt(c, 2);
  if (!count) return;
  if (*count == INT64_MIN) return c.reply.Error(kNotInInt64Halves);
  const bool with_scores = c.count() == 4 && WordIs(c.word(3), "withscores");
  if (c.count() > 4 || (c.count() == 4 && !with_scores)) return c.reply.Error(kSyntaxError);
  if (with_scores && (*count < -INT64_MAX / 2 || *count > INT64_MAX / 2)) {
    return c.reply.Error("ERR value is out of range");
  }
  RandMembers(c, *count, with_scores);
}

void ZScan(CommandContext& c) {
  const std::optional<uint64_t> cursor = ScanCursorAt(c, 2);
  if (!cursor) return;
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  if (!*found) return ReplyEmptyScan(c);
  const std::optional<CollectionScan> scan = ReadCollectionScan(c, *cursor, "noscores");
  if (!scan) return;
  std::vector<ScoredName> members;
  const uint64_t next =
      ZsetReader(**found).Scan(scan->cursor, scan->count, [&](const ZsetMember& member) {
        PackedScratch scratch;
        const std::string_view name = member.name.View(scratch);
        if (scan->Wants(name)) members.emplace_back(name, member.score);
      });
  BeginScanReply(c, next, scan->names_only ? members.size() : 2 * members.size());
  for (const auto& [name, score] : members) {
    c.reply.Bulk(name);
    if (!scan->names_only) c.reply.Bulk(DoubleText(score).view());
  }
}

}  // namespace norn::handlers
