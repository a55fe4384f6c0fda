#pragma once
// The 24 access bits of an entry: when it was used last (LRU), or how often (LFU, Morris counter with decay), as
// maxmemory-policy chooses. Bits and numbers as Valkey's, so that OBJECT FREQ, RDB files and eviction agree.

#include <cstdint>

#include "engine/base/prng.h"

namespace norn {

namespace config {
struct Options;
}

struct AccessPolicy {
  bool lfu = false;
  uint32_t lfu_log_factor = 10;
  uint32_t lfu_decay_minutes = 1;  // 0: never
};

// What the access bits of entries mean under these options.
AccessPolicy AccessPolicyOf(const config::Options& options);

inline constexpr uint32_t kLruClockMax = (1u << 24) - 1;
inline constexpr uint32_t kLfuInitialCount = 5;

// ---- LRU: unix seconds, 24 bits ----

inline uint32_t LruClock(int64_t now_ms) {
  return static_cast<uint32_t>(static_cast<uint64_t>(now_ms) / 1000) & kLruClockMax;
}
inline uint64_t LruIdleMs(uint32_t access, int64_t now_ms) {
  const uint32_t clock = LruClock(now_ms);
  const uint32_t seconds = clock >= access ? clock - access : clock + (kLruClockMax - access);
  return uint64_t{seconds} * 1000;
}
// The access bits of an entry idle for so long (RESTORE IDLETIME, RDB).
inline uint32_t LruFromIdleMs(uint64_t idle_ms, int64_t now_ms) {
  return (LruClock(now_ms) - static_cast<uint32_t>(idle_ms / 1000)) & kLruClockMax;
}

// ---- LFU: 16 bits of unix minutes, 8 bits of logarithmic count ----

inline uint32_t LfuMinutes(int64_t now_ms) {
  return static_cast<uint32_t>(static_cast<uint64_t>(now_ms) / 60000) & 0xffff;
}
inline uint32_t LfuPack(uint32_t count, int64_t now_ms) { return LfuMinutes(now_ms) << 8 | count; }

// The count as it has decayed by now.
inline uint32_t LfuCount(uint32_t access, int64_t now_ms, const AccessPolicy& policy) {
  const uint32_t count = access & 0xff;
  if (policy.lfu_decay_minutes == 0) return count;
  const uint32_t then = access >> 8;
  const uint32_t minutes = LfuMinutes(now_ms);
  const uint32_t elapsed = minutes >= then ? minutes - then : 65535 - then + minutes;
  const uint32_t periods = elapsed / policy.lfu_decay_minutes;
  return periods > count ? 0 : count - periods;
}

// One use more: the higher the count, the less likely it moves.
inline uint32_t LfuIncrement(uint32_t count, const AccessPolicy& policy, Prng& prng) {
  if (count >= 255) return 255;
  const uint32_t base = count > kLfuInitialCount ? count - kLfuInitialCount : 0;
  return prng.OneIn(uint64_t{base} * policy.lfu_log_factor + 1) ? count + 1 : count;
}

// ---- whichever the policy says ----

inline uint32_t InitialAccess(int64_t now_ms, const AccessPolicy& policy) {
  return policy.lfu ? LfuPack(kLfuInitialCount, now_ms) : LruClock(now_ms);
}
inline uint32_t TouchedAccess(uint32_t access, int64_t now_ms, const AccessPolicy& policy,
                              Prng& prng) {
  if (!policy.lfu) return LruClock(now_ms);
  return LfuPack(LfuIncrement(LfuCount(access, now_ms, policy), policy, prng), now_ms);
}

}  // namespace norn
