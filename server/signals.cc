#include "server/signals.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "engine/base/check.h"

namespace norn::server {
namespace {

std::atomic<ShutdownSignals*> installed{nullptr};

// Posted at most once at a time. Not a member: a signal that comes when the node has ended leaves it
// in the mailbox of an Env that outlives the ShutdownSignals.
env::Task signal_task;

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

ShutdownSignals::ShutdownSignals(RealEnv& env, std::function<void(int)> on_signal)
    : env_(env), on_signal_(std::move(on_signal)) {
  signal_task.run = [](env::Task*) {
    ShutdownSignals* self = installed.load();
    self->on_signal_(self->signal_.load());
  };
  CHECK(installed.exchange(this) == nullptr);
  SetHandler(SIGTERM, Handle);
  SetHandler(SIGINT, Handle);
}

ShutdownSignals::~ShutdownSignals() {
  SetHandler(SIGTERM, SIG_DFL);
  SetHandler(SIGINT, SIG_DFL);
  installed.store(nullptr);
}

// Async-signal-safe, on whichever thread the kernel picked.
void ShutdownSignals::Handle(int signal) {
  const int saved_errno = errno;
  if (ShutdownSignals* self = installed.load()) self->OnSignal(signal);
  errno = saved_errno;
}

void ShutdownSignals::OnSignal(int signal) {
  const bool again = stopping_.exchange(true);
  if (again && signal == SIGINT) {
    env_.log_file().WriteFromHandler("You insist... exiting now.");
    _exit(1);
  }
  env_.log_file().WriteFromHandler(signal == SIGINT ? "Received SIGINT scheduling shutdown..."
                                                    : "Received SIGTERM scheduling shutdown...");
  if (again) return;
  signal_.store(signal);
  env_.PostFromAnywhere(0, &signal_task);
}

}  // namespace norn::server
