#include "engine/keyspace/db.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

// With one table, and with one a slot.
class DbTest : public testing::TestWithParam<bool> {
 protected:
  DbTest()
      : keyspace_({.hash_seed = 1, .prng_seed = 2, .slots = GetParam()}), db_(keyspace_.db({0})) {}
  ~DbTest() override { db_.CheckInvariants(); }

  Key K(std::string_view key) const { return keyspace_.MakeKey(key); }
  void Set(std::string_view key, std::string_view value, int64_t deadline_ms = kNoDeadline) {
    db_.SetString(K(key), value, {.deadline_ms = deadline_ms}, now_);
  }
  std::string Get(std::string_view key) {
    const EntryRef found = db_.Find(K(key), now_);
    if (!found) return "(nil)";
    StringScratch scratch;
    return std::string(found->String(scratch));
  }
  EntryRef Find(std::string_view key) { return db_.Find(K(key), now_); }
  std::string EncodingOf(std::string_view key) { return std::string(Find(key)->EncodingName()); }
  std::span<char> Resize(std::string_view key, size_t size) {
    return db_.ResizeString(K(key), db_.FindForWrite(K(key), now_), size, now_);
  }

  Moment now_{.now_ms = 1'700'000'000'000};
  Keyspace keyspace_;
  Db& db_;
};

std::string NameOfMode(const testing::TestParamInfo<bool>& slots) {
  return slots.param ? "ATableASlot" : "OneTable";
}

INSTANTIATE_TEST_SUITE_P(Modes, DbTest, testing::Bool(), NameOfMode);

// ---- strings ----

TEST_P(DbTest, GivesBackWhatWasSetAtEverySize) {
  for (size_t size = 0; size < 700; ++size) {
    const std::string key = "key" + std::to_string(size);
    Set(key, std::string(size, 'x'));
    ASSERT_EQ(Get(key), std::string(size, 'x'));
    ASSERT_EQ(Find(key)->StringLength(), size);
  }
  EXPECT_EQ(db_.Size(), 700u);
}

TEST_P(DbTest, TakesKeysOfEveryLength) {
  for (size_t size : {0u, 1u, 255u, 256u, 490u, 512u, 70000u}) {
    const std::string key(size, 'k');
    for (int64_t deadline_ms : {kNoDeadline, now_.now_ms + 10}) {
      Set(key, "value", deadline_ms);
      EXPECT_EQ(Get(key), "value");
      EXPECT_EQ(Find(key)->key(), key);
      EXPECT_EQ(Find(key)->deadline_ms(), deadline_ms);
    }
  }
}

TEST_P(DbTest, NamesEncodingsAsValkeyDoes) {
  Set("a", "12345");
  Set("b", "012345");
  Set("c", std::string(44, 'x'));
  Set("d", std::string(45, 'x'));
  Set("e", std::string(5000, 'x'));
  Set("f", "9223372036854775807");
  Set("g", "9223372036854775808");
  EXPECT_EQ(EncodingOf("a"), "int");
  EXPECT_EQ(EncodingOf("b"), "embstr");
  EXPECT_EQ(EncodingOf("c"), "embstr");
  EXPECT_EQ(EncodingOf("d"), "raw");
  EXPECT_EQ(EncodingOf("e"), "raw");
  EXPECT_EQ(EncodingOf("f"), "int");
  EXPECT_EQ(EncodingOf("g"), "embstr");
  Resize("c", 44);
  EXPECT_EQ(EncodingOf("c"), "raw");
  Set("c", "new");
  EXPECT_EQ(EncodingOf("c"), "embstr");
}

TEST_P(DbTest, OverwritesInPlaceWithinASizeClass) {
  Set("key", "sixteen bytes ab");
  const Entry* before = &*Find("key");
  Set("key", "sixteen bytes cd");
  EXPECT_EQ(&*Find("key"), before);
  EXPECT_EQ(Get("key"), "sixteen bytes cd");
  Set("n", "1");
  before = &*Find("n");
  db_.SetInteger(K("n"), Find("n"), 2);
  EXPECT_EQ(&*Find("n"), before);
  EXPECT_EQ(Get("n"), "2");
}

