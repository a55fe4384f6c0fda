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

}  // namespace

bool Lease::IsDue(Instant now) const {
  if (released_) return false;
  if (!last_asked_) return true;
  const Duration waited = now - *last_asked_;
  if (waited >= options_.lease() / kAsksPerLease) return true;
  return waited >= options_.lease() / kAsksPerLeaseWithout && !IsHeld(now);
}

LeaseRequest Lease::Ask(uint64_t reign, Instant now) {
  CHECK(!released_);  // L2
  if (reign != reign_) overtaken_by_ = 0;
  reign_ = reign;
  ++stamp_.number;
  sent_[stamp_.number] = now;
  while (sent_.size() > kSentKept) sent_.erase(sent_.begin());
  last_asked_ = now;
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
  if (stale_ || voters_seen_ != voters || newer_ >= view_.electorate().quorum()) {
    voters_seen_ = voters;
    Recount();
  }
  return held_until_;
}

void Lease::Recount() const {
  stale_ = false;
  const size_t quorum = view_.electorate().quorum();
  std::vector<Instant> sent;
  for (const auto& [voter, at] : granted_) {
    const ClusterNode* node = view_.Find(voter);
    if (node != nullptr && view_.IsVoter(*node)) sent.push_back(at);
  }
  held_until_ = counts_from_ = Instant::Past();
  newer_ = sent.size();
  if (sent.size() < quorum) return;
  const auto nth = sent.begin() + static_cast<int64_t>(quorum - 1);
  std::nth_element(sent.begin(), nth, sent.end(), std::greater<>());
  held_until_ = *nth + options_.lease();  // L1
  counts_from_ = *nth;
  newer_ = static_cast<size_t>(
      std::ranges::count_if(sent, [this](Instant at) { return at > counts_from_; }));
}

LeaseStamp Lease::Release() {
  released_ = true;
  sent_.clear();
  granted_.clear();
  stale_ = true;
  return stamp_;
}

void Lease::Reset() {
  stale_ = true;
  sent_.clear();
  granted_.clear();
  last_asked_.reset();
  released_ = false;
  overtaken_by_ = 0;
}

}  // namespace norn::cluster
