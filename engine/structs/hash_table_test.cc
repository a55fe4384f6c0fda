#include "engine/structs/hash_table.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "engine/base/prng.h"
#include "engine/structs/tag_match.h"

namespace norn {
namespace {

struct Number {
  uint64_t key;
  uint64_t value = 0;
};

struct NumberTraits {
  using Item = Number;
  using Key = uint64_t;
  uint64_t Hash(const Number& number) const { return HashOf(number.key); }
  bool Equal(const Number& number, uint64_t key) const { return number.key == key; }
  static uint64_t HashOf(uint64_t key) { return SplitMix64(key); }
};

using NumberTable = HashTable<NumberTraits>;

class HashTableTest : public testing::Test {
 protected:
  void Insert(uint64_t key, bool mark = false) {
    numbers_.push_back({key});
    table_.Insert(&numbers_.back(), NumberTraits::HashOf(key), mark);
  }
  NumberTable::Found Find(uint64_t key) const {
    return table_.Find(key, NumberTraits::HashOf(key));
  }
  void Erase(uint64_t key) {
    auto found = Find(key);
    ASSERT_TRUE(found);
    table_.Erase(found.at);
  }

  std::deque<Number> numbers_;
  NumberTable table_;
};

TEST(TagMatch, SimdAndScalarAgreeOnEveryByteInEverySlot) {
  Prng prng(1);
  for (int i = 0; i < 20000; ++i) {
    uint64_t meta = prng.Next();
    const uint8_t tag = static_cast<uint8_t>(prng.Next());
    const uint64_t slot = prng.Below(8);
    meta = (meta & ~(uint64_t{0xff} << (8 * slot))) | (uint64_t{tag} << (8 * slot));
    uint32_t expected = 0;
    for (unsigned s = 0; s < 7; ++s) {
      if (static_cast<uint8_t>(meta >> (8 * s)) == tag) expected |= 1u << s;
    }
    ASSERT_EQ(MatchTag(meta, tag), expected);
    ASSERT_EQ(MatchTagScalar(meta, tag), expected);
  }
}

TEST(HashTableLayout, SegmentsAreAllocatorSizeClasses) {
  std::vector<size_t> bytes;
  for (uint32_t lines = 1; lines <= 63; lines = hash_layout::NextLines(lines)) {
    bytes.push_back((lines + size_t{1}) * 64);
  }
  EXPECT_EQ(bytes, (std::vector<size_t>{128, 256, 512, 1024, 2048, 2560, 3072, 3584, 4096}));
}

TEST(HashTableLayout, HomesAreMonotoneAndFirstPositionsMatchThem) {
  for (uint32_t lines : {1u, 3u, 31u, 39u, 63u, 127u, 32767u}) {
    for (uint32_t line = 0; line < lines; ++line) {
      const uint32_t first = hash_layout::FirstPositionOf(line, lines);
      if (first < 32768) {
        ASSERT_GE(hash_layout::HomeOf(first, lines), line);
      }
      if (first > 0) {
        ASSERT_LT(hash_layout::HomeOf(first - 1, lines), line);
      }
    }
    EXPECT_EQ(hash_layout::FirstPositionOf(lines, lines), 32768u);
  }
}

TEST_F(HashTableTest, EmptyTableHoldsNoMemoryAndFindsNothing) {
  EXPECT_EQ(table_.UsedBytes(), 0u);
  EXPECT_FALSE(Find(1));
  Prng prng(1);
  EXPECT_FALSE(table_.Random(prng));
  EXPECT_EQ(table_.Scan(0, 10, [](Number&) { FAIL(); }), 0u);
  table_.CompactSome(3);
  table_.CheckInvariants();
}

TEST_F(HashTableTest, FindsWhatWasInsertedAtEverySize) {
  for (uint64_t key = 0; key < 20000; ++key) {
    Insert(key);
    if (key % 997 == 0) table_.CheckInvariants();
  }
  table_.CheckInvariants();
  for (uint64_t key = 0; key < 20000; ++key) {
    ASSERT_TRUE(Find(key));
    ASSERT_EQ(Find(key).item->key, key);
    ASSERT_FALSE(Find(key + 1000000));
  }
}

TEST_F(HashTableTest, ErasingEverythingGivesAllMemoryBack) {
  for (uint64_t key = 0; key < 5000; ++key) Insert(key);
  for (uint64_t key = 0; key < 5000; ++key) {
    Erase(key);
    if (key % 499 == 0) table_.CheckInvariants();
  }
  EXPECT_EQ(table_.size(), 0u);
  table_.CompactSome(1000);
  EXPECT_EQ(table_.UsedBytes(), 0u);
}

TEST_F(HashTableTest, ShrinksInStepWithErases) {
  for (uint64_t key = 0; key < 100000; ++key) Insert(key);
  const uint64_t full_bytes = table_.UsedBytes();
  for (uint64_t key = 0; key < 90000; ++key) Erase(key);
  EXPECT_LT(table_.UsedBytes(), full_bytes / 4);
  table_.CheckInvariants();
  for (uint64_t key = 90000; key < 100000; ++key) ASSERT_TRUE(Find(key));
}

TEST_F(HashTableTest, MemoryAnItemStaysBelowTwelveAndAHalfBytesOnAverage) {
  double sum = 0;
  int points = 0;
  for (uint64_t key = 0; key < 400000; ++key) {
    Insert(key);
    if (key >= 50000 && key % 5000 == 0) {
      const double bytes = static_cast<double>(table_.UsedBytes()) / table_.size();
      ASSERT_LT(bytes, 14.5);
      sum += bytes;
      ++points;
    }
  }
  EXPECT_LT(sum / points, 12.5);
}

TEST_F(HashTableTest, NoInsertMovesMoreThanOneSegment) {
  size_t worst = 0;
  uint64_t total = 0;
  for (uint64_t key = 0; key < 300000; ++key) {
    Insert(key);
    worst = std::max(worst, table_.moved_by_last_call());
    total += table_.moved_by_last_call();
  }
  EXPECT_GT(worst, 300u);
  EXPECT_LE(worst, 420u);
  EXPECT_LT(total, 300000 * 7u);
}

TEST_F(HashTableTest, NoEraseMovesMoreThanOneSegment) {
  for (uint64_t key = 0; key < 200000; ++key) Insert(key);
  size_t worst = 0;
  for (uint64_t key = 0; key < 200000; ++key) {
    Erase(key);
    worst = std::max(worst, table_.moved_by_last_call());
  }
  EXPECT_GT(worst, 100u);
  EXPECT_LE(worst, 441u);
}

TEST_F(HashTableTest, ReplaceKeepsThePlaceAndTakesTheMark) {
  Insert(7);
  Number other{7, 99};
  table_.Replace(Find(7).at, &other, true);
  EXPECT_EQ(Find(7).item, &other);
  EXPECT_EQ(table_.marked_size(), 1u);
  table_.CheckInvariants();
  table_.SetMark(Find(7).at, false);
  EXPECT_EQ(table_.marked_size(), 0u);
  table_.CheckInvariants();
}

TEST_F(HashTableTest, MovedTableKeepsItsItems) {
  for (uint64_t count : {3u, 1000u}) {
    NumberTable source;
    std::deque<Number> numbers;
    for (uint64_t key = 0; key < count; ++key) {
      numbers.push_back({key});
      source.Insert(&numbers.back(), NumberTraits::HashOf(key), key % 2 == 0);
    }
    NumberTable target(std::move(source));
    EXPECT_EQ(target.size(), count);
    for (uint64_t key = 0; key < count; ++key) {
      ASSERT_TRUE(target.Find(key, NumberTraits::HashOf(key)));
    }
    target.CheckInvariants();
    EXPECT_EQ(source.size(), 0u);  // NOLINT: what a moved-from table is, is its contract
    source.CheckInvariants();
  }
}

TEST_F(HashTableTest, VisitMarkedMeetsEveryMarkedItemAndOnlyThose) {
  std::set<uint64_t> expected, met;
  for (uint64_t key = 0; key < 50000; ++key) {
    Insert(key, key % 1000 == 0);
    if (key % 1000 == 0) expected.insert(key);
  }
  uint64_t point = 0;
  size_t work = 0;
  do {
    work += table_.VisitMarked(&point, 8, [&](Number& number, NumberTable::Position at) {
      EXPECT_TRUE(met.insert(number.key).second);
      EXPECT_EQ(Find(number.key).item, &number);
      EXPECT_TRUE(at);
    });
  } while (point != 0);
  EXPECT_EQ(met, expected);
  EXPECT_LT(work, table_.GetStats().lines / 4);
}

TEST_F(HashTableTest, ErasingWhatVisitMarkedFoundKeepsTheOtherPositions) {
  for (uint64_t key = 0; key < 3000; ++key) Insert(key, true);
  uint64_t point = 0;
  do {
    std::vector<NumberTable::Position> due;
    table_.VisitMarked(&point, 16, [&](Number& number, NumberTable::Position at) {
      if (number.key % 2 == 0) due.push_back(at);
    });
    for (NumberTable::Position at : due) table_.EraseKeepingSize(at);
  } while (point != 0);
  EXPECT_EQ(table_.size(), 1500u);
  for (uint64_t key = 0; key < 3000; ++key) ASSERT_EQ(static_cast<bool>(Find(key)), key % 2 == 1);
  table_.CheckInvariants();
}

TEST_F(HashTableTest, RandomIsUniform) {
  constexpr uint64_t kKeys = 2000;
  constexpr int kDraws = 400000;
  for (uint64_t key = 0; key < kKeys; ++key) Insert(key, key < 100);
  Prng prng(42);
  std::vector<int> counts(kKeys);
  for (int i = 0; i < kDraws; ++i) ++counts[table_.Random(prng).item->key];
  double chi2 = 0;
  const double mean = static_cast<double>(kDraws) / kKeys;
  for (int count : counts) chi2 += (count - mean) * (count - mean) / mean;
  EXPECT_LT(chi2, 2300);  // 1999 degrees of freedom: 4.7 standard deviations
  for (int i = 0; i < 1000; ++i) EXPECT_LT(table_.RandomMarked(prng).item->key, 100u);
}

TEST_F(HashTableTest, RandomFindsTheLastItemOfAnEmptiedTable) {
  for (uint64_t key = 0; key < 30000; ++key) Insert(key);
  for (uint64_t key = 0; key < 30000; ++key) {
    if (key != 777) table_.EraseKeepingSize(Find(key).at);
  }
  Prng prng(3);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(table_.Random(prng).item->key, 777u);
  EXPECT_FALSE(table_.RandomMarked(prng));
  table_.SetMark(Find(777).at, true);
  EXPECT_EQ(table_.RandomMarked(prng).item->key, 777u);
}

// I7: hashes of only eight bits pile up in big segments, stay correct, and do not blow up the directory.
struct BadTraits : NumberTraits {
  uint64_t Hash(const Number& number) const { return BadHash(number.key); }
  static uint64_t BadHash(uint64_t key) { return (key & 0xff) * 0x0001000000000001ULL; }
};

TEST(HashTableWithABadHash, StaysCorrectAndSmall) {
  HashTable<BadTraits> table;
  std::deque<Number> numbers;
  for (uint64_t key = 0; key < 10000; ++key) {
    numbers.push_back({key});
    table.Insert(&numbers.back(), BadTraits::BadHash(key), key % 3 == 0);
  }
  table.CheckInvariants();
  EXPECT_LT(table.GetStats().directory_words, 10000u);
  EXPECT_GT(table.GetStats().segments_piled, 0u);
  std::set<uint64_t> scanned;
  uint64_t cursor = 0;
  do {
    cursor = table.Scan(cursor, 1, [&](Number& n) { EXPECT_TRUE(scanned.insert(n.key).second); });
  } while (cursor != 0);
  EXPECT_EQ(scanned.size(), 10000u);
  std::set<uint64_t> saved;
  table.BeginSnapshot([&](Number& n) { EXPECT_TRUE(saved.insert(n.key).second); });
  for (uint64_t key = 0; key < 10000; ++key) {
    auto found = table.Find(key, BadTraits::BadHash(key));
    ASSERT_TRUE(found);
    table.Erase(found.at);
  }
  EXPECT_TRUE(table.SaveSome(SIZE_MAX));
  EXPECT_EQ(saved.size(), 10000u);
  EXPECT_EQ(table.size(), 0u);
}

TEST(HashTableWithEqualHashes, HoldsThousands) {
  struct SameHash : NumberTraits {
    uint64_t Hash(const Number&) const { return 0x123456789abcdef0ULL; }
  };
  HashTable<SameHash> table;
  std::deque<Number> numbers;
  for (uint64_t key = 0; key < 3000; ++key) {
    numbers.push_back({key});
    table.Insert(&numbers.back(), 0x123456789abcdef0ULL, false);
  }
  table.CheckInvariants();
  for (uint64_t key = 0; key < 3000; ++key) {
    auto found = table.Find(key, 0x123456789abcdef0ULL);
    ASSERT_TRUE(found);
    table.Erase(found.at);
  }
  EXPECT_EQ(table.size(), 0u);
}

}  // namespace
}  // namespace norn
