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
  const auto [at, added] = granted_.try_emplace(grant.voter, sent->second);
  if (!added) at->second = std::max(at->second, sent->second);
}

Instant Lease::HeldUntil() const {
  const size_t quorum = view_.electorate().quorum();
  std::vector<Instant> sent;
  for (const auto& [voter, at] : granted_) {
    const ClusterNode* node = view_.Find(voter);
    if (node != nullptr && view_.IsVoter(*node)) sent.push_back(at);
  }
  if (released_ || sent.size() < quorum) return Instant::Past();
  const auto nth = sent.begin() + static_cast<int64_t>(quorum - 1);
  std::nth_element(sent.begin(), nth, sent.end(), std::greater<>());
  return *nth + options_.lease();  // L1
}

LeaseStamp Lease::Release() {
  released_ = true;
  sent_.clear();
  granted_.clear();
  return stamp_;
}

void Lease::Reset() {
  sent_.clear();
  granted_.clear();
  last_asked_.reset();
  released_ = false;
  overtaken_by_ = 0;
}

}  // namespace norn::cluster
