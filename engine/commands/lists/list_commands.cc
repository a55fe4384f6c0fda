// Elements of a list by index and by value.

#include <algorithm>
#include <optional>
#include <string>

#include "engine/commands/arguments.h"
#include "engine/commands/index_range.h"
#include "engine/commands/lists/list_handlers.h"
#include "engine/commands/typed_key.h"
#include "engine/types/list_value.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kList;

// Where an index from a client is in a list of that size; nullopt: outside.
std::optional<size_t> Within(int64_t index, size_t size) {
  if (index < 0) index += static_cast<int64_t>(size);
  if (index < 0 || index >= static_cast<int64_t>(size)) return std::nullopt;
  return static_cast<size_t>(index);
}

std::optional<size_t> IndexOf(const ListReader& reader, const PackedValue& value) {
  size_t index = 0;
  bool found = false;
  reader.Visit(0, ListEnd::kFront, [&](const PackedValue& element) {
    found = element == value;
    if (!found) ++index;
    return !found;
  });
  return found ? std::optional<size_t>(index) : std::nullopt;
}

struct PosOptions {
  int64_t rank = 1;
  std::optional<int64_t> count;
  int64_t length_max = 0;  // 0: no bound
};

// One option and its value at `at`. False: the error is replied.
bool ReadPosOption(CommandContext& c, size_t at, PosOptions* options) {
  const bool more = at + 1 < c.count();
  if (WordIs(c.word(at), "rank") && more) {
    const std::optional<int64_t> rank = IntegerAt(c, at + 1);
    if (!rank) return false;
    if (*rank == INT64_MIN) return c.reply.Error(kNotInInt64Halves), false;
    options->rank = *rank;
    if (*rank != 0) return true;
    c.reply.Error(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
        "negative to start from the end of the list");
    return false;
  }
  const bool is_count = WordIs(c.word(at), "count");
  if (!more || (!is_count && !WordIs(c.word(at), "maxlen"))) {
    c.reply.Error(kSyntaxError);
    return false;
  }
  const ErrorText negative =
      is_count ? "ERR COUNT can't be negative" : "ERR MAXLEN can't be negative";
  const std::optional<int64_t> value = IntegerAt(c, at + 1, negative);
  if (!value) return false;
  if (*value < 0) return c.reply.Error(negative), false;
  if (is_count) options->count = value;
  if (!is_count) options->length_max = *value;
  return true;
}

std::optional<PosOptions> ReadPosOptions(CommandContext& c) {
  PosOptions options;
  for (size_t i = 3; i < c.count(); i += 2) {
    if (!ReadPosOption(c, i, &options)) return std::nullopt;
  }
  return options;
}

// Calls match(index) for the elements that the options ask for, until it returns false.
void VisitMatches(const ListReader& reader, const PackedValue& value, const PosOptions& options,
                  absl::FunctionRef<bool(size_t index)> match) {
  const bool from_front = options.rank > 0;
  const size_t size = reader.size();
  int64_t to_skip = std::abs(options.rank) - 1;
  size_t looked_at = 0;
  reader.Visit(from_front ? 0 : size - 1, from_front ? ListEnd::kFront : ListEnd::kBack,
               [&](const PackedValue& element) {
                 const size_t index = from_front ? looked_at : size - 1 - looked_at;
                 ++looked_at;
                 const bool last = looked_at == static_cast<uint64_t>(options.length_max);
                 if (element == value && to_skip-- <= 0 && !match(index)) return false;
                 return !last;
               });
}

}  // namespace

void LLen(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (found) c.reply.Integer(*found ? static_cast<int64_t>(ListReader(**found).size()) : 0);
}

void LIndex(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  if (!*found) return c.reply.Null();
  const std::optional<int64_t> index = IntegerAt(c, 2);
  if (!index) return;
  const ListReader reader(**found);
  const std::optional<size_t> at = Within(*index, reader.size());
  at ? c.reply.Bulk(reader.At(*at)) : c.reply.Null();
}

