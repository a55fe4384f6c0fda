#pragma once
// Marks at branches that are rarely taken, so that a campaign of simulated runs can say which of them it never reached: what is
// never reached is not tested, however many seeds pass.
//
//   NORN_COVER("vote_lease_held");
//
// The simulator counts, in its one thread, from the call of CountCover on. Elsewhere (norn-server, with many threads) nobody
// calls that, and a mark costs one look at a flag that never changes. A mark that is not in the table below does not compile.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace norn {

struct CoverRow {
  std::string_view id;
  std::string_view summary;
};

// clang-format off
inline constexpr std::array<CoverRow, 45> kCovers = {{
    {"vote_not_ready", "a voter denies because it started a moment ago"},
    {"vote_not_a_candidate", "a voter denies somebody who is not of that shard in its view"},
    {"vote_old_ballot", "a voter denies a ballot that it promised to somebody, or a smaller one"},
    {"vote_stale_config", "a voter denies and tells of the shard's later primary (B11)"},
    {"vote_primary_up", "a voter denies because the primary is up for it"},
    {"vote_lease_held", "a voter denies because the primary could still be writing"},
    {"vote_better_replica", "a voter denies because another replica has more data, or may have"},
    {"vote_old_data", "a voter denies because data of a later reign may come back"},
    {"vote_released", "a voter promises a shard whose primary gave up its lease for a failover by hand"},
    {"lease_old_reign", "a primary is refused its lease: its shard was promised with a greater ballot"},
    {"lease_number_taken", "a primary is refused its lease: its own number was promised to another"},
    {"lease_bound", "a primary is refused its lease: another one may still be writing"},
    {"candidate_ranked", "a candidate gives a better replica a start"},
    {"candidate_offset", "a ballot is chosen apart from those of shards that failed together"},
    {"candidate_hopeless", "a candidate gives a ballot up: too many refused for good"},
    {"candidate_timed_out", "a candidate gives a ballot up: too few answered"},
    {"candidate_renews", "a primary stands for its own shard again"},
    {"claim_stale_role", "a claim is older than what is known of its sender's role (B28)"},
    {"claim_outranked", "a primary keeps its slots against a later epoch with earlier data (T6)"},
    {"update_outranked", "a primary keeps its slots although others believe such a claim (T6)"},
    {"claim_stale_owner", "somebody claims slots that have a later owner, and is told so"},
    {"collision_by_data", "equal epochs in one shard are settled by the data (B03)"},
    {"collision_moves", "equal epochs: this node moves on"},
    {"replicas_of_each_other", "a loop of two replicas is left"},
    {"chain_cut", "a replica of a replica follows the top of the chain"},
    {"slots_lost_to_shard", "who lost its last slot follows the winner"},
    {"detector_refused", "a process is taken for dead because its host refuses connections"},
    {"detector_own_pause", "a node notices that it stood still itself, and suspects nobody for it"},
    {"detector_half_silence", "a verdict before the last judge's own timeout"},
    {"detector_fail_kept", "a failed primary that answers again stays failed until it can be replaced"},
    {"manual_timed_out", "a failover by hand gives up"},
    {"manual_pause_over", "a paused primary takes writes again: nobody replaced it"},
    {"meet_of_forgotten", "a forgotten node asks to be met, and is not (B36)"},
    {"address_of_another", "another node answers where a member was"},
    {"light_beat_of_stranger", "a light heartbeat comes from nobody that is known here"},
    {"resume_other_history", "a replica resumes along the history that its primary had as a replica"},
    {"resume_too_old", "a replica of this history cannot resume: the backlog has moved on"},
    {"copy_not_loaded", "a full copy breaks off while it is loaded, and the old data stays"},
    {"copy_stream_held_back", "the stream beside a copy reaches its limit"},
    {"shard_rejoined", "slots that a replaced primary alone still had follow the others of its shard"},
    {"waiter_across_shards", "a command that waits for keys of several shards is woken to try for itself"},
    {"aof_cut_torn", "a torn end of the append-only log is cut off"},
    {"aof_cut_transaction", "an open transaction at the end of the log is cut off with its MULTI (B63)"},
    {"aof_write_failed", "a write of the append-only log fails, and is tried again"},
    {"aof_sync_failed", "a sync of the append-only log fails, and what it was to save is written again"},
}};
// clang-format on

// The row's index at compile time, where an unknown id is an error.
consteval size_t RequireCover(std::string_view id) {
  size_t i = 0;
  while (i < kCovers.size() && kCovers[i].id != id) ++i;
  if (i == kCovers.size()) throw "not in kCovers";
  return i;
}

using CoverCounts = std::array<uint64_t, kCovers.size()>;

namespace cover_internal {
extern bool counts;
extern CoverCounts hits;
}  // namespace cover_internal

// From now on marks count. Requires: the engine runs in this thread only, in this process.
void CountCover();
// How often each mark was passed since then, by its row.
const CoverCounts& CoverHits();

#define NORN_COVER(id)                                          \
  do {                                                          \
    constexpr size_t norn_cover_row = ::norn::RequireCover(id); \
    if (::norn::cover_internal::counts) {                       \
      ++::norn::cover_internal::hits[norn_cover_row];           \
    }                                                           \
  } while (false)

}  // namespace norn
