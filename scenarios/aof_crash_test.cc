// The append-only log on a machine that dies: at every call of its disk, with every fate of what was not synced. After each
// crash the log holds a prefix of what was appended, whole transactions only, at least what was called safe; and what is
// appended then is found by the start after the next.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scenarios/aof_log_testing.h"

namespace norn {
namespace {

using config::AppendSync;
using sim::UnsyncedFate;

constexpr UnsyncedFate kFates[] = {UnsyncedFate::kNone, UnsyncedFate::kPrefix,
                                   UnsyncedFate::kRandom, UnsyncedFate::kAll};

using Story = AofMachine::Story;

// Writes, transactions and a rewrite, with waits here and there.
void WritesAndRewrites(AofMachine& machine, AofMachine::Life& life) {
  machine.SpawnClient(life, 40);
  for (int i = 0; i < 4; ++i) {
    machine.Append(life);
    machine.Append(life, 3);
    machine.Await(life);
    machine.Append(life);
  }
  for (int round = 0; round < 2; ++round) {
    machine
        .Rewrite(life,
                 [&] {
                   machine.Append(life, 4);
                   machine.Await(life);
                   machine.Append(life);
                 })
        .IgnoreError();
    machine.Append(life, 2);
    machine.Await(life);
  }
  machine.Append(life, 5);
}

// The log is switched on while the server runs, off, and on again.
void OnAndOff(AofMachine& machine, AofMachine::Life& life) {
  for (int round = 0; round < 2; ++round) {
    machine.Append(life, 3);  // only the data has it
    life.log->TurnOn();
    const absl::Status status = machine.Rewrite(life, [&] {
      machine.SpawnClient(life, 10);
      machine.Append(life, 2);
      machine.Append(life);
    });
    if (status.ok()) machine.Await(life);
    machine.Append(life, 2);
    if (round == 0) {
      // While it is off nothing is promised; what was is still there.
      life.log->TurnOff();
    }
  }
}

struct Tally {
  uint64_t crashes = 0;
  uint64_t lost_something = 0;
};

// After the crash: what the log gives back, then a write and another crash.
void Recover(AofMachine& machine, Tally* tally) {
  ++tally->crashes;
  const uint64_t appended = machine.appended();
  const uint64_t acked = machine.acked();
  machine.Boot([](AofMachine& m, AofMachine::Life& life) {
    m.Append(life);
    m.Await(life);
    m.Append(life, 2);
  });
  ASSERT_TRUE(machine.Run());
  ASSERT_TRUE(machine.load_status().ok()) << machine.load_status();
  EXPECT_EQ(machine.strange(), 0u);
  EXPECT_GE(machine.recovered(), acked);
  EXPECT_LE(machine.recovered(), appended);
  EXPECT_FALSE(machine.SplitsTransaction(machine.recovered())) << machine.recovered();
  if (machine.recovered() < appended) ++tally->lost_something;

  const uint64_t then = machine.recovered() + 1;
  ASSERT_EQ(machine.acked(), std::max(acked, then));
  machine.Crash(UnsyncedFate::kNone);
  machine.Boot([](AofMachine&, AofMachine::Life&) {});
  ASSERT_TRUE(machine.Run());
  ASSERT_TRUE(machine.load_status().ok()) << machine.load_status();
  EXPECT_EQ(machine.strange(), 0u);
  EXPECT_EQ(machine.recovered(), then) << "appended after the recovery, and safe";
}

uint64_t CallsOf(const Story& story, const persist::AofOptions& options, bool on) {
  AofMachine machine(1, options);
  machine.Boot(story, on);
  EXPECT_TRUE(machine.Run());
  EXPECT_TRUE(machine.load_status().ok()) << machine.load_status();
  EXPECT_GT(machine.acked(), 0u);
  return machine.Calls();
}

void CrashEverywhere(const Story& story, AppendSync sync, bool on, Tally* tally) {
  const persist::AofOptions options{.sync = sync};
  const uint64_t calls = CallsOf(story, options, on);
  ASSERT_GT(calls, 30u);
  for (uint64_t call = 1; call <= calls; ++call) {
    for (const UnsyncedFate fate : kFates) {
      const int tries = fate == UnsyncedFate::kRandom || fate == UnsyncedFate::kPrefix ? 6 : 1;
      for (int i = 0; i < tries; ++i) {
        SCOPED_TRACE("call " + std::to_string(call) + " fate " +
                     std::to_string(static_cast<int>(fate)) + " try " + std::to_string(i));
        AofMachine machine(1 + static_cast<uint64_t>(i), options);
        machine.Boot(story, on);
        machine.RunToCall(call);
        machine.Crash(fate);
        Recover(machine, tally);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(AofCrash, EveryCallUnderAlways) {
  Tally tally;
  CrashEverywhere(WritesAndRewrites, AppendSync::kAlways, true, &tally);
  EXPECT_GT(tally.crashes, 300u);
  EXPECT_GT(tally.lost_something, tally.crashes / 10);
}

TEST(AofCrash, EveryCallUnderEverySecond) {
  Tally tally;
  CrashEverywhere(WritesAndRewrites, AppendSync::kEverySecond, true, &tally);
  EXPECT_GT(tally.crashes, 300u);
  EXPECT_GT(tally.lost_something, tally.crashes / 10);
}

TEST(AofCrash, EveryCallWhileTheLogIsSwitchedOnAndOff) {
  Tally tally;
  CrashEverywhere(OnAndOff, AppendSync::kAlways, false, &tally);
  EXPECT_GT(tally.crashes, 100u);
}

// ---- deaths while a start cuts the log ----

// A transaction that begins in the middle of a block, and one that begins with its block; the block is whole, what follows is torn.
void TransactionsInTwoRounds(AofMachine& machine, AofMachine::Life& life) {
  for (int round = 0; round < 2; ++round) {
    machine.Append(life, 7);
    machine.AppendInTwoRounds(life);
    machine.Await(life);
    machine.AppendInTwoRounds(life);
  }
}

// A first death in the story, and a second one at the `call`th call of the start behind it; false: that start makes fewer.
bool DieTwice(uint64_t seed, uint64_t first_call, bool kill, uint64_t call, UnsyncedFate fate,
              Tally* tally) {
  AofMachine machine(seed, {.sync = AppendSync::kEverySecond});
  machine.Boot(TransactionsInTwoRounds);
  machine.RunToCall(first_call);
  const uint64_t appended = machine.appended();
  if (kill) {
    machine.Kill();
  } else {
    machine.Crash(fate);
  }
  const uint64_t before = machine.Calls();
  machine.Boot([](AofMachine&, AofMachine::Life&) {});
  const bool died = machine.RunToCall(before + call);
  machine.Crash(fate);
  machine.Boot([](AofMachine&, AofMachine::Life&) {});
  EXPECT_TRUE(machine.Run());
  EXPECT_TRUE(machine.load_status().ok()) << machine.load_status();
  EXPECT_LE(machine.recovered(), appended);
  EXPECT_FALSE(machine.SplitsTransaction(machine.recovered())) << machine.recovered();
  machine.Crash(UnsyncedFate::kAll);
  Recover(machine, tally);
  return died;
}

void DieTwiceEverywhere(bool kill, Tally* tally) {
  const uint64_t calls = CallsOf(TransactionsInTwoRounds, {.sync = AppendSync::kEverySecond}, true);
  for (uint64_t first = 1; first <= calls; ++first) {
    for (const UnsyncedFate fate : kFates) {
      for (uint64_t seed = 1; seed <= (fate == UnsyncedFate::kRandom ? 6 : 2); ++seed) {
        uint64_t call = 1;
        while (DieTwice(seed, first, kill, call, fate, tally)) {
          if (::testing::Test::HasFailure()) {
            FAIL() << "first " << first << " fate " << static_cast<int>(fate) << " seed " << seed
                   << " call " << call;
          }
          ++call;
        }
      }
    }
  }
}

TEST(AofCrash, EveryCallOfAStartThatCutsInsideOfABlock) {
  Tally tally;
  DieTwiceEverywhere(false, &tally);
  EXPECT_GT(tally.crashes, 1000u);
}

TEST(AofCrash, EveryCallOfAStartAfterAKill) {
  Tally tally;
  DieTwiceEverywhere(true, &tally);
  EXPECT_GT(tally.crashes, 1000u);
}

// ---- calls that fail ----

void FailEverywhere(const Story& story, AppendSync sync, bool on) {
  const persist::AofOptions options{.sync = sync};
  const uint64_t calls = CallsOf(story, options, on);
  uint64_t fatal = 0;
  for (uint64_t call = 0; call < calls; ++call) {
    for (const uint64_t failures : {1, 3}) {
      for (const UnsyncedFate fate : {UnsyncedFate::kNone, UnsyncedFate::kPrefix}) {
        SCOPED_TRACE("call " + std::to_string(call) + " failures " + std::to_string(failures));
        AofMachine machine(1, options);
        machine.Boot(story, on);
        machine.RunToCall(call);
        machine.disk().FailNext(failures);
        ASSERT_TRUE(machine.Run());
        if (machine.fatal()) ++fatal;
        EXPECT_TRUE(sync == AppendSync::kAlways || !machine.fatal());
        machine.disk().FailNext(0);
        machine.Crash(fate);
        Tally tally;
        Recover(machine, &tally);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
  EXPECT_EQ(fatal > 0, sync == AppendSync::kAlways);
}

TEST(AofFailingDisk, EveryCallUnderAlways) {
  FailEverywhere(WritesAndRewrites, AppendSync::kAlways, true);
}

TEST(AofFailingDisk, EveryCallUnderEverySecond) {
  FailEverywhere(WritesAndRewrites, AppendSync::kEverySecond, true);
}

TEST(AofFailingDisk, EveryCallWhileTheLogIsSwitchedOnAndOff) {
  FailEverywhere(OnAndOff, AppendSync::kEverySecond, false);
}

// ---- decay ----

// What was safe is there, or the start says that it is not.
TEST(AofDecay, AFlippedBitNeverLosesASafeWriteInSilence) {
  int refused = 0;
  constexpr int kTries = 1500;
  for (int i = 0; i < kTries; ++i) {
    AofMachine machine(1, {.sync = AppendSync::kAlways});
    machine.Boot([](AofMachine& m, AofMachine::Life& life) {
      for (int round = 0; round < 5; ++round) {
        m.Append(life);
        m.Append(life, 3);
        m.Await(life);
      }
    });
    ASSERT_TRUE(machine.Run());
    machine.Crash(UnsyncedFate::kNone);
    const std::string file = "appendonlydir/appendonly.aof.1.incr.aof";
    Prng prng = machine.world().PrngOf("bit" + std::to_string(i));
    const uint64_t size = machine.disk().Contents(file).size();
    ASSERT_TRUE(machine.disk().FlipBit(file, prng.Below(size), static_cast<int>(prng.Below(8))));
    machine.Boot([](AofMachine&, AofMachine::Life&) {});
    ASSERT_TRUE(machine.Run());
    if (!machine.load_status().ok()) {
      ++refused;
      continue;
    }
    EXPECT_EQ(machine.strange(), 0u) << i;
    EXPECT_EQ(machine.recovered(), machine.acked()) << i;
  }
  EXPECT_GT(refused, kTries * 9 / 10) << "a flip in a comment does no harm";
}

// ---- upgrade ----

TEST(AofCrash, EveryCallOfAnUpgradeFromOneFile) {
  for (uint64_t call = 1;; ++call) {
    AofMachine machine(call);
    machine.world().Start(machine.node(), [&](env::Env& env) {
      EXPECT_TRUE(AofMachine::WriteBase(env.disk(), "./appendonly.aof", 7).ok());
      auto file = env.disk().Open("./appendonly.aof", env::OpenMode::kReadWrite);
      EXPECT_TRUE((*file)->Sync().ok() && env.disk().SyncDir(".").ok());
      env.executor().Park(Instant::Never());
    });
    machine.world().RunFor(Duration::Seconds(1));
    machine.Crash(UnsyncedFate::kNone);
    const uint64_t before = machine.Calls();
    machine.Boot([](AofMachine&, AofMachine::Life&) {});
    const bool crashed = machine.RunToCall(before + call);
    machine.Crash(UnsyncedFate::kRandom);
    machine.Expect(7);
    Tally tally;
    SCOPED_TRACE(call);
    Recover(machine, &tally);
    if (!crashed || HasFailure()) {
      EXPECT_GT(call, 10u);
      return;
    }
  }
}

}  // namespace
}  // namespace norn
