#pragma once
// The kinds of hardship, one row each, and what a scenario says about one: how often, for how long, how much. A new kind is a
// value, a row here and a case in the injector.

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/prng.h"

namespace norn::faults {

// Both included; low <= high.
struct Range {
  int64_t low = 0;
  int64_t high = 0;
  int64_t Draw(Prng& prng) const { return prng.Between(low, high); }
  bool operator==(const Range&) const = default;
};

// In the order of kFaultRows. Append only: which kinds a swarm spares is drawn in this order.
enum class FaultKind : uint8_t {
  kReset,
  kSlowLink,
  kHalfOpen,
  kPartition,
  kCrash,
  kPause,
  kKill,
  kPowerLoss,
  kTornWrites,
  kReorderedWrites,
  kIoError,
  kFailingSync,
  kLyingSync,
  kDiskFull,
  kBitRot,
  kSlowDisk,
  kLinkKill,
  kPromote,
  kRefollow,
  kWipe,
  kDiskSwap,
  kHostDead,
  kZone,
  kMajority,
  kKPrimaries,
  kPrimaryAndReplica,
  kPartitionBoth,
  kPartialPartition,
  kSplit,
  kMajoritiesRing,
  kIsolate,
  kSwizzle,
  kLoss,
  kBandwidth,
  kRefused,
  kCorrupt,
  kClientsCut,
  kClockOffset,
  kClockStep,
  kClockJump,
  kClockDrift,
  kClockFreeze,
  kMemoryPressure,
};
inline constexpr size_t kFaultKinds = 43;

// How often one kind happens, and within which bounds each is drawn; `every` 0: never.
struct FaultRule {
  Range every_ns{0, 0};
  Range lasts_ns{0, 0};
  Range latency_ns{0, 0};
  Range amount{1, 1};  // what it counts: FaultRow::amount_key
  bool enabled() const { return every_ns.high > 0; }
};
using FaultRules = std::array<FaultRule, kFaultKinds>;

struct FaultRow {
  FaultKind kind;
  std::string_view name;
  std::string_view doc;
  bool lasts = false;
  bool latency = false;
  // A number that this kind needs: its key ("": none), its greatest value, its meaning.
  std::string_view amount_key = {};
  int64_t amount_max = 0;
  std::string_view amount_doc = {};
};

inline constexpr std::string_view kDeathDoc =
    "disk operations from then on, before or after the last of which it dies; 0: at once";

inline constexpr std::array<FaultRow, kFaultKinds> kFaultRows = {{
    {FaultKind::kReset, "reset", "a random connection is reset at both ends"},
    {FaultKind::kSlowLink, "slow_link", "one client's link takes `latency` longer for `lasts`",
     true, true},
    {FaultKind::kHalfOpen, "half_open", "one end of a random connection vanishes without a word"},
    {FaultKind::kPartition, "partition", "nothing passes one direction of a link for `lasts`",
     true},
    {FaultKind::kCrash, "crash", "the node dies, and starts again, empty, after `lasts`", true},
    {FaultKind::kPause, "pause", "the node stands still for `lasts`", true},
    {FaultKind::kKill, "kill",
     "the process dies at a disk operation; its files are as it left them", true, false,
     "operations", 1'000'000, kDeathDoc},
    {FaultKind::kPowerLoss, "power_loss",
     "the machine dies at a disk operation, with all unsynced bytes", true, false, "operations",
     1'000'000, kDeathDoc},
    {FaultKind::kTornWrites, "torn_writes",
     "likewise, but of each file's unsynced sectors the first few survive", true, false,
     "operations", 1'000'000, kDeathDoc},
    {FaultKind::kReorderedWrites, "reordered_writes",
     "likewise, but any of the unsynced sectors survive", true, false, "operations", 1'000'000,
     kDeathDoc},
    {FaultKind::kIoError, "io_error", "the device fails calls", false, false, "calls", 1000,
     "that many in a row"},
    {FaultKind::kFailingSync, "failing_sync", "syncs fail, and lose some of what they were to save",
     false, false, "calls", 1000, "that many in a row"},
    {FaultKind::kLyingSync, "lying_sync", "for `lasts` syncs answer without doing anything", true},
    {FaultKind::kDiskFull, "disk_full", "for `lasts` the disk has hardly any room", true, false,
     "room", 1 << 30, "bytes that still fit"},
    {FaultKind::kBitRot, "bit_rot", "one bit near the end of a random file flips", false, false,
     "tail", 1 << 30, "how many bytes from the end it is at most"},
    {FaultKind::kSlowDisk, "slow_disk", "for `lasts` every disk operation takes `latency` longer",
     true, true},
    {FaultKind::kLinkKill, "link_kill", "CLIENT KILL of the replication links of a random node"},
    {FaultKind::kPromote, "promote",
     "REPLICAOF NO ONE on a random replica; then the others follow it"},
    {FaultKind::kRefollow, "refollow", "a random replica follows another node"},
    {FaultKind::kWipe, "wipe", "the machine dies, and comes back after `lasts` with an empty disk",
     true},
    {FaultKind::kDiskSwap, "disk_swap",
     "two nodes die, and start again after `lasts` with each other's disk", true},
    {FaultKind::kHostDead, "host_dead",
     "the machine dies; for `lasts` nothing answers, not even a refusal", true},
    {FaultKind::kZone, "zone",
     "all nodes of a zone die at once (`other`: their machines, in silence) for `lasts`", true},
    {FaultKind::kMajority, "majority", "likewise, more than half of all nodes", true},
    {FaultKind::kKPrimaries, "k_primaries", "likewise, some primaries", true, false, "primaries",
     1000, "that many, or as many as there are"},
    {FaultKind::kPrimaryAndReplica, "primary_and_replica",
     "likewise, a primary and one of its replicas", true},
    {FaultKind::kPartitionBoth, "partition_both", "nothing passes a link, either way, for `lasts`",
     true},
    {FaultKind::kPartialPartition, "partial_partition",
     "two nodes cannot talk to each other for `lasts`", true},
    {FaultKind::kSplit, "split", "the nodes are cut into two random groups for `lasts`", true},
    {FaultKind::kMajoritiesRing, "majorities_ring",
     "for `lasts` each node sees a majority, and no two the same", true},
    {FaultKind::kIsolate, "isolate",
     "one node is cut off from all others (`other`: and from clients) for `lasts`", true},
    {FaultKind::kSwizzle, "swizzle",
     "within `lasts` some nodes are cut off one after another, and return in another order", true,
     false, "machines", 1000, "that many"},
    {FaultKind::kLoss, "loss",
     "for `lasts` segments of a link are lost; sent again they are up to `latency` later", true,
     true, "percent", 100, "of the segments"},
    {FaultKind::kBandwidth, "bandwidth", "for `lasts` each connection of a link is slow", true,
     false, "bytes_per_second", int64_t{1} << 40, "that pass"},
    {FaultKind::kRefused, "refused", "a node that lives refuses connects for `lasts`", true},
    {FaultKind::kCorrupt, "corrupt",
     "for `lasts` bits flip in what one node sends another over the cluster bus", true, false,
     "bits", 1'000'000, "at most that many, each in a write of its own"},
    {FaultKind::kClientsCut, "clients_cut", "all clients are cut off from one node for `lasts`",
     true},
    {FaultKind::kClockOffset, "clock_offset",
     "for `lasts` a node's date is wrong (`other`: in the past)", true, false, "ms", 86'400'000,
     "how wrong"},
    {FaultKind::kClockStep, "clock_step", "a node's date is set forward (`other`: back) for good",
     false, false, "ms", 86'400'000, "how far"},
    {FaultKind::kClockJump, "clock_jump", "both clocks of a node jump, as after a suspend", false,
     false, "ms", 86'400'000, "how far"},
    {FaultKind::kClockDrift, "clock_drift",
     "for `lasts` a node's clocks run fast (`other`: slowly)", true, false, "ppm", 500'000,
     "how many us a second, on top of the node's own drift"},
    {FaultKind::kClockFreeze, "clock_freeze", "for `lasts` a node's clocks stand still", true},
    {FaultKind::kMemoryPressure, "memory_pressure", "for `lasts` a node's maxmemory is small", true,
     false, "bytes", int64_t{1} << 40, "that it is"},
}};

inline std::string_view NameOf(FaultKind kind) {
  return kFaultRows[static_cast<size_t>(kind)].name;
}

}  // namespace norn::faults
