// Values and times to live of fields in one command: HSETEX, HGETEX, HGETDEL (Valkey 9).

#include <vector>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/hashes/field_words.h"
#include "engine/commands/hashes/hash_access.h"
#include "engine/commands/hashes/hash_handlers.h"
#include "engine/commands/strings/string_options.h"

namespace norn::handlers {
namespace {

struct FieldRequest {
  StringOptions options;
  std::span<const std::string_view> fields;  // names, or names and values
};

// nullopt: the error is replied.
std::optional<FieldRequest> ReadRequest(CommandContext& c, OptionsOf of, size_t words_each) {
  const size_t fields_at = FindFieldsWord(c, 2);
  if (fields_at == 0) {
    c.reply.Error(kFieldsMismatch);
    return std::nullopt;
  }
  FieldRequest request;
  if (!ParseStringOptions(c.words.subspan(2, fields_at - 2), of, &request.options)) {
    c.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  const auto fields = ReadFields(c, fields_at + 1, words_each, kFieldsMismatch);
  if (!fields) return std::nullopt;
  request.fields = *fields;
  return request;
}

// kNoDeadline where none is asked for. nullopt: the error is replied.
std::optional<int64_t> DeadlineOf(CommandContext& c, const ExpiryArgument& expiry) {
  if (!expiry.given) return Field::kNoDeadline;
  return ReadFieldDeadline(c, expiry.word,
                           {.seconds = expiry.seconds, .relative = expiry.relative});
}

// ---- HSETEX ----

bool KeyAllows(const WritableHash& hash, Condition condition) {
  if (condition == Condition::kNone) return true;
  return hash.place.exists() == (condition == Condition::kXx);
}

bool FieldsAllow(CommandContext& c, const WritableHash& hash, const FieldRequest& request) {
  if (request.options.fields == Condition::kNone) return true;
  const bool must_exist = request.options.fields == Condition::kXx;
  for (size_t i = 0; i < request.fields.size(); i += 2) {
    if (hash.Find(c, request.fields[i]).has_value() != must_exist) return false;
  }
  return true;
}

// The time has passed already: the fields go. Valkey: all are counted and told of, also those that were not there.
void EraseFields(CommandContext& c, WritableHash& hash, const FieldRequest& request) {
  HashWriter writer(hash.place, c.rules());
  std::vector<std::string_view> erased;
  for (size_t i = 0; i < request.fields.size(); i += 2) {
    if (writer.Erase(request.fields[i])) erased.push_back(request.fields[i]);
  }
  c.Notify(config::kNotifyHash, "hset", c.word(1));
  c.Notify(config::kNotifyHash, "hexpire", c.word(1));
  NoteExpiredFields(c, c.KeyAt(1), request.fields.size() / 2);
  if (!hash.place.exists()) c.Notify(config::kNotifyGeneric, "del", c.word(1));
  RepeatErasure(c, erased);
}

// What is repeated has no conditions, and says of each field which deadline it keeps.
void RepeatFields(CommandContext& c, const FieldRequest& request, int64_t deadline_ms) {
  std::vector<std::string_view> words = {"HSET", c.word(1)};
  const Int64Text deadline(deadline_ms);
  const Int64Text count(static_cast<int64_t>(request.fields.size() / 2));
  if (deadline_ms != Field::kNoDeadline) {
    words = {"HSETEX", c.word(1), "PXAT", deadline.view(), "FIELDS", count.view()};
  }
  words.insert(words.end(), request.fields.begin(), request.fields.end());
  c.effect.Instead(words);
}

void SetFields(CommandContext& c, WritableHash& hash, const FieldRequest& request,
               int64_t deadline_ms) {
  HashWriter writer(hash.place, c.rules());
  const bool keeps = request.options.keep_deadline && hash.FieldsExpire();
  size_t expired = 0;
  for (size_t i = 0; i < request.fields.size(); i += 2) {
    const std::string_view name = request.fields[i];
    const std::string_view value = request.fields[i + 1];
    const std::optional<HashField> field = hash.Find(c, name);
    const int64_t field_deadline_ms = keeps && field ? field->deadline_ms : deadline_ms;
    const bool is_new = writer.Set(name, value, field_deadline_ms);
    expired += !field && !is_new ? 1 : 0;
    if (keeps) RepeatField(c, name, value, field_deadline_ms);
  }
  NoteExpiredFields(c, c.KeyAt(1), expired);
  c.Notify(config::kNotifyHash, "hset", c.word(1));
  if (request.options.expiry.given) c.Notify(config::kNotifyHash, "hexpire", c.word(1));
  if (!keeps) RepeatFields(c, request, deadline_ms);
}

}  // namespace

void HSetEx(CommandContext& c) {
  const std::optional<FieldRequest> request = ReadRequest(c, OptionsOf::kHSetEx, 2);
  if (!request) return;
  std::optional<WritableHash> hash = WriteHash(c);
  if (!hash) return;
  if (!KeyAllows(*hash, request->options.condition)) return c.reply.Integer(0);
  const std::optional<int64_t> deadline_ms = DeadlineOf(c, request->options.expiry);
  if (!deadline_ms) return;
  if (!FieldsAllow(c, *hash, *request)) return c.reply.Integer(0);
  if (request->options.expiry.given && HasPassed(c, *deadline_ms)) {
    EraseFields(c, *hash, *request);
  } else {
    SetFields(c, *hash, *request, *deadline_ms);
  }
  c.reply.Integer(1);
}

void HGetEx(CommandContext& c) {
  const std::optional<FieldRequest> request = ReadRequest(c, OptionsOf::kHGetEx, 1);
  if (!request) return;
  // As a read: a hit or a miss.
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfType(c, key, ValueType::kHash);
  if (!found) return;
  const StringOptions& options = request->options;
  const std::optional<int64_t> deadline_ms = DeadlineOf(c, options.expiry);
  if (!deadline_ms) return;
  const bool erases = options.expiry.given && HasPassed(c, *deadline_ms);
  WritableHash hash{PlaceOf(c, key, *found, ValueType::kHash)};
  HashWriter writer(hash.place, c.rules());
  std::vector<std::string_view> changed;
  c.reply.Array(request->fields.size());
  for (const std::string_view name : request->fields) {
    const std::optional<HashField> field = hash.Find(c, name);
    field ? ReplyPacked(c, field->value) : c.reply.Null();
    if (!field || (!options.expiry.given && !options.persist)) continue;
    if (options.persist && field->deadline_ms == Field::kNoDeadline) continue;
    erases ? writer.Erase(name) : writer.SetDeadline(name, *deadline_ms);
    changed.push_back(name);
  }
  if (changed.empty()) return;
  if (erases) {
    NoteExpiredFields(c, key, changed.size());
    if (!hash.place.exists()) c.Notify(config::kNotifyGeneric, "del", key.bytes);
    return RepeatErasure(c, changed);
  }
  c.Notify(config::kNotifyHash, options.persist ? "hpersist" : "hexpire", key.bytes);
  RepeatDeadline(c, changed, *deadline_ms);
}

void HGetDel(CommandContext& c) {
  const auto fields = ReadFields(c, 3, 1, kFieldsMismatch);
  if (!fields) return;
  std::optional<WritableHash> hash = WriteHash(c);
  if (!hash) return;
  HashWriter writer(hash->place, c.rules());
  std::vector<std::string_view> deleted;
  c.reply.Array(fields->size());
  for (const std::string_view name : *fields) {
    const std::optional<HashField> field = hash->Find(c, name);
    if (!field) {
      c.reply.Null();
      continue;
    }
    ReplyPacked(c, field->value);
    writer.Erase(name);
    deleted.push_back(name);
  }
  if (deleted.empty()) return;
  NotifyRemoval(c, config::kNotifyHash, "hdel", c.KeyAt(1), hash->place);
  RepeatErasure(c, deleted);
}

}  // namespace norn::handlers
