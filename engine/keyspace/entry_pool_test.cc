#include "engine/keyspace/entry_pool.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "engine/base/prng.h"

namespace norn {
namespace {

TEST(EntryPool, CostsWhatWasAskedRoundedUpToEight) {
  EntryPool pool;
  void* cell = pool.Allocate(41);
  EXPECT_EQ(pool.UsedBytes(), 48u);
  pool.Free(cell, 41);
  EXPECT_EQ(pool.UsedBytes(), 0u);
  cell = pool.Allocate(1000);
  EXPECT_EQ(pool.UsedBytes(), 1000u);
  EXPECT_EQ(pool.LargeCount(), 1u);
  pool.Free(cell, 1000);
  EXPECT_EQ(pool.ReservedBytes(), EntryPool::kSlabBytes);  // the spare
}

TEST(EntryPool, ReservesLittleMoreThanItHandsOut) {
  EntryPool pool;
  for (int i = 0; i < 300000; ++i) pool.Allocate(40);
  EXPECT_LT(pool.ReservedBytes(), pool.UsedBytes() * 102 / 100 + 16 * EntryPool::kSlabBytes);
  pool.CheckInvariants();
}

TEST(EntryPool, GivesEmptySlabsBack) {
  EntryPool pool;
  std::vector<void*> cells;
  for (int i = 0; i < 300000; ++i) cells.push_back(pool.Allocate(40));
  for (void* cell : cells) pool.Free(cell, 40);
  EXPECT_EQ(pool.LiveCount(), 0u);
  EXPECT_LE(pool.ReservedBytes(), 17 * EntryPool::kSlabBytes);
  pool.CheckInvariants();
}

TEST(EntryPool, AnEmptySlabServesAnotherSize) {
  EntryPool pool;
  void* cell = pool.Allocate(40);
  pool.Free(cell, 40);
  // Enough others that a quarantine of freed cells, if there is one, has passed it on.
  for (int i = 0; i < 300; ++i) pool.Free(pool.Allocate(48), 48);
  EXPECT_LE(pool.ReservedBytes(), 2 * EntryPool::kSlabBytes);
  pool.CheckInvariants();
}

TEST(EntryPool, DropsEverythingInSteps) {
  EntryPool pool;
  for (int i = 0; i < 100000; ++i) pool.Allocate(8 + static_cast<size_t>(i % 60) * 8);
  EXPECT_FALSE(pool.DropSome(1));
  int steps = 1;
  while (!pool.DropSome(4)) ++steps;
  EXPECT_GT(steps, 5);
  EXPECT_EQ(pool.UsedBytes(), 0u);
  EXPECT_EQ(pool.ReservedBytes(), 0u);
  pool.Free(pool.Allocate(40), 40);
  pool.CheckInvariants();
}

TEST(EntryPool, MovedPoolKeepsItsCells) {
  EntryPool pool;
  void* cell = pool.Allocate(24);
  EntryPool other(std::move(pool));
  EXPECT_EQ(other.LiveCount(), 1u);
  EXPECT_EQ(pool.LiveCount(), 0u);  // NOLINT: a moved-from pool is empty, by contract
  other.Free(cell, 24);
}

RC_GTEST_PROP(EntryPoolProperty, CellsNeverOverlap, (uint64_t seed)) {
  Prng prng(seed);
  EntryPool pool;
  struct Cell {
    char* bytes;
    size_t size;
    char fill;
  };
  std::vector<Cell> cells;
  uint64_t used = 0;
  for (int step = 0; step < 3000; ++step) {
    if (cells.empty() || prng.Below(100) < 55) {
      const size_t size = prng.Below(prng.OneIn(20) ? 900 : 64) + 1;
      const char fill = static_cast<char>(prng.Next());
      char* bytes = static_cast<char*>(pool.Allocate(size));
      RC_ASSERT(reinterpret_cast<uintptr_t>(bytes) % 8 == 0);
      std::memset(bytes, fill, EntryPool::RoundUp(size));
      cells.push_back({bytes, size, fill});
      used += EntryPool::RoundUp(size);
    } else {
      std::swap(cells[prng.Below(cells.size())], cells.back());
      const Cell cell = cells.back();
      cells.pop_back();
      for (size_t i = 0; i < cell.size; ++i) RC_ASSERT(cell.bytes[i] == cell.fill);
      pool.Free(cell.bytes, cell.size);
      used -= EntryPool::RoundUp(cell.size);
    }
    RC_ASSERT(pool.UsedBytes() == used);
  }
  pool.CheckInvariants();
  for (const Cell& cell : cells) pool.Free(cell.bytes, cell.size);
  RC_ASSERT(pool.UsedBytes() == 0u);
  pool.CheckInvariants();
}

}  // namespace
}  // namespace norn
