#pragma once
// nodes.conf: what a node must remember to be itself after a restart. Its name, whom it knows, who owns what, the epoch that
// it has seen and the one that it last voted in (I3, I5: saved for good before a vote is sent; B41).
//
// The text is Valkey 8.1's; what Redis 3.0 and later wrote is read too. It is replaced as a whole: a crash leaves the file of
// before or the new one.
//
// Two nodes must never share the file. Who opens a node's folder sees to that, with a lock on a file that is not this one:
// saving replaces the file, and a lock stays with the old one. (Valkey: locks the file itself, and holds nothing after a save.)

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cluster/node_line.h"
#include "engine/env/disk.h"

namespace norn::cluster {

//   I1  exactly one node is marked myself, and no name occurs twice
//   I2  no slot has two owners
//   I3  current_epoch is at least every primary's config_epoch
// A file that is read obeys them. One that is written must.
struct NodesFile {
  std::vector<NodeLine> nodes{};  // in the file's order
  uint64_t current_epoch = 0;
  uint64_t last_vote_epoch = 0;
  // What only a norn node remembers (NornMemoryText); empty: nothing.
  std::string norn{};

  const NodeLine& Myself() const;

  bool operator==(const NodesFile&) const = default;
};

// Nodes in handshake are left out: their names are not theirs yet.
std::string NodesFileText(const NodesFile& file);

// What cannot be is put right as Valkey does it: of two owners of a slot the first has it; the current epoch is raised to the
// largest one; a replica is of its primary's shard. InvalidArgument: "line 3, word 4 "x": why", or what is missing: a node
// marked myself, the line of vars (without which votes would be forgotten).
absl::StatusOr<NodesFile> ParseNodesFile(std::string_view text, bool is_tls_cluster);

// Parks. NotFound: there is none, or an empty one, and the node is new. InvalidArgument as above, with the path. Others: the disk's.
absl::StatusOr<NodesFile> LoadNodesFile(env::Disk& disk, const std::string& path,
                                        bool is_tls_cluster);

struct NodesFileName {
  std::string path;
  std::string temporary_name;  // in the same folder, while it is written: "nodes.conf.tmp-<pid>"
};

// Parks. Once it returns Ok the file survives a crash. On an error the old file is there, or, when only the last step failed,
// perhaps the new one: a node that goes on must not act on what it could not save.
absl::Status SaveNodesFile(env::Disk& disk, const NodesFileName& name, const NodesFile& file);

}  // namespace norn::cluster
