// Streams, groups and consumers described.

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/commands/arguments.h"
#include "engine/commands/streams/stream_handlers.h"
#include "engine/commands/streams/stream_words.h"

namespace norn::handlers {
namespace {

// The stream of word 2. nullopt: the error is replied.
std::optional<EntryRef> FindStream(CommandContext& c) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(2), kStreamType);
  if (!found || *found) return found;
  c.reply.Error(kNoSuchKey);
  return std::nullopt;
}

void ReplyCount(CommandContext& c, std::string_view name, uint64_t count) {
  c.reply.Bulk(name);
  c.reply.Integer(static_cast<int64_t>(count));
}

void ReplyId(CommandContext& c, std::string_view name, StreamId id) {
  c.reply.Bulk(name);
  ReplyStreamId(c, id);
}

void ReplyProgress(CommandContext& c, const Stream& stream, const StreamGroup& group) {
  c.reply.Bulk("entries-read");
  group.entries_read == StreamGroup::kEntriesReadUnknown ? c.reply.Null()
                                                         : c.reply.Integer(group.entries_read);
  c.reply.Bulk("lag");
  const std::optional<int64_t> lag = stream.Lag(group);
  lag ? c.reply.Integer(*lag) : c.reply.Null();
}

// Up to `count_max` of them; 0: all.
template <typename Items, typename Reply>
void ReplyFirst(CommandContext& c, const Items& items, uint64_t count_max, Reply reply) {
  const size_t count = count_max == 0 ? items.size() : std::min<size_t>(items.size(), count_max);
  c.reply.Array(count);
  auto at = items.begin();
  for (size_t i = 0; i < count; ++i, ++at) reply(*at);
}

void ReplyDelivery(CommandContext& c, const StreamPending& pending) {
  c.reply.Integer(pending.delivered_ms);
  c.reply.Integer(static_cast<int64_t>(pending.deliveries));
}

void ReplyConsumerFully(CommandContext& c, const StreamGroup& group, const StreamConsumer& consumer,
                        uint64_t count_max) {
  c.reply.Map(5);
  c.reply.Bulk("name");
  c.reply.Bulk(consumer.name());
  c.reply.Bulk("seen-time");
  c.reply.Integer(consumer.seen_ms);
  c.reply.Bulk("active-time");
  c.reply.Integer(consumer.active_ms);
  ReplyCount(c, "pel-count", consumer.pending().size());
  c.reply.Bulk("pending");
  ReplyFirst(c, consumer.pending(), count_max, [&](StreamId id) {
    c.reply.Array(3);
    ReplyStreamId(c, id);
    ReplyDelivery(c, group.pending().at(id));
  });
}

void ReplyGroupFully(CommandContext& c, const Stream& stream, const std::string& name,
                     const StreamGroup& group, uint64_t count_max) {
  c.reply.Map(7);
  c.reply.Bulk("name");
  c.reply.Bulk(name);
  ReplyId(c, "last-delivered-id", group.last_id);
  ReplyProgress(c, stream, group);
  ReplyCount(c, "pel-count", group.pending().size());
  c.reply.Bulk("pending");
  ReplyFirst(c, group.pending(), count_max, [&](const auto& pending) {
    c.reply.Array(4);
    ReplyStreamId(c, pending.first);
    c.reply.Bulk(pending.second.consumer->name());
    ReplyDelivery(c, pending.second);
  });
  c.reply.Bulk("consumers");
  c.reply.Array(group.consumers().size());
  for (const auto& [consumer_name, consumer] : group.consumers()) {
    ReplyConsumerFully(c, group, *consumer, count_max);
  }
}

void ReplyEdge(CommandContext& c, std::string_view name, const StreamLog& log, StreamId id) {
  c.reply.Bulk(name);
  if (!ReplyStreamEntryOf(c, log, id)) c.reply.Null();
}

// Valkey: counts the nodes of its radix tree. Here it is what such a tree has at least.
uint64_t TreeNodes(const StreamLog& log) { return log.node_count() + 1; }

