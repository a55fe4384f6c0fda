#pragma once
// Which story finds which planted mistake, and by which check: what `norn-sim plants` prints and ci/plants tries.

#include <array>
#include <string_view>

#include "engine/base/plant.h"

namespace norn::scenarios {

// A plant of engine/base/plant.h. `scenario` "": no story tells it yet, which ci/plants counts as missed.
struct PlantStory {
  std::string_view id;
  std::string_view scenario;
  std::string_view checks;  // any of these, with " or " between
};

inline constexpr std::array<PlantStory, kPlants.size()> kPlantStories = {{
    {"B41", "scenarios/durability/aof_always.toml", "durable_prefix"},
    {"B41-switch", "scenarios/durability/rewrite_under_load.toml",
     "start_or_reason or durable_prefix"},
    {"B42", "scenarios/replication/links.toml", "same_history_same_data or continue_along_history"},
    {"B45", "scenarios/replication/links.toml", "same_history_same_data or continue_along_history"},
    {"B50", "scenarios/replication/primary_restarts.toml", "durable_prefix"},
    {"B51", "scenarios/replication/wait.toml", "wait_never_over_reports"},
    {"B55", "scenarios/cluster/reshard.toml",
     "views_converge or slots_served or one_writer or one_claimant or loss_model or finish"},
    {"B58", "scenarios/cluster/slot_migration.toml",
     "one_order or loss_model or one_writer or one_claimant or no_resurrection"},
    {"B63", "scenarios/durability/aof_tail.toml", "durable_prefix or start_or_reason"},
    {"B64", "scenarios/durability/aof_tail.toml", "durable_prefix"},
}};

}  // namespace norn::scenarios