TEST_P(DbTest, EveryShapeMayFollowEveryOther) {
  const std::vector<std::string> values = {"",
                                           "7",
                                           "-42",
                                           "short",
                                           std::string(100, 'e'),
                                           std::string(300, 'o'),
                                           std::string(9000, 'O')};
  for (const std::string& from : values) {
    for (const std::string& to : values) {
      for (int64_t first : {kNoDeadline, now_.now_ms + 1}) {
        for (int64_t second : {kNoDeadline, now_.now_ms + 2}) {
          Set("key", from, first);
          Set("key", to, second);
          ASSERT_EQ(Get("key"), to);
          ASSERT_EQ(Find("key")->deadline_ms(), second);
          db_.CheckInvariants();
        }
      }
    }
  }
}

TEST_P(DbTest, KeepsTheDeadlineWhenAsked) {
  Set("key", "a", now_.now_ms + 100);
  db_.SetString(K("key"), "b", {.keep_deadline = true}, now_);
  EXPECT_EQ(Find("key")->deadline_ms(), now_.now_ms + 100);
  Set("key", "c");
  EXPECT_EQ(Find("key")->deadline_ms(), kNoDeadline);
}

TEST_P(DbTest, ResizeKeepsOldBytesAndZeroesNewOnes) {
  for (const std::string& value :
       {std::string("12"), std::string("ab"), std::string(190, 'x'), std::string(1000, 'y')}) {
    for (size_t size :
         {value.size(), value.size() + 1, size_t{150}, size_t{193}, size_t{250}, size_t{4000}}) {
      Set("key", value, now_.now_ms + 5);
      std::string expected = value;
      expected.resize(size, '\0');
      const std::span<char> bytes = Resize("key", size);
      ASSERT_EQ(std::string(bytes.data(), bytes.size()), expected);
      if (size > 0) bytes[size - 1] = '!', expected[size - 1] = '!';
      ASSERT_EQ(Get("key"), expected);
      ASSERT_EQ(Find("key")->deadline_ms(), now_.now_ms + 5);
      db_.CheckInvariants();
    }
  }
}

TEST_P(DbTest, ResizeOfNothingMakesZeroes) {
  EXPECT_EQ(Resize("key", 3).size(), 3u);
  EXPECT_EQ(Get("key"), std::string(3, '\0'));
  EXPECT_EQ(Resize("big", 5000).size(), 5000u);
  EXPECT_EQ(Get("big"), std::string(5000, '\0'));
}

TEST_P(DbTest, AppendingAByteAtATimeCopiesLittle) {
  size_t moves = 0;
  const char* last = nullptr;
  for (size_t size = 200; size < 100000; ++size) {
    const std::span<char> bytes = Resize("key", size);
    bytes[size - 1] = 'a';
    moves += bytes.data() != last ? 1 : 0;
    last = bytes.data();
  }
  EXPECT_LT(moves, 40u);
  EXPECT_EQ(Get("key").size(), 99999u);
}

// ---- expiry ----

TEST_P(DbTest, AnExpiredKeyIsDeletedOnTheWay) {
  Set("key", "v", now_.now_ms + 10);
  now_.now_ms += 9;
  EXPECT_EQ(Get("key"), "v");
  now_.now_ms += 1;
  EXPECT_EQ(Get("key"), "(nil)");
  EXPECT_EQ(db_.Size(), 0u);
  EXPECT_EQ(keyspace_.stats().expired_keys, 1u);
  EXPECT_FALSE(db_.Erase(K("key"), now_));
}

