#include "engine/keyspace/keyspace.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace norn {
namespace {

// An object that counts itself and frees a unit of effort at a time.
class Pile : public Object {
 public:
  Pile(size_t units, int* alive) : units_(units), alive_(alive) { ++*alive_; }
  ~Pile() override { --*alive_; }

  size_t UsedBytes() const override { return 100 + units_ * 10; }
  std::unique_ptr<Object> Copy() const override { return std::make_unique<Pile>(units_, alive_); }
  size_t FreeEffort() const override { return units_; }
  bool FreeSome(size_t effort) override {
    units_ -= std::min(units_, effort);
    return units_ == 0;
  }
  void Add(size_t units) { units_ += units; }
  size_t units() const { return units_; }

 private:
  size_t units_;
  int* alive_;
};

// With one table a database, and with one a slot.
class KeyspaceTest : public testing::TestWithParam<bool> {
 protected:
  Key K(std::string_view key) const { return keyspace_.MakeKey(key); }
  void Set(uint32_t db, std::string_view key, std::string_view value,
           int64_t deadline_ms = kNoDeadline) {
    keyspace_.db({db}).SetString(K(key), value, {.deadline_ms = deadline_ms}, now_);
  }
  std::string Get(uint32_t db, std::string_view key) {
    const EntryRef found = keyspace_.db({db}).Find(K(key), now_);
    if (!found) return "(nil)";
    StringScratch scratch;
    return std::string(found->String(scratch));
  }
  void Fill(uint32_t db, int keys, size_t value_bytes) {
    for (int i = 0; i < keys; ++i) {
      Set(db, "key" + std::to_string(i), std::string(value_bytes, 'x'));
    }
  }
  void SetPile(uint32_t db, std::string_view key, size_t units) {
    Db& target = keyspace_.db({db});
    target.SetObject(K(key), target.FindForWrite(K(key), now_), ValueType::kSet,
                     std::make_unique<Pile>(units, &piles_), now_);
  }

