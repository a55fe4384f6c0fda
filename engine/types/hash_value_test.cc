#include "engine/types/hash_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/types/testing.h"

namespace norn {
namespace {

class HashValueTest : public testing::Test {
 protected:
  bool Set(std::string_view name, std::string_view value,
           int64_t deadline_ms = Field::kNoDeadline) {
    KeyPlace place = room_.Place();
    return HashWriter(place, room_.rules()).Set(name, value, deadline_ms);
  }
  bool Erase(std::string_view name) {
    KeyPlace place = room_.Place();
    return HashWriter(place, room_.rules()).Erase(name);
  }
  HashReader Reader(int64_t now_ms = 0) { return HashReader(*room_.found(), now_ms); }
  std::string Get(std::string_view name, int64_t now_ms = 0) {
    const std::optional<HashField> field = Reader(now_ms).Find(name);
    return field ? field->value.ToString() : "(none)";
  }

  TypeRoom room_{ValueType::kHash};
};

TEST_F(HashValueTest, FieldsAreSetAndReplaced) {
  EXPECT_TRUE(Set("a", "1"));
  EXPECT_TRUE(Set("b", "text"));
  EXPECT_FALSE(Set("a", "2"));
  EXPECT_EQ(Get("a"), "2");
  EXPECT_EQ(Get("b"), "text");
  EXPECT_EQ(Get("1"), "(none)");  // a value is no name
  EXPECT_EQ(Reader().EncodingName(), "listpack");
  EXPECT_EQ(Reader().size(), 2u);
  EXPECT_EQ(room_.changes(), 3u);
}

TEST_F(HashValueTest, TheLimitsMakeATable) {
  room_.options().hash_max_listpack_entries = 2;
  Set("a", "1");
  Set("b", "2");
  EXPECT_EQ(Reader().EncodingName(), "listpack");
  Set("c", "3");
  EXPECT_EQ(Reader().EncodingName(), "hashtable");
  EXPECT_EQ(Get("a") + Get("b") + Get("c"), "123");
}

TEST_F(HashValueTest, ALongValueMakesATable) {
  Set("a", "1");
  Set("a", std::string(65, 'x'));
  EXPECT_EQ(Reader().EncodingName(), "hashtable");
  EXPECT_EQ(Get("a"), std::string(65, 'x'));
}

TEST_F(HashValueTest, TheLastFieldTakesTheKey) {
  Set("a", "1");
  EXPECT_FALSE(Erase("b"));
  EXPECT_TRUE(Erase("a"));
  EXPECT_FALSE(room_.found());
}

TEST_F(HashValueTest, AFieldPastItsDeadlineIsNotThere) {
  Set("a", "1", 100);
  Set("b", "2");
  EXPECT_EQ(Reader().EncodingName(), "hashtable");
  EXPECT_EQ(Get("a", 99), "1");
  EXPECT_EQ(Get("a", 100), "(none)");
  EXPECT_EQ(Reader(100).size(), 2u);
  size_t seen = 0;
  Reader(100).ForEach([&](const HashField& field) {
    EXPECT_EQ(field.name.ToString(), "b");
    ++seen;
  });
  EXPECT_EQ(seen, 1u);
  Prng prng(1);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Reader(100).Random(prng)->name.ToString(), "b");
}

TEST_F(HashValueTest, DueFieldsAreErasedAndTheKeyWithTheLast) {
  for (int i = 0; i < 1000; ++i) Set("f" + std::to_string(i), "v", i < 900 ? 50 : 5000);
  size_t erased = 0;
  const auto count = [&](std::string_view) { ++erased; };
  const auto erase = [&](int64_t now_ms) {
    KeyPlace place = room_.Place();
    return HashWriter(place, room_.rules()).EraseDue(now_ms, 10, count);
  };
  for (int i = 0; i < 200; ++i) erase(50);
  EXPECT_EQ(erased, 900u);
  EXPECT_EQ(Reader().size(), 100u);
  for (int i = 0; i < 200; ++i) erase(5000);
  EXPECT_EQ(erased, 1000u);
  EXPECT_FALSE(room_.found());
}

RC_GTEST_PROP(HashValueProperty, DoesWhatAMapDoes, (uint64_t seed)) {
  Prng prng(seed);
  TypeRoom room(ValueType::kHash);
  room.options().hash_max_listpack_entries = static_cast<int64_t>(prng.Below(20));
  room.options().hash_max_listpack_value = static_cast<int64_t>(1 + prng.Below(10));
  std::map<std::string, std::string> plain;
  for (int change = 0; change < 200; ++change) {
    const std::string name = std::to_string(prng.Below(40));
    const std::string value(prng.Below(8), 'v');
    KeyPlace place = room.Place();
    HashWriter writer(place, room.rules());
    if (prng.OneIn(3)) {
      RC_ASSERT(writer.Erase(name) == (plain.erase(name) == 1));
    } else {
      RC_ASSERT(writer.Set(name, value) == !plain.contains(name));
      plain[name] = value;
    }
    RC_ASSERT(static_cast<bool>(room.found()) == !plain.empty());
    if (plain.empty()) continue;
    std::map<std::string, std::string> read;
    const HashReader reader(*room.found(), 0);
    reader.ForEach(
        [&](const HashField& field) { read[field.name.ToString()] = field.value.ToString(); });
    RC_ASSERT(read == plain);
    RC_ASSERT(reader.size() == plain.size());
    RC_ASSERT(reader.Find(name).has_value() == plain.contains(name));
  }
  room.db().CheckInvariants();
}

}  // namespace
}  // namespace norn
