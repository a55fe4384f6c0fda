// The commands of fields and their values.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/collection_scan.h"
#include "engine/commands/hashes/hash_access.h"
#include "engine/commands/hashes/hash_handlers.h"
#include "engine/commands/typed_key.h"
#include "engine/types/hash_value.h"

namespace norn::handlers {
namespace {

// HSET and HMSET: the number of fields that are new. nullopt: the error is replied.
std::optional<int64_t> SetFields(CommandContext& c) {
  if (c.count() % 2 != 0) {
    ReplyWrongArity(c);
    return std::nullopt;
  }
  std::optional<WritableHash> hash = WriteHash(c);
  if (!hash) return std::nullopt;
  HashWriter writer(hash->place, c.rules());
  const bool fields_expire = hash->FieldsExpire();
  writer.Expect(c.words.subspan(2));
  int64_t added = 0;
  size_t expired = 0;
  for (size_t i = 2; i < c.count(); i += 2) {
    const bool hidden = fields_expire && !hash->Find(c, c.word(i));
    const bool is_new = writer.Set(c.word(i), c.word(i + 1));
    added += is_new || hidden ? 1 : 0;
    expired += hidden && !is_new ? 1 : 0;
  }
  NoteExpiredFields(c, c.KeyAt(1), expired);
  c.Notify(config::kNotifyHash, "hset", c.word(1));
  return added;
}

// A field's new number; its deadline stays. Where fields expire the number is what is repeated, because a field that has expired
// here may still count elsewhere: then true.
bool SetSum(CommandContext& c, WritableHash& hash, const std::optional<HashField>& field,
            std::string_view number) {
  const bool fields_expire = hash.FieldsExpire();
  const int64_t deadline_ms = field ? field->deadline_ms : Field::kNoDeadline;
  const bool is_new = HashWriter(hash.place, c.rules()).Set(c.word(2), number, deadline_ms);
  NoteExpiredFields(c, c.KeyAt(1), !field && !is_new ? 1 : 0);
  if (fields_expire) RepeatField(c, c.word(2), number, deadline_ms);
  return fields_expire;
}

enum class Part { kNames, kValues, kBoth };

void ReplyAll(CommandContext& c, Part part) {
  const auto hash = ReadHash(c);
  if (!hash) return;
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  size_t fields = 0;
  if (*hash) {
    (*hash)->ForEach([&](const HashField& field) {
      if (part != Part::kValues) ReplyPacked(c, field.name);
      if (part != Part::kNames) ReplyPacked(c, field.value);
      ++fields;
    });
  }
  part == Part::kBoth ? c.reply.EndMap(begun, fields) : c.reply.EndArray(begun, fields);
}

using NameAndValue = std::pair<std::string, std::string>;

NameAndValue CopyOf(const HashField& field) {
  return {field.name.ToString(), field.value.ToString()};
}

// `count` different fields, or all there are; each choice equally likely.
std::vector<NameAndValue> DrawDifferent(const HashReader& reader, size_t count, Prng& prng) {
  std::vector<NameAndValue> drawn;
  size_t seen = 0;
  // Reservoir sampling (Vitter 1985): what has expired does not count, so the number is known only at the end.
  reader.ForEach([&](const HashField& field) {
    ++seen;
    if (drawn.size() < count) {
      drawn.push_back(CopyOf(field));
    } else if (const size_t at = prng.Below(seen); at < count) {
      drawn[at] = CopyOf(field);
    }
  });
  return drawn;
}

void ReplyDrawn(CommandContext& c, const std::vector<NameAndValue>& drawn, bool with_values) {
  const bool pairs = with_values && c.reply.resp() == Resp::k3;
  c.reply.Array(with_values && !pairs ? 2 * drawn.size() : drawn.size());
  for (const auto& [name, value] : drawn) {
    if (pairs) c.reply.Array(2);
    c.reply.Bulk(name);
    if (with_values) c.reply.Bulk(value);
  }
}

void RandFieldCount(CommandContext& c, int64_t count, bool with_values) {
  const auto hash = ReadHash(c);
  if (!hash) return;
  std::vector<NameAndValue> drawn;
  Prng& prng = PrngFor(c, c.KeyAt(1));
  if (*hash && count > 0) {
    drawn = DrawDifferent(**hash, static_cast<size_t>(count), prng);
  } else if (*hash) {
    for (; count < 0; ++count) {
      if (const std::optional<HashField> field = (*hash)->Random(prng)) {
        drawn.push_back(CopyOf(*field));
      }
    }
  }
  ReplyDrawn(c, drawn, with_values);
}

}  // namespace

void HSet(CommandContext& c) {
  if (const std::optional<int64_t> added = SetFields(c)) c.reply.Integer(*added);
}

void HMSet(CommandContext& c) {
  if (SetFields(c)) c.reply.Ok();
}

void HSetNx(CommandContext& c) {
  std::optional<WritableHash> hash = WriteHash(c);
  if (!hash) return;
  if (hash->Find(c, c.word(2))) return c.reply.Integer(0);
  const bool fields_expire = hash->FieldsExpire();
  HashWriter writer(hash->place, c.rules());
  writer.Expect(c.words.subspan(2));
  const bool is_new = writer.Set(c.word(2), c.word(3));
  NoteExpiredFields(c, c.KeyAt(1), is_new ? 0 : 1);
  c.Notify(config::kNotifyHash, "hset", c.word(1));
  // Elsewhere a field that has expired here may still be there.
  if (fields_expire) RepeatField(c, c.word(2), c.word(3), Field::kNoDeadline);
  c.reply.Integer(1);
}

void HGet(CommandContext& c) {
  const auto hash = ReadHash(c);
  if (!hash) return;
  const std::optional<HashField> field = *hash ? (*hash)->Find(c.word(2)) : std::nullopt;
  field ? ReplyPacked(c, field->value) : c.reply.Null();
}

void HMGet(CommandContext& c) {
  const auto hash = ReadHash(c);
  if (!hash) return;
  c.reply.Array(c.count() - 2);
  for (size_t i = 2; i < c.count(); ++i) {
    const std::optional<HashField> field = *hash ? (*hash)->Find(c.word(i)) : std::nullopt;
    field ? ReplyPacked(c, field->value) : c.reply.Null();
  }
}

void HDel(CommandContext& c) {
  std::optional<WritableHash> hash = WriteHash(c);
  if (!hash) return;
  HashWriter writer(hash->place, c.rules());
  int64_t deleted = 0;
  for (size_t i = 2; i < c.count() && hash->place.exists(); ++i) {
    if (hash->Find(c, c.word(i)) && writer.Erase(c.word(i))) ++deleted;
  }
  if (deleted > 0) NotifyRemoval(c, config::kNotifyHash, "hdel", c.KeyAt(1), hash->place);
  c.reply.Integer(deleted);
}

void HLen(CommandContext& c) {
  const auto hash = ReadHash(c);
  if (hash) c.reply.Integer(*hash ? static_cast<int64_t>((*hash)->size()) : 0);
}

void HExists(CommandContext& c) {
  const auto hash = ReadHash(c);
  if (hash) c.reply.Integer(*hash && (*hash)->Find(c.word(2)) ? 1 : 0);
}

void HStrLen(CommandContext& c) {
  const auto hash = ReadHash(c);
  if (!hash) return;
  const std::optional<HashField> field = *hash ? (*hash)->Find(c.word(2)) : std::nullopt;
  c.reply.Integer(field ? static_cast<int64_t>(field->value.Length()) : 0);
}

void HGetAll(CommandContext& c) { ReplyAll(c, Part::kBoth); }
void HKeys(CommandContext& c) { ReplyAll(c, Part::kNames); }
void HVals(CommandContext& c) { ReplyAll(c, Part::kValues); }

void HIncrBy(CommandContext& c) {
  const std::optional<int64_t> increment = IntegerAt(c, 3);
  if (!increment) return;
  std::optional<WritableHash> hash = WriteHash(c);
  if (!hash) return;
  const std::optional<HashField> field = hash->Find(c, c.word(2));
  PackedScratch scratch;
  const std::optional<int64_t> old = field ? ParseInt64(field->value.View(scratch)) : 0;
  if (!old) return c.reply.Error("ERR hash value is not an integer");
  int64_t sum = 0;
  if (__builtin_add_overflow(*old, *increment, &sum)) return c.reply.Error(kOverflow);
  SetSum(c, *hash, field, Int64Text(sum).view());
  c.Notify(config::kNotifyHash, "hincrby", c.word(1));
  c.reply.Integer(sum);
}

void HIncrByFloat(CommandContext& c) {
  const std::optional<long double> increment = ParseLongDouble(c.word(3));
  if (!increment) return c.reply.Error(kNotFloat);
  if (std::isinf(*increment)) return c.reply.Error("ERR value is NaN or Infinity");
  std::optional<WritableHash> hash = WriteHash(c);
  if (!hash) return;
  const std::optional<HashField> field = hash->Find(c, c.word(2));
  PackedScratch scratch;
  const std::optional<long double> old = field ? ParseLongDouble(field->value.View(scratch)) : 0.0L;
  if (!old) return c.reply.Error("ERR hash value is not a float");
  const long double sum = *old + *increment;
  if (std::isnan(sum) || std::isinf(sum)) return c.reply.Error(kNanOrInfinity);
  const std::string text = FormatLongDoubleHuman(sum);
  const bool repeated = SetSum(c, *hash, field, text);
  c.Notify(config::kNotifyHash, "hincrbyfloat", c.word(1));
  // The sum, not the addition: another machine may round otherwise.
  if (!repeated) RepeatField(c, c.word(2), text, Field::kNoDeadline);
  c.reply.Bulk(text);
}

void HRandField(CommandContext& c) {
  if (c.count() == 2) {
    const auto hash = ReadHash(c);
    if (!hash) return;
    const std::optional<HashField> field =
        *hash ? (*hash)->Random(PrngFor(c, c.KeyAt(1))) : std::nullopt;
    return field ? ReplyPacked(c, field->name) : c.reply.Null();
  }
  const std::optional<int64_t> count = IntegerAt(c, 2);
  if (!count) return;
  if (*count == INT64_MIN) return c.reply.Error(kNotInInt64Halves);
  const bool with_values = c.count() == 4 && WordIs(c.word(3), "withvalues");
  if (c.count() > 4 || (c.count() == 4 && !with_values)) return c.reply.Error(kSyntaxError);
  if (with_values && (*count < -INT64_MAX / 2 || *count > INT64_MAX / 2)) {
    return c.reply.Error("ERR value is out of range");
  }
  RandFieldCount(c, *count, with_values);
}

void HScan(CommandContext& c) {
  const std::optional<uint64_t> cursor = ScanCursorAt(c, 2);
  if (!cursor) return;
  const auto hash = ReadHash(c);
  if (!hash) return;
  if (!*hash) return ReplyEmptyScan(c);
  const std::optional<CollectionScan> scan = ReadCollectionScan(c, *cursor, "novalues");
  if (!scan) return;
  std::vector<std::string> words;
  const uint64_t next = (*hash)->Scan(scan->cursor, scan->count, [&](const HashField& field) {
    PackedScratch scratch;
    const std::string_view name = field.name.View(scratch);
    if (!scan->Wants(name)) return;
    words.emplace_back(name);
    if (!scan->names_only) words.push_back(field.value.ToString());
  });
  BeginScanReply(c, next, words.size());
  for (const std::string& word : words) c.reply.Bulk(word);
}

}  // namespace norn::handlers
