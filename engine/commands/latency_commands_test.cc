// LATENCY, and what histograms tell.

#include "engine/commands/latency.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

CommandStats CallsOf(std::initializer_list<std::pair<size_t, uint32_t>> buckets) {
  CommandStats stats;
  for (const auto& [bucket, calls] : buckets) stats.latency[bucket] = calls;
  return stats;
}

TEST(LatencySteps, AreCumulativeWithTheEdgesThatClientsKnow) {
  // 512 ns, 1 us, 16..33 us, 0.5..1 s, 100 s.
  const auto steps = LatencySteps(CallsOf({{5, 1}, {9, 2}, {10, 3}, {14, 1}, {29, 1}, {36, 1}}));
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[0].micros, 1);
  EXPECT_EQ(steps[0].calls, 3u);
  EXPECT_EQ(steps[1].micros, 2);
  EXPECT_EQ(steps[1].calls, 6u);
  EXPECT_EQ(steps[2].micros, 33);
  EXPECT_EQ(steps[2].calls, 7u);
  EXPECT_EQ(steps[3].micros, 1073741);
  EXPECT_EQ(steps[3].calls, 9u);
  EXPECT_TRUE(LatencySteps({}).empty());
}

TEST(LatencySteps, Edges) {
  std::vector<int64_t> edges;
  for (size_t bucket = 9; bucket < 30; ++bucket) {
    edges.push_back(LatencySteps(CallsOf({{bucket, 1}}))[0].micros);
  }
  EXPECT_THAT(edges,
              ::testing::ElementsAre(1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113, 4227, 8454,
                                     16908, 33816, 67633, 135266, 270532, 541065, 1073741));
}

TEST(LatencyAtPercentile, LiesInTheBucketThatHoldsIt) {
  const CommandStats stats = CallsOf({{10, 99}, {20, 1}});
  EXPECT_GE(LatencyAtPercentile(stats, 50), 1.024);
  EXPECT_LE(LatencyAtPercentile(stats, 50), 2.048);
  EXPECT_LE(LatencyAtPercentile(stats, 99), 2.048);
  EXPECT_GE(LatencyAtPercentile(stats, 99.9), 1048.576);
  EXPECT_LE(LatencyAtPercentile(stats, 100), 2097.152);
  EXPECT_LT(LatencyAtPercentile(stats, 10), LatencyAtPercentile(stats, 90));
  EXPECT_EQ(LatencyAtPercentile({}, 50), 0);
}

class LatencyCommands : public CommandTest {
 protected:
  LatencyCommands() {
    auto& commands = node().stats.totals.commands;
    commands.resize(CommandIdCount());
    commands[FindCommand("get")->id] = CallsOf({{10, 5}});
    commands[FindByFullName("config|set")->id] = CallsOf({{12, 1}});
  }
};

TEST_F(LatencyCommands, HistogramOfAllOrOfSome) {
  EXPECT_THAT(
      Run("LATENCY HISTOGRAM"),
      IsMap(IsBulk("get"),
            IsMap(IsBulk("calls"), IsInt(5), IsBulk("histogram_usec"), IsMap(IsInt(2), IsInt(5))),
            IsBulk("config|set"),
            IsMap(IsBulk("calls"), IsInt(1), IsBulk("histogram_usec"), IsMap(IsInt(8), IsInt(1)))));
  EXPECT_EQ(Run("LATENCY HISTOGRAM config nosuch set").items.size(), 2u);
  session().resp = Resp::k3;
  EXPECT_EQ(RunBytes({"LATENCY", "HISTOGRAM", "get"}),
            "%1\r\n$3\r\nget\r\n%2\r\n$5\r\ncalls\r\n:5\r\n$14\r\nhistogram_usec\r\n%1\r\n"
            ":2\r\n:5\r\n");
}

TEST_F(LatencyCommands, WithoutEvents) {
  EXPECT_THAT(Run("LATENCY LATEST"), IsArray());
  EXPECT_THAT(Run("LATENCY HISTORY command"), IsArray());
  EXPECT_THAT(Run("LATENCY RESET"), IsInt(0));
  EXPECT_THAT(Run("LATENCY RESET command fork"), IsInt(0));
  EXPECT_THAT(Run("LATENCY DOCTOR").text, ::testing::HasSubstr("latency-monitor-threshold"));
  options().latency_monitor_threshold = 1;
  EXPECT_THAT(Run("LATENCY DOCTOR"), IsBulk("No latency spike has been recorded.\n"));
}

TEST_F(LatencyCommands, Events) {
  LatencyMonitor& monitor = node().latency;
  monitor.Add("command", Duration::Millis(7), WallTime{10'000'000});
  monitor.Add("command", Duration::Millis(5), WallTime{10'900'000});
  monitor.Add("command", Duration::Millis(3), WallTime{11'000'000});
  monitor.Add("aof-write", Duration::Micros(2900), WallTime{12'000'000});
  EXPECT_THAT(Run("LATENCY LATEST"),
              IsArray(IsArray(IsBulk("aof-write"), IsInt(12), IsInt(2), IsInt(2)),
                      IsArray(IsBulk("command"), IsInt(11), IsInt(3), IsInt(7))));
  EXPECT_THAT(Run("LATENCY HISTORY command"),
              IsArray(IsArray(IsInt(10), IsInt(7)), IsArray(IsInt(11), IsInt(3))));
  EXPECT_THAT(
      Run("LATENCY DOCTOR").text,
      ::testing::HasSubstr("2. command: 2 latency spikes (average 5ms, mean deviation 2ms,"));
  EXPECT_THAT(Run("LATENCY GRAPH command").text,
              ::testing::StartsWith("command - high 7 ms, low 3 ms (all time high 7 ms)\n---"));
  EXPECT_THAT(Run("LATENCY GRAPH nosuch"), IsError("ERR No samples available for event 'nosuch'"));
  EXPECT_THAT(Run("LATENCY RESET COMMAND nosuch"), IsInt(1));
  EXPECT_THAT(Run("LATENCY HISTORY command"), IsArray());
  EXPECT_THAT(Run("LATENCY RESET"), IsInt(1));
  EXPECT_THAT(Run("LATENCY LATEST"), IsArray());
}

TEST(LatencyMonitor, KeepsTheLastSeconds) {
  LatencyMonitor monitor;
  for (int64_t second = 1; second <= 200; ++second) {
    monitor.Add("command", Duration::Millis(second == 1 ? 99 : 1), WallTime{second * 1'000'000});
  }
  const std::vector<LatencyEvent> events = monitor.Events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].samples.size(), LatencyMonitor::kSamples);
  EXPECT_EQ(events[0].samples.front().unix_s, 41);
  EXPECT_EQ(events[0].max_ms, 99);
}

TEST(LatencyChart, DrawsEachSampleAndItsAge) {
  const LatencyEvent event{"command", {{1000, 10}, {1100, 200}, {1194, 40}, {1200, 1000}}, 3000};
  EXPECT_EQ(LatencyChart(event, 1200),
            "command - high 1000 ms, low 10 ms (all time high 3000 ms)\n" + std::string(80, '-') +
                "\n _ #\n | |\n |#|\n_|||\n\n3160\nmmss\n");
}

TEST(LatencyChart, EqualSamplesAreOneLine) {
  const LatencyEvent event{"fork", {{1, 5}, {2, 5}}, 5};
  EXPECT_THAT(LatencyChart(event, 2), ::testing::HasSubstr("\n\n\n\n__\n\n10\nss\n"));
}

}  // namespace
}  // namespace norn
