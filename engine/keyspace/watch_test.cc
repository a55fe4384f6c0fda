#include "engine/keyspace/watch.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

class WatchTest : public testing::Test {
 protected:
  Key K(std::string_view key) const { return keyspace_.MakeKey(key); }
  Db& db(uint32_t index) { return keyspace_.db({index}); }
  void Set(uint32_t index, std::string_view key, int64_t deadline_ms = kNoDeadline) {
    db(index).SetString(K(key), "v", {.deadline_ms = deadline_ms}, now_);
  }
  void Watch() { version_ = db(0).Watch(K("key"), now_); }
  bool Changed() { return db(0).ChangedSince(K("key"), version_, now_); }
  EntryRef Found() { return db(0).FindForWrite(K("key"), now_); }

  Moment now_{.now_ms = 1000000};
  Keyspace keyspace_{{}};
  uint64_t version_ = 0;
};

TEST_F(WatchTest, EveryKindOfChangeShows) {
  const std::vector<std::function<void()>> changes = {
      [&] { Set(0, "key"); },
      [&] { db(0).Erase(K("key"), now_); },
      [&] { db(0).SetDeadline(K("key"), Found(), now_.now_ms + 5); },
      [&] { db(0).SetInteger(K("key"), Found(), 5); },
      [&] { db(0).ResizeString(K("key"), Found(), 10, now_); },
      [&] { db(0).Take(K("key"), Found()); },
      [&] { db(0).Put(K("key"), db(0).Copy(Found()), kNoDeadline, now_); },
      [&] { db(0).Evict(K("key"), Found()); },
      [&] { keyspace_.Flush(Db::Free::kNow); },
      [&] { keyspace_.Flush(Db::Free::kLater); },
      [&] { keyspace_.SwapDb({0}, {1}, now_); },
  };
  for (const auto& change : changes) {
    Set(0, "key");
    Watch();
    EXPECT_FALSE(Changed());
    change();
    EXPECT_TRUE(Changed()) << &change - changes.data();
    db(0).Unwatch(K("key"));
    EXPECT_TRUE(keyspace_.watch().empty());
  }
}

TEST_F(WatchTest, OtherKeysAndReadsAreNoChange) {
  Set(0, "key");
  Watch();
  Set(0, "other");
  Set(1, "key");
  db(0).Find(K("key"), now_);
  db(0).SetAccess(Found(), 7);
  EXPECT_FALSE(Changed());
}

TEST_F(WatchTest, AKeyThatAppearsIsAChangeAndAnAbsentOneThatStaysIsNot) {
  Watch();
  keyspace_.Flush(Db::Free::kNow);
  keyspace_.SwapDb({0}, {1}, now_);
  EXPECT_FALSE(Changed());
  Set(0, "key");
  EXPECT_TRUE(Changed());
}

TEST_F(WatchTest, ExpiryAfterWatchIsAChangeWhetherDeletedYetOrNot) {
  Set(0, "key", now_.now_ms + 10);
  Watch();
  now_.now_ms += 10;
  EXPECT_TRUE(Changed());
  EXPECT_EQ(db(0).ExpireSome(100, now_.now_ms), 1u);
  EXPECT_TRUE(Changed());
}

TEST_F(WatchTest, ExpiryBeforeWatchIsNoChange) {
  Set(0, "key", now_.now_ms + 10);
  now_.now_ms += 10;
  Watch();
  db(0).Erase(K("key"), now_);
  keyspace_.Flush(Db::Free::kNow);
  EXPECT_FALSE(Changed());
}

TEST_F(WatchTest, SwappingInAnExpiredKeyForAnAbsentOneIsNoChange) {
  Set(1, "key", now_.now_ms + 10);
  now_.now_ms += 10;
  Watch();
  keyspace_.SwapDb({0}, {1}, now_);
  EXPECT_FALSE(Changed());
}

TEST_F(WatchTest, WatchersAreCountedAndVersionsAreSharedByThem) {
  Set(0, "key");
  Watch();
  const uint64_t second = db(0).Watch(K("key"), now_);
  EXPECT_EQ(second, version_);
  db(0).Unwatch(K("key"));
  Set(0, "key");
  EXPECT_TRUE(Changed());
  db(0).Unwatch(K("key"));
  EXPECT_TRUE(keyspace_.watch().empty());
}

}  // namespace
}  // namespace norn
