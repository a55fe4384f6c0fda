#include "net/ack_waits.h"

#include <algorithm>

#include "engine/fiber/spawn.h"

namespace norn::net {

AckCounts AckWaits::Count(StreamOffset offset, bool on_disk, StreamOffset log_synced) const {
  const ReplicaTable& replicas = stream_.replicas();
  AckCounts counts;
  counts.local = log_synced >= offset ? 1 : 0;
  counts.replicas = static_cast<int64_t>(on_disk ? replicas.CountAckedOnDisk(offset)
                                                 : replicas.CountAcked(offset));
  return counts;
}

bool AckWaits::Satisfied(const Waiter& waiter, StreamOffset log_synced) const {
  const AckCounts counts = Count(waiter.offset, waiter.wanted.on_disk, log_synced);
  return counts.replicas >= waiter.wanted.replicas && counts.local >= waiter.wanted.local;
}

bool AckWaits::Register(Waiter* waiter, StreamOffset log_synced) {
  if (!waiter->wanted.may_wait || Satisfied(*waiter, log_synced)) return false;
  waiters_.push_back(waiter);
  return true;
}

void AckWaits::Unregister(Waiter* waiter) { std::erase(waiters_, waiter); }

void AckWaits::Check(StreamOffset log_synced) {
  for (Waiter* waiter : waiters_) {
    if (!waiter->woken && Satisfied(*waiter, log_synced)) {
      Wake(*waiter, BlockedCall::End::kTimeout);
    }
  }
}

void AckWaits::EndAll() {
  for (Waiter* waiter : waiters_) {
    if (!waiter->woken) Wake(*waiter, BlockedCall::End::kRoleChange);
  }
}

// The waiter lives until its Unregister, which comes behind this post.
void AckWaits::Wake(Waiter& waiter, BlockedCall::End end) {
  waiter.woken = true;
  PostCall(executor_, waiter.executor, [call = waiter.call, end] { call->Unblock(end); });
}

}  // namespace norn::net
