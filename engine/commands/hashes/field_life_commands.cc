// The commands about the time that fields have to live (Valkey 9). Each replies an array, a number for each field.

#include <algorithm>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/hashes/field_words.h"
#include "engine/commands/hashes/hash_access.h"
#include "engine/commands/hashes/hash_handlers.h"

namespace norn::handlers {
namespace {

enum FieldCode : int64_t {
  kNoField = -2,
  kNoDeadlineCode = -1,
  kRefused = 0,
  kDone = 1,
  kGone = 2
};

// The fields that a command has changed, for events and for what is repeated.
struct Changed {
  std::vector<std::string_view> erased;
  std::vector<std::string_view> timed;
};

FieldCode SetFieldDeadline(CommandContext& c, WritableHash& hash, std::string_view name,
                           const ExpireConditions& conditions, int64_t deadline_ms,
                           Changed* changed) {
  const std::optional<HashField> field = hash.Find(c, name);
  if (!field) return kNoField;
  const auto now_has =
      field->deadline_ms == Field::kNoDeadline ? std::nullopt : std::optional(field->deadline_ms);
  if (!conditions.Allow(now_has, deadline_ms)) return kRefused;
  HashWriter writer(hash.place, c.rules());
  if (HasPassed(c, deadline_ms)) {
    writer.Erase(name);
    changed->erased.push_back(name);
    return kGone;
  }
  writer.SetDeadline(name, deadline_ms);
  changed->timed.push_back(name);
  return kDone;
}

void ExpireFields(CommandContext& c, TimeUnit unit) {
  const size_t fields_at = FindFieldsWord(c, 3);
  if (fields_at == 0) return c.reply.Error(kFieldsMismatch);
  const std::optional<ExpireConditions> conditions = ReadExpireConditions(c, 3, fields_at);
  if (!conditions) return;
  const auto fields = ReadFields(c, fields_at + 1, 1, kFieldsMismatch);
  if (!fields) return;
  const std::optional<int64_t> deadline_ms = ReadFieldDeadline(c, c.word(2), unit);
  if (!deadline_ms) return;
  std::optional<WritableHash> hash = WriteHash(c);
  if (!hash) return;
  Changed changed;
  c.reply.Array(fields->size());
  for (const std::string_view name : *fields) {
    c.reply.Integer(SetFieldDeadline(c, *hash, name, *conditions, *deadline_ms, &changed));
  }
  NoteExpiredFields(c, c.KeyAt(1), changed.erased.size());
  if (!changed.timed.empty()) c.Notify(config::kNotifyHash, "hexpire", c.word(1));
  if (!changed.erased.empty() && !hash->place.exists()) {
    c.Notify(config::kNotifyGeneric, "del", c.word(1));
  }
  RepeatErasure(c, changed.erased);
  RepeatDeadline(c, changed.timed, *deadline_ms);
}

// Valkey: the word before the count need not be FIELDS here, nor in HPERSIST and HGETDEL.
void ReplyFieldsLife(CommandContext& c, TimeUnit unit) {
  const auto fields = ReadFields(c, 3, 1, kSyntaxError);
  if (!fields) return;
  const auto hash = ReadHash(c);
  if (!hash) return;
  c.reply.Array(fields->size());
  for (const std::string_view name : *fields) {
    const std::optional<HashField> field = *hash ? (*hash)->Find(name) : std::nullopt;
    if (!field || field->deadline_ms == Field::kNoDeadline) {
      c.reply.Integer(field ? kNoDeadlineCode : kNoField);
      continue;
    }
    const int64_t base_ms = unit.relative ? c.moment.now_ms : 0;
    const int64_t time_ms = std::max<int64_t>(field->deadline_ms - base_ms, 0);
    // Rounded, without a sign so that the last deadlines there are do not overflow.
    const uint64_t rounded_s = (static_cast<uint64_t>(time_ms) + 500) / 1000;
    c.reply.Integer(unit.seconds ? static_cast<int64_t>(rounded_s) : time_ms);
  }
}

}  // namespace

void HExpire(CommandContext& c) { ExpireFields(c, {.seconds = true, .relative = true}); }
void HPExpire(CommandContext& c) { ExpireFields(c, {.seconds = false, .relative = true}); }
void HExpireAt(CommandContext& c) { ExpireFields(c, {.seconds = true, .relative = false}); }
void HPExpireAt(CommandContext& c) { ExpireFields(c, {.seconds = false, .relative = false}); }

void HTtl(CommandContext& c) { ReplyFieldsLife(c, {.seconds = true, .relative = true}); }
void HPTtl(CommandContext& c) { ReplyFieldsLife(c, {.seconds = false, .relative = true}); }
void HExpireTime(CommandContext& c) { ReplyFieldsLife(c, {.seconds = true, .relative = false}); }
void HPExpireTime(CommandContext& c) { ReplyFieldsLife(c, {.seconds = false, .relative = false}); }

void HPersist(CommandContext& c) {
  const auto fields = ReadFields(c, 3, 1, kFieldsMismatch);
  if (!fields) return;
  std::optional<WritableHash> hash = WriteHash(c);
  if (!hash) return;
  std::vector<std::string_view> changed;
  c.reply.Array(fields->size());
  for (const std::string_view name : *fields) {
    const std::optional<HashField> field = hash->Find(c, name);
    if (!field || field->deadline_ms == Field::kNoDeadline) {
      c.reply.Integer(field ? kNoDeadlineCode : kNoField);
      continue;
    }
    HashWriter(hash->place, c.rules()).SetDeadline(name, Field::kNoDeadline);
    changed.push_back(name);
    c.reply.Integer(kDone);
  }
  if (!changed.empty()) c.Notify(config::kNotifyHash, "hpersist", c.word(1));
  RepeatDeadline(c, changed, Field::kNoDeadline);
}

}  // namespace norn::handlers
