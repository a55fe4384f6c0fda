#pragma once
// What must hold of the writes of a cluster's clients: within a reign one order that all replies show (one_order); between
// reigns the declared loss: what a new primary did not have is gone, and it is the end of what its predecessor took
// (loss_model, G1), without what every replica had (waited_survives), and for good (no_resurrection, G2); and no two nodes took
// writes of a slot by turns (one_writer). Pure: reads a history and the reigns, complains into the tallies.

#include <cstdint>
#include <functional>

#include "scenarios/checks.h"
#include "scenarios/cluster/cluster_history.h"
#include "scenarios/cluster/reigns.h"

namespace norn::scenarios {

// What became of acknowledged writes.
struct WriteFate {
  uint64_t survived = 0;  // in the last list that was seen of their key
  uint64_t lost = 0;
};

struct JudgeOptions {
  // Whether what `node` had in memory at `from_ns` may be gone at `to_ns`: its process ended in between.
  std::function<bool(NodeNumber node, int64_t from_ns, int64_t to_ns)> forgot;
  // A node that comes back empty may keep its role: a loss without a change of primary is allowed.
  bool restarts_lose = false;
};

WriteFate JudgeWrites(const ClusterHistory& history, const Reigns& reigns,
                      const JudgeOptions& options, CheckTallies& tallies);

}  // namespace norn::scenarios