TEST_P(DbTest, SetDeadlineAddsChangesAndRemoves) {
  Set("key", "value");
  db_.SetDeadline(K("key"), Find("key"), now_.now_ms + 50);
  EXPECT_EQ(Find("key")->deadline_ms(), now_.now_ms + 50);
  EXPECT_EQ(db_.DeadlineCount(), 1u);
  db_.SetDeadline(K("key"), Find("key"), now_.now_ms + 70);
  EXPECT_EQ(Find("key")->deadline_ms(), now_.now_ms + 70);
  db_.SetDeadline(K("key"), Find("key"), kNoDeadline);
  EXPECT_EQ(Find("key")->deadline_ms(), kNoDeadline);
  EXPECT_EQ(db_.DeadlineCount(), 0u);
  EXPECT_EQ(Get("key"), "value");
}

TEST_P(DbTest, ExpireSomeDeletesExactlyWhatHasExpired) {
  for (int i = 0; i < 5000; ++i) {
    const int64_t deadline_ms = i % 3 == 0 ? kNoDeadline : now_.now_ms + (i % 3 == 1 ? 10 : 100000);
    Set("key" + std::to_string(i), "v", deadline_ms);
  }
  now_.now_ms += 10;
  size_t deleted = 0;
  for (int round = 0; round < 1000 && deleted < 1667; ++round) {
    deleted += db_.ExpireSome(20, now_.now_ms);
  }
  EXPECT_EQ(deleted, 1667u);
  EXPECT_EQ(db_.Size(), 5000u - 1667u);
  EXPECT_EQ(db_.ExpireSome(100000, now_.now_ms), 0u);
  EXPECT_EQ(keyspace_.stats().expired_keys, 1667u);
  EXPECT_NEAR(static_cast<double>(db_.AverageTtlMs()), 99990, 1);
}

TEST_P(DbTest, ExpireSomeFindsTheOneKeyAmongManyWithLittleWork) {
  for (int i = 0; i < 100000; ++i) Set("key" + std::to_string(i), "v");
  db_.SetDeadline(K("key777"), Find("key777"), now_.now_ms + 1);
  now_.now_ms += 2;
  EXPECT_EQ(db_.ExpireSome(200, now_.now_ms), 1u);
}

// ---- accounting and statistics ----

TEST_P(DbTest, EverythingErasedCostsNothing) {
  const uint64_t empty_bytes = keyspace_.UsedBytes();
  for (int i = 0; i < 1000; ++i) Set("key" + std::to_string(i), std::string(i, 'x'));
  EXPECT_GT(keyspace_.UsedBytes(), empty_bytes + 500000);
  for (int i = 0; i < 1000; ++i) db_.Erase(K("key" + std::to_string(i)), now_);
  while (db_.OverheadBytes() > 0) db_.CompactSome(1);
  EXPECT_EQ(keyspace_.UsedBytes(), empty_bytes);
}

TEST_P(DbTest, CountsHitsMissesAndChangesAsTheMomentSays) {
  Set("key", "v");
  Get("key");
  Get("nosuch");
  now_.count = false;
  Get("key");
  Get("nosuch");
  EXPECT_EQ(keyspace_.stats().hits, 1u);
  EXPECT_EQ(keyspace_.stats().misses, 1u);
  EXPECT_EQ(keyspace_.stats().changes, 1u);
}

TEST_P(DbTest, TouchesTheAccessBitsUnlessToldNotTo) {
  Set("key", "v");
  const int64_t start_ms = now_.now_ms;
  now_.now_ms += 10000;
  now_.touch = false;
  EXPECT_EQ(LruIdleMs(Find("key")->access(), now_.now_ms), 10000u);
  now_.touch = true;
  EXPECT_EQ(LruIdleMs(Find("key")->access(), now_.now_ms), 0u);
  EXPECT_EQ(LruClock(start_ms) + 10, Find("key")->access());
}

