#pragma once
// The instantaneous_* figures of INFO: a mean of the last samples of a growing counter.

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/time.h"

namespace norn {

class RateSampler {
 public:
  // `total` is the counter's value at `now`; called about every 100 ms.
  void Sample(uint64_t total, Instant now);
  // Growth a second, over the last kSamples samples.
  double PerSecond() const;

 private:
  static constexpr size_t kSamples = 16;

  std::array<double, kSamples> rates_ = {};
  size_t next_ = 0;
  uint64_t last_total_ = 0;
  Instant last_;
  bool started_ = false;
};

}  // namespace norn
