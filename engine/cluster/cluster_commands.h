#pragma once
// CLUSTER, as clients and tools (redis-cli --cluster) say it: words in, orders to the Member and one reply out. What it is to be
// a member, and what an order leads to, is member.h's; here stands what the words mean, what is refused and how answers look,
// byte for byte as Valkey 8.1 has them.
//
// The carrier (net/cluster.h) calls it between two events of the member, then carries out the member's actions. A reply to an
// order must not leave before Member::file_version() is durable.
//
// Runs on: executor 0. Never parks.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/cluster/member.h"
#include "engine/env/entropy.h"
#include "engine/keyspace/entry.h"
#include "engine/session/session.h"

namespace norn::cluster {

// What subcommands ask of the node around the member. Those about keys are asked only by subcommands of Placement::kAllShards (table.cc of engine/commands), so that
// every shard's token is held.
class ClusterHost {
 public:
  virtual ~ClusterHost() = default;

  // In one database; nullopt: in all of them. Expired keys that are still there count.
  virtual uint64_t KeysInSlot(SlotId slot, std::optional<DbIndex> db) = 0;
  virtual void VisitKeys(SlotId slot, DbIndex db, size_t count_max,
                         absl::FunctionRef<void(std::string_view key)> visit) = 0;
  // In all databases.
  virtual uint64_t KeyCount() = 0;
  // Calls visit(entry) for at least `count` entries of the slot, or all that are left, from `position` on (0: the start), expired
  // ones too; returns where to go on, 0 at the end. As Db::Scan.
  virtual uint64_t ScanSlot(SlotId slot, DbIndex db, uint64_t position, size_t count,
                            absl::FunctionRef<void(const Entry& entry)> visit) = 0;
  // The same as long as positions of ScanSlot mean the same, and another number at any other node.
  virtual uint64_t ScanFingerprint() = 0;

  // What commands on a slot's keys cost since it is this shard's.
  struct SlotUsage {
    uint64_t cpu_us = 0;
    uint64_t input_bytes = 0;
    uint64_t output_bytes = 0;
  };
  // By slot; nullopt: nobody counts (cluster-slot-stats-enabled). Parks.
  virtual std::optional<std::vector<SlotUsage>> SlotUsages() = 0;

  // Of a bus link's unsent bytes.
  struct SendBuffer {
    uint64_t allocated_bytes = 0;
    uint64_t used_bytes = 0;
  };
  virtual SendBuffer SendBufferOf(LinkId link) = 0;
  // How many links were dropped at cluster-link-sendbuf-limit.
  virtual uint64_t links_over_limit() = 0;
};

struct ClusterCall {
  Member& member;
  env::Entropy& entropy;
  ClusterHost& host;
  const Session& session;
  std::span<const std::string_view> words;  // of the whole command, at least two
  Instant now;
  WallTime wall;
  ReplyWriter& reply;
};

// Writes exactly one reply.
void RunClusterCommand(const ClusterCall& call);

// CLUSTER SETSLOT is first told to the shard's replicas and then carried out here (G14), so that what was answered with OK
// outlives its primary: the carrier asks whether it is a good one, has the replicas acknowledge it within the time returned,
// and calls RunClusterCommand. nullopt: it is not, and the error is written. Zero: there is no limit. Requires: every token.
std::optional<Duration> CheckSetSlot(const ClusterCall& call);

// The lines of CLUSTER INFO, each with its end.
std::string ClusterInfo(const Member& member, uint64_t links_over_limit);

}  // namespace norn::cluster
