#pragma once
// Which story finds which planted mistake, and by which check: what `norn-sim plants` prints and ci/plants tries.

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/plant.h"

namespace norn::scenarios {

// A plant of engine/base/plant.h. `scenario`: a file, or the words of `norn-sim failover`, where nodes are too many to be played
// whole. "": no story tells it yet, which ci/plants says.
struct PlantStory {
  std::string_view id;
  std::string_view scenario;
  std::string_view checks;  // any of these, with " or " between
  // Where ci/plants begins: seeds before it do not show the mistake, and are not played each time.
  uint64_t first_seed = 1;
};

inline constexpr std::array<PlantStory, kPlants.size()> kPlantStories = {{
    {"B01", "scenarios/cluster/reparented.toml", "copied_promotions"},
    {"B03", "scenarios/cluster/takeover_ties.toml", "ties_go_to_data"},
    {"B06", "scenarios/cluster/old_nodes_k_of_n.toml", "bounded_outage", 90},
    {"B11", "scenarios/cluster/bumped_epochs.toml", "bounded_outage", 11},
    {"B12", "scenarios/cluster/old_nodes_only.toml", "verdicts_told"},
    {"B21", "failover --shards 50 --old-bus --patience-ms 6000", "over_in_time"},
    {"B27", "scenarios/cluster/bumped_epochs.toml", "one_claimant"},
    {"B28", "scenarios/cluster/manual_failover.toml", "backed_promotions or views_converge", 8},
    {"B35", "scenarios/cluster/formation_trouble.toml", "form"},
    {"B36", "scenarios/cluster/membership.toml", "forgotten_stays"},
    {"B41", "scenarios/durability/aof_always.toml", "durable_prefix"},
    {"B41-switch", "scenarios/durability/rewrite_under_load.toml",
     "start_or_reason or durable_prefix"},
    {"B42", "scenarios/replication/links.toml", "same_history_same_data or continue_along_history"},
    {"B45", "scenarios/replication/links.toml", "same_history_same_data or continue_along_history"},
    {"B47", "scenarios/cluster/restart_storm.toml", "bounded_full_syncs or replicas_converge"},
    {"B50", "scenarios/replication/primary_restarts.toml", "durable_prefix"},
    {"B51", "scenarios/replication/wait.toml", "wait_never_over_reports"},
    {"B55", "scenarios/cluster/reshard_quorum.toml",
     "slots_served or views_converge or one_claimant"},
    {"B58", "scenarios/cluster/slot_grant.toml", "one_writer or loss_model or one_order", 81},
    {"B63", "scenarios/durability/aof_tail.toml", "durable_prefix or start_or_reason"},
    {"B64", "scenarios/durability/aof_tail.toml", "durable_prefix or start_or_reason"},
    {"B68", "scenarios/cluster/old_nodes.toml", "form"},
    {"B69", "scenarios/cluster/old_nodes.toml", "bounded_outage", 29},
    {"B73", "scenarios/cluster/corrupt_bus.toml", "crash", 4},
}};

}  // namespace norn::scenarios
