#pragma once
// When the log is to be rewritten: when it has grown far enough beyond what the last rewrite left, or was asked to be; and how
// long to wait after rewrites that failed, since each leaves one more small file.
//
// State without I/O; times are given.

#include <algorithm>
#include <cstdint>
#include <optional>

#include "engine/base/time.h"

namespace norn::persist {

struct AofGrowthLimits {
  int64_t percentage = 100;                  // auto-aof-rewrite-percentage; 0: never
  uint64_t min_bytes = 64ull * 1024 * 1024;  // auto-aof-rewrite-min-size
};

// Whether a log of `size` bytes, which had `base` bytes after its last rewrite, has grown enough. As Valkey: whole percents.
inline bool AofGrownEnough(const AofGrowthLimits& limits, uint64_t size, uint64_t base) {
  if (limits.percentage <= 0 || size <= limits.min_bytes) return false;
  const double one = static_cast<double>(std::max<uint64_t>(base, 1));
  const double growth = (static_cast<double>(size) - one) * 100 / one;
  return growth >= static_cast<double>(limits.percentage);
}

// After the third failure in a row automatic rewrites wait a minute, then two, four, ... up to an hour. BGREWRITEAOF does not
// ask.
class AofRewriteBackoff {
 public:
  static constexpr int kFailuresAllowed = 3;
  static constexpr int64_t kDelaySecondsMax = 3600;

  void Succeeded() { *this = AofRewriteBackoff(); }
  void Failed(Instant now) {
    if (++failures_ < kFailuresAllowed) return;
    delay_s_ = delay_s_ == 0 ? 60 : std::min(delay_s_ * 2, kDelaySecondsMax);
    not_before_ = now + Duration::Seconds(delay_s_);
  }

  bool Allows(Instant now) const { return now >= not_before_; }
  uint64_t failures() const { return failures_; }
  int64_t delay_s() const { return delay_s_; }

 private:
  uint64_t failures_ = 0;  // in a row
  int64_t delay_s_ = 0;
  Instant not_before_ = Instant::Past();
};

}  // namespace norn::persist
