// What a database says and does about one slot.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const SlotId kFoo{12182};  // slot of "foo"

class DbSlots : public testing::Test {
 protected:
  Key K(std::string_view key) const { return keyspace_.MakeKey(key); }
  void Set(std::string_view key, std::string_view value = "v", int64_t deadline_ms = kNoDeadline) {
    db_.SetString(K(key), value, {.deadline_ms = deadline_ms}, now_);
  }
  void Fill(const std::string& tag, int keys) {
    for (int i = 0; i < keys; ++i) Set("{" + tag + "}" + std::to_string(i));
  }
  std::vector<std::string> KeysIn(SlotId slot, size_t count_max) {
    std::vector<std::string> keys;
    db_.VisitSlot(slot, count_max, [&](const Entry& entry) { keys.emplace_back(entry.key()); });
    return keys;
  }

  Moment now_{.now_ms = 1'700'000'000'000};
  Keyspace keyspace_{{.hash_seed = 9, .prng_seed = 3, .slots = true}};
  Db& db_ = keyspace_.db({0});
};

TEST_F(DbSlots, CountsAndListsTheKeysOfOne) {
  Set("foo");
  Set("{foo}2", "v", now_.now_ms - 1);  // expired, and there
  Set("bar");
  EXPECT_EQ(db_.CountInSlot(kFoo), 2u);
  EXPECT_EQ(db_.CountInSlot(KeySlot("bar")), 1u);
  EXPECT_EQ(db_.CountInSlot(SlotId{0}), 0u);
  EXPECT_THAT(KeysIn(kFoo, 10), UnorderedElementsAre("foo", "{foo}2"));
  EXPECT_THAT(KeysIn(kFoo, 1), SizeIs(1));
  EXPECT_THAT(KeysIn(kFoo, 0), IsEmpty());
  Fill("foo", 1000);
  EXPECT_THAT(KeysIn(kFoo, 900), SizeIs(900));
  db_.Erase(K("foo"), now_);
  EXPECT_EQ(db_.CountInSlot(kFoo), 1000u);
}

TEST_F(DbSlots, HiddenSlotsAreNotCounted) {
  Set("foo");
  Set("{foo}2", "v", now_.now_ms + 1000);
  Set("bar", "v", now_.now_ms + 1000);
  EXPECT_EQ(db_.DeadlinesInSlot(kFoo), 1u);
  EXPECT_EQ(keyspace_.CountShown({0}), 3u);
  EXPECT_EQ(keyspace_.CountShownDeadlines({0}), 2u);
  std::vector<bool> hidden(kSlotCount);
  hidden[kFoo.value] = true;
  keyspace_.set_hidden_slots(hidden);
  EXPECT_EQ(keyspace_.CountShown({0}), 1u);
  EXPECT_EQ(keyspace_.CountShownDeadlines({0}), 1u);
  keyspace_.set_hidden_slots({});
  EXPECT_EQ(keyspace_.CountShown({0}), 3u);
}

TEST_F(DbSlots, AShardKnowsNothingOfOtherShardsSlots) {
  Keyspace second({.hash_seed = 9, .slots = true, .shard_index = 1, .shard_count = 170});
  const SlotId own{171};
  std::string key;
  for (int i = 0; KeySlot(key) != own; ++i) key = "key" + std::to_string(i);
  second.db({0}).SetString(second.MakeKey(key), "v", {}, now_);
  size_t keys = 0;
  for (uint32_t slot = 0; slot < kSlotCount; ++slot) {
    keys += second.db({0}).CountInSlot(SlotId{static_cast<uint16_t>(slot)});
  }
  EXPECT_EQ(keys, 1u);
  EXPECT_EQ(second.db({0}).CountInSlot(own), 1u);
  EXPECT_EQ(second.db({0}).ClearSlot(SlotId{170}, Db::Free::kNow), 0u);
}

TEST_F(DbSlots, ClearingOneLeavesTheOthers) {
  Fill("foo", 3000);
  Fill("bar", 10);
  const uint64_t bytes = keyspace_.UsedBytes();
  const uint64_t changes = keyspace_.stats().changes;
  EXPECT_EQ(db_.ClearSlot(kFoo, Db::Free::kNow), 3000u);
  EXPECT_EQ(keyspace_.stats().changes, changes + 3000);
  EXPECT_LT(keyspace_.UsedBytes(), bytes - 3000 * 40);
  EXPECT_EQ(db_.Size(), 10u);
  EXPECT_FALSE(db_.Find(K("{foo}1"), now_));
  EXPECT_TRUE(db_.Find(K("{bar}1"), now_));
  EXPECT_EQ(db_.ClearSlot(kFoo, Db::Free::kNow), 0u);
  db_.CheckInvariants();
}

