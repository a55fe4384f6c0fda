#include "server/real_env.h"

#include <pthread.h>

#include <thread>
#include <utility>

#include "engine/base/check.h"
#include "engine/fiber/spawn.h"
#include "server/crash_report.h"
#include "server/process_stats.h"

namespace norn::server {
namespace {

// "norn/1" and so on. Executor 0 keeps its name: the first thread's is the one that ps and pgrep
// know the program by.
void NameThread(size_t index) {
  if (index == 0) return;
  pthread_setname_np(pthread_self(), ("norn/" + std::to_string(index)).c_str());
}

}  // namespace

RealEnv::RealEnv(RealEnvOptions options)
    : options_(std::move(options)),
      log_(options_.logfile),
      io_pool_(options_.io_threads),
      network_(io_pool_),
      disk_(io_pool_) {
  CHECK(options_.executors >= 1);
  CHECK(options_.io_threads >= 1);
  for (size_t i = 0; i < options_.executors; ++i) {
    loops_.push_back(std::make_unique<EventLoop>(i, clock_, options_.stack_bytes));
  }
}

RealEnv::~RealEnv() = default;

int RealEnv::Run(std::function<void(env::Env&)> start) {
  PostCall(*this, 0, [this, start = std::move(start)]() mutable {
    SpawnFiber(*this, [this, start = std::move(start)] { start(*this); });
  });
  std::vector<std::thread> threads;
  for (size_t i = 1; i < loops_.size(); ++i) {
    threads.emplace_back([this, i] { RunLoop(i); });
  }
  RunLoop(0);
  for (std::thread& thread : threads) thread.join();
  return exit_code_.load();
}

void RealEnv::RunLoop(size_t index) {
  CrashStack crash_stack;
  NameThread(index);
  EventLoop& loop = *loops_[index];
  loop.Run();
  AwaitOthers();
  loop.DropTasks();
  AwaitOthers();
  loop.KillFibers();
  AwaitOthers();
  loop.DropTasks();
  loop.Leave();
}

// A task on its way may live on a fiber's stack, and a killed fiber may still post: so every loop has stopped before tasks
// are dropped, all are dropped before a fiber is killed, and what was posted by the killing is dropped last.
void RealEnv::AwaitOthers() {
  std::unique_lock lock(end_mutex_);
  const size_t round = loops_arrived_++ / loops_.size();
  if (loops_arrived_ == (round + 1) * loops_.size()) end_.notify_all();
  end_.wait(lock, [this, round] { return loops_arrived_ >= (round + 1) * loops_.size(); });
}

void RealEnv::Log(env::LogLevel level, std::string_view line) {
  if (options_.log_sink) return options_.log_sink(level, line);
  log_.Write(level, clock_.Wall(), line);
}

void RealEnv::Exit(int code) {
  if (exiting_.exchange(true)) return;
  exit_code_.store(code);
  for (const auto& loop : loops_) loop->Stop();
}

env::ProcessStats RealEnv::Stats() { return ReadProcessStats(); }

// ---- env::Executor ----

EventLoop& RealEnv::Here() {
  EventLoop* loop = EventLoop::Current();
  CHECK(loop != nullptr);
  return *loop;
}

size_t RealEnv::Current() const { return Here().index(); }

void RealEnv::Post(size_t to, env::Task* task) {
  EventLoop& target = *loops_[to];
  if (&target == EventLoop::Current()) {
    target.PostLocal(task);
  } else {
    target.PostRemote(task);
  }
}

void RealEnv::Spawn(void (*body)(void*), void (*drop)(void*), void* argument) {
  Here().fibers().Spawn(body, drop, argument);
}

env::FiberId RealEnv::Self() const { return Here().fibers().Self(); }

env::ParkResult RealEnv::Park(Instant deadline) { return Here().fibers().Park(deadline); }

void RealEnv::Wake(env::FiberId fiber) { Here().fibers().Wake(fiber); }

void RealEnv::Yield() { Here().fibers().Yield(); }

}  // namespace norn::server
