// The commands of several sets: what is in all, in any, in the first alone.

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/sets/set_handlers.h"
#include "engine/commands/typed_key.h"
#include "engine/types/set_value.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kSet;

// The sets of the keys at `first` up to `end`, none for a key that is not there.
using Sets = std::vector<std::optional<SetReader>>;

// nullopt: one is of another type, and the error is replied.
std::optional<Sets> ReadSets(CommandContext& c, size_t first, size_t end) {
  Sets sets;
  for (size_t i = first; i < end; ++i) {
    const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(i), kType);
    if (!found) return std::nullopt;
    sets.push_back(*found ? std::optional<SetReader>(SetReader(**found)) : std::nullopt);
  }
  return sets;
}

using Visit = absl::FunctionRef<bool(std::string_view member)>;  // false: enough

// Visits what is in all sets.
void VisitCommon(Sets sets, Visit visit) {
  for (const std::optional<SetReader>& set : sets) {
    if (!set) return;
  }
  // The smallest is walked, the others are asked, small ones first: those turn down most.
  std::sort(sets.begin(), sets.end(),
            [](const auto& a, const auto& b) { return a->size() < b->size(); });
  bool enough = false;
  sets[0]->ForEach([&](const PackedValue& member) {
    if (enough) return;
    PackedScratch scratch;
    const std::string_view name = member.View(scratch);
    for (size_t i = 1; i < sets.size(); ++i) {
      if (!sets[i]->Contains(name)) return;
    }
    enough = !visit(name);
  });
}

// Visits what is in the first set and in none of the others.
void VisitDifference(const Sets& sets, Visit visit) {
  if (!sets[0]) return;
  sets[0]->ForEach([&](const PackedValue& member) {
    PackedScratch scratch;
    const std::string_view name = member.View(scratch);
    for (size_t i = 1; i < sets.size(); ++i) {
      if (sets[i] && sets[i]->Contains(name)) return;
    }
    visit(name);
  });
}

// What is in any: `into` tells what came already.
void AddAll(const Sets& sets, SetWriter& into) {
  for (const std::optional<SetReader>& set : sets) {
    if (!set) continue;
    set->ForEach([&](const PackedValue& member) {
      PackedScratch scratch;
      into.Add(member.View(scratch));
    });
  }
}

enum class Operation { kInter, kUnion, kDiff };

void Apply(Operation operation, const Sets& sets, SetWriter& into) {
  const auto add = [&](std::string_view member) {
    into.Add(member);
    return true;
  };
  switch (operation) {
    case Operation::kInter:
      return VisitCommon(sets, add);
    case Operation::kUnion:
      return AddAll(sets, into);
    case Operation::kDiff:
      return VisitDifference(sets, add);
  }
}

void ReplyResult(CommandContext& c, Operation operation) {
  const std::optional<Sets> sets = ReadSets(c, 1, c.count());
  if (!sets) return;
  if (operation == Operation::kUnion) {
    LoosePlace result;
    SetWriter writer(result, c.rules());
    AddAll(*sets, writer);
    c.reply.Set(writer.size());
    if (!result.exists()) return;
    SetReader(result).ForEach([&](const PackedValue& member) {
      PackedScratch scratch;
      c.reply.Bulk(member.View(scratch));
    });
    return;
  }
  // The others visit no member twice, so they need no result to look into.
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  size_t members = 0;
  const auto reply = [&](std::string_view member) {
    c.reply.Bulk(member);
    ++members;
    return true;
  };
  operation == Operation::kInter ? VisitCommon(*sets, reply) : VisitDifference(*sets, reply);
  c.reply.EndSet(begun, members);
}

void StoreOf(CommandContext& c, Operation operation) {
  const std::optional<Sets> sets = ReadSets(c, 2, c.count());
  if (!sets) return;
  LoosePlace result;
  SetWriter writer(result, c.rules());
  Apply(operation, *sets, writer);
  const size_t members = writer.size();
  constexpr std::string_view kEvents[] = {"sinterstore", "sunionstore", "sdiffstore"};
  StoreResult(c, c.KeyAt(1), result, kType, config::kNotifySet,
              kEvents[static_cast<size_t>(operation)]);
  c.reply.Integer(static_cast<int64_t>(members));
}

// nullopt: the error is replied. 0: no limit.
std::optional<size_t> ReadLimit(CommandContext& c, size_t first) {
  size_t limit = 0;
  for (size_t i = first; i < c.count(); i += 2) {
    if (!WordIs(c.word(i), "limit") || i + 1 == c.count()) {
      c.reply.Error(kSyntaxError);
      return std::nullopt;
    }
    const std::optional<int64_t> given = IntegerAt(c, i + 1, "ERR LIMIT can't be negative");
    if (!given) return std::nullopt;
    if (*given < 0) {
      c.reply.Error("ERR LIMIT can't be negative");
      return std::nullopt;
    }
    limit = static_cast<size_t>(*given);
  }
  return limit;
}

}  // namespace

void SInter(CommandContext& c) { ReplyResult(c, Operation::kInter); }
void SUnion(CommandContext& c) { ReplyResult(c, Operation::kUnion); }
void SDiff(CommandContext& c) { ReplyResult(c, Operation::kDiff); }
void SInterStore(CommandContext& c) { StoreOf(c, Operation::kInter); }
void SUnionStore(CommandContext& c) { StoreOf(c, Operation::kUnion); }
void SDiffStore(CommandContext& c) { StoreOf(c, Operation::kDiff); }

void SInterCard(CommandContext& c) {
  const std::optional<int64_t> keys = IntegerAt(c, 1, kTooFewKeys);
  if (!keys) return;
  if (*keys < 1) return c.reply.Error(kTooFewKeys);
  if (static_cast<uint64_t>(*keys) > c.count() - 2) {
    return c.reply.Error("ERR Number of keys can't be greater than number of args");
  }
  const size_t end = 2 + static_cast<size_t>(*keys);
  const std::optional<size_t> limit = ReadLimit(c, end);
  if (!limit) return;
  const std::optional<Sets> sets = ReadSets(c, 2, end);
  if (!sets) return;
  size_t members = 0;
  VisitCommon(*sets, [&](std::string_view) { return ++members != *limit; });
  c.reply.Integer(static_cast<int64_t>(members));
}

}  // namespace norn::handlers