void LRange(CommandContext& c) {
  const std::optional<int64_t> first = IntegerAt(c, 2);
  if (!first) return;
  const std::optional<int64_t> last = IntegerAt(c, 3);
  if (!last) return;
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  if (!*found) return c.reply.Array(0);
  const ListReader reader(**found);
  const IndexRange range = ClampRange(*first, *last, reader.size());
  c.reply.Array(range.count);
  size_t left = range.count;
  if (left == 0) return;
  reader.Visit(range.first, ListEnd::kFront, [&](const PackedValue& element) {
    PackedScratch scratch;
    c.reply.Bulk(element.View(scratch));
    return --left > 0;
  });
}

void LSet(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).FindForWrite(key, c.moment);
  if (!found) return c.reply.Error(kNoSuchKey);
  if (!OfTypeOrReply(c, found, kType)) return;
  const std::optional<int64_t> index = IntegerAt(c, 2);
  if (!index) return;
  const std::optional<size_t> at = Within(*index, ListReader(*found).size());
  if (!at) return c.reply.Error("ERR index out of range");
  KeyPlace place = PlaceOf(c, key, found, kType);
  ListWriter(place, c.rules()).Replace(*at, c.word(3));
  c.Notify(config::kNotifyList, "lset", key.bytes);
  c.reply.Ok();
}

void LInsert(CommandContext& c) {
  const bool after = WordIs(c.word(2), "after");
  if (!after && !WordIs(c.word(2), "before")) return c.reply.Error(kSyntaxError);
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found) return c.reply.Integer(0);
  const std::optional<size_t> pivot = IndexOf(ListReader(**found), c.word(3));
  if (!pivot) return c.reply.Integer(-1);
  KeyPlace place = PlaceOf(c, key, *found, kType);
  ListWriter writer(place, c.rules());
  writer.Insert(*pivot + (after ? 1 : 0), c.word(4));
  c.Notify(config::kNotifyList, "linsert", key.bytes);
  c.reply.Integer(static_cast<int64_t>(writer.size()));
}

void LRem(CommandContext& c) {
  const std::optional<int64_t> count = IntegerAt(c, 2);
  if (!count) return;
  if (*count == INT64_MIN) return c.reply.Error(kNotInInt64Halves);
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found) return c.reply.Integer(0);
  KeyPlace place = PlaceOf(c, key, *found, kType);
  const size_t count_max = *count == 0 ? SIZE_MAX : static_cast<size_t>(std::abs(*count));
  const ListEnd from = *count < 0 ? ListEnd::kBack : ListEnd::kFront;
  const size_t erased = ListWriter(place, c.rules()).EraseEqual(c.word(3), count_max, from);
  if (erased > 0) NotifyRemoval(c, config::kNotifyList, "lrem", key, place);
  c.reply.Integer(static_cast<int64_t>(erased));
}

void LTrim(CommandContext& c) {
  const std::optional<int64_t> first = IntegerAt(c, 2);
  if (!first) return;
  const std::optional<int64_t> last = IntegerAt(c, 3);
  if (!last) return;
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  if (!*found) return c.reply.Ok();
  KeyPlace place = PlaceOf(c, key, *found, kType);
  ListWriter writer(place, c.rules());
  const IndexRange kept = ClampRange(*first, *last, writer.size());
  const size_t behind = kept.first + kept.count;
  if (kept.count == 0) {
    place.Erase();
  } else {
    writer.Erase(behind, writer.size() - behind);
    writer.Erase(0, kept.first);
  }
  NotifyRemoval(c, config::kNotifyList, "ltrim", key, place);
  c.reply.Ok();
}

void LPos(CommandContext& c) {
  const std::optional<PosOptions> options = ReadPosOptions(c);
  if (!options) return;
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  const PackedValue value(c.word(2));
  if (!options->count) {
    std::optional<size_t> first;
    if (*found) {
      VisitMatches(ListReader(**found), value, *options, [&](size_t index) {
        first = index;
        return false;
      });
    }
    return first ? c.reply.Integer(static_cast<int64_t>(*first)) : c.reply.Null();
  }
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  size_t matches = 0;
  if (*found) {
    VisitMatches(ListReader(**found), value, *options, [&](size_t index) {
      c.reply.Integer(static_cast<int64_t>(index));
      return ++matches != static_cast<uint64_t>(*options->count);
    });
  }
  c.reply.EndArray(begun, matches);
}

}  // namespace norn::handlers
