#pragma once
// Cuts a history into partitions that can be judged apart: one for each epoch (life of the node between crashes),
// database and group of keys. What each operation means for each partition is an Action of the model.
//
// Sound: every cut only forgets. A history that is linearizable as a whole stays so in every partition.
//   - A node restarts empty, so an epoch begins with no keys. An operation belongs to the epoch in which its connection
//     was made, and takes effect before the crash that ends it, or never.
//   - Commands over several keys take them from one group, so they stay whole. FLUSHALL, FLUSHDB and KEYS are one step
//     in each group; that groups change together is not checked.
//   - SCAN is no single step: a key that a call returned was there at some instant of the call; one that a whole
//     iteration left out was away at some instant of the iteration.
//   - A connection's commands on one key take effect in the order sent. Those on different keys may not: they may run
//     on different shards at once, though their replies come in order.

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/history.h"
#include "scenarios/model.h"
#include "scenarios/wgl.h"

namespace norn::scenarios {

struct Partition {
  uint32_t epoch = 0;
  uint32_t db = 0;
  uint32_t group = 0;
  std::vector<Action> actions;  // in order of the operations that they come from
  std::vector<Interval> intervals;

  std::string Name() const;
};

struct Partitioned {
  std::vector<Partition> partitions;
  // Replies that no order can explain: a dead node's, or one that is not of the command's form.
  std::vector<std::string> impossible;
};

// The actions point into `history`, which must outlive them.
Partitioned MakePartitions(const History& history, const KeyUniverse& universe);

}  // namespace norn::scenarios
