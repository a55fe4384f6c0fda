#pragma once
// One direction between two hosts.

#include "engine/base/prng.h"
#include "engine/base/time.h"
#include "sim/delay.h"

#include <cstddef>
#include <cstdint>

namespace norn::sim {

struct LinkOptions {
  Duration latency = Duration::Micros(50);
  Duration jitter = Duration::Micros(50);  // uniform on top
  uint64_t tail_one_in = 0;  // that often a segment takes up to `tail` longer; 0: never
  Duration tail = Duration::Millis(5);
  uint64_t bytes_per_second = 0;  // of each connection; 0: no limit
  // What arrives while blocked waits, in order, and goes on when the link heals (TCP would
  // retransmit it).
  bool blocked = false;
};

struct Link {
  LinkOptions options;
  Instant clogged_until = Instant::Past();

  bool Blocked(Instant now) const { return options.blocked || now < clogged_until; }

  Duration DrawLatency(Prng& prng) const {
    Duration delay = Delay{options.latency, options.latency + options.jitter}.Draw(prng);
    if (options.tail_one_in != 0 && prng.OneIn(options.tail_one_in)) {
      delay = delay + Delay{Duration{0}, options.tail, 2}.Draw(prng);
    }
    return delay;
  }

  Duration TransmitTime(size_t bytes) const {
    if (options.bytes_per_second == 0) return Duration{0};
    const unsigned __int128 ns = static_cast<unsigned __int128>(bytes) * 1000000000;
    return Duration{static_cast<int64_t>(ns / options.bytes_per_second)};
  }
};

}  // namespace norn::sim
