#pragma once
// Ids and ranges of ids as clients write them, entries as they are replied, and streams and groups as commands look them up.

#include <optional>
#include <string_view>

#include "engine/commands/command.h"
#include "engine/commands/typed_key.h"
#include "engine/types/stream_value.h"

namespace norn {

inline constexpr ValueType kStreamType = ValueType::kStream;

// "<ms>" or "<ms>-<seq>"; without a number within the millisecond it is `missing_seq`. nullopt: not of that form.
std::optional<StreamId> ParseStreamId(std::string_view word, uint64_t missing_seq = 0);

// As the next two would word it.
void ReplyBadStreamId(CommandContext& c);
// nullopt: the error is replied.
std::optional<StreamId> StreamIdAt(CommandContext& c, size_t at);

// Both included.
struct StreamIdRange {
  StreamId min;
  StreamId max;
};
// An end of a range: an id, "-", "+", or "(" and an id. nullopt: the error is replied.
std::optional<StreamId> RangeStartAt(CommandContext& c, size_t at);
std::optional<StreamIdRange> StreamIdRangeAt(CommandContext& c, size_t start, size_t end);

void ReplyStreamId(CommandContext& c, StreamId id);
// [id, [field, value, ...]]
void ReplyStreamEntry(CommandContext& c, const StreamEntry& entry);
// An array of up to `count_max` entries (0: all).
void ReplyStreamEntries(CommandContext& c, const StreamLog& log, const StreamIdRange& range,
                        StreamDirection direction, uint64_t count_max);
// The entry of that id; false: there is none, nothing is replied.
bool ReplyStreamEntryOf(CommandContext& c, const StreamLog& log, StreamId id);

// The stream of `key` and its group. nullopt: the key holds something else, the error is replied. No group: key or group is
// missing.
struct FoundGroup {
  EntryRef entry;
  const StreamGroup* group = nullptr;
};
std::optional<FoundGroup> FindStreamGroup(CommandContext& c, const Key& key, std::string_view name,
                                          bool for_write);
// "NOGROUP No such key 'k' or consumer group 'g'", and what more a command says.
void ReplyNoSuchGroup(CommandContext& c, std::string_view key, std::string_view group,
                      std::string_view more = "");

}  // namespace norn
