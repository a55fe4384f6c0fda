// The model: what XINFO tells of streams. How many nodes a stream is packed into is up to the server; it has to be a number that
// so many entries can have.

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "engine/commands/drawn/testing_model.h"
#include "engine/commands/drawn/testing_streams.h"

namespace norn::reference {
namespace {

std::string ShowCount(size_t count) { return Int(static_cast<int64_t>(count)); }

std::string ShowIfKnown(std::optional<int64_t> number) { return number ? Int(*number) : "nil"; }

std::optional<int64_t> LagOf(const Stream& stream, const Group& group) {
  if (stream.entries_added == 0) return 0;
  const auto read = group.entries_read && !HasGapFrom(stream, group.last)
                        ? group.entries_read
                        : AddedUpTo(stream, group.last);
  return read ? std::optional(stream.entries_added - *read) : std::nullopt;
}

// Of the group, or of one consumer, whose name each need not say.
std::string ShowPending(const Group& group, const std::string* consumer, size_t most) {
  std::vector<std::string> items;
  for (const auto& [id, pending] : group.pending) {
    if (items.size() == most || (consumer != nullptr && pending.consumer != *consumer)) continue;
    std::vector<std::string> item = {ShowId(id)};
    if (consumer == nullptr) item.push_back(Bulk(pending.consumer));
    item.push_back(Int(pending.delivered_ms));
    item.push_back(Int(pending.deliveries));
    items.push_back(Array(item));
  }
  return Array(items);
}

size_t PendingOf(const Group& group, const std::string& consumer) {
  size_t count = 0;
  for (const auto& [id, pending] : group.pending) count += pending.consumer == consumer ? 1 : 0;
  return count;
}

std::string ShowWhole(const Stream& stream, const std::string& name, const Group& group,
                      size_t most) {
  std::vector<std::string> consumers;
  for (const auto& [consumer, times] : group.consumers) {
    consumers.push_back(
        Array({"$name", Bulk(consumer), "$seen-time", Int(times.seen_ms), "$active-time",
               Int(times.active_ms), "$pel-count", ShowCount(PendingOf(group, consumer)),
               "$pending", ShowPending(group, &consumer, most)}));
  }
  return Array({"$name", Bulk(name), "$last-delivered-id", ShowId(group.last), "$entries-read",
                ShowIfKnown(group.entries_read), "$lag", ShowIfKnown(LagOf(stream, group)),
                "$pel-count", ShowCount(group.pending.size()), "$pending",
                ShowPending(group, nullptr, most), "$consumers", Array(consumers)});
}

}  // namespace

std::string Model::TellStream(const Words& w) {
  const Stream& stream = *Find<Stream>(w[2]);
  // The second and third pair.
  if (said_->items.size() < 6) return "a description";
  const int64_t nodes = said_->items[3].integer, tree_nodes = said_->items[5].integer;
  const auto entries = static_cast<int64_t>(stream.entries.size());
  if (nodes > entries || nodes * server_.stream_node_entries_max < entries) {
    return "nodes for its entries";
  }
  if (tree_nodes <= nodes) return "a tree over its nodes";

  const EntryId first = stream.entries.empty() ? EntryId() : stream.entries.begin()->first;
  std::vector<std::string> items = {
      "$length",
      Int(entries),
      "$radix-tree-keys",
      Int(nodes),
      "$radix-tree-nodes",
      Int(tree_nodes),
      "$last-generated-id",
      ShowId(stream.last),
      "$max-deleted-entry-id",
      ShowId(stream.max_deleted),
      "$entries-added",
      Int(stream.entries_added),
      "$recorded-first-entry-id",
      ShowId(first),
  };
  std::vector<std::string> shown;
  for (const auto& [id, fields] : stream.entries) shown.push_back(ShowEntry(id, fields));
  if (!HasWord(w, "FULL")) {
    const std::string first_entry = shown.empty() ? "nil" : shown.front();
    const std::string last_entry = shown.empty() ? "nil" : shown.back();
    for (const std::string& item :
         {std::string("$groups"), ShowCount(stream.groups.size()), std::string("$first-entry"),
          first_entry, std::string("$last-entry"), last_entry}) {
      items.push_back(item);
    }
    return Array(items);
  }
  const int64_t count = NumberBehind(w, "COUNT", 10);
  const auto most = count == 0 ? SIZE_MAX : static_cast<size_t>(count);
  shown.resize(std::min(shown.size(), most));
  std::vector<std::string> groups;
  for (const auto& [name, group] : stream.groups) {
    groups.push_back(ShowWhole(stream, name, group, most));
  }
  for (const std::string& item :
       {std::string("$entries"), Array(shown), std::string("$groups"), Array(groups)}) {
    items.push_back(item);
  }
  return Array(items);
}

std::string Model::TellConsumers(const Words& w) {
  const Group* group = FindGroup(w[2], w[3]);
  if (group == nullptr) {
    return fmt::format("-NOGROUP No such consumer group '{}' for key name '{}'", w[3], w[2]);
  }
  std::vector<std::string> items;
  for (const auto& [name, times] : group->consumers) {
    const int64_t inactive_ms = times.active_ms < 0 ? -1 : now_ms_ - times.active_ms;
    items.push_back(Array({"$name", Bulk(name), "$pending", ShowCount(PendingOf(*group, name)),
                           "$idle", Int(now_ms_ - times.seen_ms), "$inactive", Int(inactive_ms)}));
  }
  return Array(items);
}

void Model::AddStreamInfo() {
  commands_["XINFO"] = [this](const Words& w) -> std::string {
    const Stream* stream = Find<Stream>(w[2]);
    if (stream == nullptr) return "-ERR no such key";
    if (w[1] == "STREAM") return TellStream(w);
    if (w[1] == "CONSUMERS") return TellConsumers(w);
    std::vector<std::string> items;
    for (const auto& [name, group] : stream->groups) {
      items.push_back(Array({"$name", Bulk(name), "$consumers", ShowCount(group.consumers.size()),
                             "$pending", ShowCount(group.pending.size()), "$last-delivered-id",
                             ShowId(group.last), "$entries-read", ShowIfKnown(group.entries_read),
                             "$lag", ShowIfKnown(LagOf(*stream, group))}));
    }
    return Array(items);
  };
}

}  // namespace norn::reference
