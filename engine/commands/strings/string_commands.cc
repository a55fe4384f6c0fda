// The commands that read and store whole strings: GET, SET, MSET and their relatives.

#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/past_deadline.h"
#include "engine/commands/strings/string_ops.h"
#include "engine/commands/strings/string_options.h"

namespace norn::handlers {
namespace {

using string_ops::Store;

// Replies the string or null. False: it is no string, and the error is replied.
bool ReplyFound(CommandContext& c, const EntryRef& found) {
  if (!found) {
    c.reply.Null();
    return true;
  }
  if (!found->IsString()) {
    c.reply.Error(kWrongType);
    return false;
  }
  ReplyString(c, *found);
  return true;
}

// The deadline of `expiry`, kNoDeadline when none was given; nullopt: the error is replied.
std::optional<int64_t> DeadlineOrReply(CommandContext& c, const ExpiryArgument& expiry) {
  if (!expiry.given) return kNoDeadline;
  const Deadline deadline = ReadDeadline(expiry, c.moment.now_ms);
  switch (deadline.problem) {
    case Deadline::Problem::kNone:
      return deadline.unix_ms;
    case Deadline::Problem::kNotInteger:
      c.reply.Error(kNotAnInteger);
      break;
    case Deadline::Problem::kInvalid:
      ReplyInvalidExpireTime(c);
      break;
  }
  return std::nullopt;
}

bool StringEquals(const Entry& entry, std::string_view text) {
  StringScratch scratch;
  return entry.String(scratch) == text;
}

// Whether SET's condition lets it go on. Requires of kIfEq that `found` is a string, if any.
bool ConditionHolds(const StringOptions& options, const EntryRef& found) {
  switch (options.condition) {
    case Condition::kNone:
      return true;
    case Condition::kNx:
      return !found;
    case Condition::kXx:
      return static_cast<bool>(found);
    case Condition::kIfEq:
      return found && StringEquals(*found, options.comparison);
  }
  return false;
}

// What a conditional or timed SET that went through means anywhere else, also to servers that do not know the condition.
// `existed`: there was something before.
void RepeatStore(CommandContext& c, std::string_view key, bool existed, std::string_view value,
                 const SetStringOptions& options) {
  if (!c.effect.wanted()) return;
  const bool timed = options.deadline_ms != kNoDeadline && !options.keep_deadline;
  if (timed && options.deadline_ms <= c.moment.expired_up_to_ms()) {
    if (existed) RepeatExpiry(c, key);
  } else if (timed) {
    c.effect.Instead({"SET", key, value, "PXAT", Int64Text(options.deadline_ms).view()});
  } else if (options.keep_deadline) {
    c.effect.Instead({"SET", key, value, "KEEPTTL"});
  } else {
    c.effect.Instead({"SET", key, value});
  }
}

// Stores, and says so to whoever repeats it or hears of it.
void StoreAndTell(CommandContext& c, Db& db, const Key& key, EntryRef found, std::string_view value,
                  const SetStringOptions& options) {
  const bool existed = static_cast<bool>(found);
  const bool timed = options.deadline_ms != kNoDeadline && !options.keep_deadline;
  const bool past = timed && options.deadline_ms <= c.moment.expired_up_to_ms();
  Store(db, key, found, value, options, c.moment);
  RepeatStore(c, key.bytes, existed, value, options);
  if (past && !existed) return;
  if (past) {
    CountExpired(c, key);
    return c.Notify(config::kNotifyExpired, "expired", key.bytes);
  }
  c.Notify(config::kNotifyString, "set", key.bytes);
  if (timed) c.Notify(config::kNotifyGeneric, "expire", key.bytes);
}

void SetWithOptions(CommandContext& c, const Key& key, std::string_view value,
                    const StringOptions& options) {
  const std::optional<int64_t> deadline = DeadlineOrReply(c, options.expiry);
  if (!deadline) return;
  Db& db = c.DbFor(key);
  const EntryRef found = options.get ? db.Find(key, c.moment) : db.FindForWrite(key, c.moment);
  if (options.get && !ReplyFound(c, found)) return;
  if (options.condition == Condition::kIfEq && found && !found->IsString()) {
    return c.reply.Error(kWrongType);
  }
  if (!ConditionHolds(options, found)) {
    if (!options.get) c.reply.Null();
    return;
  }
  const SetStringOptions store{.deadline_ms = *deadline, .keep_deadline = options.keep_deadline};
  StoreAndTell(c, db, key, found, value, store);
  if (!options.get) c.reply.Ok();
}

// A key without options.
void SetPlainly(CommandContext& c, const Key& key, EntryRef found, std::string_view value) {
  c.DbFor(key).SetString(key, found, value, {}, c.moment);
  c.Notify(config::kNotifyString, "set", key.bytes);
}

// SETEX and PSETEX: the time stands before the value.
void SetWithTime(CommandContext& c, bool seconds) {
  StringOptions options;
  options.expiry = {c.word(2), true, seconds, true};
  SetWithOptions(c, c.KeyAt(1), c.word(3), options);
}

// Whether any of the keys at `first`, `first` + 2, ... below `end` is there.
bool AnyExists(CommandContext& c, size_t first, size_t end) {
  for (size_t i = first; i < end; i += 2) {
    const Key key = c.KeyAt(i);
    if (c.DbFor(key).FindForWrite(key, c.moment)) return true;
  }
  return false;
}

bool AllExist(CommandContext& c, size_t first, size_t end) {
  for (size_t i = first; i < end; i += 2) {
    const Key key = c.KeyAt(i);
    if (!c.DbFor(key).FindForWrite(key, c.moment)) return false;
  }
  return true;
}

}  // namespace

void Get(CommandContext& c) {
  const Key key = c.KeyAt(1);
  ReplyFound(c, c.DbFor(key).Find(key, c.moment));
}

void Set(CommandContext& c) {
  const Key key = c.KeyAt(1);
  if (c.count() == 3) {
    c.DbFor(key).SetString(key, c.word(2), {}, c.moment);
    c.Notify(config::kNotifyString, "set", key.bytes);
    return c.reply.Ok();
  }
  StringOptions options;
  if (!ParseStringOptions(c.words.subspan(3), OptionsOf::kSet, &options)) {
    return c.reply.Error(kSyntaxError);
  }
  SetWithOptions(c, key, c.word(2), options);
}

void SetEx(CommandContext& c) { SetWithTime(c, true); }

void PSetEx(CommandContext& c) { SetWithTime(c, false); }

void SetNx(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).FindForWrite(key, c.moment);
  if (found) return c.reply.Integer(0);
  SetPlainly(c, key, found, c.word(2));
  c.reply.Integer(1);
}

