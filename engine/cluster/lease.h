#pragma once
// Fencing: the right to write, lent by a quorum of voters for a short time. The holder's side; what voters promise is voter.h.
//
// The problem. A primary that was cut off does not know that it was replaced, and takes writes that will be thrown away. Valkey
// stops it when it suspects a majority itself, up to half a timeout after its successor may have started.
//
// The design (leases of Gray and Cheriton, as leaders of consensus groups use them). The primary asks every voter, four
// times in L, to grant it the shard; a grant counts for L = lease() from the moment when the request was SENT. It may
// write while a quorum's grants count. A voter that granted votes for nobody else in that shard, and grants nobody else, for
// P = promise() from the moment when it GRANTED. A voter forgets its grants in a crash and therefore votes for nobody during
// its first P. Votes are durable: who voted in ballot b never again grants to a primary of a reign below b.
//
//   The bound. Let clocks run at a rate within [1 - r, 1 + r] of true time, r = max_drift_ppm. A lease ends at most L / (1 - r)
//   of true time after its requests were sent; a promise lasts at least P / (1 + r) after it was granted, which was later.
//   P = L (1 + r) / (1 - r) makes the second no shorter than the first. A successor needs votes, then grants, of a quorum; one
//   of those voters is among the quorum of the old lease and was free only when that lease was over. So at no true instant do
//   two nodes hold leases of one shard. From silence to the first write of the successor: P after the last grant, plus one
//   round of votes (with a sync) and one of grants.
//
//   L1  HeldUntil() <= the quorum-th latest sending time among granted requests, plus L.
//   L2  After Release() no earlier grant counts, until requests sent after Resume() are granted.
//   L3  A grant dies with the link that carried it: who is reset by everybody stops at once, not after L.
//
// A lease that is not there yet. A node that just took a shard over has no grant, and one whose electorate grew may need more
// than it has; each is a round of messages away. Nothing failed, so clients wait that long (AwaitedUntil) instead of being told
// that the cluster is down. That nodes which do not vote yet are asked as well keeps the second case rare.
//
// Exception: a voter that has evidence by refusal that the holder's process is gone (failure_detector.h) is free at once. A dead
// process does not write; after its restart it has no lease. Where refusals lie, L3 is what is left.
//
// Needs that all voters be norn nodes and all agree who votes. While they do not, Election does not fence.

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <map>
#include <optional>

#include "engine/base/time.h"
#include "engine/cluster/election_types.h"
#include "engine/cluster/topology.h"

namespace norn::cluster {

class Lease {
 public:
  // `boot`: random, another one every life of the process.
  Lease(const Topology& view, const ElectionOptions& options, uint64_t boot)
      : view_(view), options_(options), stamp_{boot, 0} {}

  // A new request, to be sent to all voters now.
  LeaseRequest Ask(uint64_t reign, Instant now);
  bool IsDue(Instant now) const;

  void OnGrant(const LeaseGrant& grant);
  void OnLinkDown(const NodeId& voter) { stale_ |= granted_.erase(voter) > 0; }

  // Instant::Past(): not held. May be published to all executors, which compare it with their own clock reading.
  Instant HeldUntil() const;
  bool IsHeld(Instant now) const { return now < HeldUntil(); }

  // Until when writes wait rather than be refused while it is not held. Instant::Past(): it is, or was.
  Instant AwaitedUntil() const;

  // Gives the lease up and says which grants are void. No request may be sent before Resume().
  LeaseStamp Release();
  void Resume() { released_ = false; }
  bool released() const { return released_; }
  // Forgets everything: the node is no primary, or of a new reign.
  void Reset();

  // A ballot above this primary's reign was promised by some voter: only a ballot of its own gives it the shard again.
  uint64_t overtaken_by() const { return overtaken_by_; }

 private:
  void Recount(bool others_vote) const;
  void DropGrants();

  const Topology& view_;
  ElectionOptions options_;
  LeaseStamp stamp_;
  std::map<uint64_t, Instant> sent_;  // the latest requests by number
  // Sending time of the latest granted request; its order must not matter.
  absl::flat_hash_map<NodeId, Instant> granted_;
  // HeldUntil as it was counted last. It changes once a quorum granted requests that were sent after `counts_from_`, which is
  // when it is worth counting again: everybody asks all the time, and there may be thousands of grants.
  mutable Instant held_until_ = Instant::Past();
  mutable Instant counts_from_ = Instant::Past();
  mutable size_t newer_ = 0;  // grants of requests sent after it, voters counted twice perhaps
  mutable bool stale_ = true;
  mutable uint64_t voters_seen_ = 0;
  mutable Instant awaited_until_ = Instant::Past();
  std::optional<Instant> last_asked_;
  uint32_t electorate_asked_ = 0;  // its size
  bool released_ = false;
  uint64_t reign_ = 0;
  uint64_t overtaken_by_ = 0;
};

}  // namespace norn::cluster
