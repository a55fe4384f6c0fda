#include "engine/keyspace/eviction.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/keyspace/access.h"
#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

// What is drawn may belong to slots that are on their way here: then others are looked for that often.
constexpr int kRoundsMax = 100;
constexpr int kDrawsMax = 500;

bool VolatileOnly(EvictionPolicy policy) {
  return policy == EvictionPolicy::kVolatileLru || policy == EvictionPolicy::kVolatileLfu ||
         policy == EvictionPolicy::kVolatileRandom || policy == EvictionPolicy::kVolatileTtl;
}

bool IsRandom(EvictionPolicy policy) {
  return policy == EvictionPolicy::kAllkeysRandom || policy == EvictionPolicy::kVolatileRandom;
}

uint64_t ScoreOf(const Entry& entry, EvictionPolicy policy, const AccessPolicy& access,
                 int64_t now_ms) {
  switch (policy) {
    case EvictionPolicy::kAllkeysLru:
    case EvictionPolicy::kVolatileLru:
      return LruIdleMs(entry.access(), now_ms);
    case EvictionPolicy::kAllkeysLfu:
    case EvictionPolicy::kVolatileLfu:
      return 255 - LfuCount(entry.access(), now_ms, access);
    case EvictionPolicy::kVolatileTtl:
      return UINT64_MAX - static_cast<uint64_t>(entry.deadline_ms());
    default:
      return 0;
  }
}

void Populate(Keyspace& keyspace, EvictionPolicy policy, size_t samples, Prng& prng,
              int64_t now_ms) {
  EvictionPool& pool = keyspace.eviction_pool();
  for (uint32_t i = 0; i < keyspace.database_count(); ++i) {
    Db* db = keyspace.FindDb({i});
    for (size_t s = 0; db != nullptr && s < samples; ++s) {
      const EntryRef entry = db->Sample(prng, VolatileOnly(policy));
      if (!entry) break;
      if (keyspace.Hides(entry->key())) continue;
      pool.Offer(ScoreOf(*entry, policy, keyspace.access_policy(), now_ms), {i}, entry->key());
    }
  }
}

Eviction Evict(Keyspace& keyspace, Db& db, std::string key, EntryRef found) {
  Eviction eviction;
  const uint64_t before = keyspace.UsedBytes();
  db.Evict(keyspace.MakeKey(key), found);
  const uint64_t after = keyspace.UsedBytes();
  eviction.freed_bytes = before > after ? before - after : 0;
  eviction.evicted = true;
  eviction.db = db.index();
  eviction.key = std::move(key);
  return eviction;
}

// Any key, of each database in proportion to its candidates. None: there is no candidate, or the one drawn is hidden.
Eviction EvictDrawn(Keyspace& keyspace, bool volatile_only, Prng& prng) {
  const auto candidates = [&](const Db* db) -> size_t {
    if (db == nullptr) return 0;
    return volatile_only ? db->DeadlineCount() : db->Size();
  };
  size_t total = 0;
  for (uint32_t i = 0; i < keyspace.database_count(); ++i) {
    total += candidates(keyspace.FindDb({i}));
  }
  if (total == 0) return {};
  size_t draw = prng.Below(total);
  for (uint32_t i = 0; i < keyspace.database_count(); ++i) {
    Db* db = keyspace.FindDb({i});
    const size_t here = candidates(db);
    if (draw >= here) {
      draw -= here;
      continue;
    }
    const EntryRef found = db->Sample(prng, volatile_only);
    CHECK(found);
    if (keyspace.Hides(found->key())) return {};
    return Evict(keyspace, *db, std::string(found->key()), found);
  }
  CHECK(false);
}

Eviction EvictRandom(Keyspace& keyspace, bool volatile_only, Prng& prng) {
  const int draws = keyspace.hides_some() ? kDrawsMax : 1;
  Eviction eviction;
  for (int i = 0; i < draws && !eviction.evicted; ++i) {
    eviction = EvictDrawn(keyspace, volatile_only, prng);
  }
  return eviction;
}

}  // namespace

void EvictionPool::Offer(uint64_t score, DbIndex db, std::string_view key) {
  for (const Candidate& candidate : candidates_) {
    if (candidate.db == db && candidate.key == key) return;
  }
  if (candidates_.size() == kSize) {
    if (score <= candidates_.front().score) return;
    candidates_.erase(candidates_.begin());
  }
  auto place = candidates_.begin();
  while (place != candidates_.end() && place->score < score) ++place;
  candidates_.insert(place, Candidate{score, db, std::string(key)});
}

EvictionPool::Candidate EvictionPool::TakeBest() {
  CHECK(!candidates_.empty());
  Candidate best = std::move(candidates_.back());
  candidates_.pop_back();
  return best;
}

Eviction EvictOne(Keyspace& keyspace, EvictionPolicy policy, size_t samples, Prng& prng,
                  int64_t now_ms) {
  if (policy == EvictionPolicy::kNoEviction) return {};
  if (IsRandom(policy)) return EvictRandom(keyspace, VolatileOnly(policy), prng);
  EvictionPool& pool = keyspace.eviction_pool();
  int rounds = keyspace.hides_some() ? kRoundsMax : 1;
  // A round that finds only keys that have gone empties the pool; the next begins with samples of now.
  for (;;) {
    Populate(keyspace, policy, samples, prng, now_ms);
    if (pool.empty() && --rounds == 0) return {};
    while (!pool.empty()) {
      EvictionPool::Candidate best = pool.TakeBest();
      Db* db = keyspace.FindDb(best.db);
      if (db == nullptr) continue;
      const EntryRef found = db->FindAny(keyspace.MakeKey(best.key));
      if (!found || (VolatileOnly(policy) && !found->has_deadline())) continue;
      if (keyspace.Hides(best.key)) continue;
      return Evict(keyspace, *db, std::move(best.key), found);
    }
  }
}

}  // namespace norn
