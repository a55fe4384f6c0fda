#include "scenarios/actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "net/reply_parser.h"

namespace norn::scenarios {
namespace {

using net::ParseReply;
using net::Reply;

// An iteration under way on one connection.
struct Iteration {
  bool open = false;
  std::string cursor;
  uint32_t db = 0;
  int64_t begun_ns = 0;
  std::set<std::string> returned;
};

class Cutter {
 public:
  Cutter(const History& history, const KeyUniverse& universe)
      : history_(history), universe_(universe) {}

  Partitioned Cut() {
    for (const Operation& operation : history_.operations) Place(operation);
    return std::move(result_);
  }

 private:
  void Place(const Operation& operation) {
    Window window{operation.invoke_ns, operation.complete_ns};
    if (operation.epoch < history_.crashes.size()) {
      const int64_t crash_ns = history_.crashes[operation.epoch].at_ns;
      if (operation.invoke_ns > crash_ns) {
        if (operation.known()) Impossible("a reply from a node that had crashed", operation);
        return;
      }
      window.latest_ns = std::min(window.latest_ns, crash_ns);
    }
    switch (operation.kind) {
      case OperationKind::kCommand:
      case OperationKind::kTransaction:
      case OperationKind::kWatch:
        return PlaceReply(operation, window);
      case OperationKind::kFlushDb:
      case OperationKind::kFlushAll:
        return PlaceClear(operation, window);
      case OperationKind::kKeys:
        return PlaceKeys(operation, window);
      case OperationKind::kRandomKey:
        return PlaceRandomKey(operation, window);
      case OperationKind::kScan:
        return PlaceScan(operation, window);
      case OperationKind::kDiscarded:
      case OperationKind::kToken:
      case OperationKind::kLedger:
      case OperationKind::kSave:
      case OperationKind::kDbSize:
      case OperationKind::kTyped:
        return;
    }
  }

  void PlaceReply(const Operation& operation, const Window& window) {
    // Whatever it answered, nobody could tell whether it ran.
    if (!operation.known() && NeverWrites(operation)) return;
    Action action;
    action.operation = &operation;
    action.window = window;
    action.known = operation.known();
    action.reads_only = NeverWrites(operation);
    action.abort_needs_cause = history_.lone_client;
    Partition& partition = At(operation, KeyUniverse::GroupOf(operation.keys.front()));
    Add(partition, std::move(action), operation.keys);
  }

  void PlaceClear(const Operation& operation, const Window& window) {
    if (operation.known() && operation.reply != "+OK\r\n") {
      return Impossible("a flush that did not answer OK", operation);
    }
    const bool all = operation.kind == OperationKind::kFlushAll;
    for (uint32_t db = 0; db < universe_.databases; ++db) {
      if (!all && db != operation.db) continue;
      for (uint32_t group = 0; group < universe_.groups; ++group) {
        Action action;
        action.kind = Action::Kind::kClear;
        action.operation = &operation;
        action.window = window;
        action.known = operation.known();
        Add(At(operation.epoch, db, group), std::move(action), universe_.GroupKeys(group));
      }
    }
  }

  void PlaceKeys(const Operation& operation, const Window& window) {
    if (!operation.known()) return;
    const std::optional<Reply> reply = ParseReply(operation.reply);
    if (!reply || reply->type != net::ReplyType::kArray) {
      return Impossible("KEYS that is no array", operation);
    }
    std::set<std::string> names;
    for (const Reply& element : reply->elements) {
      if (!names.insert(element.text).second) Impossible("KEYS names a key twice", operation);
    }
    for (uint32_t group = 0; group < universe_.groups; ++group) {
      PlacePresence(operation, window, group,
                    [&](const std::string& key) { return names.count(key) > 0; });
    }
  }

  void PlaceRandomKey(const Operation& operation, const Window& window) {
    if (!operation.known()) return;
    const std::optional<Reply> reply = ParseReply(operation.reply);
    if (!reply || (!reply->IsNull() && reply->type != net::ReplyType::kBulk)) {
      return Impossible("RANDOMKEY that is no key", operation);
    }
    if (!reply->IsNull()) {
      PlaceOne(operation, window, reply->text, true);
      return;
    }
    for (uint32_t group = 0; group < universe_.groups; ++group) {
      PlacePresence(operation, window, group, [](const std::string&) { return false; });
    }
  }

