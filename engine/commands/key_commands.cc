// The commands that deal with keys whatever their values are: DEL, EXISTS, TYPE, RENAME, COPY, MOVE, and
// DUMP and RESTORE, which take a value out of the server and bring it back.

#include <utility>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/type_names.h"
#include "engine/keyspace/deletion_word.h"
#include "engine/persist/dump_payload.h"
#include "engine/persist/rdb_loader.h"

namespace norn::handlers {
namespace {

void Delete(CommandContext& c) {
  int64_t deleted = 0;
  for (size_t i = 1; i < c.count(); ++i) {
    const Key key = c.KeyAt(i);
    if (!c.DbFor(key).Erase(key, c.moment)) continue;
    ++deleted;
    c.Notify(config::kNotifyGeneric, "del", key.bytes);
  }
  c.reply.Integer(deleted);
}

// How many of the words from 1 on are keys that exist; one named twice counts twice.
int64_t CountExisting(CommandContext& c, const Moment& moment) {
  int64_t existing = 0;
  for (size_t i = 1; i < c.count(); ++i) {
    const Key key = c.KeyAt(i);
    if (c.DbFor(key).Find(key, moment)) ++existing;
  }
  return existing;
}

// RENAME and RENAMENX once it is clear what they are asked for. The source is found again because the look at the destination
// may have deleted an expired entry there, and with it the reference.
void MoveValue(CommandContext& c, const Key& from, const Key& to) {
  const Moment moment = WithoutTouch(c);
  Db& source = c.DbFor(from);
  const EntryRef found = source.FindForWrite(from, moment);
  const int64_t deadline_ms = found->deadline_ms();
  c.DbFor(to).Put(to, source.Take(from, found), deadline_ms, moment);
  c.Notify(config::kNotifyGeneric, "rename_from", from.bytes);
  c.Notify(config::kNotifyGeneric, "rename_to", to.bytes);
}

void RenameKey(CommandContext& c, bool only_if_absent) {
  const Key from = c.KeyAt(1);
  const Key to = c.KeyAt(2);
  if (!c.DbFor(from).FindForWrite(from, c.moment)) return c.reply.Error(kNoSuchKey);
  const bool same = from.bytes == to.bytes;
  const bool taken = same || c.DbFor(to).FindForWrite(to, c.moment);
  if (only_if_absent && taken) return c.reply.Integer(0);
  if (!same) MoveValue(c, from, to);
  if (only_if_absent) return c.reply.Integer(1);
  c.reply.Ok();
}

struct CopyOptions {
  bool replace = false;
  DbIndex db;
};

// nullopt: the error is replied.
std::optional<CopyOptions> ReadCopyOptions(CommandContext& c) {
  CopyOptions options{.db = c.session.db};
  for (size_t i = 3; i < c.count(); ++i) {
    if (WordIs(c.word(i), "replace")) {
      options.replace = true;
    } else if (WordIs(c.word(i), "db") && i + 1 < c.count()) {
      const std::optional<DbIndex> db = DbAt(c, ++i);
      if (!db) return std::nullopt;
      options.db = *db;
    } else {
      c.reply.Error(kSyntaxError);
      return std::nullopt;
    }
  }
  return options;
}

// ---- DUMP, RESTORE ----

struct RestoreOptions {
  bool replace = false;
  bool absolute = false;
  std::optional<uint64_t> idle_seconds;
  std::optional<uint8_t> frequency;
};

// The number at a word, from 0 to `max`. Replies and returns nothing for any other.
std::optional<int64_t> BoundedAt(CommandContext& c, size_t at, int64_t max, ErrorText error) {
  const std::optional<int64_t> number = IntegerAt(c, at);
  if (!number) return std::nullopt;
  if (*number >= 0 && *number <= max) return number;
  c.reply.Error(error);
  return std::nullopt;
}

// nullopt: the error is replied.
std::optional<RestoreOptions> ReadRestoreOptions(CommandContext& c) {
  RestoreOptions options;
  for (size_t i = 4; i < c.count(); ++i) {
    const std::string_view word = c.word(i);
    const bool more = i + 1 < c.count();
    if (WordIs(word, "replace")) {
      options.replace = true;
    } else if (WordIs(word, "absttl")) {
      options.absolute = true;
    } else if (WordIs(word, "idletime") && more && !options.frequency) {
      options.idle_seconds =
          BoundedAt(c, ++i, INT64_MAX, "ERR Invalid IDLETIME value, must be >= 0");
      if (!options.idle_seconds) return std::nullopt;
    } else if (WordIs(word, "freq") && more && !options.idle_seconds) {
      options.frequency = BoundedAt(c, ++i, 255, "ERR Invalid FREQ value, must be >= 0 and <= 255");
      if (!options.frequency) return std::nullopt;
    } else {
      c.reply.Error(kSyntaxError);
      return std::nullopt;
    }
  }
  return options;
}

// Word 2: 0 for ever, else milliseconds from now or unix ms. nullopt: the error is replied.
std::optional<int64_t> ReadDeadline(CommandContext& c, bool absolute) {
  constexpr ErrorText kInvalidTtl = "ERR Invalid TTL value, must be >= 0";
  const std::optional<int64_t> ttl = BoundedAt(c, 2, INT64_MAX, kInvalidTtl);
  if (!ttl || *ttl == 0) return ttl ? std::optional(kNoDeadline) : std::nullopt;
  int64_t deadline_ms = *ttl;
  if (!absolute && __builtin_add_overflow(*ttl, c.moment.now_ms, &deadline_ms)) {
    // Valkey: the sum wraps and the key is gone at once.
    c.reply.Error(kInvalidTtl);
    return std::nullopt;
  }
  return deadline_ms;
}

// Word 3. nullopt: the error is replied.
std::optional<DetachedValue> ReadPayload(CommandContext& c) {
  const std::string_view payload = c.word(3);
  const bool relaxed = c.options.rdb_version_check == config::RdbVersionCheck::kRelaxed;
  if (!persist::DumpPayloadIsWhole(payload, relaxed)) {
    c.reply.Error("ERR DUMP payload version or checksum are wrong");
    return std::nullopt;
  }
  std::optional<DetachedValue> value = persist::ReadDumpPayload(payload, c.rules());
  if (!value) c.reply.Error("ERR Bad data format");
  return value;
}

// The value as it now is, in the oldest version that we write and that tells all of it: a replica may be too old for the
// client's payload. Older versions leave away what streams and groups count. The deadline is absolute, and whatever the replica
// has there goes.
void RepeatRestore(CommandContext& c, const Key& key, const RestoreOptions& options,
                   int64_t deadline_ms) {
  if (!c.effect.wanted()) return;
  persist::RdbEncodeOptions encode = persist::RdbEncodeOptionsOf(c.options, c.moment.now_ms);
  const EntryRef restored = c.DbFor(key).FindAny(key);
  if (restored->type() != ValueType::kStream) encode.version = persist::kRdbVersionWriteMin;
  ByteBuffer payload;
  persist::AppendDumpPayload(*restored, encode, payload);
  const Int64Text ttl(deadline_ms == kNoDeadline ? 0 : deadline_ms);
  const Int64Text idle(static_cast<int64_t>(options.idle_seconds.value_or(0)));
  const Int64Text frequency(options.frequency.value_or(0));
  std::vector<std::string_view> words = {"RESTORE",      key.bytes, ttl.view(),
                                         payload.view(), "REPLACE", "ABSTTL"};
  if (options.idle_seconds) words.insert(words.end(), {"IDLETIME", idle.view()});
  if (options.frequency) words.insert(words.end(), {"FREQ", frequency.view()});
  c.effect.Instead(words);
}

struct MigrateOptions {
  MigrationRequest request;
  bool copy = false;
  std::vector<std::string_view> keys;
};

constexpr int64_t kMigratePatienceMs = 1000;

// What is behind the timeout. False: replied an error.
bool ReadMigrateWords(CommandContext& c, MigrateOptions* options) {
  for (size_t at = 6; at < c.count(); ++at) {
    const size_t left = c.count() - at - 1;
    if (WordIs(c.word(at), "copy")) {
      options->copy = true;
    } else if (WordIs(c.word(at), "replace")) {
      options->request.replace = true;
    } else if (WordIs(c.word(at), "auth") && left >= 1) {
      options->request.password = std::string(c.word(++at));
    } else if (WordIs(c.word(at), "auth2") && left >= 2) {
      options->request.user = std::string(c.word(++at));
      options->request.password = std::string(c.word(++at));
    } else if (WordIs(c.word(at), "keys")) {
      if (!c.word(3).empty()) {
        c.reply.Error(
            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
        return false;
      }
      options->keys.assign(c.words.begin() + static_cast<ptrdiff_t>(at) + 1, c.words.end());
      return true;
    } else {
      c.reply.Error(kSyntaxError);
      return false;
    }
  }
  options->keys = {c.word(3)};
  return true;
}

std::optional<MigrateOptions> ReadMigrateOptions(CommandContext& c) {
  MigrateOptions options;
  if (!ReadMigrateWords(c, &options)) return std::nullopt;
  const std::optional<int64_t> timeout_ms = IntegerAt(c, 5);
  if (!timeout_ms) return std::nullopt;
  const std::optional<int64_t> db = IntegerAt(c, 4);
  if (!db) return std::nullopt;
  const std::optional<int64_t> port = ParseInt64(c.word(2));
  options.request.host = std::string(c.word(1));
  options.request.port = port.value_or(0);
  options.request.db = *db;
  options.request.timeout = Duration::Millis(*timeout_ms > 0 ? *timeout_ms : kMigratePatienceMs);
  return options;
}

}  // namespace

void Del(CommandContext& c) { Delete(c); }

// A string's memory goes at once: that is one free. Db puts what takes longer aside by itself.
void Unlink(CommandContext& c) { Delete(c); }

void Exists(CommandContext& c) { c.reply.Integer(CountExisting(c, WithoutTouch(c))); }

void Touch(CommandContext& c) { c.reply.Integer(CountExisting(c, c.moment)); }

void Type(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).Find(key, WithoutTouch(c));
  c.reply.Simple(found ? TypeName(found->type()) : "none");
}

void Rename(CommandContext& c) { RenameKey(c, false); }

void RenameNx(CommandContext& c) { RenameKey(c, true); }

void Move(CommandContext& c) {
  const std::optional<DbIndex> to = DbAt(c, 2);
  if (!to) return;
  if (*to == c.session.db) return c.reply.Error(kSameObject);
  const Key key = c.KeyAt(1);
  Db& source = c.DbFor(key);
  Db& destination = c.keys.DbFor(key, *to);
  const EntryRef found = source.FindForWrite(key, c.moment);
  if (!found) return c.reply.Integer(0);
  if (destination.FindForWrite(key, c.moment)) return c.reply.Integer(0);
  const int64_t deadline_ms = found->deadline_ms();
  destination.Put(key, source.Take(key, found), deadline_ms, c.moment);
  c.Notify(config::kNotifyGeneric, "move_from", key.bytes);
  c.NotifyIn(*to, config::kNotifyGeneric, "move_to", key.bytes);
  c.reply.Integer(1);
}

void Copy(CommandContext& c) {
  const std::optional<CopyOptions> options = ReadCopyOptions(c);
  if (!options) return;
  const Key from = c.KeyAt(1);
  const Key to = c.KeyAt(2);
  if (options->db == c.session.db && from.bytes == to.bytes) return c.reply.Error(kSameObject);
  Db& source = c.DbFor(from);
  if (!source.Find(from, c.moment)) return c.reply.Integer(0);
  Db& destination = c.keys.DbFor(to, options->db);
  if (destination.FindForWrite(to, c.moment) && !options->replace) return c.reply.Integer(0);
  const Moment moment = WithoutTouch(c);
  const EntryRef found = source.FindForWrite(from, moment);
  const int64_t deadline_ms = found->deadline_ms();
  destination.Put(to, source.Copy(found), deadline_ms, moment);
  c.NotifyIn(options->db, config::kNotifyGeneric, "copy_to", to.bytes);
  c.reply.Integer(1);
}

void Dump(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).Find(key, c.moment);
  if (!found) return c.reply.Null();
  ByteBuffer payload;
  persist::AppendDumpPayload(*found, persist::RdbEncodeOptionsOf(c.options, c.moment.now_ms),
                             payload);
  c.reply.Bulk(payload.view());
}

