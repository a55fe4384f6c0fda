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
  kOneClaimant,
  kEpochsNeverFall,
  kVoteOnce,
  kBackedPromotions,
  kCopiedPromotions,
  kFailByQuorum,
  kOneWriter,
  kOneOrder,
  kLossModel,
  kWaitedSurvives,
  kNoResurrection,
  kFewElections,
  kSlotsServed,
  kViewsConverge,
  kRedirectsReach,
  kForgottenStays,
  kTiesGoToData,
  kBoundedOutage,
  kShortPause,
  kOneHolder,
  kNoneRefused,
  kVerdictsTold,
};
inline constexpr size_t kCheckCount = 36;

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
    {CheckId::kOneClaimant, "one_claimant",
     "cluster: nobody ever claims a slot with a config epoch with which another claimed it, and "
     "nobody's view gives slots to a replica (I1)"},
    {CheckId::kEpochsNeverFall, "epochs_never_fall",
     "cluster: a node's epochs never fall, and in the end no two primaries share one (I5)"},
    {CheckId::kVoteOnce, "vote_once",
     "cluster: a voter promises each ballot of a shard to one candidate, over all its lives (I3)"},
    {CheckId::kBackedPromotions, "backed_promotions",
     "cluster: who takes a shard over has the promises of a quorum of voters (I4)"},
    {CheckId::kCopiedPromotions, "copied_promotions",
     "cluster: a replica that was given to a shard is not elected before it has copied it (I7)"},
    {CheckId::kFailByQuorum, "fail_by_quorum",
     "cluster: a node is declared failed only while a quorum of voters suspects it (I24)"},
    {CheckId::kOneWriter, "one_writer",
     "cluster: at no instant may two nodes take writes of one slot, nor did they (I2)"},
    {CheckId::kOneOrder, "one_order",
     "cluster: within a primary's reign the writes of a key have one order that all replies show"},
    {CheckId::kLossModel, "loss_model",
     "cluster: acknowledged writes are lost only with their primary, and the last ones first (I9)"},
    {CheckId::kWaitedSurvives, "waited_survives",
     "cluster: a write that every replica had is not lost when one of them takes over (I8)"},
    {CheckId::kNoResurrection, "no_resurrection",
     "cluster: what a new primary had lost does not come back with a later one (G2)"},
    {CheckId::kFewElections, "few_elections",
     "cluster: nobody takes a shard over without a fault, and a fault moves it few times (I21)"},
    {CheckId::kSlotsServed, "slots_served",
     "cluster: soon after the last fault every slot takes writes (I13)"},
    {CheckId::kViewsConverge, "views_converge",
     "cluster: soon after the last fault all live nodes tell the same: members, roles, slots, "
     "failures; one primary a shard, and no loops (I12, I14, I15)"},
    {CheckId::kRedirectsReach, "redirects_reach",
     "cluster: in peace redirects lead from any node to a slot's owner in at most 5 hops (I23)"},
    {CheckId::kForgottenStays, "forgotten_stays",
     "cluster: a node that was forgotten is not back before its time, but by an order (I12)"},
    {CheckId::kTiesGoToData, "ties_go_to_data",
     "cluster: of two primaries of a shard with one epoch the one with more data stays (I9)"},
    {CheckId::kBoundedOutage, "bounded_outage",
     "cluster: while a quorum and a replica with data live, no slot is long without a primary that "
     "takes writes (I13); data of an earlier reign may wait for a later one's"},
    {CheckId::kShortPause, "short_pause",
     "cluster: a failover by hand, untroubled, holds writes back for at most 100 ms (G12)"},
    {CheckId::kOneHolder, "one_holder",
     "cluster: in peace the keys of a slot that was moved lie in the shard that owns it (I16)"},
    {CheckId::kNoneRefused, "none_refused",
     "cluster: untroubled, clients wait while another takes over by hand: none is refused"},
    {CheckId::kVerdictsTold, "verdicts_told",
     "cluster: the network is whole: who finds a node failed tells all, and nobody has to find it "
     "out after him"},
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
