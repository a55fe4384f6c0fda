// The commands of several sorted sets. Sets take part too, every member with score 1.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <variant>
#include <vector>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/typed_key.h"
#include "engine/commands/zsets/zset_handlers.h"
#include "engine/commands/zsets/zset_words.h"
#include "engine/types/set_value.h"
#include "engine/types/zset_value.h"

namespace norn::handlers {
namespace {

enum class Operation { kInter, kUnion, kDiff };
enum class Aggregate { kSum, kMin, kMax };

// A sorted set, a set, or nothing, with the weight of its scores.
class Source {
 public:
  Source() = default;
  explicit Source(const Entry& entry) {
    if (entry.type() == ValueType::kZset) {
      reader_ = ZsetReader(entry);
    } else {
      reader_ = SetReader(entry);
    }
  }

  double weight = 1;

  size_t size() const {
    if (const auto* sorted = std::get_if<ZsetReader>(&reader_)) return sorted->size();
    if (const auto* set = std::get_if<SetReader>(&reader_)) return set->size();
    return 0;
  }
  std::optional<double> Score(std::string_view name) const {
    if (const auto* sorted = std::get_if<ZsetReader>(&reader_)) return sorted->Score(name);
    const auto* set = std::get_if<SetReader>(&reader_);
    return set != nullptr && set->Contains(name) ? std::optional<double>(1) : std::nullopt;
  }
  double Weighted(double score) const {
    const double weighted = weight * score;
    return std::isnan(weighted) ? 0 : weighted;  // 0 times infinity
  }
  void ForEach(absl::FunctionRef<void(std::string_view name, double score)> visit) const {
    PackedScratch scratch;
    if (const auto* sorted = std::get_if<ZsetReader>(&reader_)) {
      sorted->ForEach(
          [&](const ZsetMember& member) { visit(member.name.View(scratch), member.score); });
    } else if (const auto* set = std::get_if<SetReader>(&reader_)) {
      set->ForEach([&](const PackedValue& member) { visit(member.View(scratch), 1); });
    }
  }

