#pragma once
// Mistakes that real servers shipped, planted on purpose, so that the simulator can prove that it finds them.
//
//   if (NORN_PLANTED("B63")) return last_command_end;  // instead of the last transaction's
//
// The preset `plants` compiles them in (-DNORN_PLANTS) and `norn-sim run --plant ID` chooses one; in every other build
// the condition is the constant false and nothing of the mistake remains. An id that is not in the table below does not
// compile. The numbers are those of the house's list of known mistakes; an id with a suffix is a second half of one.

#include <array>
#include <cstddef>
#include <string_view>

namespace norn {

struct PlantRow {
  std::string_view id;
  std::string_view summary;
};

inline constexpr std::array<PlantRow, 24> kPlants = {{
    {"B01", "a replica that follows another shard's primary goes on to count its old data"},
    {"B03", "two primaries of a shard with one epoch: the smaller id moves on, whatever its data"},
    {"B06", "who lost an election to another shard's winner waits for its next turn"},
    {"B11", "a candidate with an old config epoch is denied and not told of the newer one"},
    {"B12", "a replica that finds a quorum of suspicions keeps the verdict to itself"},
    {"B21", "suspected nodes have no precedence in gossip, which is 3 entries a beat"},
    {"B27", "the slots that a replica names after its primary's are taken for its own"},
    {"B28", "a claim that is found to be stale is believed all the same"},
    {"B35", "a MEET is sent once, and not again when its link breaks before the answer"},
    {"B36", "gossip brings a node back that was forgotten a moment ago"},
    {"B41", "appendfsync always answers a write before the sync that makes it durable"},
    {"B41-switch",
     "the append-only log's manifest is renamed into place without a sync of its bytes"},
    {"B42", "the replication offset counts only what was logged, not PING and REPLCONF"},
    {"B45", "a dual-channel full sync does not take over the primary's replid and offset"},
    {"B47", "REPLCONF version is not told on the copy's own connection"},
    {"B50",
     "a primary that restarts without data serves at once as the primary of its old replicas"},
    {"B51", "WAIT compares acknowledgements with offset 0 instead of the client's last write"},
    {"B55", "a slot's new owner is known to the primary before its replicas know"},
    {"B58", "a source that granted its slots serves them again when the target is silent"},
    {"B63", "a truncated append-only log is cut after a command inside an open MULTI"},
    {"B64", "replay of MULTI reuses the place of the previous command's key"},
    {"B68", "ping extensions are sent to nodes that do not say that they know them"},
    {"B69", "short beats are sent to nodes that do not say that they know them"},
    {"B73", "the length of a ping extension is checked in 16 bits and used in 32"},
}};

// The row's index; kPlants.size(): no such id.
constexpr size_t FindPlant(std::string_view id) {
  size_t i = 0;
  while (i < kPlants.size() && kPlants[i].id != id) ++i;
  return i;
}

// FindPlant at compile time, where an unknown id is an error.
consteval size_t RequirePlant(std::string_view id) {
  const size_t index = FindPlant(id);
  if (index == kPlants.size()) throw "not in kPlants";
  return index;
}

#ifdef NORN_PLANTS
inline constexpr bool kPlantsCompiledIn = true;
// The one thing in the house that is the same for all of a process: chosen once, at its start.
bool PlantIsChosen(size_t index);
#define NORN_PLANTED(id) (::norn::PlantIsChosen(::norn::RequirePlant(id)))
#else
inline constexpr bool kPlantsCompiledIn = false;
#define NORN_PLANTED(id) (::norn::RequirePlant(id) == ::norn::kPlants.size())
#endif

// Chooses, before anything of the engine runs. Requires: kPlantsCompiledIn, index < kPlants.size().
void ChoosePlant(size_t index);

}  // namespace norn
