#include "engine/fiber/fiber_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace norn {
namespace {

using env::ParkResult;
using ::testing::ElementsAre;

struct FiberSetTest : ::testing::Test {
  void Spawn(std::function<void()> body) {
    auto* copy = new std::function<void()>(std::move(body));
    set.Spawn(
        [](void* argument) {
          std::unique_ptr<std::function<void()>> own(static_cast<std::function<void()>*>(argument));
          (*own)();
        },
        [](void* argument) { delete static_cast<std::function<void()>*>(argument); }, copy);
  }
  void RunAll() {
    while (set.HasReady()) set.RunOne();
  }

  FiberSet set{64 * 1024};
  std::vector<std::string> log;
};

TEST_F(FiberSetTest, FibersRunInTheOrderInWhichTheyBecameReady) {
  Spawn([&] {
    log.push_back("a1");
    set.Yield();
    log.push_back("a2");
  });
  Spawn([&] {
    log.push_back("b1");
    set.Yield();
    log.push_back("b2");
  });
  RunAll();
  EXPECT_THAT(log, ElementsAre("a1", "b1", "a2", "b2"));
  EXPECT_EQ(set.Count(), 0u);
}

TEST_F(FiberSetTest, ParkReturnsOnWakeOrDeadline) {
  env::FiberId woken;
  Spawn([&] {
    woken = set.Self();
    EXPECT_EQ(set.Park(Instant::Never()), ParkResult::kWoken);
    log.push_back("woken");
  });
  Spawn([&] {
    EXPECT_EQ(set.Park(Instant{50}), ParkResult::kDeadline);
    log.push_back("late");
  });
  RunAll();
  EXPECT_EQ(set.NextDeadline(), Instant{50});
  set.FireDeadlines(Instant{49});
  EXPECT_FALSE(set.HasReady());
  set.FireDeadlines(Instant{50});
  set.Wake(woken);
  RunAll();
  EXPECT_THAT(log, ElementsAre("late", "woken"));
}

TEST_F(FiberSetTest, WakeBeforeParkIsNotLost) {
  Spawn([&] {
    set.Wake(set.Self());
    set.Wake(set.Self());
    EXPECT_EQ(set.Park(Instant::Never()), ParkResult::kWoken);
    EXPECT_EQ(set.Park(Instant{1}), ParkResult::kDeadline) << "wakes do not add up";
  });
  RunAll();
  set.FireDeadlines(Instant{1});
  RunAll();
  EXPECT_EQ(set.Count(), 0u);
}

TEST_F(FiberSetTest, DeadlinesFireEarliestFirst) {
  for (const int64_t at : {30, 10, 20, 10}) {
    Spawn([this, at] {
      set.Park(Instant{at});
      log.push_back(std::to_string(at));
    });
  }
  RunAll();
  set.FireDeadlines(Instant{30});
  RunAll();
  EXPECT_THAT(log, ElementsAre("10", "10", "20", "30"));
}

TEST_F(FiberSetTest, KillRunsDestructorsYoungestFirst) {
  struct Note {
    std::vector<std::string>* log;
    const char* name;
    ~Note() { log->push_back(name); }
  };
  Spawn([&] {
    Note note{&log, "a"};
    set.Park(Instant::Never());
  });
  Spawn([&] {
    Note note{&log, "b"};
    set.Park(Instant{9});
  });
  RunAll();
  Spawn([&] { log.push_back("never started"); });
  set.KillAll();
  EXPECT_THAT(log, ElementsAre("b", "a"));
  EXPECT_EQ(set.Count(), 0u);
}

}  // namespace
}  // namespace norn
