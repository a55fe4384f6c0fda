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

// What happened to what passed, so that a fault of one link can tell whether anybody met it.
struct LinkCounters {
  uint64_t sent = 0;         // segments
  uint64_t held = 0;         // segments that waited because it was blocked
  uint64_t late = 0;         // segments that took up to `tail` longer
  uint64_t transmit_ns = 0;  // that segments took because of bytes_per_second
  uint64_t corrupted = 0;    // writes of which a bit flipped
};

// In each of the next writes of connections to one port (of the server's end; either way) one bit flips, which TCP's
// checksum did not catch.
struct Corruption {
  uint64_t left = 0;
  uint16_t port = 0;
  Prng prng{0};
};

struct Link {
  LinkOptions options;
  Instant clogged_until = Instant::Past();
  LinkCounters counters = {};
  Corruption corruption = {};
  bool opened = false;  // while Fabric::SetLinks works

  bool Blocked(Instant now) const { return options.blocked || now < clogged_until; }

  Duration DrawLatency(Prng& prng) {
    Duration delay = Delay{options.latency, options.latency + options.jitter}.Draw(prng);
    if (options.tail_one_in != 0 && prng.OneIn(options.tail_one_in)) {
      ++counters.late;
      delay = delay + Delay{Duration{0}, options.tail, 2}.Draw(prng);
    }
    return delay;
  }

  Duration TransmitTime(size_t bytes) {
    if (options.bytes_per_second == 0) return Duration{0};
    const unsigned __int128 ns = static_cast<unsigned __int128>(bytes) * 1000000000;
    const auto span = static_cast<uint64_t>(ns / options.bytes_per_second);
    counters.transmit_ns += span;
    return Duration{static_cast<int64_t>(span)};
  }
};

}  // namespace norn::sim