  Moment now_{.now_ms = 1'700'000'000'000};
  int piles_ = 0;
  Keyspace keyspace_{{.hash_seed = 9, .prng_seed = 3, .slots = GetParam()}};
};

std::string NameOfMode(const testing::TestParamInfo<bool>& slots) {
  return slots.param ? "ATableASlot" : "OneTable";
}

INSTANTIATE_TEST_SUITE_P(Modes, KeyspaceTest, testing::Bool(), NameOfMode);

TEST_P(KeyspaceTest, DatabasesAppearOnFirstUse) {
  EXPECT_EQ(keyspace_.FindDb({3}), nullptr);
  Set(3, "a", "1");
  ASSERT_NE(keyspace_.FindDb({3}), nullptr);
  EXPECT_EQ(keyspace_.FindDb({3})->Size(), 1u);
  EXPECT_EQ(Get(0, "a"), "(nil)");
}

TEST_P(KeyspaceTest, SwapDbExchangesContentsAndNumbers) {
  Set(0, "a", "zero");
  Set(1, "a", "one");
  keyspace_.SwapDb({0}, {1}, now_);
  EXPECT_EQ(Get(0, "a"), "one");
  EXPECT_EQ(Get(1, "a"), "zero");
  EXPECT_EQ(keyspace_.db({1}).index(), DbIndex{1});
  keyspace_.SwapDb({0}, {5}, now_);
  EXPECT_EQ(Get(5, "a"), "one");
  EXPECT_EQ(keyspace_.db({0}).Size(), 0u);
}

TEST_P(KeyspaceTest, FlushNowFreesEverything) {
  const uint64_t empty_bytes = keyspace_.UsedBytes();
  Fill(0, 2000, 10);
  Fill(1, 500, 1000);
  SetPile(2, "pile", 5);
  EXPECT_EQ(keyspace_.Flush(Db::Free::kNow), 2501u);
  EXPECT_EQ(keyspace_.UsedBytes(), empty_bytes);
  EXPECT_EQ(piles_, 0);
  EXPECT_EQ(keyspace_.KeyCount(), 0u);
  Set(0, "again", "works");
  EXPECT_EQ(Get(0, "again"), "works");
}

TEST_P(KeyspaceTest, FlushLaterHandsTheMemoryToReclaimSome) {
  const uint64_t empty_bytes = keyspace_.UsedBytes();
  Fill(0, 20000, 300);
  const uint64_t full_bytes = keyspace_.UsedBytes();
  keyspace_.Flush(Db::Free::kLater);
  EXPECT_EQ(keyspace_.UsedBytes(), full_bytes);
  EXPECT_EQ(keyspace_.reclaimer().PendingCount(), 20000u);
  EXPECT_EQ(Get(0, "key1"), "(nil)");
  Set(0, "key1", "new");
  int steps = 1;
  uint64_t bytes = keyspace_.UsedBytes();
  while (!keyspace_.ReclaimSome(1000)) {
    EXPECT_LT(keyspace_.UsedBytes(), bytes);
    bytes = keyspace_.UsedBytes();
    ++steps;
  }
  EXPECT_GT(steps, 10);
  EXPECT_EQ(keyspace_.reclaimer().ReclaimedCount(), 20000u);
  EXPECT_EQ(Get(0, "key1"), "new");
  keyspace_.Flush(Db::Free::kNow);
  EXPECT_EQ(keyspace_.UsedBytes(), empty_bytes);
}

TEST_P(KeyspaceTest, BigObjectsAreFreedInSteps) {
  SetPile(0, "big", 1000);
  SetPile(0, "small", 10);
  keyspace_.db({0}).Erase(K("small"), now_);
  EXPECT_EQ(piles_, 1);
  keyspace_.db({0}).Erase(K("big"), now_);
  EXPECT_EQ(piles_, 1);
  EXPECT_EQ(keyspace_.reclaimer().PendingCount(), 1u);
  EXPECT_FALSE(keyspace_.ReclaimSome(500));
  EXPECT_TRUE(keyspace_.ReclaimSome(500));
  EXPECT_EQ(piles_, 0);
}

TEST_P(KeyspaceTest, ChangedObjectsAreAccountedFor) {
  SetPile(0, "pile", 1);
  Db& db = keyspace_.db({0});
  const uint64_t before = keyspace_.UsedBytes();
  db.ChangeObject(db.FindForWrite(K("pile"), now_),
                  [](Object& object) { static_cast<Pile&>(object).Add(7); });
  EXPECT_EQ(keyspace_.UsedBytes(), before + 70);
  EXPECT_EQ(db.Find(K("pile"), now_)->type(), ValueType::kSet);
  Set(0, "pile", "a string now");
  EXPECT_EQ(piles_, 0);
  db.CheckInvariants();
}

TEST_P(KeyspaceTest, ValuesMoveAndCopyBetweenDatabases) {
  const std::string long_value(5000, 'L');
  Set(0, "short", "s", now_.now_ms + 9);
  Set(0, "long", long_value);
  SetPile(0, "pile", 3);
  Db& from = keyspace_.db({0});
  Db& to = keyspace_.db({1});
  for (const char* key : {"short", "long", "pile"}) {
    to.Put(K(key), from.Copy(from.Find(K(key), now_)), kNoDeadline, now_);
  }
  EXPECT_EQ(piles_, 2);
  EXPECT_EQ(Get(1, "short"), "s");
  EXPECT_EQ(Get(1, "long"), long_value);
  EXPECT_EQ(to.Find(K("short"), now_)->deadline_ms(), kNoDeadline);
  for (const char* key : {"short", "long", "pile"}) {
    const EntryRef found = from.Find(K(key), now_);
    const int64_t deadline_ms = found->deadline_ms();
    to.Put(K(key), from.Take(K(key), found), deadline_ms, now_);
  }
  EXPECT_EQ(piles_, 1);
  EXPECT_EQ(from.Size(), 0u);
  EXPECT_EQ(to.Find(K("short"), now_)->deadline_ms(), now_.now_ms + 9);
  from.CheckInvariants();
  to.CheckInvariants();
  { DetachedValue dropped = to.Take(K("long"), to.Find(K("long"), now_)); }
  to.CheckInvariants();
}

// ---- snapshots ----

using Cut = std::map<std::pair<uint32_t, std::string>, std::string>;

class SnapshotTest : public KeyspaceTest {
 protected:
  void Begin() {
    keyspace_.BeginSnapshot([this](DbIndex db, const Entry& entry) {
      StringScratch scratch;
      const auto [row, added] =
          cut_.emplace(std::pair(db.value, std::string(entry.key())), entry.String(scratch));
      EXPECT_TRUE(added) << "visited twice: " << row->first.second;
    });
  }
  Cut Now() {
    Cut cut;
    for (uint32_t i = 0; i < keyspace_.database_count(); ++i) {
      if (keyspace_.FindDb({i}) == nullptr) continue;
      keyspace_.FindDb({i})->ForEach([&](const Entry& entry) {
        StringScratch scratch;
        cut[{i, std::string(entry.key())}] = entry.String(scratch);
      });
    }
    return cut;
  }
  Cut cut_;
};

INSTANTIATE_TEST_SUITE_P(Modes, SnapshotTest, testing::Bool(), NameOfMode);

TEST_P(SnapshotTest, IsTheInstantWhateverIsWrittenMeanwhile) {
  Fill(0, 3000, 20);
  Fill(1, 300, 400);
  for (int i = 0; i < 100; ++i) Set(0, "ttl" + std::to_string(i), "v", now_.now_ms + i);
  const Cut expected = Now();
  Begin();
  Prng prng(4);
  bool done = false;
  for (int i = 0; !done; ++i) {
    const std::string key = "key" + std::to_string(prng.Below(4000));
    const uint32_t db = static_cast<uint32_t>(prng.Below(3));
    switch (prng.Below(7)) {
      case 0:
        keyspace_.db({db}).Erase(K(key), now_);
        break;
      case 1:
        keyspace_.db({0}).ExpireSome(2, now_.now_ms + i);
        break;
      case 2:
        if (EntryRef found = keyspace_.db({db}).Find(K(key), now_)) {
          keyspace_.db({db}).SetDeadline(K(key), found, now_.now_ms + 1000);
        }
        break;
      case 3: {
        Db& target = keyspace_.db({db});
        target.ResizeString(K(key), target.FindForWrite(K(key), now_), 30, now_)[3] = '!';
        break;
      }
      case 4:
        if (i % 50 == 0) keyspace_.SwapDb({0}, {1}, now_);
        break;
      default:
        Set(db, key, "overwritten bytes 20");
        break;
    }
    if (i % 20 == 0) done = keyspace_.SaveSome(1);
  }
  keyspace_.EndSnapshot();
  EXPECT_EQ(cut_, expected);
}

TEST_P(SnapshotTest, SurvivesAFlush) {
  Fill(0, 5000, 20);
  Fill(2, 50, 1000);
  const Cut expected = Now();
  Begin();
  EXPECT_FALSE(keyspace_.SaveSome(5));
  keyspace_.Flush(Db::Free::kNow);
  Fill(0, 100, 5);
  EXPECT_TRUE(keyspace_.ReclaimSome(1000000));  // nothing may be freed yet
  EXPECT_EQ(keyspace_.reclaimer().PendingCount(), 5050u);
  while (!keyspace_.SaveSome(7)) {
  }
  EXPECT_EQ(cut_, expected);
  keyspace_.EndSnapshot();
  while (!keyspace_.ReclaimSome(1000)) {
  }
  EXPECT_EQ(keyspace_.reclaimer().PendingCount(), 0u);
}

TEST_P(SnapshotTest, MayEndEarlyAndBeginAgain) {
  Fill(0, 1000, 20);
  Begin();
  EXPECT_FALSE(keyspace_.SaveSome(3));
  keyspace_.EndSnapshot();
  Set(0, "key1", "changed");
  cut_.clear();
  const Cut expected = Now();
  Begin();
  EXPECT_TRUE(keyspace_.SaveSome(SIZE_MAX));
  keyspace_.EndSnapshot();
  EXPECT_EQ(cut_, expected);
}

}  // namespace
}  // namespace norn
