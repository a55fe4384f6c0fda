#pragma once
// The node's clock. Monotonic time is the processor's time stamp counter on a straight line that
// is bent, a little and rarely, to follow CLOCK_MONOTONIC; about half the price of asking the
// kernel's page. Where the counter cannot be trusted (cpuid does not call it invariant, or the
// kernel itself chose another clock source), CLOCK_MONOTONIC is asked each time.
//
//   line:  ns = base_ns + (tsc - base_tsc) * mult / 2^32
//
//   I1  A new line starts on the old one (or above it, after a stall), and every line rises: time
//       never goes back.
//   I2  A reader takes the counter and the line inside one version, so I1 holds between threads:
//       no thread uses an old line after another has used the new one.

#include "engine/env/clock.h"

#include <atomic>
#include <cstdint>

namespace norn::server {

class TscClock : public env::Clock {
 public:
  // Takes 2 ms to measure the counter, once per process.
  TscClock();

  Instant Now() override;
  WallTime Wall() override;

  // Compares the line with the kernel's clock once a second. Call it now and then, from one thread.
  void Discipline(Instant now);

  bool uses_tsc() const { return uses_tsc_; }

  // How far Now() is ahead of CLOCK_MONOTONIC, for tests.
  Duration Ahead();

 private:
  struct Sample {
    uint64_t tsc;
    int64_t kernel_ns;
  };
  static Sample TakeSample();
  void Bend(const Sample& sample, double rate);

  bool uses_tsc_ = false;
  Instant next_look_;
  Sample last_;  // of the last Discipline

  std::atomic<uint32_t> version_{0};  // odd while a line is being written
  std::atomic<uint64_t> base_tsc_{0};
  std::atomic<int64_t> base_ns_{0};
  std::atomic<uint64_t> mult_{0};
};

}  // namespace norn::server
