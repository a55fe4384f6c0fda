#include "sim/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/delay.h"

namespace norn::sim {
namespace {

using ::testing::ElementsAre;

struct Recorder : EventTarget {
  void Fire(uint64_t arg) override { fired.push_back(arg); }
  std::vector<uint64_t> fired;
};

RC_GTEST_PROP(EventHeap, PopsLikeASortedList, (const std::vector<std::pair<bool, int8_t>>& moves)) {
  EventHeap heap;
  std::vector<std::pair<int64_t, uint64_t>> model;
  uint64_t order = 0;
  for (const auto& [push, at] : moves) {
    if (push || model.empty()) {
      heap.Push(Event{at, order, nullptr, 0});
      model.emplace_back(at, order++);
    } else {
      const auto least = std::min_element(model.begin(), model.end());
      const Event event = heap.Pop();
      RC_ASSERT(std::pair(event.at_ns, event.order) == *least);
      model.erase(least);
    }
    RC_ASSERT(heap.size() == model.size());
    RC_ASSERT(heap.empty() == model.empty());
  }
}

TEST(Scheduler, FiresInOrderOfTimeThenOfScheduling) {
  Scheduler scheduler{Prng(1)};
  Recorder recorder;
  scheduler.At(Instant{20}, &recorder, 3);
  scheduler.At(Instant{10}, &recorder, 1);
  scheduler.At(Instant{20}, &recorder, 4);
  scheduler.At(Instant{10}, &recorder, 2);
  EXPECT_TRUE(scheduler.RunNext(Instant{15}));
  EXPECT_TRUE(scheduler.RunNext(Instant{15}));
  EXPECT_FALSE(scheduler.RunNext(Instant{15}));
  EXPECT_EQ(scheduler.now(), Instant{10});
  while (scheduler.RunNext(Instant::Never())) {
  }
  EXPECT_THAT(recorder.fired, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(scheduler.now(), Instant{20});
  EXPECT_EQ(scheduler.events(), 4u);
}

TEST(Scheduler, ShuffledEventsComeLastInAnOrderOfTheSeed) {
  std::vector<std::vector<uint64_t>> orders;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Scheduler scheduler{Prng(seed)};
    Recorder recorder;
    for (uint64_t i = 0; i < 3; ++i) scheduler.AtShuffled(Instant{5}, &recorder, i);
    scheduler.At(Instant{5}, &recorder, 9);
    while (scheduler.RunNext(Instant::Never())) {
    }
    EXPECT_EQ(recorder.fired.front(), 9u);
    orders.push_back(recorder.fired);
  }
  std::sort(orders.begin(), orders.end());
  orders.erase(std::unique(orders.begin(), orders.end()), orders.end());
  EXPECT_EQ(orders.size(), 6u) << "all permutations turn up";
}

TEST(Delay, StaysInItsRangeAndLeansAsItsSkewSays) {
  constexpr int kDraws = 20000;
  int64_t means[3];
  for (int skew = 1; skew <= 3; ++skew) {
    const Delay delay{Duration{1000}, Duration{9000}, skew};
    Prng prng(7);
    int64_t sum = 0;
    for (int i = 0; i < kDraws; ++i) {
      const int64_t ns = delay.Draw(prng).ns;
      ASSERT_GE(ns, 1000);
      ASSERT_LE(ns, 9000);
      sum += ns;
    }
    means[skew - 1] = sum / kDraws;
  }
  EXPECT_NEAR(static_cast<double>(means[0]), 5000, 100);
  EXPECT_NEAR(static_cast<double>(means[1]), 3000, 100);
  EXPECT_NEAR(static_cast<double>(means[2]), 2000, 100);
}

}  // namespace
}  // namespace norn::sim