void GetSet(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).Find(key, c.moment);
  if (!ReplyFound(c, found)) return;
  SetPlainly(c, key, found, c.word(2));
  c.effect.Instead({"SET", key.bytes, c.word(2)});
}

void GetDel(CommandContext& c) {
  const Key key = c.KeyAt(1);
  Db& db = c.DbFor(key);
  const EntryRef found = db.Find(key, c.moment);
  if (!ReplyFound(c, found)) return;
  if (!found) return;
  db.Erase(key, found);
  c.Notify(config::kNotifyGeneric, "del", key.bytes);
  c.effect.Instead({"DEL", key.bytes});
}

void GetEx(CommandContext& c) {
  StringOptions options;
  if (!ParseStringOptions(c.words.subspan(2), OptionsOf::kGetEx, &options)) {
    return c.reply.Error(kSyntaxError);
  }
  const Key key = c.KeyAt(1);
  Db& db = c.DbFor(key);
  const EntryRef found = db.Find(key, c.moment);
  if (!found) return c.reply.Null();
  if (!found->IsString()) return c.reply.Error(kWrongType);
  const std::optional<int64_t> deadline = DeadlineOrReply(c, options.expiry);
  if (!deadline) return;
  ReplyString(c, *found);
  if (options.persist && found->has_deadline()) {
    db.SetDeadline(key, found, kNoDeadline);
    c.Notify(config::kNotifyGeneric, "persist", key.bytes);
    c.effect.Instead({"PERSIST", key.bytes});
  }
  if (!options.expiry.given) return;
  if (*deadline <= c.moment.expired_up_to_ms()) {
    return ExpireNow(c, db, key, found);
  }
  db.SetDeadline(key, found, *deadline);
  c.Notify(config::kNotifyGeneric, "expire", key.bytes);
  c.effect.Instead({"PEXPIREAT", key.bytes, Int64Text(*deadline).view()});
}