TEST_P(DbTest, LfuCountsUsesLogarithmicallyAndDecays) {
  keyspace_.set_access_policy({.lfu = true});
  Set("key", "v");
  EXPECT_EQ(LfuCount(Find("key")->access(), now_.now_ms, {.lfu = true}), 6u);
  for (int i = 0; i < 100000; ++i) Find("key");
  const uint32_t count = LfuCount(Find("key")->access(), now_.now_ms, {.lfu = true});
  EXPECT_GT(count, 100u);
  EXPECT_LT(count, 200u);
  now_.touch = false;
  now_.now_ms += 10 * 60000;
  EXPECT_EQ(LfuCount(Find("key")->access(), now_.now_ms, {.lfu = true}), count - 10);
}

// ---- values from a snapshot ----

TEST_P(DbTest, AValueThatIsLoadedIsStoredAsIfItWereSet) {
  for (const std::string& value :
       {std::string("7"), std::string(), std::string("007"), std::string(44, 'e'),
        std::string(192, 'e'), std::string(193, 'o'), std::string(9000, 'o')}) {
    Set("set", value);
    db_.Erase(K("loaded"), now_);
    ASSERT_TRUE(
        db_.Load(K("loaded"), DetachedValue::String(value), kNoDeadline, Db::OnDuplicate::kRefuse));
    EXPECT_EQ(Get("loaded"), value);
    EXPECT_EQ(Find("loaded")->encoding(), Find("set")->encoding());
  }
}

TEST_P(DbTest, LoadingCountsNothingAndKeepsDeadlineAndAccess) {
  const uint64_t version = db_.Watch(K("k"), now_);
  DetachedValue value = DetachedValue::String("v");
  value.set_access(1234);
  ASSERT_TRUE(db_.Load(K("k"), std::move(value), now_.now_ms + 5, Db::OnDuplicate::kRefuse));
  EXPECT_EQ(keyspace_.stats().changes, 0u);
  EXPECT_EQ(keyspace_.stats().misses, 0u);
  EXPECT_EQ(db_.FindAny(K("k"))->access(), 1234u);
  EXPECT_EQ(db_.FindAny(K("k"))->deadline_ms(), now_.now_ms + 5);
  EXPECT_FALSE(db_.ChangedSince(K("k"), version, now_));
  db_.Unwatch(K("k"));
}

TEST_P(DbTest, LoadingAKeyTwiceIsRefusedOrReplaces) {
  Set("k", std::string(500, 'o'), now_.now_ms + 5);
  EXPECT_FALSE(db_.Load(K("k"), DetachedValue::String(std::string(600, 'n')), kNoDeadline,
                        Db::OnDuplicate::kRefuse));
  EXPECT_EQ(Get("k"), std::string(500, 'o'));
  EXPECT_TRUE(db_.Load(K("k"), DetachedValue::Integer(7), kNoDeadline, Db::OnDuplicate::kReplace));
  EXPECT_EQ(Get("k"), "7");
  EXPECT_FALSE(Find("k")->has_deadline());
}

TEST(AccountedBytes, AKeyOfSixteenAndSixteenStaysBelowFiftyFour) {
  Keyspace keyspace({.hash_seed = 1});
  Db& db = keyspace.db({0});
  double sum = 0;
  int points = 0;
  char key[17], value[17];
  for (uint64_t i = 0; i < 1000000; ++i) {
    snprintf(key, sizeof(key), "key:%012llu", static_cast<unsigned long long>(i));
    snprintf(value, sizeof(value), "v:%014llu", static_cast<unsigned long long>(i));
    db.SetString(keyspace.MakeKey({key, 16}), {value, 16}, {}, {});
    if (i >= 200000 && i % 10000 == 0) {
      sum += static_cast<double>(db.UsedBytes()) / db.Size();
      ++points;
    }
  }
  EXPECT_LT(sum / points, 53.0);
  EXPECT_LT(static_cast<double>(db.UsedBytes()) / db.Size(), 54.0);
}

}  // namespace
}  // namespace norn
