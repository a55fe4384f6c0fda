// The commands that work on a part of a string, or on the number in it.

#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/strings/string_ops.h"

namespace norn::handlers {
namespace {

void AddTo(CommandContext& c, int64_t by) {
  const Key key = c.KeyAt(1);
  const string_ops::Number sum = string_ops::Add(c.DbFor(key), key, by, c.moment);
  if (!sum.error.empty()) return c.reply.Error(sum.error);
  c.Notify(config::kNotifyString, "incrby", key.bytes);
  c.reply.Integer(sum.value);
}

// What a primary or a log did is not ours to refuse, whatever our limit is.
int64_t StringBytesMax(const CommandContext& c) {
  return c.session.from_primary ? INT64_MAX : c.options.proto_max_bulk_len;
}

void ReplyLength(CommandContext& c, const string_ops::Length& length) {
  if (!length.error.empty()) return c.reply.Error(length.error);
  c.reply.Integer(static_cast<int64_t>(length.bytes));
}

}  // namespace

void Incr(CommandContext& c) { AddTo(c, 1); }

void Decr(CommandContext& c) { AddTo(c, -1); }

void IncrBy(CommandContext& c) {
  if (const std::optional<int64_t> by = IntegerAt(c, 2)) AddTo(c, *by);
}

void DecrBy(CommandContext& c) {
  const std::optional<int64_t> by = IntegerAt(c, 2);
  if (!by) return;
  if (*by == INT64_MIN) return c.reply.Error(kDecrementOverflow);
  AddTo(c, -*by);
}

void IncrByFloat(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const string_ops::FloatText sum = string_ops::AddFloat(c.DbFor(key), key, c.word(2), c.moment);
  if (!sum.error.empty()) return c.reply.Error(sum.error);
  c.Notify(config::kNotifyString, "incrbyfloat", key.bytes);
  c.effect.Instead({"SET", key.bytes, sum.text, "KEEPTTL"});
  c.reply.Bulk(sum.text);
}

void Append(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const auto length = string_ops::Append(c.DbFor(key), key, c.word(2), StringBytesMax(c), c.moment);
  if (length.error.empty()) c.Notify(config::kNotifyString, "append", key.bytes);
  ReplyLength(c, length);
}

void SetRange(CommandContext& c) {
  const std::optional<int64_t> offset = IntegerAt(c, 2);
  if (!offset) return;
  if (*offset < 0) return c.reply.Error(kOffsetOutOfRange);
  const Key key = c.KeyAt(1);
  const auto length =
      string_ops::SetRange(c.DbFor(key), key, *offset, c.word(3), StringBytesMax(c), c.moment);
  const bool changed = length.error.empty() && !c.word(3).empty();
  if (changed) c.Notify(config::kNotifyString, "setrange", key.bytes);
  ReplyLength(c, length);
}

void GetRange(CommandContext& c) {
  const std::optional<int64_t> first = IntegerAt(c, 2);
  if (!first) return;
  const std::optional<int64_t> last = IntegerAt(c, 3);
  if (!last) return;
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).Find(key, c.moment);
  if (!found) return c.reply.Bulk("");
  if (!found->IsString()) return c.reply.Error(kWrongType);
  StringScratch scratch;
  c.reply.Bulk(string_ops::Range(found->String(scratch), *first, *last));
}

void SubStr(CommandContext& c) { GetRange(c); }

}  // namespace norn::handlers
