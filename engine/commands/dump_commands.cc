// DUMP and RESTORE: one value to bytes and back, interchangeable with other servers'.

#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/persist/dump_payload.h"
#include "engine/persist/rdb_loader.h"

namespace norn::handlers {
namespace {

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
  std::optional<DetachedValue> value = persist::ReadDumpPayload(payload);
  if (!value) c.reply.Error("ERR Bad data format");
  return value;
}

}  // namespace

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
  if (*deadline_ms != kNoDeadline && *deadline_ms <= c.moment.now_ms) {
    db.Erase(key, c.moment);
    return c.reply.Ok();
  }
  value->set_access(persist::RestoredAccess(AccessPolicyOf(c.options), c.moment.now_ms,
                                            options->idle_seconds, options->frequency));
  db.Put(key, *std::move(value), *deadline_ms, c.moment);
  c.reply.Ok();
}

}  // namespace norn::handlers
