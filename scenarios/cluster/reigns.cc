#include "scenarios/cluster/reigns.h"

#include <algorithm>
#include <tuple>

namespace norn::scenarios {
namespace {

// Executors other than the first learn of the end of a reign a moment later.
constexpr int64_t kGraceNs = 10'000'000;

}  // namespace

void Reigns::Rules(NodeNumber node, uint64_t epoch, const cluster::SlotSet& slots, int64_t now_ns) {
  const auto [ruling, begins] = ruling_.try_emplace(node, reigns_.size());
  if (begins) {
    of_node_[node].push_back(reigns_.size());
    reigns_.push_back({node, epoch, now_ns, kNeverNs, slots});
  } else if (Reign& reign = reigns_[ruling->second]; !(reign.slots == slots)) {
    reign.slots |= slots;
  }
}

void Reigns::Ends(NodeNumber node, int64_t now_ns) {
  const auto ruling = ruling_.find(node);
  if (ruling == ruling_.end()) return;
  reigns_[ruling->second].end_ns = now_ns;
  ruling_.erase(ruling);
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
