#include <string>

#include "engine/commands/sort/sort_handlers.h"
#include "engine/commands/sort/sort_pattern.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

using ::testing::ElementsAre;

class SortCommands : public CommandTest {
 protected:
  SortCommands() : CommandTest(3) {
    for (uint32_t shard = 0; shard < 3; ++shard) keyspace(shard).set_records_deletions(true);
  }
};

TEST_F(SortCommands, NumbersAndText) {
  Session({{"SORT nosuch", "[]"},
           {"RPUSH l 3 10 -1.5 2", ":4"},
           {"SORT l", "[$-1.5, $2, $3, $10]"},
           {"SORT l DESC", "[$10, $3, $2, $-1.5]"},
           {"SORT l DESC ASC", "[$-1.5, $2, $3, $10]"},
           {"SORT l ALPHA", "[$-1.5, $10, $2, $3]"},
           {"SORT_RO l ALPHA DESC", "[$3, $2, $10, $-1.5]"},
           {"RPUSH l x", ":5"},
           {"SORT l", "-ERR One or more scores can't be converted into double"},
           {"SADD s 5 1 4", ":3"},
           {"SORT s", "[$1, $4, $5]"},
           {"ZADD z 3 a 1 c 2 b", ":3"},
           {"SORT z ALPHA", "[$a, $b, $c]"},
           {"SET k v", "+OK"},
           {"SORT k", "-WRONGTYPE Operation against a key holding the wrong kind of value"}});
}

TEST_F(SortCommands, NumbersAreReadAsCReadsThem) {
  Session({{"RPUSH l 0x10 1e1 \" 3\" \"\" inf -inf", ":6"},
           {"SORT l", "[$-inf, $, $ 3, $1e1, $0x10, $inf]"},
           {"RPUSH l nan", ":7"},
           {"SORT l", "-ERR One or more scores can't be converted into double"},
           {"RPUSH m 1e999", ":1"},
           {"SORT m", "-ERR One or more scores can't be converted into double"}});
}

TEST_F(SortCommands, EqualNumbersAreInTheOrderOfTheirBytes) {
  Session({{"RPUSH l 1.0 01 1 +1", ":4"}, {"SORT l", "[$+1, $01, $1, $1.0]"}});
}

TEST_F(SortCommands, Limit) {
  Session({{"RPUSH l 5 4 3 2 1", ":5"},
           {"SORT l LIMIT 1 2", "[$2, $3]"},
           {"SORT l LIMIT -3 2", "[$1, $2]"},
           {"SORT l LIMIT 3 100", "[$4, $5]"},
           {"SORT l LIMIT 3 -1", "[$4, $5]"},
           {"SORT l LIMIT 5 1", "[]"},
           {"SORT l LIMIT 0 0", "[]"},
           {"SORT l LIMIT 9223372036854775807 9223372036854775807", "[]"},
           {"SORT l LIMIT 0", "-ERR syntax error"},
           {"SORT l LIMIT a 1", "-ERR value is not an integer or out of range"},
           {"SORT l LIMIT 1 a", "-ERR value is not an integer or out of range"}});
}

TEST_F(SortCommands, UnsortedKeepsTheOrderOfTheValue) {
  Session({{"RPUSH l c a b d", ":4"},
           {"SORT l BY nosort", "[$c, $a, $b, $d]"},
           {"SORT l BY nosort DESC", "[$d, $b, $a, $c]"},
           {"SORT l BY nosort LIMIT 1 2", "[$a, $b]"},
           {"SORT l BY nosort DESC LIMIT 1 2", "[$b, $a]"},
           {"SORT l BY nosort LIMIT 9 1", "[]"},
           {"ZADD z 1 c 2 a 3 b", ":3"},
           {"SORT z BY nosort", "[$c, $a, $b]"},
           {"SORT z BY nosort DESC LIMIT 0 2", "[$b, $a]"},
           {"SORT z BY nosort LIMIT 2 5", "[$b]"},
           {"SADD s c a b", ":3"},
           {"SORT s BY nosort STORE to", ":3"},
           {"LRANGE to 0 -1", "[$a, $b, $c]"}});
}

