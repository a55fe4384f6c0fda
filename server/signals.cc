#include "server/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "engine/base/check.h"

namespace norn::server {
namespace {

std::atomic<ShutdownSignals*> installed{nullptr};

// Posted at most once at a time. Not a member: a signal that comes when the node has ended leaves it
// in the mailbox of an Env that outlives the ShutdownSignals.
env::Task signal_task;

// Tells the waiting thread, and nobody else, to end.
const int kEndOfWaiting = SIGRTMIN;

sigset_t AwaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, kEndOfWaiting}) sigaddset(&signals, signal);
  return signals;
}

void SetHandler(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  CHECK(sigaction(signal, &action, nullptr) == 0);
}

}  // namespace

void IgnoreNuisanceSignals() {
  SetHandler(SIGPIPE, SIG_IGN);
  SetHandler(SIGHUP, SIG_IGN);
}

void BlockShutdownSignals() {
  const sigset_t signals = AwaitedSignals();
  CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
}

ShutdownSignals::ShutdownSignals(RealEnv& env, std::function<void(int)> on_signal)
    : env_(env), on_signal_(std::move(on_signal)) {
  sigset_t blocked;
  CHECK(pthread_sigmask(SIG_BLOCK, nullptr, &blocked) == 0);
  CHECK(sigismember(&blocked, SIGTERM) == 1);
  signal_task.run = [](env::Task*) {
    ShutdownSignals* self = installed.load();
    self->on_signal_(self->signal_.load());
  };
  CHECK(installed.exchange(this) == nullptr);
  waiter_ = std::thread([this] { Wait(); });
}

ShutdownSignals::~ShutdownSignals() {
  CHECK(pthread_kill(waiter_.native_handle(), kEndOfWaiting) == 0);
  waiter_.join();
  installed.store(nullptr);
}

void ShutdownSignals::Wait() {
  pthread_setname_np(pthread_self(), "norn/signals");
  const sigset_t signals = AwaitedSignals();
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal != kEndOfWaiting) OnSignal(signal);
}

void ShutdownSignals::OnSignal(int signal) {
  const bool again = stopping_.exchange(true);
  if (again && signal == SIGINT) {
    env_.log_file().WriteOfSignal("You insist... exiting now.");
    _exit(1);
  }
  env_.log_file().WriteOfSignal(signal == SIGINT ? "Received SIGINT scheduling shutdown..."
                                                 : "Received SIGTERM scheduling shutdown...");
  if (again) return;
  signal_.store(signal);
  env_.PostFromAnywhere(0, &signal_task);
}

}  // namespace norn::server
