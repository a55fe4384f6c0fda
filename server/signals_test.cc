// Signals end processes, so each claim runs in a process of its own.

#include "server/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>

#include "engine/base/check.h"
#include "engine/fiber/spawn.h"
#include "server/crash_report.h"

namespace norn::server {
namespace {

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

class SignalsDeathTest : public ::testing::Test {
 protected:
  // Re-executes instead of forking: the child starts threads.
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

RealEnvOptions TwoExecutors() {
  RealEnvOptions options;
  options.executors = 2;
  return options;
}

// Lets the log's lines show on the stream that death tests look at.
void LogToStderr() { dup2(STDERR_FILENO, STDOUT_FILENO); }

void StopOn(int signal) {
  LogToStderr();
  BlockShutdownSignals();
  RealEnv env(TwoExecutors());
  ShutdownSignals signals(env, [&](int got) {
    CHECK(env.executor().Current() == 0);
    env.Exit(got == signal ? 42 : 1);
  });
  std::exit(env.Run([&](env::Env&) { kill(getpid(), signal); }));
}

TEST_F(SignalsDeathTest, SigtermAndSigintReachExecutorZero) {
  EXPECT_EXIT(StopOn(SIGTERM), ExitedWithCode(42),
              "[0-9]+:signal-handler .[0-9]+. Received SIGTERM scheduling shutdown");
  EXPECT_EXIT(StopOn(SIGINT), ExitedWithCode(42), "Received SIGINT scheduling shutdown");
}

void InterruptTwice() {
  LogToStderr();
  BlockShutdownSignals();
  RealEnv env(TwoExecutors());
  ShutdownSignals signals(env, [](int) { kill(getpid(), SIGINT); });
  std::exit(env.Run([](env::Env&) { kill(getpid(), SIGINT); }));
}

TEST_F(SignalsDeathTest, ASecondSigintEndsTheProcessAtOnce) {
  EXPECT_EXIT(InterruptTwice(), ExitedWithCode(1), "You insist... exiting now.");
}

void StopAgainAfterCallingOff() {
  BlockShutdownSignals();
  RealEnv env(TwoExecutors());
  int calls = 0;
  ShutdownSignals* self = nullptr;
  ShutdownSignals signals(env, [&](int) {
    if (++calls == 2) return env.Exit(43);
    self->CallOff();
    kill(getpid(), SIGTERM);
  });
  self = &signals;
  std::exit(env.Run([](env::Env&) { kill(getpid(), SIGTERM); }));
}

TEST_F(SignalsDeathTest, AStopThatWasCalledOffCanBeAskedForAgain) {
  EXPECT_EXIT(StopAgainAfterCallingOff(), ExitedWithCode(43), "");
}

void StopTwice() {
  BlockShutdownSignals();
  RealEnv env(TwoExecutors());
  int calls = 0;
  ShutdownSignals signals(env, [&](int) {
    if (++calls > 1) return env.Exit(1);
    kill(getpid(), SIGTERM);
    SpawnFiber(env.executor(), [&] {
      env.executor().Park(env.clock().Now() + Duration::Millis(50));
      env.Exit(46);
    });
  });
  std::exit(env.Run([](env::Env&) { kill(getpid(), SIGTERM); }));
}

TEST_F(SignalsDeathTest, ASecondSigtermCountsForNothing) {
  EXPECT_EXIT(StopTwice(), ExitedWithCode(46), "");
}

// The node is gone but its Env is not: what the signal posted is still there when the Env goes.
void SignalAfterTheEnd() {
  BlockShutdownSignals();
  auto env = std::make_unique<RealEnv>(TwoExecutors());
  auto signals = std::make_unique<ShutdownSignals>(*env, [](int) {});
  const int code = env->Run([](env::Env& env) { env.Exit(45); });
  kill(getpid(), SIGTERM);
  signals.reset();
  env.reset();
  std::exit(code);
}

TEST_F(SignalsDeathTest, ASignalAfterTheEndDoesNothing) {
  EXPECT_EXIT(SignalAfterTheEnd(), ExitedWithCode(45), "");
}

void SurviveNuisances() {
  IgnoreNuisanceSignals();
  raise(SIGPIPE);
  raise(SIGHUP);
  std::exit(44);
}

TEST_F(SignalsDeathTest, NuisanceSignalsDoNothing) {
  EXPECT_EXIT(SurviveNuisances(), ExitedWithCode(44), "");
}

// ---- crashes ----

void CrashInAFiber(void (*crash)(env::Env&)) {
  LogToStderr();
  InstallCrashReport("server_test", "");
  RealEnv env(TwoExecutors());
  env.Run([&](env::Env& env) {
    SetCrashNote([](void*) { (void)!write(STDERR_FILENO, "THE NOTE\n", 9); }, nullptr);
    crash(env);
  });
}

TEST_F(SignalsDeathTest, AWildPointerLeavesAReport) {
  EXPECT_EXIT(CrashInAFiber([](env::Env& env) {
                PostCall(env.executor(), 0, [] {
                  volatile int* wild = reinterpret_cast<int*>(0x1230);
                  *wild = 1;
                });
              }),
              KilledBySignal(SIGSEGV),
              "crashed by signal: 11 .SIGSEGV., si_code: 1, address: 0x1230\n"
              "(.|\n)*stack of thread(.|\n)*CrashInAFiber(.|\n)*"
              "executor 0, last steps(.|\n)*task (.|\n)*THE NOTE\n=== END");
}

TEST_F(SignalsDeathTest, AFailedCheckLeavesAReport) {
  EXPECT_EXIT(CrashInAFiber([](env::Env&) { CHECK(1 + 1 == 3); }), KilledBySignal(SIGABRT),
              "CHECK failed at .*1 . 1 == 3(.|\n)*THE NOTE(.|\n)*crashed by signal: 6 .SIGABRT.");
}

int Recurse(int depth) {
  volatile char frame[512];
  frame[static_cast<size_t>(depth) % sizeof(frame)] = 1;
  return depth == 0 ? frame[0] : Recurse(depth - 1) + frame[1];
}

TEST_F(SignalsDeathTest, AnOverflownFiberStackIsCalledByItsName) {
  EXPECT_EXIT(CrashInAFiber([](env::Env&) { std::exit(Recurse(1 << 20)); }),
              KilledBySignal(SIGSEGV), "fiber stack overflow(.|\n)*Recurse(.|\n)*=== END");
}

}  // namespace
}  // namespace norn::server
