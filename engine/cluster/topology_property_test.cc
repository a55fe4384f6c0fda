// Several views that tell each other, over links that lose, repeat and delay: whatever happened, once all hear all again they
// believe the same.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "engine/cluster/topology.h"
#include "engine/cluster/topology_testing.h"

namespace norn::cluster {
namespace {

using namespace testing;

struct World {
  int size;
  std::vector<std::unique_ptr<Topology>> views;
  std::deque<std::pair<int, Claim>> flying;  // to whom
  std::vector<uint64_t> last_epochs;

  explicit World(int nodes) : size(nodes), last_epochs(static_cast<size_t>(nodes), 0) {
    for (int i = 1; i <= nodes; ++i) {
      views.push_back(std::make_unique<Topology>(Node(i), Shard(ShardOf(i)), TopologyOptions{}));
      Topology& view = *views.back();
      for (int j = 1; j <= nodes; ++j) view.Add(Member(j, ShardOf(j)), At(0));
      for (int shard = 1; shard <= Shards(); ++shard) view.SetOwner(PartOf(shard), Node(shard));
      if (i > Shards()) view.FollowPrimary(Node(ShardOf(i)));
    }
  }
  int Shards() const { return size / 2; }
  int ShardOf(int node) const { return (node - 1) % Shards() + 1; }
  SlotSet PartOf(int shard) const {
    const int part = static_cast<int>(kSlotCount) / Shards();
    return Slots((shard - 1) * part, shard == Shards() ? 16383 : shard * part - 1);
  }
  Topology& View(int node) { return *views[static_cast<size_t>(node - 1)]; }

  void Tell(int from, int to) { flying.emplace_back(to, View(from).OwnClaim()); }
  void Deliver(int to, const Claim& claim, int now) {
    const TopologyEffects effects = View(to).ApplyClaim(claim, At(now));
    for (const auto& update : effects.updates) {
      const Topology& mine = View(to);
      const ClusterNode& about = *mine.Find(update.about);
      for (auto& view : views) {
        if (view->self().id != update.to) continue;
        view->ApplyUpdate(about.id, about.config_epoch, mine.SlotsToTell(about));
      }
    }
    RC_ASSERT(View(to).self().is_primary() || !View(to).self().owns_slots());  // T3
    uint64_t& last = last_epochs[static_cast<size_t>(to - 1)];
    RC_ASSERT(View(to).current_epoch() >= last);  // T2
    last = View(to).current_epoch();
  }
  void Promote(int node) {
    if (View(node).self().is_primary()) return;
    View(node).BumpEpoch();
    View(node).TakeOver(View(node).current_epoch());
  }
  void AllTellAll(int now) {
    for (int from = 1; from <= size; ++from) {
      for (int to = 1; to <= size; ++to) {
        if (from != to) Deliver(to, View(from).OwnClaim(), now);
      }
    }
  }
};

RC_GTEST_PROP(TopologyProperty, ViewsConverge, ()) {
  World world(*rc::gen::inRange(4, 8));
  for (int step = 0; step < 80; ++step) {
    const int from = *rc::gen::inRange(1, world.size + 1);
    const int to = *rc::gen::inRange(1, world.size + 1);
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        world.Promote(from);
        break;
      case 1:
      case 2:
      case 3:
        if (from != to) world.Tell(from, to);
        break;
      default: {
        if (world.flying.empty()) break;
        const size_t pick = *rc::gen::inRange<size_t>(0, world.flying.size());
        const auto [target, claim] = world.flying[pick];
        world.Deliver(target, claim, step);
        // One in two stays and comes again.
        if (*rc::gen::inRange(0, 2) == 0) {
          world.flying.erase(world.flying.begin() + static_cast<int64_t>(pick));
        }
      }
    }
  }
  for (int round = 0; round < 3 * world.size; ++round) world.AllTellAll(1000 + round);
  std::set<uint64_t> epochs;
  for (int i = 1; i <= world.size; ++i) {
    const Topology& view = world.View(i);
    for (uint32_t slot = 0; slot < kSlotCount; slot += 97) {
      const SlotId id{static_cast<uint16_t>(slot)};
      RC_ASSERT(view.OwnerOf(id) != nullptr);
      RC_ASSERT(view.OwnerOf(id)->id == world.View(1).OwnerOf(id)->id);  // I12
      RC_ASSERT(view.OwnerOf(id)->is_primary());
    }
    for (const auto& [id, node] : view.nodes()) {
      RC_ASSERT(node.primary == world.View(1).Find(id)->primary);
    }
    if (view.self().is_primary()) {
      RC_ASSERT(epochs.insert(view.self().config_epoch).second);  // I5
      RC_ASSERT(view.self().owns_slots());                        // I15
    } else {
      RC_ASSERT(view.Find(view.self().primary)->is_primary());  // I14
    }
  }
}

}  // namespace
}  // namespace norn::cluster
