#include "scenarios/cluster/reigns.h"

#include <algorithm>
#include <tuple>

namespace norn::scenarios {
namespace {

// Executors other than the first learn of the end of a reign a moment later.
constexpr int64_t kGraceNs = 10'000'000;

}  // namespace

void Reigns::Rules(NodeNumber node, uint64_t epoch, const cluster::SlotSet& slots, int64_t now_ns) {
  Ruling& ruling = ruling_.try_emplace(node, Ruling{now_ns, {}}).first->second;
  cluster::SlotSet had;
  for (const ReignNumber number : ruling.reigns) had |= reigns_[number].slots;
  if (had == slots) return;
  cluster::SlotSet gained = slots;
  gained -= had;
  had -= slots;
  if (!had.empty()) GiveUp(ruling, had, now_ns);
  if (gained.empty()) return;
  ruling.reigns.push_back(reigns_.size());
  of_node_[node].push_back(reigns_.size());
  reigns_.push_back({node, epoch, now_ns, kNeverNs, gained, ruling.since_ns});
}

// Their part of each reign becomes one of its own that is over.
void Reigns::GiveUp(Ruling& ruling, const cluster::SlotSet& lost, int64_t now_ns) {
  for (const ReignNumber number : ruling.reigns) {
    if (!reigns_[number].slots.Intersects(lost)) continue;
    Reign over = reigns_[number];
    over.slots &= lost;
    over.end_ns = now_ns;
    over.given_up = true;
    reigns_[number].slots -= lost;
    of_node_[over.node].push_back(reigns_.size());
    reigns_.push_back(std::move(over));
  }
}

void Reigns::Ends(NodeNumber node, int64_t now_ns) {
  const auto ruling = ruling_.find(node);
  if (ruling == ruling_.end()) return;
  for (const ReignNumber number : ruling->second.reigns) reigns_[number].end_ns = now_ns;
  ruling_.erase(ruling);
}

bool Reigns::MovedUnhurt(SlotId slot, const Reign& before, const Reign& after) const {
  const auto moves = moves_.find(slot);
  if (moves == moves_.end() || !before.given_up) return false;
  // The one that led to `after` is the last before it.
  int64_t began_ns = -1;
  for (const int64_t at_ns : moves->second) {
    if (at_ns <= after.begin_ns) began_ns = at_ns;
  }
  return began_ns >= 0 && before.begin_ns <= began_ns && after.primary_since_ns <= began_ns;
}

bool Reigns::KeyMovesBetween(SlotId slot, const Reign& before, const Reign& after) const {
  const auto moves = key_moves_.find(slot);
  return moves != key_moves_.end() && std::ranges::any_of(moves->second, [&](int64_t at_ns) {
           return before.begin_ns < at_ns && at_ns <= after.begin_ns;
         });
}

std::optional<ReignNumber> Reigns::Of(NodeNumber node, SlotId slot, int64_t from_ns,
                                      int64_t to_ns) const {
  const auto of_node = of_node_.find(node);
  if (of_node == of_node_.end()) return std::nullopt;
  std::optional<ReignNumber> found;
  for (const ReignNumber number : of_node->second) {
    const Reign& reign = reigns_[number];
    const bool over = reign.end_ns != kNeverNs && reign.end_ns + kGraceNs < from_ns;
    if (over || reign.begin_ns > to_ns || !reign.slots.Contains(slot)) continue;
    if (found) return std::nullopt;
    found = number;
  }
  return found;
}

std::vector<ReignNumber> Reigns::Succession(SlotId slot) const {
  std::vector<ReignNumber> line;
  for (ReignNumber i = 0; i < reigns_.size(); ++i) {
    if (reigns_[i].slots.Contains(slot)) line.push_back(i);
  }
  std::sort(line.begin(), line.end(), [this](ReignNumber a, ReignNumber b) {
    return std::tie(reigns_[a].epoch, reigns_[a].begin_ns, a) <
           std::tie(reigns_[b].epoch, reigns_[b].begin_ns, b);
  });
  return line;
}

}  // namespace norn::scenarios
