// The steps of a slot migration, in order, and the ways back.

#include "engine/cluster/slot_migration.h"

#include <gtest/gtest.h>

namespace norn::cluster {
namespace {

using Step = SlotExport::Step;

SlotExport Paused() {
  SlotExport source{MigrationRow{}};
  source.OnEstablished();
  source.OnSent(true, 0, 0);
  source.OnPaused();
  return source;
}

TEST(SlotMigration, GoesFromStepToStep) {
  SlotExport source{MigrationRow{}};
  EXPECT_EQ(source.next(), Step::kEstablish);
  source.OnEstablished();
  EXPECT_EQ(source.next(), Step::kCopy);
  source.OnSent(false, 10, 100);
  EXPECT_EQ(source.next(), Step::kCopy);
  source.OnSent(true, 101, 100);
  EXPECT_EQ(source.next(), Step::kSend);
  source.OnSent(true, 100, 100);
  EXPECT_EQ(source.next(), Step::kPause);
  source.OnPaused();
  source.OnSent(true, 1, 100);
  EXPECT_EQ(source.next(), Step::kSend);
  source.OnSent(true, 0, 100);
  EXPECT_EQ(source.next(), Step::kGrant);
  source.OnGranted();
  EXPECT_EQ(source.next(), Step::kTake);
  source.OnAnswer(SlotExport::Answer::kTaken);
  EXPECT_EQ(source.next(), Step::kDelete);
  source.OnDeleted();
  EXPECT_EQ(source.row().state, MigrationState::kSuccess);
}

TEST(SlotMigration, NothingButTheTargetsWordEndsAGrant) {
  SlotExport source = Paused();
  source.OnSent(true, 0, 0);
  source.OnGranted();
  source.Abort("a timeout", false);
  source.OnAnswer(SlotExport::Answer::kNone);
  EXPECT_EQ(source.next(), Step::kAsk);
  source.Abort("an operator", true);
  EXPECT_EQ(source.next(), Step::kAsk);
  source.OnAnswer(SlotExport::Answer::kDropped);
  EXPECT_EQ(source.next(), Step::kTakeBack);
  source.OnTakenBack();
  EXPECT_EQ(source.row().state, MigrationState::kFailed);
}

TEST(SlotMigration, BeforeTheGrantItMayEnd) {
  SlotExport source = Paused();
  source.Abort("an operator", true);
  EXPECT_EQ(source.next(), Step::kWithdraw);
  source.OnSent(true, 0, 0);
  EXPECT_EQ(source.next(), Step::kWithdraw);
  source.OnWithdrawn();
  EXPECT_EQ(source.row().state, MigrationState::kCancelled);
}

TEST(SlotMigration, TheTargetTakesWhatItHasWholeOnly) {
  SlotImport target{MigrationRow{}};
  EXPECT_TRUE(target.IsNext(0));
  target.OnApplied(10);
  EXPECT_FALSE(target.IsNext(0));
  EXPECT_FALSE(target.BeginTaking(11));
  EXPECT_TRUE(target.BeginTaking(10));
  target.Drop("too late");
  EXPECT_TRUE(target.active());
  target.OnTaken();
  EXPECT_EQ(target.row().state, MigrationState::kSuccess);
}

TEST(SlotMigration, RangesReadBack) {
  SlotSet slots;
  EXPECT_TRUE(AddRange("0-5", slots));
  EXPECT_TRUE(AddRange("7-7", slots));
  EXPECT_EQ(RangesText(slots), "0-5 7-7");
  for (const char* bad : {"", "5", "5-", "-5", "9-8", "0-16384", "3-9", "a-b"}) {
    SlotSet copy = slots;
    EXPECT_FALSE(AddRange(bad, copy)) << bad;
  }
}

}  // namespace
}  // namespace norn::cluster
