#pragma once
// What commands share that take from the first of several keys that has anything: LMPOP and ZMPOP, and those that wait for it.

#include <cstddef>
#include <optional>

#include "engine/commands/blocking.h"
#include "engine/commands/typed_key.h"

namespace norn {

// The words that are keys: from `first` up to `end`.
struct KeyWords {
  size_t first = 0;
  size_t end = 0;
};

// Their count in word `at`, and then the keys; at least one word comes behind them. nullopt: the error is replied.
std::optional<KeyWords> CountedKeysAt(CommandContext& c, size_t at);

// COUNT and a number from word `at` on, or nothing: then 1. nullopt: the error is replied.
std::optional<size_t> PopCountAt(CommandContext& c, size_t at);

// As WaitOrReplyNull, for those keys.
void WaitForWords(CommandContext& c, const KeyWords& words, KeyWait wait);

// Calls take(key, place) with the first of the keys that is there. True: it did, or replied that a key is of another type.
template <typename Take>
bool TakeFirst(CommandContext& c, const KeyWords& words, ValueType type, Take&& take) {
  for (size_t i = words.first; i < words.end; ++i) {
    const Key key = c.KeyAt(i);
    const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, type);
    if (!found) return true;
    if (!*found) continue;
    KeyPlace place = PlaceOf(c, key, *found, type);
    take(key, place);
    return true;
  }
  return false;
}

}  // namespace norn
