#include "engine/keyspace/eviction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

// With one table, and with one a slot.
class EvictionTest : public testing::TestWithParam<bool> {
 protected:
  Key K(std::string_view key) const { return keyspace_.MakeKey(key); }
  Db& db() { return keyspace_.db({0}); }
  static std::string Name(int i) { return "key" + std::to_string(i); }
  void Set(int i, int64_t deadline_ms = kNoDeadline) {
    db().SetString(K(Name(i)), "value", {.deadline_ms = deadline_ms}, now_);
  }
  Eviction Evict(EvictionPolicy policy) {
    return EvictOne(keyspace_, policy, 5, prng_, now_.now_ms);
  }
  // The mean number of the first `count` evicted keys.
  double MeanEvicted(EvictionPolicy policy, int count) {
    double sum = 0;
    for (int i = 0; i < count; ++i) {
      const Eviction eviction = Evict(policy);
      EXPECT_TRUE(eviction.evicted);
      EXPECT_GT(eviction.freed_bytes, 0u);
      EXPECT_FALSE(db().FindAny(K(eviction.key)));
      sum += std::stoi(eviction.key.substr(3));
    }
    return sum / count;
  }

  Moment now_{.now_ms = 1'700'000'000'000};
  Keyspace keyspace_{{.hash_seed = 5, .prng_seed = 6, .slots = GetParam()}};
  Prng prng_{7};
};

INSTANTIATE_TEST_SUITE_P(Modes, EvictionTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& slots) {
                           return slots.param ? "ATableASlot" : "OneTable";
                         });

TEST_P(EvictionTest, NothingToEvictSaysSo) {
  EXPECT_FALSE(Evict(EvictionPolicy::kAllkeysLru).evicted);
  EXPECT_FALSE(Evict(EvictionPolicy::kAllkeysRandom).evicted);
  Set(1);
  EXPECT_FALSE(Evict(EvictionPolicy::kVolatileLru).evicted);
  EXPECT_FALSE(Evict(EvictionPolicy::kVolatileTtl).evicted);
  EXPECT_FALSE(Evict(EvictionPolicy::kVolatileRandom).evicted);
  EXPECT_FALSE(Evict(EvictionPolicy::kNoEviction).evicted);
  EXPECT_TRUE(Evict(EvictionPolicy::kAllkeysLru).evicted);
  EXPECT_EQ(keyspace_.stats().evicted_keys, 1u);
}

TEST_P(EvictionTest, LruPrefersTheLongestIdle) {
  for (int i = 0; i < 1000; ++i) {
    now_.now_ms += 1000;
    Set(i);
  }
  EXPECT_LT(MeanEvicted(EvictionPolicy::kAllkeysLru, 200), 200);
}

TEST_P(EvictionTest, LfuPrefersTheLeastUsed) {
  keyspace_.set_access_policy({.lfu = true});
  for (int i = 0; i < 500; ++i) {
    Set(i);
    for (int use = 0; use < i; ++use) db().Find(K(Name(i)), now_);
  }
  EXPECT_LT(MeanEvicted(EvictionPolicy::kAllkeysLfu, 100), 100);
}

TEST_P(EvictionTest, TtlPrefersTheSoonestDeadline) {
  for (int i = 0; i < 1000; ++i) Set(i, now_.now_ms + 1000 + i);
  EXPECT_LT(MeanEvicted(EvictionPolicy::kVolatileTtl, 200), 200);
}

TEST_P(EvictionTest, RandomIsRandom) {
  for (int i = 0; i < 1000; ++i) Set(i);
  EXPECT_NEAR(MeanEvicted(EvictionPolicy::kAllkeysRandom, 300), 500, 60);
}

TEST_P(EvictionTest, VolatilePoliciesSpareKeysWithoutDeadline) {
  for (EvictionPolicy policy : {EvictionPolicy::kVolatileLru, EvictionPolicy::kVolatileLfu,
                                EvictionPolicy::kVolatileRandom, EvictionPolicy::kVolatileTtl}) {
    for (int i = 0; i < 300; ++i) Set(i, i % 10 == 0 ? now_.now_ms + 1000 : kNoDeadline);
    keyspace_.eviction_pool().Clear();
    for (int i = 0; i < 30; ++i) {
      EXPECT_EQ(std::stoi(Evict(policy).key.substr(3)) % 10, 0);
    }
    EXPECT_FALSE(Evict(policy).evicted);
    EXPECT_EQ(db().Size(), 270u);
  }
}

// Slots that are on their way here: their source says when a key of them goes.
TEST_P(EvictionTest, HiddenKeysAreNeverEvicted) {
  constexpr int kKeys = 50;
  for (int i = 0; i < kKeys; ++i) Set(i, now_.now_ms + 1000 + i);
  const auto hide_all_but = [this](const std::vector<int>& shown) {
    std::vector<bool> hidden(kSlotCount, true);
    for (const int i : shown) hidden[KeySlot(Name(i)).value] = false;
    keyspace_.set_hidden_slots(hidden);
  };
  for (const EvictionPolicy policy :
       {EvictionPolicy::kAllkeysLru, EvictionPolicy::kAllkeysLfu, EvictionPolicy::kVolatileTtl,
        EvictionPolicy::kAllkeysRandom, EvictionPolicy::kVolatileRandom}) {
    hide_all_but({});
    EXPECT_FALSE(Evict(policy).evicted);
    EXPECT_EQ(db().Size(), static_cast<size_t>(kKeys));
    hide_all_but({17});
    EXPECT_EQ(Evict(policy).key, "key17");
    EXPECT_FALSE(Evict(policy).evicted);
    Set(17, now_.now_ms + 1000);
  }
}

TEST_P(EvictionTest, EqualSeedsEvictEqualKeys) {
  std::vector<std::string> runs[2];
  for (auto& run : runs) {
    keyspace_.Flush(Db::Free::kNow);
    keyspace_.eviction_pool().Clear();
    for (int i = 0; i < 500; ++i) Set(i);
    Prng prng(99);
    for (int i = 0; i < 100; ++i) {
      run.push_back(EvictOne(keyspace_, EvictionPolicy::kAllkeysLru, 5, prng, now_.now_ms).key);
    }
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST_P(EvictionTest, EveryDatabaseGivesItsShare) {
  for (int i = 0; i < 300; ++i) {
    keyspace_.db({static_cast<uint32_t>(i % 3)}).SetString(K(Name(i)), "v", {}, now_);
  }
  std::set<uint32_t> seen;
  for (int i = 0; i < 60; ++i) seen.insert(Evict(EvictionPolicy::kAllkeysRandom).db.value);
  EXPECT_EQ(seen, (std::set<uint32_t>{0, 1, 2}));
}

TEST(EvictionPool, KeepsTheBestSixteenInOrder) {
  EvictionPool pool;
  for (uint64_t score = 0; score < 40; ++score) {
    pool.Offer(score * 7 % 40, {0}, "k" + std::to_string(score * 7 % 40));
  }
  pool.Offer(39, {0}, "k39");  // is in there already
  for (uint64_t score = 39; score >= 24; --score) EXPECT_EQ(pool.TakeBest().score, score);
  EXPECT_TRUE(pool.empty());
}

}  // namespace
}  // namespace norn
