// The append-only log over time: how soon bytes are safe, who waits for what, and what happens when the disk is slow, full or
// broken. What a crash leaves is aof_crash_test.

#include "engine/persist/aof_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scenarios/aof_log_testing.h"

namespace norn {
namespace {

using config::AppendSync;
using ::testing::HasSubstr;

constexpr const char* kFirstFile = "appendonlydir/appendonly.aof.1.incr.aof";

void Sleep(env::Env& env, Duration span) {
  const Instant until = env.clock().Now() + span;
  while (env.clock().Now() < until) env.executor().Park(until);
}

struct AofLogTest : ::testing::Test {
  // Plays `story` on a new machine with a log that is on.
  void Play(const persist::AofOptions& options, const AofMachine::Story& story) {
    machine = std::make_unique<AofMachine>(1, options);
    SetSync(Duration::Micros(100));
    machine->Boot(story);
    finished = machine->Run();
  }
  void SetSync(Duration takes) {
    machine->disk().SetOptions({.latency = {Duration::Micros(5), Duration::Micros(5), 1},
                                .sync_latency = {takes, takes, 1}});
  }
  std::unique_ptr<AofMachine> machine;
  bool finished = false;
};

TEST_F(AofLogTest, UnderAlwaysOneSyncServesAllWhoWait) {
  Play({.sync = AppendSync::kAlways}, [&](AofMachine& m, AofMachine::Life& life) {
    SetSync(Duration::Millis(5));
    const Instant began = life.env.clock().Now();
    int answered = 0;
    for (int i = 0; i < 50; ++i) {
      SpawnFiber(life.env.executor(), [&] {
        EXPECT_TRUE(life.log->AwaitAnswerable(m.Append(life)).ok());
        ++answered;
      });
    }
    while (answered < 50) Sleep(life.env, Duration::Micros(100));
    EXPECT_GE(life.env.clock().Now() - began, Duration::Millis(5));
    EXPECT_LT(life.env.clock().Now() - began, Duration::Millis(16)) << "at most three rounds";
  });
  EXPECT_TRUE(finished);
}

TEST_F(AofLogTest, UnderEverySecondRepliesDoNotWaitAndBytesAreSafeASecondLater) {
  Play({.sync = AppendSync::kEverySecond}, [&](AofMachine& m, AofMachine::Life& life) {
    m.Append(life);
    Sleep(life.env, Duration::Millis(10));
    EXPECT_EQ(life.log->synced(), life.log->appended()) << "after a pause at once";
    const uint64_t position = m.Append(life);
    EXPECT_TRUE(life.log->Answerable(position));
    Sleep(life.env, Duration::Millis(900));
    EXPECT_EQ(life.log->written(), position);
    EXPECT_LT(life.log->synced(), position);
    Sleep(life.env, Duration::Millis(150));
    EXPECT_EQ(life.log->synced(), position);
  });
  EXPECT_TRUE(finished);
}

TEST_F(AofLogTest, UnderEverySecondAStuckSyncDelaysWritesAndThenReplies) {
  Play({.sync = AppendSync::kEverySecond}, [&](AofMachine& m, AofMachine::Life& life) {
    SetSync(Duration::Seconds(10));
    m.Append(life);
    Sleep(life.env, Duration::Millis(10));  // the sync of this runs now
    const uint64_t position = m.Append(life);
    Sleep(life.env, Duration::Millis(1500));
    EXPECT_LT(life.log->written(), position) << "the write waits for the sync";
    EXPECT_EQ(life.log->Info().aof_pending_bio_fsync, 1u);
    EXPECT_TRUE(life.log->Answerable(position));
    Sleep(life.env, Duration::Millis(700));
    EXPECT_EQ(life.log->written(), position) << "but not for ever";
    EXPECT_EQ(life.log->Info().aof_delayed_fsync, 1u);
    EXPECT_FALSE(life.log->Answerable(position)) << "over two seconds are at risk";
    EXPECT_TRUE(life.log->AwaitAnswerable(position).ok());
    EXPECT_GT(life.log->synced(), 0u);
  });
  EXPECT_TRUE(finished);
}

TEST_F(AofLogTest, HowLongRepliesNeedNotAskIsKnownAheadAndHoldsWhateverComes) {
  Play({.sync = AppendSync::kEverySecond}, [&](AofMachine& m, AofMachine::Life& life) {
    Sleep(life.env, Duration::Seconds(5));
    const Instant quiet = life.log->AnswerableUntil();
    EXPECT_EQ(quiet, life.env.clock().Now() + Duration::Seconds(2)) << "nothing is at risk";
    SetSync(Duration::Seconds(10));
    const uint64_t position = m.Append(life);
    EXPECT_EQ(life.log->AnswerableUntil(), quiet);
    Sleep(life.env, Duration::Millis(1000));
    m.Append(life);
    EXPECT_EQ(life.log->AnswerableUntil(), quiet) << "the oldest byte at risk counts";
    Sleep(life.env, Duration::Millis(999));
    EXPECT_TRUE(life.log->Answerable(position));
    Sleep(life.env, Duration::Millis(1));
    EXPECT_FALSE(life.log->Answerable(position));
    EXPECT_TRUE(life.log->AwaitAnswerable(position).ok());
    EXPECT_GT(life.log->AnswerableUntil(), quiet);
    life.log->SetOptions({.sync = AppendSync::kAlways});
    EXPECT_EQ(life.log->AnswerableUntil(), Instant::Past()) << "all must ask";
    life.log->SetOptions({.sync = AppendSync::kNo});
    EXPECT_EQ(life.log->AnswerableUntil(), Instant::Never());
  });
  EXPECT_TRUE(finished);
}

TEST_F(AofLogTest, UnderNoNothingIsSyncedUnlessAsked) {
  Play({.sync = AppendSync::kNo}, [&](AofMachine& m, AofMachine::Life& life) {
    const uint64_t position = m.Append(life);
    Sleep(life.env, Duration::Seconds(10));
    EXPECT_EQ(life.log->written(), position);
    EXPECT_EQ(life.log->synced(), 0u);
    EXPECT_EQ(life.log->AwaitSynced(position, life.env.clock().Now() + Duration::Millis(5)).code(),
              absl::StatusCode::kDeadlineExceeded);
    EXPECT_TRUE(life.log->Flush(Instant::Never()).ok());
    EXPECT_EQ(life.log->synced(), position);
  });
  EXPECT_TRUE(finished);
}

TEST_F(AofLogTest, NoSyncsWhileAChildWritesIfTheOptionSaysSo) {
  Play({.sync = AppendSync::kAlways, .no_sync_on_rewrite = true},
       [&](AofMachine& m, AofMachine::Life& life) {
         life.log->SetDiskBusy(true);
         const uint64_t position = m.Append(life);
         EXPECT_TRUE(life.log->AwaitAnswerable(position).ok());
         EXPECT_EQ(life.log->written(), position);
         EXPECT_LT(life.log->synced(), position);
         life.log->SetDiskBusy(false);
         EXPECT_TRUE(life.log->AwaitSynced(position, Instant::Never()).ok());
       });
  EXPECT_TRUE(finished);
}

TEST_F(AofLogTest, AFullDiskRefusesWritesUntilThereIsRoom) {
  Play({.sync = AppendSync::kEverySecond}, [&](AofMachine& m, AofMachine::Life& life) {
    m.Append(life);
    m.Await(life);
    const size_t whole = m.disk().Contents(kFirstFile).size();
    m.disk().SetCapacity(0);
    const uint64_t position = m.Append(life, 20);
    Sleep(life.env, Duration::Millis(50));
    EXPECT_FALSE(life.log->ok());
    EXPECT_FALSE(life.log->Info().aof_last_write_status);
    EXPECT_EQ(life.log->last_error().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(m.disk().Contents(kFirstFile).size(), whole) << "cut back";
    EXPECT_FALSE(life.log->BeginRewrite().ok()) << "not where bytes of the old file are missing";
    EXPECT_EQ(life.log->Info().aof_rewrites_consecutive_failures, 1u);
    m.disk().SetCapacity(sim::SimDisk::kUnlimited);
    EXPECT_TRUE(life.log->AwaitSynced(position, Instant::Never()).ok());
    EXPECT_TRUE(life.log->ok());
  });
  EXPECT_TRUE(finished);
  EXPECT_FALSE(machine->fatal());
}

TEST_F(AofLogTest, AFailedSyncIsAnsweredByWritingAgain) {
  Play({.sync = AppendSync::kEverySecond}, [&](AofMachine& m, AofMachine::Life& life) {
    m.disk().FailNextSyncs(2);
    const uint64_t position = m.Append(life, 20);
    Sleep(life.env, Duration::Millis(50));
    EXPECT_FALSE(life.log->ok());
    EXPECT_LT(life.log->synced(), position);
    EXPECT_TRUE(life.log->AwaitSynced(position, Instant::Never()).ok());
    EXPECT_TRUE(life.log->ok());
  });
  EXPECT_TRUE(finished);
  const std::string before = machine->disk().Contents(kFirstFile);
  machine->Crash(sim::UnsyncedFate::kNone);
  EXPECT_EQ(machine->disk().Contents(kFirstFile), before);
}

TEST_F(AofLogTest, UnderAlwaysAFailureEndsTheProcess) {
  Play({.sync = AppendSync::kAlways}, [&](AofMachine& m, AofMachine::Life& life) {
    m.disk().FailNextSyncs(1);
    const uint64_t position = m.Append(life);
    EXPECT_EQ(life.log->AwaitAnswerable(position).code(), absl::StatusCode::kDataLoss);
    EXPECT_FALSE(life.log->ok());
  });
  EXPECT_TRUE(machine->fatal());
  machine->world().RunFor(Duration::Seconds(1));  // to the end of the story
}

TEST_F(AofLogTest, AFileSelectsItsDatabaseAndSaysTheTimeOnceASecond) {
  Play({.sync = AppendSync::kAlways, .timestamps = true},
       [&](AofMachine& m, AofMachine::Life& life) {
         for (int i = 0; i < 3; ++i) m.Append(life);
         m.Await(life);
         const std::string bytes = m.disk().Contents(kFirstFile);
         EXPECT_EQ(bytes.find("SELECT"), bytes.rfind("SELECT"));
         EXPECT_EQ(bytes.find("#TS:"), bytes.rfind("#TS:"));
         EXPECT_THAT(bytes, HasSubstr("#TS:"));
         Sleep(life.env, Duration::Millis(1500));
         life.log->Append(DbIndex{9}, NumberedWrite(3));
         EXPECT_TRUE(life.log->Flush(Instant::Never()).ok());
         const std::string more = m.disk().Contents(kFirstFile).substr(bytes.size());
         EXPECT_THAT(more, HasSubstr("#TS:"));
         EXPECT_THAT(more, HasSubstr("SELECT\r\n$1\r\n9\r\n"));
       });
  EXPECT_TRUE(finished);
}

TEST_F(AofLogTest, ARewriteLeavesOneBaseAndOneFileAndIsCounted) {
  Play({.growth = {.percentage = 100, .min_bytes = 100}},
       [&](AofMachine& m, AofMachine::Life& life) {
         EXPECT_FALSE(life.log->RewriteDue());
         m.Append(life, 5);
         m.Await(life);
         EXPECT_TRUE(life.log->RewriteDue());
         EXPECT_TRUE(m.Rewrite(life, [&] {
                        EXPECT_TRUE(life.log->rewriting());
                        EXPECT_EQ(life.log->BeginRewrite().code(),
                                  absl::StatusCode::kFailedPrecondition);
                        m.Append(life);
                        Sleep(life.env, Duration::Seconds(2));
                        EXPECT_EQ(life.log->Info().aof_current_rewrite_time_sec, 2);
                      }).ok());
         EXPECT_FALSE(life.log->RewriteDue());
         const persist::AofInfo info = life.log->Info();
         EXPECT_EQ(info.aof_last_rewrite_time_sec, 2);
         EXPECT_EQ(info.aof_rewrites, 1u);
         EXPECT_EQ(info.aof_current_size, info.aof_base_size);
         Sleep(life.env, Duration::Seconds(1));
         EXPECT_EQ(m.disk().Contents("appendonlydir/appendonly.aof.manifest"),
                   "file appendonly.aof.1.base.aof seq 1 type b\n"
                   "file appendonly.aof.2.incr.aof seq 2 type i\n");
         EXPECT_FALSE(m.disk().Exists(kFirstFile));
       });
  EXPECT_TRUE(finished);
}

TEST_F(AofLogTest, AfterThreeFailedRewritesTheNextWaits) {
  Play({.growth = {.percentage = 1, .min_bytes = 1}}, [&](AofMachine& m, AofMachine::Life& life) {
    m.Append(life, 5);
    m.Await(life);
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(life.log->RewriteDue());
      EXPECT_TRUE(life.log->BeginRewrite().ok());
      life.log->AbortRewrite(true);
    }
    EXPECT_FALSE(life.log->RewriteDue());
    EXPECT_FALSE(life.log->Info().aof_last_bgrewrite_status);
    life.log->ScheduleRewrite();
    EXPECT_TRUE(life.log->RewriteDue()) << "who asks for it gets it";
  });
  EXPECT_TRUE(finished);
}

TEST_F(AofLogTest, SwitchedOffItLetsEverybodyGo) {
  Play({.sync = AppendSync::kEverySecond}, [&](AofMachine& m, AofMachine::Life& life) {
    m.Append(life, 5);
    bool answered = false;
    SetSync(Duration::Seconds(3));
    SpawnFiber(life.env.executor(), [&] {
      Sleep(life.env, Duration::Seconds(2));
      const uint64_t position = m.Append(life);
      EXPECT_TRUE(life.log->AwaitAnswerable(position).ok());
      answered = true;
    });
    life.log->TurnOff();
    Sleep(life.env, Duration::Seconds(3));
    EXPECT_TRUE(answered);
    EXPECT_EQ(life.log->state(), AofLog::State::kOff);
    EXPECT_EQ(life.log->Append(DbIndex{0}, NumberedWrite(9)), life.log->appended());
    EXPECT_EQ(life.log->AwaitSynced(0, Instant::Never()).code(),
              absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(life.log->BeginRewrite().ok()) << "BGREWRITEAOF works without a log";
    life.log->AbortRewrite(false);
  });
  EXPECT_TRUE(finished);
  machine->Crash(sim::UnsyncedFate::kNone);
  machine->Boot([](AofMachine&, AofMachine::Life&) {});
  EXPECT_TRUE(machine->Run());
  EXPECT_GE(machine->recovered(), 5u);
}

}  // namespace
}  // namespace norn
