// The commands about the time that keys have to live.

#include <fmt/format.h>

#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/past_deadline.h"

namespace norn::handlers {
namespace {

struct ExpireOptions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;
};

// nullopt: the error is replied.
std::optional<ExpireOptions> ReadOptions(CommandContext& c) {
  ExpireOptions options;
  for (size_t i = 3; i < c.count(); ++i) {
    const std::string_view word = c.word(i);
    if (WordIs(word, "nx")) {
      options.nx = true;
    } else if (WordIs(word, "xx")) {
      options.xx = true;
    } else if (WordIs(word, "gt")) {
      options.gt = true;
    } else if (WordIs(word, "lt")) {
      options.lt = true;
    } else {
      c.reply.Error(fmt::format("ERR Unsupported option {}", UpToNul(word)));
      return std::nullopt;
    }
  }
  if (options.nx && (options.xx || options.gt || options.lt)) {
    c.reply.Error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return std::nullopt;
  }
  if (options.gt && options.lt) {
    c.reply.Error("ERR GT and LT options at the same time are not compatible");
    return std::nullopt;
  }
  return options;
}

// A key without a deadline lives for ever: longer than any GT asks for, and any LT is less.
bool Allows(const ExpireOptions& options, const Entry& entry, int64_t deadline_ms) {
  const bool has = entry.has_deadline();
  if (options.nx && has) return false;
  if (options.xx && !has) return false;
  if (options.gt && (!has || deadline_ms <= entry.deadline_ms())) return false;
  if (options.lt && has && deadline_ms >= entry.deadline_ms()) return false;
  return true;
}

struct TimeForm {
  bool seconds;
  bool relative;
};

// Word 2 as a deadline in unix ms; negative times are in the past, not wrong. nullopt: the error is replied.
std::optional<int64_t> ReadTime(CommandContext& c, TimeForm form) {
  const std::optional<int64_t> written = IntegerAt(c, 2);
  if (!written) return std::nullopt;
  int64_t time_ms = *written;
  const int64_t base_ms = form.relative ? c.moment.now_ms : 0;
  if ((form.seconds && __builtin_mul_overflow(time_ms, 1000, &time_ms)) ||
      __builtin_add_overflow(time_ms, base_ms, &time_ms)) {
    ReplyInvalidExpireTime(c);
    return std::nullopt;
  }
  return time_ms;
}

void SetExpiry(CommandContext& c, TimeForm form) {
  const std::optional<ExpireOptions> options = ReadOptions(c);
  if (!options) return;
  const std::optional<int64_t> deadline_ms = ReadTime(c, form);
  if (!deadline_ms) return;
  const Key key = c.KeyAt(1);
  Db& db = c.DbFor(key);
  const EntryRef found = db.FindForWrite(key, c.moment);
  if (!found || !Allows(*options, *found, *deadline_ms)) return c.reply.Integer(0);
  if (*deadline_ms <= c.moment.expired_up_to_ms()) {
    ExpireNow(c, db, key, found);
  } else {
    db.SetDeadline(key, found, *deadline_ms);
    c.Notify(config::kNotifyGeneric, "expire", key.bytes);
    c.effect.Instead({"PEXPIREAT", key.bytes, Int64Text(*deadline_ms).view()});
  }
  c.reply.Integer(1);
}

void ReplyLife(CommandContext& c, TimeForm form) {
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).Find(key, WithoutTouch(c));
  if (!found) return c.reply.Integer(-2);
  if (!found->has_deadline()) return c.reply.Integer(-1);
  const int64_t time_ms = found->deadline_ms() - (form.relative ? c.moment.now_ms : 0);
  // Rounded, without a sign so that the last deadlines there are do not overflow.
  const uint64_t rounded_s = (static_cast<uint64_t>(time_ms) + 500) / 1000;
  c.reply.Integer(form.seconds ? static_cast<int64_t>(rounded_s) : time_ms);
}

}  // namespace

void Expire(CommandContext& c) { SetExpiry(c, {.seconds = true, .relative = true}); }

void PExpire(CommandContext& c) { SetExpiry(c, {.seconds = false, .relative = true}); }

void ExpireAt(CommandContext& c) { SetExpiry(c, {.seconds = true, .relative = false}); }

void PExpireAt(CommandContext& c) { SetExpiry(c, {.seconds = false, .relative = false}); }

void Ttl(CommandContext& c) { ReplyLife(c, {.seconds = true, .relative = true}); }

void PTtl(CommandContext& c) { ReplyLife(c, {.seconds = false, .relative = true}); }

void ExpireTime(CommandContext& c) { ReplyLife(c, {.seconds = true, .relative = false}); }

void PExpireTime(CommandContext& c) { ReplyLife(c, {.seconds = false, .relative = false}); }

void Persist(CommandContext& c) {
  const Key key = c.KeyAt(1);
  Db& db = c.DbFor(key);
  const EntryRef found = db.FindForWrite(key, c.moment);
  if (!found || !found->has_deadline()) return c.reply.Integer(0);
  db.SetDeadline(key, found, kNoDeadline);
  c.Notify(config::kNotifyGeneric, "persist", key.bytes);
  c.reply.Integer(1);
}

}  // namespace norn::handlers
