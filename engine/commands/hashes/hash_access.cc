#include "engine/commands/hashes/hash_access.h"

#include "engine/base/number.h"

namespace norn::handlers {

std::optional<std::optional<HashReader>> ReadHash(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), ValueType::kHash);
  if (!found) return std::nullopt;
  if (!*found) return std::optional<HashReader>();
  return std::optional<HashReader>(HashReader(**found, c.moment.expired_up_to_ms()));
}

std::optional<WritableHash> WriteHash(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, ValueType::kHash);
  if (!found) return std::nullopt;
  return WritableHash{PlaceOf(c, key, *found, ValueType::kHash)};
}

void ReplyPacked(CommandContext& c, const PackedValue& value) {
  PackedScratch scratch;
  c.reply.Bulk(value.View(scratch));
}

void NoteExpiredFields(CommandContext& c, const Key& key, size_t fields) {
  if (fields == 0) return;
  c.keys.ShardFor(key).stats().expired_fields += fields;
  c.Notify(config::kNotifyHash, "hexpired", key.bytes);
}

void RepeatField(CommandContext& c, std::string_view name, std::string_view value,
                 int64_t deadline_ms) {
  const std::string_view key = c.word(1);
  if (deadline_ms == Field::kNoDeadline) return c.effect.Instead({"HSET", key, name, value});
  const Int64Text deadline(deadline_ms);
  c.effect.Instead({"HSETEX", key, "PXAT", deadline.view(), "FIELDS", "1", name, value});
}

}  // namespace norn::handlers