 private:
  std::variant<std::monostate, ZsetReader, SetReader> reader_;
};

double Combine(Aggregate aggregate, double a, double b) {
  if (aggregate == Aggregate::kMin) return std::min(a, b);
  if (aggregate == Aggregate::kMax) return std::max(a, b);
  const double sum = a + b;
  return std::isnan(sum) ? 0 : sum;  // infinity and its opposite
}

struct Query {
  std::vector<Source> sources;
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  size_t limit = 0;  // 0: none
};

// The number of keys at `at` and the keys behind it. nullopt: the error is replied.
std::optional<Query> ReadSources(CommandContext& c, size_t at) {
  const std::optional<int64_t> keys = IntegerAt(c, at);
  if (!keys) return std::nullopt;
  if (*keys < 1) {
    c.reply.Error(
        fmt::format("ERR at least 1 input key is needed for '{}' command", c.spec->full_name));
    return std::nullopt;
  }
  if (static_cast<uint64_t>(*keys) > c.count() - at - 1) {
    c.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  Query query;
  for (size_t i = at + 1; i <= at + static_cast<size_t>(*keys); ++i) {
    const Key key = c.KeyAt(i);
    const EntryRef found = c.DbFor(key).Find(key, c.moment);
    if (found && found->type() != ValueType::kZset && found->type() != ValueType::kSet) {
      c.reply.Error(kWrongType);
      return std::nullopt;
    }
    query.sources.push_back(found ? Source(*found) : Source());
  }
  return query;
}

// Which options a command takes behind its keys.
struct Syntax {
  bool weights = false;
  bool scores = false;
  bool limit = false;
};

// Reads the option at *at and moves on. False: the error is replied.
bool ReadOption(CommandContext& c, const Syntax& syntax, size_t* at, Query* query) {
  const std::string_view word = c.word((*at)++);
  const size_t left = c.count() - *at;
  if (syntax.weights && WordIs(word, "weights") && left >= query->sources.size()) {
    for (Source& source : query->sources) {
      const std::optional<double> weight = ParseDouble(c.word((*at)++));
      if (!weight) return c.reply.Error("ERR weight value is not a float"), false;
      source.weight = *weight;
    }
    return true;
  }
  if (syntax.weights && WordIs(word, "aggregate") && left >= 1) {
    const std::string_view how = c.word((*at)++);
    if (WordIs(how, "sum")) return query->aggregate = Aggregate::kSum, true;
    if (WordIs(how, "min")) return query->aggregate = Aggregate::kMin, true;
    if (WordIs(how, "max")) return query->aggregate = Aggregate::kMax, true;
  } else if (syntax.scores && WordIs(word, "withscores")) {
    return query->with_scores = true;
  } else if (syntax.limit && WordIs(word, "limit") && left >= 1) {
    constexpr ErrorText kNegative = "ERR LIMIT can't be negative";
    const std::optional<int64_t> limit = IntegerAt(c, (*at)++, kNegative);
    if (!limit) return false;
    if (*limit < 0) return c.reply.Error(kNegative), false;
    query->limit = static_cast<size_t>(*limit);
    return true;
  }
  c.reply.Error(kSyntaxError);
  return false;
}

std::optional<Query> ReadQuery(CommandContext& c, size_t at, const Syntax& syntax) {
  std::optional<Query> query = ReadSources(c, at);
  if (!query) return std::nullopt;
  for (size_t i = at + 1 + query->sources.size(); i < c.count();) {
    if (!ReadOption(c, syntax, &i, &*query)) return std::nullopt;
  }
  return query;
}

using VisitScored = absl::FunctionRef<bool(std::string_view name, double score)>;  // false: enough

void VisitCommon(Query& query, VisitScored visit) {
  // The smallest is walked, the others are asked.
  std::sort(query.sources.begin(), query.sources.end(),
            [](const Source& a, const Source& b) { return a.size() < b.size(); });
  bool enough = false;
  query.sources[0].ForEach([&](std::string_view name, double score) {
    if (enough) return;
    double combined = query.sources[0].Weighted(score);
    for (size_t i = 1; i < query.sources.size(); ++i) {
      const std::optional<double> other = query.sources[i].Score(name);
      if (!other) return;
      combined = Combine(query.aggregate, combined, query.sources[i].Weighted(*other));
    }
    enough = !visit(name, combined);
  });
}

void AddUnion(const Query& query, ValuePlace& place, ZsetWriter& into) {
  for (const Source& source : query.sources) {
    source.ForEach([&](std::string_view name, double score) {
      double combined = source.Weighted(score);
      const std::optional<double> before =
          place.exists() ? ZsetReader(place).Score(name) : std::nullopt;
      if (before) combined = Combine(query.aggregate, *before, combined);
      if (before != combined) into.Set(name, combined);
    });
  }
}

void AddDifference(const Query& query, ZsetWriter& into) {
  query.sources[0].ForEach([&](std::string_view name, double score) {
    for (size_t i = 1; i < query.sources.size(); ++i) {
      if (query.sources[i].Score(name)) return;
    }
    into.Set(name, score);
  });
}

void Apply(Operation operation, Query& query, LoosePlace& place, ZsetWriter& into) {
  switch (operation) {
    case Operation::kInter:
      return VisitCommon(query, [&](std::string_view name, double score) {
        into.Set(name, score);
        return true;
      });
    case Operation::kUnion:
      return AddUnion(query, place, into);
    case Operation::kDiff:
      return AddDifference(query, into);
  }
}

void ReplyResult(CommandContext& c, Operation operation) {
  std::optional<Query> query =
      ReadQuery(c, 1, {.weights = operation != Operation::kDiff, .scores = true});
  if (!query) return;
  LoosePlace result;
  ZsetWriter writer(result, c.rules());
  Apply(operation, *query, result, writer);
  MemberReply reply(c, query->with_scores);
  reply.Begin(writer.size());
  if (!result.exists()) return;
  ZsetReader(result).ForEach([&](const ZsetMember& member) { reply.Add(member); });
}

void StoreOf(CommandContext& c, Operation operation) {
  std::optional<Query> query = ReadQuery(c, 2, {.weights = operation != Operation::kDiff});
  if (!query) return;
  LoosePlace result;
  ZsetWriter writer(result, c.rules());
  Apply(operation, *query, result, writer);
  const size_t members = writer.size();
  constexpr std::string_view kEvents[] = {"zinterstore", "zunionstore", "zdiffstore"};
  StoreResult(c, c.KeyAt(1), result, ValueType::kZset, config::kNotifyZset,
              kEvents[static_cast<size_t>(operation)]);
  c.reply.Integer(static_cast<int64_t>(members));
}

}  // namespace

void ZInter(CommandContext& c) { ReplyResult(c, Operation::kInter); }
void ZUnion(CommandContext& c) { ReplyResult(c, Operation::kUnion); }
void ZDiff(CommandContext& c) { ReplyResult(c, Operation::kDiff); }
void ZInterStore(CommandContext& c) { StoreOf(c, Operation::kInter); }
void ZUnionStore(CommandContext& c) { StoreOf(c, Operation::kUnion); }
void ZDiffStore(CommandContext& c) { StoreOf(c, Operation::kDiff); }

void ZInterCard(CommandContext& c) {
  std::optional<Query> query = ReadQuery(c, 1, {.limit = true});
  if (!query) return;
  size_t members = 0;
  VisitCommon(*query, [&](std::string_view, double) { return ++members != query->limit; });
  c.reply.Integer(static_cast<int64_t>(members));
}

}  // namespace norn::handlers
