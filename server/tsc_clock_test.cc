#include "server/tsc_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

namespace norn::server {
namespace {

TEST(TscClock, NeverGoesBackBetweenThreadsWhileTheLineIsBent) {
  TscClock clock;
  std::atomic<int64_t> latest{clock.Now().ns};
  std::atomic<int> backwards{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        int64_t seen = latest.load();
        const int64_t now = clock.Now().ns;
        if (now < seen) ++backwards;
        while (seen < now && !latest.compare_exchange_weak(seen, now)) {
        }
      }
    });
  }
  // As if a second had passed each time, so that every call bends the line.
  Instant pretended = clock.Now() + Duration::Seconds(10);
  for (int i = 0; i < 3000; ++i) {
    clock.Discipline(pretended);
    pretended = pretended + Duration::Seconds(2);
    std::this_thread::yield();
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(backwards.load(), 0);
}

TEST(TscClock, FollowsTheKernelsClock) {
  TscClock clock;
  EXPECT_LT(std::abs(clock.Ahead().ns), 1'000'000) << "at the start";
  const Instant end = clock.Now() + Duration::Millis(200);
  while (clock.Now() < end) clock.Discipline(clock.Now());
  EXPECT_LT(std::abs(clock.Ahead().ns), 1'000'000);
}

TEST(TscClock, WallTimeIsUnixTime) {
  TscClock clock;
  EXPECT_NEAR(static_cast<double>(clock.Wall().unix_s()), static_cast<double>(std::time(nullptr)),
              2.0);
}

}  // namespace
}  // namespace norn::server