TEST_F(DbSlots, ClearingLaterHandsTheMemoryToReclaimSome) {
  Fill("foo", 20000);
  Set("foo", std::string(5000, 'x'));
  Fill("bar", 10);
  const uint64_t full_bytes = keyspace_.UsedBytes();
  EXPECT_EQ(db_.ClearSlot(kFoo, Db::Free::kLater), 20001u);
  EXPECT_EQ(keyspace_.UsedBytes(), full_bytes);
  EXPECT_EQ(db_.CountInSlot(kFoo), 0u);
  Set("foo", "new");
  uint64_t bytes = keyspace_.UsedBytes();
  int steps = 1;
  for (; !keyspace_.ReclaimSome(1000); ++steps) {
    EXPECT_LT(keyspace_.UsedBytes(), bytes);
    bytes = keyspace_.UsedBytes();
  }
  EXPECT_GT(steps, 10);
  EXPECT_EQ(db_.Size(), 11u);
  db_.CheckInvariants();
}

TEST_F(DbSlots, ClearingChangesWatchedKeysThatWereThere) {
  Set("foo");
  Set("bar");
  const uint64_t foo = db_.Watch(K("foo"), now_);
  const uint64_t absent = db_.Watch(K("{foo}absent"), now_);
  const uint64_t bar = db_.Watch(K("bar"), now_);
  db_.ClearSlot(kFoo, Db::Free::kLater);
  EXPECT_TRUE(db_.ChangedSince(K("foo"), foo, now_));
  EXPECT_FALSE(db_.ChangedSince(K("{foo}absent"), absent, now_));
  EXPECT_FALSE(db_.ChangedSince(K("bar"), bar, now_));
}

// Slots of very different size, hash tags and all.
TEST_F(DbSlots, RandomKeysAreEquallyLikely) {
  Fill("foo", 60);
  Fill("bar", 20);
  for (int i = 0; i < 20; ++i) Set("lone" + std::to_string(i), "v", now_.now_ms + 1000);
  constexpr int kDraws = 50000;
  std::map<std::string, int> drawn, drawn_volatile;
  Prng prng(8);
  for (int i = 0; i < kDraws; ++i) {
    ++drawn[std::string(db_.Random(prng, now_)->key())];
    ++drawn_volatile[std::string(db_.Sample(prng, true)->key())];
  }
  EXPECT_THAT(drawn, SizeIs(100));
  for (const auto& [key, times] : drawn) {
    EXPECT_GT(times, kDraws / 100 * 3 / 4) << key;
    EXPECT_LT(times, kDraws / 100 * 5 / 4) << key;
  }
  EXPECT_THAT(drawn_volatile, SizeIs(20));
  for (const auto& [key, times] : drawn_volatile) {
    EXPECT_GT(times, kDraws / 20 * 3 / 4) << key;
    EXPECT_LT(times, kDraws / 20 * 5 / 4) << key;
  }
}

// A hash tag may put everything into one slot.
TEST_F(DbSlots, OneMayHoldEverything) {
  Fill("foo", 300000);
  EXPECT_EQ(db_.CountInSlot(kFoo), 300000u);
  EXPECT_LT(static_cast<double>(db_.OverheadBytes()) / 300000, 14.0);
  std::set<std::string> seen;
  uint64_t cursor = 0;
  do {
    cursor = db_.Scan(cursor, 1000, [&](const Entry& entry) { seen.emplace(entry.key()); });
  } while (cursor != 0);
  EXPECT_THAT(seen, SizeIs(300000));
}

TEST_F(DbSlots, EmptiedTablesCostNothingOnceCompacted) {
  for (int i = 0; i < 5000; ++i) Set("key" + std::to_string(i));
  for (int i = 0; i < 5000; ++i) db_.Erase(K("key" + std::to_string(i)), now_);
  for (int i = 0; i < 200; ++i) db_.CompactSome(16);
  EXPECT_EQ(db_.OverheadBytes(), 0u);
}

}  // namespace
}  // namespace norn
