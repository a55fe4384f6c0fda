#pragma once
// maxmemory: which key to give up. Valkey's approximation: sample a few keys, keep the best candidates of all samples in a
// small pool, evict the best that still is there. Deterministic: samples come from the generator passed in, ties fall
// to the one met first.
//
// Runs under the shard's token; never parks.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/prng.h"

namespace norn {

class Keyspace;
class Entry;

enum class EvictionPolicy : uint8_t {
  kNoEviction,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysRandom,
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
};

// Candidates of earlier samples, worst first. Keys may have gone meanwhile.
class EvictionPool {
 public:
  static constexpr size_t kSize = 16;

  struct Candidate {
    uint64_t score;  // higher: rather evict
    DbIndex db;
    std::string key;
  };

  void Offer(uint64_t score, DbIndex db, std::string_view key);
  bool empty() const { return candidates_.empty(); }
  Candidate TakeBest();
  void Clear() { candidates_.clear(); }

 private:
  std::vector<Candidate> candidates_;  // ascending by score
};

struct Eviction {
  size_t freed_bytes = 0;  // 0 with an empty key: nothing to evict under this policy
  bool evicted = false;
  DbIndex db;
  std::string key;
};

// Deletes one key as `policy` says, looking at `samples` keys of each database; counts it in evicted_keys. Call again while
// memory is short. The pool of candidates belongs to one policy: clear it when the policy changes.
Eviction EvictOne(Keyspace& keyspace, EvictionPolicy policy, size_t samples, Prng& prng,
                  int64_t now_ms);

}  // namespace norn
