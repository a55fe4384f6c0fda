#include "scenarios/cluster/agreement.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace norn::scenarios {
namespace {

using cluster::ClusterNode;
using cluster::Member;
using cluster::NodeId;

std::string Short(const NodeId& id) { return id.empty() ? "none" : id.str().substr(0, 8); }

std::string Owner(const cluster::Topology& view, SlotId slot) {
  const ClusterNode* const owner = view.OwnerOf(slot);
  return owner == nullptr ? "nobody's"
                          : fmt::format("{}'s by epoch {}", Short(owner->id), owner->config_epoch);
}

// The first slot that the two give to different nodes.
std::string SlotsApart(const cluster::Topology& mine, const cluster::Topology& yours) {
  for (uint16_t i = 0; i < kSlotCount; ++i) {
    const std::string here = Owner(mine, SlotId{i});
    const std::string there = Owner(yours, SlotId{i});
    if (here != there) return fmt::format("slot {} is {} or {}", i, here, there);
  }
  return "";
}

std::string Compare(const ClusterNode& mine, const ClusterNode& yours) {
  if (mine.primary != yours.primary) {
    return fmt::format("follows {} or {}", Short(mine.primary), Short(yours.primary));
  }
  if (mine.shard != yours.shard) return "is of two shards";
  if (mine.slots != yours.slots) {
    return fmt::format("has {} or {} slots", mine.slot_count, yours.slot_count);
  }
  if (mine.is_primary() && mine.config_epoch != yours.config_epoch) {
    return fmt::format("has config epoch {} or {}", mine.config_epoch, yours.config_epoch);
  }
  return "";
}

// What is wrong with one view, which all have.
std::string Flaw(const Member& member) {
  const cluster::Topology& view = member.view();
  uint32_t owned = 0;
  std::map<cluster::ClusterShardId, NodeId> primaries;
  std::map<uint64_t, NodeId> epochs;
  for (const auto& [id, node] : view.nodes()) {
    // Who died and was replaced has nothing to say.
    if (!node.is_primary() || (!node.owns_slots() && node.health != cluster::Health::kUp)) continue;
    owned += node.slot_count;
    const auto [first, alone] = primaries.try_emplace(node.shard, id);
    if (!alone) {
      return fmt::format("{} ({} slots) and {} ({} slots) are primaries of one shard", Short(id),
                         node.slot_count, Short(first->second),
                         view.Find(first->second)->slot_count);
    }
    if (!epochs.try_emplace(node.config_epoch, id).second) {
      return fmt::format("{} and {} have config epoch {}", Short(id),
                         Short(epochs[node.config_epoch]), node.config_epoch);
    }
  }
  for (const auto& [id, node] : view.nodes()) {
    if (node.is_primary() || node.health != cluster::Health::kUp) continue;
    const ClusterNode* const primary = view.Find(node.primary);
    if (primary == nullptr || !primary->is_primary()) {
      return fmt::format("{} follows {}, which is no primary", Short(id), Short(node.primary));
    }
    if (primary->shard != node.shard) return Short(id) + " is of another shard than its primary";
  }
  if (owned != kSlotCount) return fmt::format("{} slots have owners", owned);
  return view.state().ok ? "" : "the cluster is not ok";
}

}  // namespace

std::string Disagreement(const std::vector<AgreementNode>& nodes) {
  std::set<NodeId> names;
  std::set<NodeId> dead;
  const Member* reference = nullptr;
  for (const AgreementNode& node : nodes) {
    names.insert(node.member != nullptr ? node.member->view().self().id : node.id);
    if (node.member == nullptr) dead.insert(node.id);
    if (reference == nullptr) reference = node.member;
  }
  for (const AgreementNode& node : nodes) {
    if (node.member == nullptr) continue;
    const cluster::Topology& view = node.member->view();
    const std::string who = Short(view.self().id) + ": ";
    for (const NodeId& name : names) {
      if (view.Find(name) == nullptr) return who + "does not know " + Short(name);
    }
    for (const auto& [id, seen] : view.nodes()) {
      if (!names.contains(id)) return who + "knows " + Short(id) + ", which is nobody";
      const ClusterNode* const by_reference = reference->view().Find(id);
      if (by_reference == nullptr) continue;
      const std::string differs = Compare(*by_reference, seen);
      if (!differs.empty()) {
        return fmt::format("{} says of {} what {} does not: {} {}", who, Short(id),
                           Short(reference->view().self().id), differs,
                           SlotsApart(reference->view(), view));
      }
      const bool failed = seen.health == cluster::Health::kFailed;
      const bool up = seen.health == cluster::Health::kUp;
      if (dead.contains(id) ? !failed : !up) {
        return who + Short(id) + (dead.contains(id) ? " is not failed" : " is not up");
      }
    }
    const std::string flaw = Flaw(*node.member);
    if (!flaw.empty()) return who + flaw;
  }
  return "";
}

}  // namespace norn::scenarios
