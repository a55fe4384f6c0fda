#include "engine/types/set_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

config::Options Limits(int64_t intset, int64_t listpack, int64_t bytes) {
  config::Options options;
  options.set_max_intset_entries = intset;
  options.set_max_listpack_entries = listpack;
  options.set_max_listpack_value = bytes;
  return options;
}

class SetValueTest : public testing::Test {
 protected:
  bool Add(std::string_view member) {
    KeyPlace place = Place();
    return SetWriter(place, rules_).Add(member);
  }
  bool Remove(std::string_view member) {
    KeyPlace place = Place();
    return SetWriter(place, rules_).Remove(member);
  }
  SetReader Reader() { return SetReader(*db_.FindAny(key_)); }
  std::string_view Encoding() { return Reader().EncodingName(); }
  KeyPlace Place() { return KeyPlace(db_, key_, db_.FindAny(key_), ValueType::kSet, moment_); }

  config::Options options_ = Limits(512, 128, 64);
  TypeRules rules_{options_, 7};
  Keyspace keyspace_{KeyspaceOptions{}};
  Db& db_ = keyspace_.db(DbIndex{0});
  Key key_ = keyspace_.MakeKey("s");
  Moment moment_;
};

TEST_F(SetValueTest, IntegersMakeAnIntset) {
  EXPECT_TRUE(Add("5"));
  EXPECT_FALSE(Add("5"));
  EXPECT_TRUE(Add("-3"));
  EXPECT_EQ(Encoding(), "intset");
  EXPECT_TRUE(Reader().Contains("-3"));
  EXPECT_FALSE(Reader().Contains("05"));
  EXPECT_EQ(keyspace_.stats().changes, 2u);
}

TEST_F(SetValueTest, TextTurnsAnIntsetIntoAListpack) {
  Add("5");
  EXPECT_TRUE(Add("five"));
  EXPECT_EQ(Encoding(), "listpack");
  EXPECT_TRUE(Reader().Contains("5"));
  EXPECT_EQ(keyspace_.stats().changes, 2u);
}

TEST_F(SetValueTest, TheLimitsMakeATable) {
  options_ = Limits(4, 2, 5);
  for (const char* member : {"1", "2", "3", "4"}) Add(member);
  EXPECT_EQ(Encoding(), "intset");
  Add("5");
  EXPECT_EQ(Encoding(), "hashtable");
  EXPECT_EQ(Reader().size(), 5u);
}

TEST_F(SetValueTest, ALongMemberMakesATable) {
  options_ = Limits(4, 10, 5);
  Add("a");
  EXPECT_EQ(Encoding(), "listpack");
  Add("123456");
  EXPECT_EQ(Encoding(), "hashtable");
}

TEST_F(SetValueTest, TheLastMemberTakesTheKey) {
  Add("a");
  Add("b");
  EXPECT_TRUE(Remove("a"));
  EXPECT_FALSE(Remove("a"));
  EXPECT_TRUE(Remove("b"));
  EXPECT_FALSE(db_.FindAny(key_));
  EXPECT_FALSE(Remove("b"));
}

TEST_F(SetValueTest, ADeadlineOutlivesEveryForm) {
  options_ = Limits(2, 3, 64);
  Add("1");
  db_.SetDeadline(key_, db_.FindAny(key_), 99);
  for (const char* member : {"x", "y", "z"}) {
    Add(member);
    EXPECT_EQ(db_.FindAny(key_)->deadline_ms(), 99);
  }
  EXPECT_EQ(Encoding(), "hashtable");
}

TEST_F(SetValueTest, ExpectingManyBeginsWithATable) {
  KeyPlace place = Place();
  SetWriter writer(place, rules_);
  writer.Expect("1", 1000);
  EXPECT_EQ(SetReader(place).form(), SetForm::kTable);
}

TEST_F(SetValueTest, EveryMemberIsDrawn) {
  for (const bool text : {false, true}) {
    if (text) Add("text");
    for (int i = 0; i < 10; ++i) Add(std::to_string(i));
    Prng prng(3);
    std::set<std::string> drawn;
    for (int i = 0; i < 1000; ++i) drawn.insert(Reader().Random(prng).ToString());
    EXPECT_EQ(drawn.size(), text ? 11u : 10u);
  }
}

TEST_F(SetValueTest, ALooseSetBecomesTheValueOfAKey) {
  LoosePlace loose;
  SetWriter writer(loose, rules_);
  for (int i = 0; i < 1000; ++i) writer.Add("m" + std::to_string(i));
  db_.Put(key_, loose.Take(ValueType::kSet), kNoDeadline, moment_);
  EXPECT_EQ(Reader().size(), 1000u);
  EXPECT_FALSE(loose.exists());
  db_.CheckInvariants();
}

void DoesWhatAStdSetDoes(uint64_t seed) {
  Prng prng(seed);
  const config::Options options =
      Limits(static_cast<int64_t>(prng.Below(20)), static_cast<int64_t>(prng.Below(20)),
             static_cast<int64_t>(1 + prng.Below(8)));
  const TypeRules rules{options, seed};
  Keyspace keyspace{KeyspaceOptions{}};
  Db& db = keyspace.db(DbIndex{0});
  const Key key = keyspace.MakeKey("s");
  std::set<std::string> plain;
  for (int change = 0; change < 200; ++change) {
    std::string member = std::to_string(prng.Below(60));
    if (prng.OneIn(30)) member += "text";
    KeyPlace place(db, key, db.FindAny(key), ValueType::kSet, Moment());
    if (prng.OneIn(3)) {
      RC_ASSERT(SetWriter(place, rules).Remove(member) == (plain.erase(member) == 1));
    } else {
      RC_ASSERT(SetWriter(place, rules).Add(member) == plain.insert(member).second);
    }
    const EntryRef found = db.FindAny(key);
    RC_ASSERT(static_cast<bool>(found) == !plain.empty());
    if (!found) continue;
    std::set<std::string> members;
    SetReader(*found).ForEach([&](const PackedValue& one) { members.insert(one.ToString()); });
    RC_ASSERT(members == plain);
    RC_ASSERT(SetReader(*found).size() == plain.size());
  }
  db.CheckInvariants();
}

RC_GTEST_PROP(SetValueProperty, DoesWhatAStdSetDoes, (uint64_t seed)) { DoesWhatAStdSetDoes(seed); }

}  // namespace
}  // namespace norn