void Restore(CommandContext& c) {
  const std::optional<RestoreOptions> options = ReadRestoreOptions(c);
  if (!options) return;
  const Key key = c.KeyAt(1);
  Db& db = c.DbFor(key);
  if (!options->replace && db.FindForWrite(key, c.moment)) return c.reply.Error(kBusyKey);
  const std::optional<int64_t> deadline_ms = ReadDeadline(c, options->absolute);
  if (!deadline_ms) return;
  std::optional<DetachedValue> value = ReadPayload(c);
  if (!value) return;
  if (*deadline_ms != kNoDeadline && *deadline_ms <= c.moment.expired_up_to_ms()) {
    if (db.Erase(key, c.moment)) {
      c.effect.Instead({DeletionWord(c.options.lazyfree_lazy_server_del), key.bytes});
      c.Notify(config::kNotifyGeneric, "del", key.bytes);
    }
    return c.reply.Ok();
  }
  value->set_access(persist::RestoredAccess(AccessPolicyOf(c.options), c.moment.now_ms,
                                            options->idle_seconds, options->frequency));
  db.Put(key, *std::move(value), *deadline_ms, c.moment);
  c.Notify(config::kNotifyGeneric, "restore", key.bytes);
  RepeatRestore(c, key, *options, *deadline_ms);
  c.reply.Ok();
}