  void PlaceScan(const Operation& operation, const Window& window) {
    Iteration& iteration = iterations_[operation.connection];
    const std::optional<Reply> reply = ParseReply(operation.reply);
    if (!operation.known()) {
      iteration.open = false;
      return;
    }
    if (!reply || reply->elements.size() != 2) {
      return Impossible("SCAN that is not cursor and keys", operation);
    }
    const std::string& asked = operation.commands[0][1];
    if (asked == "0") {
      iteration = Iteration{true, "0", operation.db, window.earliest_ns, {}};
    } else if (iteration.cursor != asked || iteration.db != operation.db) {
      iteration.open = false;
    }
    for (const Reply& key : reply->elements[1].elements) {
      PlaceOne(operation, window, key.text, true);
      iteration.returned.insert(key.text);
    }
    iteration.cursor = reply->elements[0].text;
    if (iteration.open && iteration.cursor == "0") EndIteration(operation, window, iteration);
  }

  void EndIteration(const Operation& operation, const Window& window, Iteration& iteration) {
    for (uint32_t group = 0; group < universe_.groups; ++group) {
      for (const std::string& key : universe_.GroupKeys(group)) {
        if (iteration.returned.count(key) > 0) continue;
        PlaceOne(operation, {iteration.begun_ns, window.latest_ns}, key, false);
      }
    }
    iteration.open = false;
  }

  // Presence of every key of a group at one instant.
  template <typename IsPresent>
  void PlacePresence(const Operation& operation, const Window& window, uint32_t group,
                     IsPresent is_present) {
    Action action;
    action.kind = Action::Kind::kPresence;
    action.reads_only = true;
    action.operation = &operation;
    action.window = window;
    for (const std::string& key : universe_.GroupKeys(group)) {
      action.presence.emplace_back(key, is_present(key));
    }
    Add(At(operation, group), std::move(action), universe_.GroupKeys(group));
  }

  // One key's presence at some instant of the window. It takes no place in its connection's order: the window may be
  // longer than the operation.
  void PlaceOne(const Operation& operation, const Window& window, const std::string& key,
                bool present) {
    if (!IsOurs(key)) return Impossible("a key that nobody wrote: " + key, operation);
    Action action;
    action.kind = Action::Kind::kPresence;
    action.reads_only = true;
    action.operation = &operation;
    action.window = window;
    action.presence.emplace_back(key, present);
    Add(At(operation, KeyUniverse::GroupOf(key)), std::move(action), {});
  }

  bool IsOurs(const std::string& key) const {
    for (uint32_t group = 0; group < universe_.groups; ++group) {
      for (uint32_t i = 0; i < universe_.keys_per_group; ++i) {
        if (KeyUniverse::Name(group, i) == key) return true;
      }
    }
    return false;
  }

  Partition& At(const Operation& operation, uint32_t group) {
    return At(operation.epoch, operation.db, group);
  }
  Partition& At(uint32_t epoch, uint32_t db, uint32_t group) {
    const auto [found, added] =
        index_.try_emplace(std::tuple(epoch, db, group), result_.partitions.size());
    if (added) {
      result_.partitions.push_back({epoch, db, group, {}, {}});
      last_of_key_.emplace_back();
    }
    return result_.partitions[found->second];
  }

  void Add(Partition& partition, Action action, const std::vector<std::string>& keys) {
    const uint32_t at = static_cast<uint32_t>(partition.actions.size());
    Interval interval{action.window.earliest_ns, action.window.latest_ns, action.known, {}};
    auto& last_of_key = last_of_key_[static_cast<size_t>(&partition - result_.partitions.data())];
    for (const std::string& key : keys) {
      const auto [found, added] = last_of_key.try_emplace({action.operation->connection, key}, at);
      if (added || found->second == at) continue;
      interval.after.push_back(found->second);
      found->second = at;
    }
    partition.actions.push_back(std::move(action));
    partition.intervals.push_back(std::move(interval));
  }

  void Impossible(const std::string& why, const Operation& operation) {
    result_.impossible.push_back(why + ": " + Describe(operation));
  }

  const History& history_;
  const KeyUniverse universe_;
  Partitioned result_;
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, size_t> index_;
  std::vector<std::map<std::pair<uint32_t, std::string>, uint32_t>> last_of_key_;
  std::map<uint32_t, Iteration> iterations_;
};

}  // namespace

std::string Partition::Name() const {
  return fmt::format("database {}, keys g{}k*, life {} of the node", db, group, epoch + 1);
}

Partitioned MakePartitions(const History& history, const KeyUniverse& universe) {
  return Cutter(history, universe).Cut();
}

}  // namespace norn::scenarios
