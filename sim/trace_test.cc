#include "sim/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace norn::sim {
namespace {

TEST(Trace, EveryWordOfARecordCounts) {
  Scheduler scheduler{Prng(1)};
  auto hash_of = [&](TraceKind kind, uint32_t node, uint16_t executor, uint64_t a, uint64_t b) {
    Trace trace(scheduler);
    trace.Add(kind, NodeIndex{node}, executor, a, b);
    return trace.hash();
  };
  const uint64_t hash = hash_of(TraceKind::kRead, 1, 2, 3, 4);
  EXPECT_EQ(hash, hash_of(TraceKind::kRead, 1, 2, 3, 4));
  EXPECT_NE(hash, hash_of(TraceKind::kWrite, 1, 2, 3, 4));
  EXPECT_NE(hash, hash_of(TraceKind::kRead, 9, 2, 3, 4));
  EXPECT_NE(hash, hash_of(TraceKind::kRead, 1, 9, 3, 4));
  EXPECT_NE(hash, hash_of(TraceKind::kRead, 1, 2, 9, 4));
  EXPECT_NE(hash, hash_of(TraceKind::kRead, 1, 2, 3, 9));
  scheduler.SkipTo(Instant{1});
  EXPECT_NE(hash, hash_of(TraceKind::kRead, 1, 2, 3, 4));
}

TEST(Trace, TextIsHashedAndShown) {
  Scheduler scheduler{Prng(1)};
  Trace one(scheduler);
  Trace other(scheduler);
  one.AddText(TraceKind::kLog, NodeIndex{0}, 2, "hello");
  other.AddText(TraceKind::kLog, NodeIndex{0}, 2, "hullo");
  EXPECT_NE(one.hash(), other.hash());
}

TEST(Trace, TheSinkSeesOneLineARecordAndChangesNothing) {
  Scheduler scheduler{Prng(1)};
  Trace silent(scheduler);
  Trace loud(scheduler);
  std::vector<std::string> lines;
  loud.SetSink([&](std::string_view line) { lines.emplace_back(line); });
  scheduler.SkipTo(Instant{1000000002});
  for (Trace* trace : {&silent, &loud}) {
    trace->Add(TraceKind::kPost, NodeIndex{3}, 1, 2, 255);
    trace->AddText(TraceKind::kNote, NodeIndex::None(), 0, "a word");
  }
  EXPECT_EQ(silent.hash(), loud.hash());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "1.000000002 n3/1 post to=2 latency_ns=ff");
  EXPECT_TRUE(lines[1].ends_with(" a word")) << lines[1];
}

}  // namespace
}  // namespace norn::sim
