#pragma once
// The clients in WAIT and WAITAOF: each is a parked fiber of its own executor, and an entry here, at executor 0, where the
// acknowledgements arrive.

#include <string_view>
#include <vector>

#include "engine/commands/replication_control.h"
#include "engine/env/executor.h"
#include "engine/replication/primary.h"

namespace norn::net {

class AckWaits {
 public:
  struct Waiter {
    StreamOffset offset = 0;
    ReplicationControl::AckWait wanted;
    size_t executor = 0;
    BlockedCall* call = nullptr;  // woken there
    bool woken = false;           // of executor 0
  };

  AckWaits(env::Executor& executor, PrimaryStream& stream) : executor_(executor), stream_(stream) {}

  AckCounts Count(StreamOffset offset, bool on_disk, StreamOffset log_synced) const;
  // False: what is wanted is there already, or nothing may be waited for.
  bool Register(Waiter* waiter, StreamOffset log_synced);
  void Unregister(Waiter* waiter);
  bool empty() const { return waiters_.empty(); }
  // Something was acknowledged or synced.
  void Check(StreamOffset log_synced);
  // The node is no primary any more: they end with an error.
  void EndAll();

 private:
  bool Satisfied(const Waiter& waiter, StreamOffset log_synced) const;
  void Wake(Waiter& waiter, BlockedCall::End end);

  env::Executor& executor_;
  PrimaryStream& stream_;
  std::vector<Waiter*> waiters_;
};

}  // namespace norn::net
