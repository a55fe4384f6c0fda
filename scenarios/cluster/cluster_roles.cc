#include "scenarios/cluster/cluster_roles.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace norn::scenarios {

ClusterRoles::ClusterRoles(std::vector<ServerHost*> hosts)
    : hosts_(std::move(hosts)), seen_(hosts_.size()) {}

std::string ClusterRoles::NameOf(const cluster::NodeId& id) const {
  const auto lane = lanes_.find(id);
  if (lane == lanes_.end()) return std::string(id.str().substr(0, 8));
  return std::string(hosts_[lane->second]->node()->name());
}

int64_t ClusterRoles::FreeNumber(size_t lane) const {
  const auto taken = [this](int64_t number) {
    return std::any_of(shards_.begin(), shards_.end(),
                       [number](const auto& shard) { return shard.second == number; });
  };
  auto number = static_cast<int64_t>(lane);
  while (taken(number)) ++number;
  return number;
}

std::optional<Timeline::State> ClusterRoles::Of(size_t lane) {
  const cluster::Member* const member = hosts_[lane]->member();
  if (member == nullptr) return std::nullopt;
  Seen& seen = seen_[lane];
  if (seen.member == member && seen.file_version == member->file_version() &&
      seen.routes_version == member->routes_version() && seen.shards == shards_.size()) {
    return std::nullopt;
  }
  const cluster::ClusterNode& self = member->view().self();
  lanes_[self.id] = lane;
  const bool rules = self.is_primary() && self.owns_slots();
  if (rules && !shards_.contains(self.shard)) shards_[self.shard] = FreeNumber(lane);
  seen = {member, member->file_version(), member->routes_version(), shards_.size()};
  const auto shard = shards_.find(self.shard);
  Timeline::State state;
  state.value = rules ? "primary" : self.is_primary() ? "empty" : "replica";
  state.shard = shard == shards_.end() ? -1 : shard->second;
  state.epoch = self.config_epoch;
  state.words = rules               ? fmt::format("{} slots", self.slot_count)
                : self.is_primary() ? "a primary without slots"
                                    : "follows " + NameOf(self.primary);
  return state;
}

}  // namespace norn::scenarios
