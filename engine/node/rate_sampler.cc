#include "engine/node/rate_sampler.h"

namespace norn {

void RateSampler::Sample(uint64_t total, Instant now) {
  const Duration passed = now - last_;
  if (started_ && passed.ns > 0) {
    // A counter that was reset (CONFIG RESETSTAT) starts over.
    const uint64_t growth = total >= last_total_ ? total - last_total_ : total;
    rates_[next_] = static_cast<double>(growth) / passed.seconds();
    next_ = (next_ + 1) % kSamples;
  }
  started_ = true;
  last_total_ = total;
  last_ = now;
}

double RateSampler::PerSecond() const {
  double sum = 0;
  for (const double rate : rates_) sum += rate;
  return sum / kSamples;
}

}  // namespace norn
