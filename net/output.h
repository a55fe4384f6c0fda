#pragma once
// What a connection still has to send. Replies go to the transport at once; what it does not take waits here, and a fiber
// of its own sends it, so that a client may go on writing commands while it does not read (as clients do that send a whole
// pipeline before the first read). Limits decide when such a client has had enough.
//
// Runs on the connection's executor.

#include <cstddef>
#include <memory>

#include "engine/base/byte_buffer.h"
#include "engine/config/options.h"
#include "engine/env/env.h"
#include "engine/fiber/wait_queue.h"

namespace norn::net {

class Output {
 public:
  Output(env::Executor& executor, env::Stream& stream)
      : executor_(executor), stream_(stream), idle_(executor) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Sends `replies` behind what waits, and empties it. False: the connection is gone. Never parks.
  bool Send(ByteBuffer& replies);

  // Parks until all is sent (true), or the connection is gone or the deadline passed (false).
  bool Flush(Instant deadline);

  // Parks until the sending fiber has ended; call after Stream::Close, before destruction.
  void AwaitEnd();

  size_t pending_bytes() const { return queued_.size() + sending_.size(); }
  size_t capacity_bytes() const { return queued_.capacity() + sending_.capacity(); }
  size_t peak_bytes() const { return peak_bytes_; }
  uint64_t sent_bytes() const { return sent_bytes_; }
  uint64_t writes() const { return writes_; }

 private:
  void StartSender();
  void SendAll();

  env::Executor& executor_;
  env::Stream& stream_;
  ByteBuffer queued_;  // grows while the fiber is away with sending_
  ByteBuffer sending_;
  WaitQueue idle_;
  uint64_t sent_bytes_ = 0;
  uint64_t writes_ = 0;
  size_t peak_bytes_ = 0;
  bool sender_runs_ = false;
  bool broken_ = false;
};

// Whether a client with so much unsent is over its limits. Keeps the time since when the soft limit is exceeded.
class OutputLimiter {
 public:
  enum class Verdict : uint8_t { kFine, kOverLimit };
  Verdict Check(size_t pending_bytes, const config::Options& options,
                config::ClientClass client_class, Instant now);

 private:
  Instant soft_since_ = Instant::Never();
};

}  // namespace norn::net
