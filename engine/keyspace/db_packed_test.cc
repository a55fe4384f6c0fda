#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "engine/base/prng.h"
#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

class DbPackedTest : public testing::Test {
 protected:
  void Splice(std::string& plain, size_t at, size_t removed, const std::string& inserted) {
    EntryRef found = db_.FindAny(key_);
    const std::span<char> bytes = db_.SplicePacked(&found, at, removed, inserted.size());
    ASSERT_EQ(bytes.size(), plain.size() - removed + inserted.size());
    if (!inserted.empty()) std::memcpy(bytes.data() + at, inserted.data(), inserted.size());
    plain.replace(at, removed, inserted);
    ASSERT_EQ(found->packed(), plain);
    ASSERT_EQ(db_.FindAny(key_)->packed(), plain);
  }

  Keyspace keyspace_{KeyspaceOptions{}};
  Db& db_ = keyspace_.db(DbIndex{0});
  Key key_ = keyspace_.MakeKey("key");
  Moment moment_;
};

TEST_F(DbPackedTest, LivesInTheEntryAndBesideIt) {
  std::string plain = "abc";
  db_.SetPacked(key_, {}, ValueType::kHash, plain, moment_);
  EXPECT_EQ(db_.FindAny(key_)->type(), ValueType::kHash);
  EXPECT_TRUE(db_.FindAny(key_)->IsPacked());
  EXPECT_EQ(db_.FindAny(key_)->OutsideBytes(), 0u);
  Splice(plain, 3, 0, std::string(500, 'x'));
  EXPECT_GT(db_.FindAny(key_)->OutsideBytes(), 500u);
  Splice(plain, 100, 350, "");
  EXPECT_GT(db_.FindAny(key_)->OutsideBytes(),
            0u);  // 153 bytes would fit, but not for long perhaps
  Splice(plain, 0, 50, "new");
  EXPECT_EQ(db_.FindAny(key_)->OutsideBytes(), 0u);
  db_.CheckInvariants();
}

TEST_F(DbPackedTest, KeepsDeadlineAndCountsChanges) {
  std::string plain = "abc";
  db_.SetPacked(key_, {}, ValueType::kSet, plain, moment_);
  db_.SetDeadline(key_, db_.FindAny(key_), 5000);
  const uint64_t changes = keyspace_.stats().changes;
  const uint64_t version = db_.Watch(key_, moment_);
  Splice(plain, 1, 1, std::string(300, 'y'));
  EXPECT_EQ(db_.FindAny(key_)->deadline_ms(), 5000);
  EXPECT_EQ(keyspace_.stats().changes, changes);
  EXPECT_FALSE(db_.ChangedSince(key_, version, moment_));
  db_.NoteChanges(key_, 2);
  EXPECT_EQ(keyspace_.stats().changes, changes + 2);
  EXPECT_TRUE(db_.ChangedSince(key_, version, moment_));
  db_.Unwatch(key_);
}

TEST_F(DbPackedTest, ReplacesAndIsReplaced) {
  db_.SetString(key_, "12", {}, moment_);
  db_.SetPacked(key_, db_.FindAny(key_), ValueType::kZset, std::string(1000, 'z'), moment_);
  EXPECT_EQ(db_.FindAny(key_)->packed(), std::string(1000, 'z'));
  DetachedValue copy = db_.Copy(db_.FindAny(key_));
  EXPECT_EQ(copy.type(), ValueType::kZset);
  const Key other = keyspace_.MakeKey("other");
  db_.Put(other, std::move(copy), kNoDeadline, moment_);
  db_.SetString(key_, "12", {}, moment_);
  EXPECT_EQ(db_.FindAny(other)->packed(), std::string(1000, 'z'));
  db_.Put(key_, DetachedValue::Packed(ValueType::kSet, "ab"), 77, moment_);
  EXPECT_EQ(db_.FindAny(key_)->packed(), "ab");
  EXPECT_EQ(db_.FindAny(key_)->deadline_ms(), 77);
  db_.CheckInvariants();
}

TEST_F(DbPackedTest, AnySpliceDoesWhatAStringDoes) {
  Prng prng(7);
  std::string plain;
  db_.SetPacked(key_, {}, ValueType::kList, plain, moment_);
  for (int change = 0; change < 3000; ++change) {
    const size_t at = prng.Below(plain.size() + 1);
    const size_t removed = prng.Below(std::min<size_t>(plain.size() - at, 200) + 1);
    const size_t inserted = plain.size() > 600 ? 0 : prng.Below(prng.OneIn(10) ? 400 : 60);
    Splice(plain, at, removed, std::string(inserted, static_cast<char>('a' + change % 26)));
  }
  db_.CheckInvariants();
}

}  // namespace
}  // namespace norn
