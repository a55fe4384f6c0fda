// MEMORY STATS, DOCTOR, MALLOC-STATS, PURGE.

#include "engine/commands/memory_report.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

using ::testing::HasSubstr;

TEST(MemoryReport, NeverGoesBelowZero) {
  NodeStats stats;
  stats.used_memory_bytes = 100;
  stats.startup_memory_bytes = 150;
  stats.dbs = {{.keys = 3, .overhead_bytes = 50}};
  const MemoryReport report = ReportMemory(stats);
  EXPECT_EQ(report.dataset_bytes, 0u);
  EXPECT_EQ(report.bytes_per_key, 0u);
  EXPECT_EQ(report.dataset_percent, 0);
  EXPECT_EQ(report.Fragmentation(), 0);
  EXPECT_EQ(MemoryReport::Excess(1, 2), -1);
}

class MemoryCommands : public CommandTest {
 protected:
  const ReplyValue* Find(const ReplyValue& map, std::string_view name) {
    for (size_t i = 0; i + 1 < map.items.size(); i += 2) {
      if (map.items[i].text == name) return &map.items[i + 1];
    }
    return nullptr;
  }
};

TEST_F(MemoryCommands, StatsIsOneMap) {
  NodeStats& stats = node().stats;
  stats.used_memory_bytes = 3000;
  stats.startup_memory_bytes = 1000;
  stats.used_memory_peak_bytes = 4000;
  stats.dbs = {{}, {.keys = 10, .overhead_bytes = 500}};
  session().resp = Resp::k3;
  const ReplyValue map = Run("MEMORY STATS");
  EXPECT_EQ(map.kind, '%');
  EXPECT_EQ(map.items.size(), 2u * 32);
  EXPECT_EQ(Find(map, "peak.allocated")->integer, 4000);
  EXPECT_EQ(Find(map, "keys.count")->integer, 10);
  EXPECT_EQ(Find(map, "keys.bytes-per-key")->integer, 200);
  EXPECT_EQ(Find(map, "dataset.bytes")->integer, 1500);
  EXPECT_EQ(Find(map, "dataset.percentage")->text, "75");
  EXPECT_EQ(Find(map, "db.0"), nullptr);
  EXPECT_EQ(Find(*Find(map, "db.1"), "overhead.hashtable.main")->integer, 500);
}

TEST_F(MemoryCommands, DoctorLooksAtPeakAndFragmentation) {
  NodeStats& stats = node().stats;
  EXPECT_THAT(Run("MEMORY DOCTOR").text, HasSubstr("so little data"));
  stats.used_memory_bytes = stats.used_memory_peak_bytes = stats.process.resident_bytes = 10 << 20;
  EXPECT_THAT(Run("MEMORY DOCTOR").text, HasSubstr("Nothing"));
  stats.used_memory_peak_bytes = 16 << 20;
  EXPECT_THAT(Run("MEMORY DOCTOR").text, HasSubstr("High peak"));
  stats.process.resident_bytes = 15 << 20;
  EXPECT_THAT(Run("MEMORY DOCTOR").text, HasSubstr("1.50 times"));
}

TEST_F(MemoryCommands, MallocStatsNeedAnAllocatorThatTells) {
  EXPECT_THAT(Run("MEMORY MALLOC-STATS"), IsBulk("Stats not supported for the current allocator"));
  node().stats.process.mapped_bytes = 77;
  EXPECT_THAT(Run("MEMORY MALLOC-STATS").text, HasSubstr("mapped: 77"));
}

TEST_F(MemoryCommands, Purge) { EXPECT_THAT(Run("MEMORY PURGE"), IsOk()); }

}  // namespace
}  // namespace norn
