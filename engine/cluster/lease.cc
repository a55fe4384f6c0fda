// The holder's side of leases.

#include "engine/cluster/lease.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "engine/base/check.h"

namespace norn::cluster {

namespace {

constexpr int64_t kAsksPerLease = 4;
// While there is none, clients wait.
constexpr int64_t kAsksPerLeaseWithout = 16;
// More requests than can be under way within one lease; older answers are worth nothing.
constexpr size_t kSentKept = 256;
// A round of messages and a sync, on a busy machine.
constexpr Duration kFirstGrantPatience = Duration::Millis(500);

}  // namespace

bool Lease::IsDue(Instant now) const {
  if (released_) return false;
  if (!last_asked_) return true;
  const Duration waited = now - *last_asked_;
  if (waited >= options_.lease() / kAsksPerLease) return true;
  if (IsHeld(now)) return false;
  return waited >= options_.lease() / kAsksPerLeaseWithout ||
         view_.electorate().size != electorate_asked_;
}

LeaseRequest Lease::Ask(uint64_t reign, Instant now) {
  CHECK(!released_);  // L2
  if (reign != reign_) overtaken_by_ = 0;
  reign_ = reign;
  ++stamp_.number;
  sent_[stamp_.number] = now;
  while (sent_.size() > kSentKept) sent_.erase(sent_.begin());
  if (!last_asked_) awaited_until_ = now + kFirstGrantPatience;
  last_asked_ = now;
  electorate_asked_ = view_.electorate().size;
  return {.primary = view_.self().id, .shard = view_.self().shard, .reign = reign, .stamp = stamp_};
}

void Lease::OnGrant(const LeaseGrant& grant) {
  if (grant.stamp.boot != stamp_.boot || grant.shard != view_.self().shard) return;
  const auto sent = sent_.find(grant.stamp.number);
  if (sent == sent_.end()) return;  // older than a release, a reset, or the last kSentKept
  if (!grant.granted) {
    if (grant.seen > reign_) overtaken_by_ = std::max(overtaken_by_, grant.seen);
    return;
  }
  Instant& latest = granted_.try_emplace(grant.voter, Instant::Past()).first->second;
  if (sent->second <= latest) return;
  latest = sent->second;
  if (latest > counts_from_) ++newer_;
}

Instant Lease::HeldUntil() const {
  if (released_) return Instant::Past();
  const uint64_t voters = view_.voters_version();
  const bool others_vote = voters_seen_ != voters;
  if (stale_ || others_vote || newer_ >= view_.electorate().quorum()) {
    voters_seen_ = voters;
    Recount(others_vote);
  }
  return held_until_;
}

Instant Lease::AwaitedUntil() const {
  HeldUntil();
  return awaited_until_;
}

void Lease::Recount(bool others_vote) const {
  stale_ = false;
  const Instant former = held_until_;
  const size_t quorum = view_.electorate().quorum();
  std::vector<Instant> sent;
  for (const auto& [voter, at] : granted_) {
    const ClusterNode* node = view_.Find(voter);
    if (node != nullptr && view_.IsVoter(*node)) sent.push_back(at);
  }
  held_until_ = counts_from_ = Instant::Past();
  newer_ = sent.size();
  if (sent.size() < quorum) {
    // As long as the former electorate had lent it.
    if (others_vote && former != Instant::Past()) awaited_until_ = former;
    return;
  }
  awaited_until_ = Instant::Past();
  const auto nth = sent.begin() + static_cast<int64_t>(quorum - 1);
  std::nth_element(sent.begin(), nth, sent.end(), std::greater<>());
  held_until_ = *nth + options_.lease();  // L1
  counts_from_ = *nth;
  newer_ = static_cast<size_t>(
      std::ranges::count_if(sent, [this](Instant at) { return at > counts_from_; }));
}

LeaseStamp Lease::Release() {
  DropGrants();
  released_ = true;
  return stamp_;
}

void Lease::Reset() {
  DropGrants();
  released_ = false;
  overtaken_by_ = 0;
}

void Lease::DropGrants() {
  stale_ = true;
  sent_.clear();
  granted_.clear();
  last_asked_.reset();
  held_until_ = awaited_until_ = Instant::Past();
}

}  // namespace norn::cluster
