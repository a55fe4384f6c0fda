#pragma once
// A hash that a command takes, with its fields as clients may see them: one past its deadline is not there.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/commands/command.h"
#include "engine/commands/typed_key.h"
#include "engine/types/hash_value.h"

namespace norn::handlers {

// The hash of word 1, for reading. Outer nullopt: the error is replied; inner: there is none.
std::optional<std::optional<HashReader>> ReadHash(CommandContext& c);

// The hash of word 1, for writing.
struct WritableHash {
  KeyPlace place;
  std::optional<HashField> Find(CommandContext& c, std::string_view name) const {
    if (!place.exists()) return std::nullopt;
    return HashReader(place, c.moment.expired_up_to_ms()).Find(name);
  }
  bool FieldsExpire() const {
    return place.exists() && HashReader(place, INT64_MIN).has_deadlines();
  }
};

// nullopt: the error is replied.
std::optional<WritableHash> WriteHash(CommandContext& c);

void ReplyPacked(CommandContext& c, const PackedValue& value);

// So many fields were found to have expired, and went: counts them and tells of them, if there are any.
void NoteExpiredFields(CommandContext& c, const Key& key, size_t fields);

// What is repeated: a field of the hash of word 1 with its value and deadline, whatever it was before.
void RepeatField(CommandContext& c, std::string_view name, std::string_view value,
                 int64_t deadline_ms);

}  // namespace norn::handlers
