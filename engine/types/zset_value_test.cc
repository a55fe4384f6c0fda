#include "engine/types/zset_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/types/testing.h"

namespace norn {
namespace {

using Pairs = std::vector<std::pair<double, std::string>>;

Pairs PairsOf(const ZsetReader& reader, const RankRange& range, ZsetReader::Direction direction) {
  Pairs pairs;
  reader.Visit(range, direction, [&](const ZsetMember& member) {
    pairs.emplace_back(member.score, member.name.ToString());
    return true;
  });
  return pairs;
}

class ZsetValueTest : public testing::TestWithParam<bool> {
 protected:
  ZsetValueTest() {
    if (GetParam()) room_.options().zset_max_listpack_entries = 0;
  }
  bool Set(std::string_view name, double score) {
    KeyPlace place = room_.Place();
    return ZsetWriter(place, room_.rules()).Set(name, score);
  }
  ZsetReader Reader() { return ZsetReader(*room_.found()); }
  std::string Names(const RankRange& range) {
    std::string names;
    for (const auto& [score, name] : PairsOf(Reader(), range, ZsetReader::Direction::kUp))
      names += name;
    return names;
  }

  TypeRoom room_{ValueType::kZset};
};

TEST_P(ZsetValueTest, VisitsChosenScores) {
  for (const auto& [name, score] : {std::pair("a", 1.0), {"b", 2}, {"c", 2}, {"d", 3}, {"e", 9}}) {
    Set(name, score);
  }
  using Choice = ZsetReader::Choice;
  const auto visit = [&](double min, double skipped, std::string_view last) {
    std::string names;
    Reader().VisitScores(
        min,
        [&](double score) {
          if (score > 5) return Choice::kStop;
          return score == skipped ? Choice::kSkip : Choice::kTake;
        },
        [&](const ZsetMember& member) {
          names += member.name.ToString();
          return names.back() != last[0];
        });
    return names;
  };
  EXPECT_EQ(visit(0, 0, "-"), "abcd");
  EXPECT_EQ(visit(1.5, 0, "-"), "bcd");
  EXPECT_EQ(visit(0, 2, "-"), "ad");
  EXPECT_EQ(visit(0, 0, "b"), "ab");
  EXPECT_EQ(visit(10, 0, "-"), "");
}

// Or a small one would differ from what it is when it was big.
TEST_P(ZsetValueTest, ThereIsOneZero) {
  Set("a", -0.0);
  EXPECT_FALSE(std::signbit(*Reader().Score("a")));
}

TEST_P(ZsetValueTest, MembersAreInOrderOfScoreThenBytes) {
  EXPECT_TRUE(Set("b", 1));
  EXPECT_TRUE(Set("a", 1));
  EXPECT_TRUE(Set("z", -INFINITY));
  EXPECT_TRUE(Set("y", 0.5));
  EXPECT_FALSE(Set("z", 7));
  EXPECT_EQ(Names({0, 4}), "yabz");
  EXPECT_EQ(Reader().EncodingName(), GetParam() ? "skiplist" : "listpack");
  EXPECT_EQ(Reader().Score("y"), 0.5);
  EXPECT_EQ(Reader().Score("x"), std::nullopt);
  EXPECT_EQ(Reader().Rank("b"), 2u);
  EXPECT_EQ(room_.changes(), 5u);
}

TEST_P(ZsetValueTest, RangesOfScores) {
  for (const char* name : {"a", "b", "c", "d"}) Set(name, name[0] - 'a');
  EXPECT_EQ(Names(Reader().InScores({1, 2})), "bc");
  EXPECT_EQ(Names(Reader().InScores({1, 3, true, true})), "c");
  EXPECT_EQ(Names(Reader().InScores({-INFINITY, INFINITY})), "abcd");
  EXPECT_EQ(Reader().InScores({3, 1}).count, 0u);
  EXPECT_EQ(Reader().InScores({9, 10}).count, 0u);
}

TEST_P(ZsetValueTest, RangesOfBytes) {
  for (const char* name : {"a", "b", "c", "10"}) Set(name, 0);
  using Kind = LexBound::Kind;
  EXPECT_EQ(Names(Reader().InLex({{}, {Kind::kAboveAll, ""}})), "10abc");
  EXPECT_EQ(Names(Reader().InLex({{Kind::kIncluded, "a"}, {Kind::kIncluded, "b"}})), "ab");
  EXPECT_EQ(Names(Reader().InLex({{Kind::kExcluded, "a"}, {Kind::kExcluded, "c"}})), "b");
  EXPECT_EQ(Reader().InLex({{Kind::kAboveAll, ""}, {}}).count, 0u);
}

TEST_P(ZsetValueTest, ErasingARangeOfRanksTakesTheKeyWithTheLast) {
  for (int i = 0; i < 10; ++i) Set(std::to_string(i), i);
  {
    KeyPlace place = room_.Place();
    ZsetWriter(place, room_.rules()).EraseRanks({2, 5});
  }
  EXPECT_EQ(Names({0, 5}), "01789");
  KeyPlace place = room_.Place();
  ZsetWriter(place, room_.rules()).EraseRanks({0, 5});
  EXPECT_FALSE(room_.found());
}

INSTANTIATE_TEST_SUITE_P(Forms, ZsetValueTest, testing::Bool());

TEST(ZsetListpack, BytesOutOfOrderAreRefused) {
  const auto sorted = [](std::initializer_list<PackedValue> elements) {
    PackedBlock block(Listpack::Empty());
    Listpack(block).Append(elements);
    return IsSortedListpack(block.bytes());
  };
  EXPECT_TRUE(sorted({"a", "1", "b", "1", "a0", "1.5"}));
  EXPECT_FALSE(sorted({"a", "2", "b", "1"}));
  EXPECT_FALSE(sorted({"b", "1", "a", "1"}));
  EXPECT_FALSE(sorted({"a", "1", "a", "2"}));
  EXPECT_FALSE(sorted({"a", "nan"}));
  EXPECT_FALSE(sorted({"a", "1", "b"}));
}

RC_GTEST_PROP(ZsetValueProperty, DoesWhatAMapOfScoresDoes, (uint64_t seed)) {
  Prng prng(seed);
  TypeRoom room(ValueType::kZset);
  room.options().zset_max_listpack_entries = static_cast<int64_t>(prng.Below(30));
  std::map<std::string, double> plain;
  for (int change = 0; change < 150; ++change) {
    const std::string name = std::to_string(prng.Below(40));
    const double score = static_cast<double>(prng.Below(20)) / 4 - 2;
    KeyPlace place = room.Place();
    ZsetWriter writer(place, room.rules());
    if (prng.OneIn(3)) {
      RC_ASSERT(writer.Erase(name) == (plain.erase(name) == 1));
    } else {
      RC_ASSERT(writer.Set(name, score) == !plain.contains(name));
      plain[name] = score;
    }
    if (plain.empty()) {
      RC_ASSERT(!room.found());
      continue;
    }
    Pairs sorted;
    for (const auto& [member, at] : plain) sorted.emplace_back(at, member);
    std::sort(sorted.begin(), sorted.end());
    const ZsetReader reader(*room.found());
    RC_ASSERT(PairsOf(reader, {0, reader.size()}, ZsetReader::Direction::kUp) == sorted);
    const ScoreRange range{score, score + 1, prng.OneIn(2), prng.OneIn(2)};
    Pairs within;
    for (const auto& pair : sorted) {
      const bool above = range.min_excluded ? pair.first > range.min : pair.first >= range.min;
      const bool below = range.max_excluded ? pair.first < range.max : pair.first <= range.max;
      if (above && below) within.push_back(pair);
    }
    std::reverse(within.begin(), within.end());
    RC_ASSERT(PairsOf(reader, reader.InScores(range), ZsetReader::Direction::kDown) == within);
    for (size_t rank = 0; rank < sorted.size(); ++rank) {
      RC_ASSERT(reader.Rank(sorted[rank].second) == rank);
      RC_ASSERT(reader.Score(sorted[rank].second) == sorted[rank].first);
    }
  }
  room.db().CheckInvariants();
}

}  // namespace
}  // namespace norn