// FULL's COUNT. nullopt: the error is replied.
std::optional<uint64_t> FullCountAt(CommandContext& c) {
  constexpr uint64_t kUsual = 10;
  if (c.count() == 4) return kUsual;
  if (!WordIs(c.word(4), "count")) return ReplySubcommandError(c), std::nullopt;
  const std::optional<int64_t> count = IntegerAt(c, 5);
  if (!count) return std::nullopt;
  return *count < 0 ? kUsual : static_cast<uint64_t>(*count);
}

void ReplyConsumer(CommandContext& c, const StreamConsumer& consumer) {
  const bool never = consumer.active_ms == StreamConsumer::kNeverActive;
  c.reply.Map(4);
  c.reply.Bulk("name");
  c.reply.Bulk(consumer.name());
  ReplyCount(c, "pending", consumer.pending().size());
  c.reply.Bulk("idle");
  c.reply.Integer(std::max<int64_t>(c.moment.now_ms - consumer.seen_ms, 0));
  c.reply.Bulk("inactive");
  c.reply.Integer(never ? StreamConsumer::kNeverActive : c.moment.now_ms - consumer.active_ms);
}

}  // namespace

void XInfoStream(CommandContext& c) {
  const std::optional<EntryRef> found = FindStream(c);
  if (!found) return;
  const Stream& stream = StreamOf(**found);
  const bool full = c.count() > 3;
  std::optional<uint64_t> count_max;
  if (full) {
    if ((c.count() != 4 && c.count() != 6) || !WordIs(c.word(3), "full")) {
      return ReplySubcommandError(c);
    }
    if (!(count_max = FullCountAt(c))) return;
  }
  c.reply.Map(full ? 9 : 10);
  ReplyCount(c, "length", stream.size());
  ReplyCount(c, "radix-tree-keys", stream.log().node_count());
  ReplyCount(c, "radix-tree-nodes", TreeNodes(stream.log()));
  ReplyId(c, "last-generated-id", stream.last_id());
  ReplyId(c, "max-deleted-entry-id", stream.max_deleted_id());
  ReplyCount(c, "entries-added", stream.entries_added());
  ReplyId(c, "recorded-first-entry-id", stream.log().first_id());
  if (!full) {
    ReplyCount(c, "groups", stream.groups().size());
    ReplyEdge(c, "first-entry", stream.log(), stream.log().first_id());
    return ReplyEdge(c, "last-entry", stream.log(), stream.log().last_id());
  }
  c.reply.Bulk("entries");
  ReplyStreamEntries(c, stream.log(), {kStreamIdMin, kStreamIdMax}, StreamDirection::kUp,
                     *count_max);
  c.reply.Bulk("groups");
  c.reply.Array(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) {
    ReplyGroupFully(c, stream, name, *group, *count_max);
  }
}

void XInfoGroups(CommandContext& c) {
  const std::optional<EntryRef> found = FindStream(c);
  if (!found) return;
  const Stream& stream = StreamOf(**found);
  c.reply.Array(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) {
    c.reply.Map(6);
    c.reply.Bulk("name");
    c.reply.Bulk(name);
    ReplyCount(c, "consumers", group->consumers().size());
    ReplyCount(c, "pending", group->pending().size());
    ReplyId(c, "last-delivered-id", group->last_id);
    ReplyProgress(c, stream, *group);
  }
}

void XInfoConsumers(CommandContext& c) {
  const std::optional<EntryRef> found = FindStream(c);
  if (!found) return;
  const StreamGroup* const group = StreamOf(**found).FindGroup(c.word(3));
  if (group == nullptr) {
    return c.reply.Error(fmt::format("NOGROUP No such consumer group '{}' for key name '{}'",
                                     UpToNul(c.word(3)), UpToNul(c.word(2))));
  }
  c.reply.Array(group->consumers().size());
  for (const auto& [name, consumer] : group->consumers()) ReplyConsumer(c, *consumer);
}

void XInfoHelp(CommandContext& c) {
  ReplyHelp(c, {"CONSUMERS <key> <groupname>", "    Show consumers of <groupname>.", "GROUPS <key>",
                "    Show the stream consumer groups.", "STREAM <key> [FULL [COUNT <count>]",
                "    Show information about the stream."});
}

}  // namespace norn::handlers