// The keys' tokens (all of them) are held while the target answers: nobody sees a key in neither place, or in both.
void Migrate(CommandContext& c) {
  std::optional<MigrateOptions> options = ReadMigrateOptions(c);
  if (!options) return;
  MigrationRequest& request = options->request;
  const persist::RdbEncodeOptions encode = persist::RdbEncodeOptionsOf(c.options, c.moment.now_ms);
  for (const std::string_view word : options->keys) {
    const Key key = c.keys.MakeKey(word);
    const EntryRef found = c.DbFor(key).FindForWrite(key, c.moment);
    if (!found) continue;
    ByteBuffer payload;
    persist::AppendDumpPayload(*found, encode, payload);
    const int64_t deadline_ms = found->deadline_ms();
    const int64_t ttl_ms =
        deadline_ms == kNoDeadline ? 0 : std::max<int64_t>(deadline_ms - c.moment.now_ms, 1);
    request.keys.push_back({word, std::string(payload.view()), ttl_ms});
  }
  if (request.keys.empty()) return c.reply.Simple("NOKEY");
  const MigrationResult result = c.node.migration().Migrate(request);
  std::vector<std::string_view> gone = {"DEL"};
  for (size_t i = 0; i < request.keys.size(); ++i) {
    if (!result.arrived[i] || options->copy) continue;
    const Key key = c.keys.MakeKey(request.keys[i].key);
    if (!c.DbFor(key).Erase(key, c.moment)) continue;
    gone.push_back(key.bytes);
    c.Notify(config::kNotifyGeneric, "del", key.bytes);
  }
  if (gone.size() > 1) {
    c.effect.Instead(gone);
  } else {
    c.effect.Nothing();
  }
  if (!result.error.empty()) return c.reply.Error(result.error);
  c.reply.Ok();
}

}  // namespace norn::handlers
