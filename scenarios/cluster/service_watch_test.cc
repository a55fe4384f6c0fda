// Services by hand, and what the watch says of them.

#include "scenarios/cluster/service_watch.h"

#include <gtest/gtest.h>

namespace norn::scenarios {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr SlotService kServed{.served = true, .able = true};
constexpr SlotService kOut{.able = true};
constexpr SlotService kHeld{.able = true, .by_hand = true};

class ServiceWatchTest : public testing::Test {
 protected:
  // Every 5 ms from `from_ms` on, up to and with `to_ms`.
  void See(const SlotService& service, int64_t from_ms, int64_t to_ms) {
    for (int64_t ms = from_ms; ms <= to_ms; ms += 5) watch_.Look({service}, ms * kMs);
  }
  uint64_t Failures(CheckId id) { return At(tallies_, id).failures; }
  uint64_t Examined(CheckId id) { return At(tallies_, id).examined; }

  CheckTallies tallies_;
  ServiceWatch watch_{{.outage_ns = 1000 * kMs}, tallies_};
};

TEST_F(ServiceWatchTest, AnOutageThatEndsInTimeIsFine) {
  See(kServed, 0, 100);
  See(kOut, 105, 1100);
  See(kServed, 1105, 1200);
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 0u);
  EXPECT_EQ(Examined(CheckId::kBoundedOutage), 1u);
}

TEST_F(ServiceWatchTest, ALongOutageIsNot) {
  See(kServed, 0, 100);
  See(kOut, 105, 1110);
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 1u);
}

TEST_F(ServiceWatchTest, WhileTheClusterCannotHelpItTheClockStandsStill) {
  See(kOut, 0, 900);
  See(SlotService(), 905, 5000);
  See(kOut, 5005, 6000);
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 0u);
  See(kOut, 6005, 6010);
  EXPECT_GT(Failures(CheckId::kBoundedOutage), 0u);
}

TEST_F(ServiceWatchTest, APrimaryThatComesBackHasTimeForIt) {
  constexpr SlotService kBack{.able = true, .wait = SlotService::Wait::kComeback};
  See(kOut, 0, 900);
  See(kBack, 905, 4905);
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 0u);
  See(kBack, 4910, 4910);
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 1u);
}

TEST_F(ServiceWatchTest, OldDataMayWaitForLater) {
  constexpr SlotService kOld{.able = true, .wait = SlotService::Wait::kLaterData};
  See(kOld, 0, 11000);
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 0u);
  See(kOld, 11005, 11005);
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 1u);
}

TEST_F(ServiceWatchTest, TheLastReignsDataMayNot) {
  constexpr SlotService kOld{.able = true, .wait = SlotService::Wait::kLaterData};
  See(kOld, 0, 5000);
  See(kOut, 5005, 6005);
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 0u);
  See(kOut, 6010, 6010);
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 1u);
}

TEST_F(ServiceWatchTest, EachSlotHasItsOwnClock) {
  for (int64_t ms = 0; ms <= 1500; ms += 5) {
    const bool first = ms % 1000 < 500;
    watch_.Look({first ? kServed : kOut, first ? kOut : kServed}, ms * kMs);
  }
  EXPECT_EQ(Failures(CheckId::kBoundedOutage), 0u);
}

TEST_F(ServiceWatchTest, APauseByHandIsShort) {
  See(kServed, 10000, 10100);
  See(kHeld, 10105, 10150);
  See(kOut, 10155, 10200);
  See(kServed, 10205, 10300);
  EXPECT_EQ(Examined(CheckId::kShortPause), 1u);
  EXPECT_EQ(Failures(CheckId::kShortPause), 0u);
  EXPECT_EQ(watch_.longest_pause_ns(), 100 * kMs);
}

TEST_F(ServiceWatchTest, ALongPauseByHandIsFound) {
  See(kHeld, 10000, 10005);
  See(kOut, 10010, 10100);
  See(kServed, 10105, 10110);
  EXPECT_EQ(Failures(CheckId::kShortPause), 1u);
}

TEST_F(ServiceWatchTest, APauseInTroubleIsNotJudged) {
  watch_.Trouble(9000 * kMs);
  See(kHeld, 10000, 11000);
  See(kServed, 11005, 11010);
  EXPECT_EQ(Examined(CheckId::kShortPause), 0u);
}

TEST_F(ServiceWatchTest, AnOutageWithoutOrderIsNoPause) {
  See(kOut, 10000, 10500);
  See(kServed, 10505, 10510);
  EXPECT_EQ(Examined(CheckId::kShortPause), 0u);
}

TEST_F(ServiceWatchTest, WithoutTroubleNobodyIsRefused) {
  watch_.Refused("CLUSTERDOWN The cluster is down", 9000 * kMs);  // before there is a service
  See(kHeld, 10000, 10005);
  See(kServed, 10010, 10015);
  EXPECT_EQ(Examined(CheckId::kNoneRefused), 1u);
  watch_.Refused("TRYAGAIN Multiple keys request during rehashing of slot", 10020 * kMs);
  EXPECT_EQ(Failures(CheckId::kNoneRefused), 0u);
  watch_.Refused("CLUSTERDOWN The cluster is down", 10020 * kMs);
  EXPECT_EQ(Failures(CheckId::kNoneRefused), 1u);
}

TEST_F(ServiceWatchTest, InTroubleClientsMayBeRefused) {
  watch_.Trouble(9000 * kMs);
  See(kServed, 10000, 10010);
  watch_.Refused("CLUSTERDOWN The cluster is down", 10020 * kMs);
  EXPECT_EQ(Failures(CheckId::kNoneRefused), 0u);
}

TEST_F(ServiceWatchTest, LooksOftenOnlyWhileSomethingIsOut) {
  watch_.Look({kServed}, 0);
  EXPECT_EQ(watch_.next_ns(), 5 * kMs);
  watch_.Look({kServed, kOut}, 5 * kMs);
  EXPECT_EQ(watch_.next_ns(), 6 * kMs);
}

}  // namespace
}  // namespace norn::scenarios
