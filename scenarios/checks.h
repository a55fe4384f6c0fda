#pragma once
// The checks that a scenario may ask for, and what each found in one run.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace norn::scenarios {

enum class CheckId : uint8_t {
  kNoExtraReply,
  kReplyOrder,
  kConnection,
  kExactModel,
  kLinearizability,
  kModelEquality,
  kStartOrReason,
  kDurablePrefix,
  kExpiredNeverSeen,
  kWaitNeverOverReports,
  kSameHistorySameData,
  kContinueAlongHistory,
  kBoundedFullSyncs,
  kReplicasConverge,
};
inline constexpr size_t kCheckCount = 14;

struct CheckRow {
  CheckId id;
  std::string_view name;
  std::string_view doc;
};

// A run is named after the first of these that failed: causes before consequences.
inline constexpr std::array<CheckRow, kCheckCount> kChecks = {{
    {CheckId::kNoExtraReply, "no_extra_reply",
     "nothing arrives that was not asked for, and everything that arrives is a reply"},
    {CheckId::kReplyOrder, "reply_order",
     "replies come in the order of the commands: unique tokens come back where they were sent"},
    {CheckId::kConnection, "connection",
     "no fault was injected: no connection ends, no command waits past its timeout"},
    {CheckId::kExactModel, "exact_model",
     "one client, no faults: every reply is the reference keyspace's, byte for byte"},
    {CheckId::kLinearizability, "linearizability",
     "what clients saw has one order that the reference keyspace allows, in every group of keys"},
    {CheckId::kModelEquality, "model_equality",
     "at the end, in peace: SCAN, KEYS, DBSIZE and GET of every key tell the same keyspace"},
    {CheckId::kStartOrReason, "start_or_reason",
     "a node comes back on what its disk kept, or names the file that damage keeps it from "
     "reading"},
    {CheckId::kDurablePrefix, "durable_prefix",
     "a restart leaves a prefix of what was executed, with all that the options promised to keep"},
    {CheckId::kExpiredNeverSeen, "expired_never_seen",
     "no node shows a value after its deadline, whatever its role and link"},
    {CheckId::kWaitNeverOverReports, "wait_never_over_reports",
     "the primary has died for good: as many replicas hold a write as its WAIT answered"},
    {CheckId::kSameHistorySameData, "same_history_same_data",
     "nodes that ever stood at one offset of one history had the same DEBUG DIGEST there"},
    {CheckId::kContinueAlongHistory, "continue_along_history",
     "replicas that resumed come to their primary's history, offset and data"},
    {CheckId::kBoundedFullSyncs, "bounded_full_syncs",
     "healed nodes come together with few full copies, and in trouble they copy ever more seldom"},
    {CheckId::kReplicasConverge, "replicas_converge",
     "once healed and without writes every replica has its primary's history, offset and data"},
}};

// What one check did in one run.
struct CheckTally {
  uint64_t examined = 0;
  uint64_t failures = 0;
  std::string message;  // of the first failure

  void Fail(std::string why) {
    if (failures++ == 0) message = std::move(why);
  }
};

using CheckTallies = std::array<CheckTally, kCheckCount>;

inline CheckTally& At(CheckTallies& tallies, CheckId id) {
  return tallies[static_cast<size_t>(id)];
}

}  // namespace norn::scenarios
