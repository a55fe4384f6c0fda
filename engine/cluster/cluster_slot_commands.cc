// The subcommands of CLUSTER about slots: who owns them, which are on their way, which keys they have.

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/base/number.h"
#include "engine/base/plant.h"
#include "engine/cluster/cluster_command_rows.h"
#include "engine/cluster/key_slot.h"
#include "engine/commands/errors.h"
#include "engine/commands/replies.h"

namespace norn::cluster::cluster_command {
namespace {

enum class Change : uint8_t { kAdd, kDelete };

// Adds the range to `slots`. False, with the error written: one of them cannot be changed so.
bool Collect(const ClusterCall& call, SlotRange range, Change change, SlotSet& slots) {
  for (uint32_t at = range.first.value; at <= range.last.value; ++at) {
    const SlotId slot{static_cast<uint16_t>(at)};
    const bool owned = call.member.view().OwnerOf(slot) != nullptr;
    if (owned && change == Change::kAdd) {
      call.reply.Error(fmt::format("ERR Slot {} is already busy", at));
      return false;
    }
    if (!owned && change == Change::kDelete) {
      call.reply.Error(fmt::format("ERR Slot {} is already unassigned", at));
      return false;
    }
    if (!slots.Set(slot)) {
      call.reply.Error(fmt::format("ERR Slot {} specified multiple times", at));
      return false;
    }
  }
  return true;
}

void Carry(const ClusterCall& call, const SlotSet& slots, Change change) {
  const ClusterNode& self = call.member.view().self();
  // Valkey: binds them to the replica.
  if (!self.is_primary() && change == Change::kAdd) {
    return call.reply.Error("ERR Please use ADDSLOTS only with masters.");
  }
  call.member.SetOwner(slots, change == Change::kAdd ? self.id : NodeId(), call.now);
  call.reply.Ok();
}

void ChangeSlots(const ClusterCall& call, Change change) {
  std::vector<SlotId> named;
  for (size_t at = 2; at < call.words.size(); ++at) {
    const std::optional<SlotId> slot = SlotAt(call, at);
    if (!slot) return;
    named.push_back(*slot);
  }
  SlotSet slots;
  for (const SlotId slot : named) {
    if (!Collect(call, {slot, slot}, change, slots)) return;
  }
  Carry(call, slots, change);
}

void ChangeSlotRanges(const ClusterCall& call, Change change, std::string_view full_name) {
  if (call.words.size() % 2 == 1) {
    return call.reply.Error(
        fmt::format("ERR wrong number of arguments for '{}' command", full_name));
  }
  SlotSet slots;
  for (size_t at = 2; at < call.words.size(); at += 2) {
    const std::optional<SlotId> first = SlotAt(call, at);
    if (!first) return;
    const std::optional<SlotId> last = SlotAt(call, at + 1);
    if (!last) return;
    if (*first > *last) {
      return call.reply.Error(
          fmt::format("ERR start slot number {} is greater than end slot number {}", first->value,
                      last->value));
    }
    if (!Collect(call, {*first, *last}, change, slots)) return;
  }
  Carry(call, slots, change);
}

// ---- SETSLOT ----

constexpr Duration kSetSlotTimeout = Duration::Seconds(2);

struct SetSlotWords {
  enum class Action : uint8_t { kMigrating, kImporting, kStable, kNode };
  SlotId slot;
  Action action = Action::kStable;
  const ClusterNode* node = nullptr;  // null for kStable
  Duration timeout = kSetSlotTimeout;
};

// Who leads this node's shard; null: unknown.
const ClusterNode* PrimaryHere(const Topology& view) {
  return view.self().is_primary() ? &view.self() : view.Find(view.self().primary);
}

// The primary named at word 4. Null, with the error written: it is none.
const ClusterNode* TargetAt(const ClusterCall& call, std::string_view unknown_text) {
  const std::optional<NodeId> id = NodeId::Parse(call.words[4]);
  const ClusterNode* node = id ? call.member.view().Find(*id) : nullptr;
  if (node == nullptr) {
    call.reply.Error(fmt::format("ERR {} {}", unknown_text, UpToNul(call.words[4])));
    return nullptr;
  }
  if (node->is_primary()) return node;
  call.reply.Error("ERR Target node is not a master");
  return nullptr;
}

// The option TIMEOUT. False: the error is written.
bool ParseTimeout(const ClusterCall& call, size_t from, Duration* timeout) {
  for (size_t at = from; at < call.words.size(); ++at) {
    if (!WordIs(call.words[at], "timeout")) continue;
    if (at + 1 == call.words.size()) {
      call.reply.Error("ERR Missing timeout value");
      return false;
    }
    const std::optional<int64_t> timeout_ms = ParseInt64(call.words[at + 1]);
    if (!timeout_ms || *timeout_ms < 0) {
      call.reply.Error(timeout_ms ? "ERR timeout is negative"
                                  : "ERR timeout is not an integer or out of range");
      return false;
    }
    *timeout = Duration::Millis(*timeout_ms);
  }
  return true;
}

// False: the error is written.
bool MayOpen(const ClusterCall& call, SetSlotWords& words) {
  const Topology& view = call.member.view();
  const bool mine = view.OwnerOf(words.slot) == &view.self();
  const bool migrating = words.action == SetSlotWords::Action::kMigrating;
  if (migrating && view.self().is_primary() && !mine) {
    call.reply.Error(fmt::format("ERR I'm not the owner of hash slot {}", words.slot.value));
    return false;
  }
  if (!migrating && mine) {
    call.reply.Error(fmt::format("ERR I'm already the owner of hash slot {}", words.slot.value));
    return false;
  }
  words.node = TargetAt(call, "I don't know about node");
  return words.node != nullptr;
}

bool MayAssign(const ClusterCall& call, SetSlotWords& words) {
  const Topology& view = call.member.view();
  words.node = TargetAt(call, "Unknown node");
  if (words.node == nullptr) return false;
  const bool leaves = view.OwnerOf(words.slot) == &view.self() && words.node != &view.self();
  if (!leaves || call.host.KeysInSlot(words.slot, std::nullopt) == 0) return true;
  call.reply.Error(
      fmt::format("ERR Can't assign hashslot {} to a different node while I still hold keys for "
                  "this hash slot.",
                  words.slot.value));
  return false;
}

std::optional<SetSlotWords> ParseSetSlot(const ClusterCall& call) {
  using Action = SetSlotWords::Action;
  // A primary's order is repeated by its replicas.
  if (!call.member.view().self().is_primary() && !call.session.from_primary) {
    call.reply.Error("ERR Please use SETSLOT only with masters.");
    return std::nullopt;
  }
  const std::optional<SlotId> slot = SlotAt(call, 2);
  if (!slot) return std::nullopt;
  SetSlotWords words{.slot = *slot};
  const bool names_node = call.words.size() >= 5;
  bool good = false;
  size_t options_at = 5;
  if (names_node && WordIs(call.words[3], "migrating")) {
    words.action = Action::kMigrating;
    good = MayOpen(call, words);
  } else if (names_node && WordIs(call.words[3], "importing")) {
    words.action = Action::kImporting;
    good = MayOpen(call, words);
  } else if (WordIs(call.words[3], "stable")) {
    options_at = 4;
    good = true;
  } else if (names_node && WordIs(call.words[3], "node")) {
    words.action = Action::kNode;
    good = MayAssign(call, words);
  } else {
    call.reply.Error("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP");
  }
  if (!good || !ParseTimeout(call, options_at, &words.timeout)) return std::nullopt;
  return words;
}

void Assign(const ClusterCall& call, SlotId slot, const NodeId& owner) {
  Member& member = call.member;
  const Topology& view = member.view();
  const ClusterNode* mine = PrimaryHere(view);
  const bool was_mine = mine != nullptr && view.OwnerOf(slot) == mine;
  const bool imported = owner == view.self().id && member.importing().contains(slot);
  const bool closes_here =
      member.migrating().contains(slot) && call.host.KeysInSlot(slot, std::nullopt) == 0;
  const bool closes_at_replica = !view.self().is_primary() && mine != nullptr && owner == mine->id;
  if (closes_here || closes_at_replica) member.SetStable(slot);
  SlotSet slots;
  slots.Set(slot);
  member.SetOwner(slots, owner, call.now);
  if (imported) {
    // So that the claim is later than the source's.
    member.ClaimAbove(0);
    if (!NORN_PLANTED("B55")) member.TellAll(call.now);
  }
  // The shard's last slot went elsewhere: so does the shard.
  const bool empty = was_mine && !mine->owns_slots() && owner != mine->id;
  if (empty && member.options().allow_replica_migration) member.Replicate(owner, call.now);
}

}  // namespace

std::optional<SlotId> SlotAt(const ClusterCall& call, size_t at) {
  const std::optional<int64_t> value = ParseInt64(call.words[at]);
  if (value && *value >= 0 && *value < kSlotCount) return SlotId{static_cast<uint16_t>(*value)};
  call.reply.Error("ERR Invalid or out of range slot");
  return std::nullopt;
}

void AddSlots(const ClusterCall& call) { ChangeSlots(call, Change::kAdd); }
void DelSlots(const ClusterCall& call) { ChangeSlots(call, Change::kDelete); }
void AddSlotsRange(const ClusterCall& call) {
  ChangeSlotRanges(call, Change::kAdd, "cluster|addslotsrange");
}
void DelSlotsRange(const ClusterCall& call) {
  ChangeSlotRanges(call, Change::kDelete, "cluster|delslotsrange");
}

void FlushSlots(const ClusterCall& call) {
  if (call.host.KeyCount() > 0) {
    return call.reply.Error("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.");
  }
  const SlotSet slots = ToSet(call.member.view().self().slots);
  if (!slots.empty()) call.member.SetOwner(slots, NodeId(), call.now);
  call.reply.Ok();
}

void SetSlot(const ClusterCall& call) {
  const std::optional<SetSlotWords> words = ParseSetSlot(call);
  if (!words) return;
  switch (words->action) {
    case SetSlotWords::Action::kMigrating:
      call.member.SetMigrating(words->slot, words->node->id);
      break;
    case SetSlotWords::Action::kImporting:
      call.member.SetImporting(words->slot, words->node->id);
      break;
    case SetSlotWords::Action::kStable:
      call.member.SetStable(words->slot);
      break;
    case SetSlotWords::Action::kNode:
      Assign(call, words->slot, words->node->id);
      break;
  }
  call.reply.Ok();
}

// ---- keys ----

void KeySlot(const ClusterCall& call) { call.reply.Integer(cluster::KeySlot(call.words[2]).value); }

void CountKeysInSlot(const ClusterCall& call) {
  const std::optional<int64_t> slot = ParseInt64(call.words[2]);
  if (!slot) return call.reply.Error(kNotAnInteger);
  if (*slot < 0 || *slot >= kSlotCount) return call.reply.Error("ERR Invalid slot");
  const uint64_t keys = call.host.KeysInSlot(SlotId{static_cast<uint16_t>(*slot)}, call.session.db);
  call.reply.Integer(static_cast<int64_t>(keys));
}

void GetKeysInSlot(const ClusterCall& call) {
  const std::optional<int64_t> slot = ParseInt64(call.words[2]);
  if (!slot) return call.reply.Error(kNotAnInteger);
  const std::optional<int64_t> count_max = ParseInt64(call.words[3]);
  if (!count_max) return call.reply.Error(kNotAnInteger);
  if (*slot < 0 || *slot >= kSlotCount || *count_max < 0) {
    return call.reply.Error("ERR Invalid slot or number of keys");
  }
  const ReplyWriter::Deferred begun = call.reply.BeginDeferred();
  size_t count = 0;
  if (*count_max > 0) {
    call.host.VisitKeys(SlotId{static_cast<uint16_t>(*slot)}, call.session.db,
                        static_cast<size_t>(*count_max), [&](std::string_view key) {
                          call.reply.Bulk(key);
                          ++count;
                        });
  }
  call.reply.EndArray(begun, count);
}

// ---- SLOT-STATS; without cluster-slot-stats-enabled key counts only ----

namespace {

struct SlotCount {
  SlotId slot;
  uint64_t keys = 0;
  std::optional<ClusterHost::SlotUsage> usage = {};
};

using SlotUsages = std::optional<std::vector<ClusterHost::SlotUsage>>;

std::vector<SlotCount> CountsOfShard(const ClusterCall& call, const SlotUsages& usages,
                                     SlotRange range) {
  std::vector<SlotCount> counts;
  const ClusterNode* primary = PrimaryHere(call.member.view());
  if (primary == nullptr) return counts;
  for (const SlotId slot : ToSet(primary->slots)) {
    if (slot < range.first || slot > range.last) continue;
    counts.push_back({slot, call.host.KeysInSlot(slot, std::nullopt)});
    if (usages) counts.back().usage = (*usages)[slot.value];
  }
  return counts;
}

void ReplyCounts(const ClusterCall& call, const std::vector<SlotCount>& counts, size_t limit) {
  const size_t shown = std::min(limit, counts.size());
  call.reply.Array(shown);
  for (size_t i = 0; i < shown; ++i) {
    call.reply.Array(2);
    call.reply.Integer(counts[i].slot.value);
    const auto& usage = counts[i].usage;
    call.reply.Map(usage ? 4 : 1);
    call.reply.Bulk("key-count");
    call.reply.Integer(static_cast<int64_t>(counts[i].keys));
    if (!usage) continue;
    call.reply.Bulk("cpu-usec");
    call.reply.Integer(static_cast<int64_t>(usage->cpu_us));
    call.reply.Bulk("network-bytes-in");
    call.reply.Integer(static_cast<int64_t>(usage->input_bytes));
    call.reply.Bulk("network-bytes-out");
    call.reply.Integer(static_cast<int64_t>(usage->output_bytes));
  }
}

using Metric = uint64_t (*)(const SlotCount&);

// Null: there is no such thing, or nobody counts it.
Metric MetricOf(std::string_view name, bool counted) {
  if (WordIs(name, "key-count")) return [](const SlotCount& slot) { return slot.keys; };
  if (!counted) return nullptr;
  if (WordIs(name, "cpu-usec")) return [](const SlotCount& slot) { return slot.usage->cpu_us; };
  if (WordIs(name, "network-bytes-in")) {
    return [](const SlotCount& slot) { return slot.usage->input_bytes; };
  }
  if (WordIs(name, "network-bytes-out")) {
    return [](const SlotCount& slot) { return slot.usage->output_bytes; };
  }
  return nullptr;
}

void SlotStatsOfRange(const ClusterCall& call) {
  const std::optional<SlotId> first = SlotAt(call, 3);
  if (!first) return;
  const std::optional<SlotId> last = SlotAt(call, 4);
  if (!last) return;
  if (*first > *last) {
    return call.reply.Error(fmt::format(
        "ERR Start slot number {} is greater than end slot number {}", first->value, last->value));
  }
  ReplyCounts(call, CountsOfShard(call, call.host.SlotUsages(), {*first, *last}), kSlotCount);
}

struct OrderWords {
  int64_t limit = kSlotCount;
  bool descending = true;
};

// nullopt: the error is written.
std::optional<OrderWords> ParseOrder(const ClusterCall& call) {
  OrderWords order;
  int limits = 0;
  int directions = 0;
  for (size_t at = 4; at < call.words.size(); ++at) {
    if (WordIs(call.words[at], "limit") && at + 1 < call.words.size()) {
      const std::optional<int64_t> limit = ParseInt64(call.words[++at]);
      if (!limit || *limit < 1 || *limit > kSlotCount) {
        call.reply.Error("ERR Limit has to lie in between 1 and 16384 (maximum number of slots).");
        return std::nullopt;
      }
      order.limit = *limit;
      ++limits;
    } else if (WordIs(call.words[at], "asc") || WordIs(call.words[at], "desc")) {
      order.descending = WordIs(call.words[at], "desc");
      ++directions;
    } else {
      call.reply.Error(kSyntaxError);
      return std::nullopt;
    }
    if (limits > 1 || directions > 1) {
      call.reply.Error("ERR Multiple filters of the same type are disallowed.");
      return std::nullopt;
    }
  }
  return order;
}

void SlotStatsInOrder(const ClusterCall& call) {
  const SlotUsages usages = call.host.SlotUsages();
  const Metric metric = MetricOf(call.words[3], usages.has_value());
  if (metric == nullptr) {
    return call.reply.Error("ERR Unrecognized sort metric for ORDERBY.");
  }
  const std::optional<OrderWords> order = ParseOrder(call);
  if (!order) return;
  std::vector<SlotCount> counts = CountsOfShard(call, usages, {SlotId{0}, SlotId{kSlotCount - 1}});
  std::stable_sort(counts.begin(), counts.end(), [&](const SlotCount& a, const SlotCount& b) {
    return order->descending ? metric(a) > metric(b) : metric(a) < metric(b);
  });
  ReplyCounts(call, counts, static_cast<size_t>(order->limit));
}

}  // namespace

void SlotStats(const ClusterCall& call) {
  if (call.words.size() == 5 && WordIs(call.words[2], "slotsrange")) return SlotStatsOfRange(call);
  if (WordIs(call.words[2], "orderby")) return SlotStatsInOrder(call);
  ReplySyntax(call);
}

}  // namespace norn::cluster::cluster_command

namespace norn::cluster {

std::optional<Duration> CheckSetSlot(const ClusterCall& call) {
  const auto words = cluster_command::ParseSetSlot(call);
  return words ? std::optional(words->timeout) : std::nullopt;
}

}  // namespace norn::cluster