TEST_F(SortCommands, PatternsReachKeysAndFields) {
  Session({{"RPUSH l 1 2 3", ":3"},
           {"MSET w1 30 w2 20 w3 10 name1 one name3 three", "+OK"},
           {"HSET h1 age 7 city x", ":2"},
           {"HSET h2 age 5", ":1"},
           {"HSET h3 age 6", ":1"},
           {"SORT l BY w*", "[$3, $2, $1]"},
           {"SORT l BY h*->age", "[$2, $3, $1]"},
           {"SORT l BY nosuch*", "[$1, $2, $3]"},
           {"SORT l BY h*", "[$1, $2, $3]"},
           {"SORT l BY w*->age", "[$1, $2, $3]"},
           {"SORT l BY w* GET name* GET #", "[$three, $3, nil, $2, $one, $1]"},
           {"SORT l BY w* GET h*->age GET h*->city LIMIT 1 2", "[$5, nil, $7, $x]"},
           {"SORT l GET constant", "[nil, nil, nil]"},
           {"SORT l BY name*", "-ERR One or more scores can't be converted into double"},
           {"SORT l BY name* ALPHA", "[$2, $1, $3]"},
           {"SORT l BY name* ALPHA DESC", "[$3, $1, $2]"},
           {"SORT l BY", "-ERR syntax error"},
           {"SORT l GET", "-ERR syntax error"},
           {"SORT l FOO", "-ERR syntax error"}});
}

TEST_F(SortCommands, StoreMakesAList) {
  Session({{"RPUSH l 3 1 2", ":3"},
           {"SET to v EX 100", "+OK"},
           {"SORT l STORE to", ":3"},
           {"LRANGE to 0 -1", "[$1, $2, $3]"},
           {"TTL to", ":-1"},
           {"SORT l GET nosuch* GET # STORE to", ":6"},
           {"LRANGE to 0 -1", "[$, $1, $, $2, $, $3]"},
           {"SORT l DESC STORE l", ":3"},
           {"LRANGE l 0 -1", "[$3, $2, $1]"},
           {"SORT nosuch STORE to", ":0"},
           {"EXISTS to", ":0"},
           {"SORT_RO l STORE to", "-ERR syntax error"}});
}

TEST_F(SortCommands, RepeatsItsWordsUnlessFieldsMayExpire) {
  Run("RPUSH l 2 1");
  Run("HSET h1 f x");
  TakeEffects();
  Run("SORT l STORE to");
  EXPECT_EQ(TakeEffects(), "SORT l STORE to");
  Run("SORT l GET h*->f STORE to");
  EXPECT_EQ(TakeEffects(), "MULTI; DEL to; RPUSH to x ; EXEC");
  Run("SORT nosuch STORE to");
  EXPECT_EQ(TakeEffects(), "SORT nosuch STORE to");
  Run("SORT nosuch STORE to");
  Run("SORT l");
  EXPECT_EQ(TakeEffects(), "");
}

TEST_F(SortCommands, KeysThatHaveExpiredAreNotThere) {
  Run("RPUSH l 1 2");
  Run("SET w1 9 PX 5");
  Run("SET w2 4");
  EXPECT_EQ(Show(Run("SORT l BY w*")), "[$2, $1]");
  Advance(Duration::Millis(10));
  TakeEffects();
  EXPECT_EQ(Show(Run("SORT l BY w*")), "[$1, $2]");
  EXPECT_EQ(TakeEffects(), "DEL w1");
}

