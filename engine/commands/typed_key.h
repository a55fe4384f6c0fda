#pragma once
// A key that a command takes for a value of one type.

#include <optional>

#include "engine/commands/command.h"
#include "engine/commands/errors.h"
#include "engine/types/value_place.h"

namespace norn {

// The key's entry, or an empty ref where there is none. nullopt: it is of another type, and the error is replied.
inline std::optional<EntryRef> OfTypeOrReply(CommandContext& c, EntryRef found, ValueType type) {
  if (!found || found->type() == type) return found;
  c.reply.Error(kWrongType);
  return std::nullopt;
}
inline std::optional<EntryRef> FindOfType(CommandContext& c, const Key& key, ValueType type) {
  return OfTypeOrReply(c, c.DbFor(key).Find(key, c.moment), type);
}
// For a command that goes on to write.
inline std::optional<EntryRef> FindOfTypeForWrite(CommandContext& c, const Key& key,
                                                  ValueType type) {
  return OfTypeOrReply(c, c.DbFor(key).FindForWrite(key, c.moment), type);
}

// Where the value of `key` is changed, found or to be made.
inline KeyPlace PlaceOf(CommandContext& c, const Key& key, EntryRef found, ValueType type) {
  return KeyPlace(c.DbFor(key), key, found, type, c.moment);
}

// The generator for choices among the elements of a key.
inline Prng& PrngFor(CommandContext& c, const Key& key) { return c.keys.ShardFor(key).prng(); }

// Tells of a change to the value of `key`, and of the key's deletion if that was its last element.
inline void NotifyRemoval(CommandContext& c, uint32_t kind, std::string_view event, const Key& key,
                          const KeyPlace& place) {
  c.Notify(kind, event, key.bytes);
  if (!place.exists()) c.Notify(config::kNotifyGeneric, "del", key.bytes);
}

// What a command stores under `key` in place of all that was there; nothing: the key goes. Tells of `event`, or of the deletion.
void StoreResult(CommandContext& c, const Key& key, LoosePlace& result, ValueType type,
                 uint32_t kind, std::string_view event);

}  // namespace norn