void DelIfEq(CommandContext& c) {
  const Key key = c.KeyAt(1);
  Db& db = c.DbFor(key);
  const EntryRef found = db.FindForWrite(key, c.moment);
  if (!found) return c.reply.Integer(0);
  if (!found->IsString()) return c.reply.Error(kWrongType);
  if (!StringEquals(*found, c.word(2))) return c.reply.Integer(0);
  db.Erase(key, found);
  c.Notify(config::kNotifyGeneric, "del", key.bytes);
  c.effect.Instead({"DEL", key.bytes});
  c.reply.Integer(1);
}

void StrLen(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).Find(key, c.moment);
  if (!found) return c.reply.Integer(0);
  if (!found->IsString()) return c.reply.Error(kWrongType);
  c.reply.Integer(static_cast<int64_t>(found->StringLength()));
}

void MGet(CommandContext& c) {
  c.reply.Array(c.count() - 1);
  for (size_t i = 1; i < c.count(); ++i) {
    const Key key = c.KeyAt(i);
    const EntryRef found = c.DbFor(key).Find(key, c.moment);
    if (found && found->IsString()) {
      ReplyString(c, *found);
    } else {
      c.reply.Null();
    }
  }
}

void MSet(CommandContext& c) {
  if (c.count() % 2 == 0) return ReplyWrongArity(c);
  for (size_t i = 1; i < c.count(); i += 2) {
    const Key key = c.KeyAt(i);
    SetPlainly(c, key, c.DbFor(key).FindForWrite(key, c.moment), c.word(i + 1));
  }
  c.reply.Ok();
}

void MSetNx(CommandContext& c) {
  if (c.count() % 2 == 0) return ReplyWrongArity(c);
  if (AnyExists(c, 1, c.count())) return c.reply.Integer(0);
  for (size_t i = 1; i < c.count(); i += 2) {
    const Key key = c.KeyAt(i);
    SetPlainly(c, key, c.DbFor(key).FindForWrite(key, c.moment), c.word(i + 1));
  }
  c.reply.Integer(1);
}

void MSetEx(CommandContext& c) {
  const std::optional<int64_t> keys = IntegerAt(c, 1, "ERR invalid numkeys value");
  if (!keys) return;
  if (*keys < 1 || *keys > INT32_MAX) return c.reply.Error("ERR invalid numkeys value");
  if (static_cast<size_t>(*keys) > (c.count() - 2) / 2) {
    return c.reply.Error("ERR wrong number of key-value pairs");
  }
  const size_t end = 2 + 2 * static_cast<size_t>(*keys);
  StringOptions options;
  if (!ParseStringOptions(c.words.subspan(end), OptionsOf::kMSetEx, &options)) {
    return c.reply.Error(kSyntaxError);
  }
  const std::optional<int64_t> deadline = DeadlineOrReply(c, options.expiry);
  if (!deadline) return;
  const bool nx = options.condition == Condition::kNx;
  const bool xx = options.condition == Condition::kXx;
  if ((nx && AnyExists(c, 2, end)) || (xx && !AllExist(c, 2, end))) return c.reply.Integer(0);
  const SetStringOptions store{.deadline_ms = *deadline, .keep_deadline = options.keep_deadline};
  for (size_t i = 2; i < end; i += 2) {
    const Key key = c.KeyAt(i);
    Db& db = c.DbFor(key);
    StoreAndTell(c, db, key, db.FindForWrite(key, c.moment), c.word(i + 1), store);
  }
  c.reply.Integer(1);
}

}  // namespace norn::handlers