TEST_F(SortCommands, RunsWherePatternsReach) {
  const auto place = [](std::vector<std::string_view> words) {
    return handlers::SortPlacement(words);
  };
  EXPECT_EQ(place({"sort", "l", "by", "w*"}), Placement::kAllShards);
  EXPECT_EQ(place({"sort", "l", "GET", "#", "get", "h*->f"}), Placement::kAllShards);
  EXPECT_EQ(place({"sort", "l", "by", "nosort", "get", "#"}), Placement::kKeys);
  EXPECT_EQ(place({"sort", "l", "store", "w*"}), Placement::kKeys);
}

TEST_F(SortCommands, ItsKeysAreFound) {
  const auto keys = [](std::vector<std::string_view> words) {
    std::vector<size_t> at;
    const auto found = FindKeys(*FindCommand("sort"), words);
    for (const KeyPosition& key : found.value()) at.push_back(key.word);
    return at;
  };
  EXPECT_THAT(keys({"sort", "l"}), ElementsAre(1));
  EXPECT_THAT(keys({"sort", "l", "store", "to"}), ElementsAre(1, 3));
  EXPECT_THAT(keys({"sort", "l", "store", "a", "STORE", "b"}), ElementsAre(1, 5));
  EXPECT_THAT(keys({"sort", "l", "get", "store", "limit", "store", "2"}), ElementsAre(1));
  EXPECT_THAT(keys({"sort", "l", "store"}), ElementsAre(1));
  EXPECT_TRUE(FindCommand("sort")->movable_keys);
}

class SortInCluster : public CommandTest {
 protected:
  SortInCluster() : CommandTest(2, /*slots=*/true) {}
};

TEST_F(SortInCluster, PatternsStayInTheSlot) {
  constexpr std::string_view kBy =
      "-ERR BY option of SORT denied in Cluster mode when keys formed by the pattern may be in "
      "different slots.";
  constexpr std::string_view kGet =
      "-ERR GET option of SORT denied in Cluster mode when keys formed by the pattern may be in "
      "different slots.";
  Session({{"RPUSH {t}l 2 1", ":2"},
           {"MSET {t}w1 9 {t}w2 8", "+OK"},
           {"SORT {t}l BY w*", kBy},
           {"SORT {t}l BY w*{t}", kBy},
           {"SORT {t}l GET w*", kGet},
           {"SORT {t}l GET constant", kGet},
           {"SORT {t}l BY {t}w* GET # GET {t}w*", "[$2, $8, $1, $9]"},
           {"SORT {t}l BY nosort", "[$2, $1]"}});
}

TEST(SortPattern, TheArrowNamesAField) {
  const SortPattern field = ReadSortPattern("a*b->c->d");
  EXPECT_EQ(field.KeyFor("X"), "aXb");
  EXPECT_EQ(field.field, "c->d");
  EXPECT_EQ(ReadSortPattern("a*->").KeyFor("X"), "aX->");
  EXPECT_EQ(ReadSortPattern("a->b*").KeyFor("X"), "a->bX");
  EXPECT_EQ(ReadSortPattern("**").KeyFor("X"), "X*");
  EXPECT_TRUE(ReadSortPattern("#").is_element);
  EXPECT_FALSE(ReadSortPattern("##").ReachesKeys());
}

TEST(SortPattern, TheSlotOfItsKeys) {
  EXPECT_EQ(SlotOfPattern("{tag}*"), KeySlot("tag"));
  EXPECT_EQ(SlotOfPattern("a{tag}b*"), KeySlot("tag"));
  EXPECT_EQ(SlotOfPattern("constant"), KeySlot("constant"));
  EXPECT_EQ(SlotOfPattern("{}constant"), KeySlot("{}constant"));
  EXPECT_EQ(SlotOfPattern("*{tag}"), std::nullopt);
  EXPECT_EQ(SlotOfPattern("{t*}"), std::nullopt);
  EXPECT_EQ(SlotOfPattern("{}*"), std::nullopt);
  EXPECT_EQ(SlotOfPattern("a\\b"), std::nullopt);
}

}  // namespace
}  // namespace norn
