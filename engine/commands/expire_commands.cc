// The commands about the time that keys have to live.

#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/past_deadline.h"

namespace norn::handlers {
namespace {

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
  const std::optional<ExpireConditions> conditions = ReadExpireConditions(c, 3, c.count());
  if (!conditions) return;
  const std::optional<int64_t> deadline_ms = ReadTime(c, form);
  if (!deadline_ms) return;
  const Key key = c.KeyAt(1);
  Db& db = c.DbFor(key);
  const EntryRef found = db.FindForWrite(key, c.moment);
  if (!found) return c.reply.Integer(0);
  const auto now_has = found->has_deadline() ? std::optional(found->deadline_ms()) : std::nullopt;
  if (!conditions->Allow(now_has, *deadline_ms)) return c.reply.Integer(0);
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
