#pragma once
// What SSCAN, HSCAN and ZSCAN share: the words, the reply around the elements.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/commands/command.h"

namespace norn {

struct CollectionScan {
  uint64_t cursor = 0;
  std::string_view pattern = "*";
  size_t count = 10;
  bool names_only = false;  // NOVALUES, NOSCORES

  bool Wants(std::string_view name) const;
};

// The cursor is word 2. nullopt: the error is replied.
std::optional<uint64_t> ScanCursorAt(CommandContext& c, size_t at);
// The options from word 3 on, `names_only` being the word that leaves values away, or "". nullopt: the error is replied.
std::optional<CollectionScan> ReadCollectionScan(CommandContext& c, uint64_t cursor,
                                                 std::string_view names_only);

// The reply of a key that is not there.
void ReplyEmptyScan(CommandContext& c);
// Begins the reply behind the elements' visit: cursor, then an array of `words` words that the caller writes.
void BeginScanReply(CommandContext& c, uint64_t next_cursor, size_t words);

}  // namespace norn
