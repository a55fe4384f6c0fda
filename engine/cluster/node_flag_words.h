#pragma once
// The words of node flags in nodes.conf and CLUSTER NODES, in the order in which they are written.

#include <array>
#include <string_view>

#include "engine/cluster/node_flags.h"

namespace norn::cluster {

struct FlagWord {
  NodeFlags flag;
  std::string_view word;
};

inline constexpr std::array<FlagWord, 8> kFlagWords = {{
    {node_flag::kMyself, "myself"},
    {node_flag::kPrimary, "master"},
    {node_flag::kReplica, "slave"},
    {node_flag::kPossiblyFailed, "fail?"},
    {node_flag::kFailed, "fail"},
    {node_flag::kHandshake, "handshake"},
    {node_flag::kNoAddress, "noaddr"},
    {node_flag::kNoFailover, "nofailover"},
}};

// Read too, never written.
inline constexpr std::array<FlagWord, 3> kOtherFlagWords = {{
    {node_flag::kPrimary, "primary"},
    {node_flag::kReplica, "replica"},
    {0, "noflags"},
}};

}  // namespace norn::cluster
