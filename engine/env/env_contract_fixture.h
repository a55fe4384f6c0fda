#pragma once
// What the contract suite needs from a world, and the small tools that its claims are written with.

#include "engine/env/env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace norn::env {

// One world with room for one node; made afresh for every test.
class ContractWorld {
 public:
  virtual ~ContractWorld() = default;

  // Makes a node with `executors` executors and stacks of at least 256 KiB, runs start(env) as a
  // fiber on executor 0, and returns the code given to Env::Exit once the node has ended: its
  // fibers unwound, what never ran dropped. Called once.
  virtual int Run(size_t executors, std::function<void(Env&)> start) = 0;

  // An empty directory on the node's disk, without a slash at its end.
  virtual std::string Directory() = 0;

  // An address of the node to listen on, with port 0, that the node itself can connect to.
  virtual std::string ListenAddress() = 0;
};

using ContractWorldMaker = std::unique_ptr<ContractWorld> (*)();

// ---- fibers and posts from callables ----

inline void Go(Executor& executor, std::function<void()> body) {
  using Body = std::function<void()>;
  executor.Spawn(
      [](void* argument) {
        std::unique_ptr<Body> own(static_cast<Body*>(argument));
        (*own)();
      },
      [](void* argument) { delete static_cast<Body*>(argument); }, new Body(std::move(body)));
}

inline void PostTo(Executor& executor, size_t to, std::function<void()> call) {
  struct CallTask : Task {
    std::function<void()> call;
  };
  auto* task = new CallTask;
  task->call = std::move(call);
  task->run = [](Task* self) {
    std::unique_ptr<CallTask> own(static_cast<CallTask*>(self));
    own->call();
  };
  task->drop = [](Task* self) { delete static_cast<CallTask*>(self); };
  executor.Post(to, task);
}

// A fiber on another executor.
inline void GoOn(Executor& executor, size_t to, std::function<void()> body) {
  PostTo(executor, to,
         [&executor, body = std::move(body)]() mutable { Go(executor, std::move(body)); });
}

// Waits in one fiber until `count` things were done, on whatever executors. Must outlive the posts
// that carry the news home: Wait before it goes.
class Countdown {
 public:
  Countdown(Executor& executor, size_t count)
      : executor_(executor), home_(executor.Current()), left_(count) {}

  void Done() {
    if (executor_.Current() == home_) {
      Arrive();
    } else {
      PostTo(executor_, home_, [this] { Arrive(); });
    }
  }

  // Runs on: the executor that made it, in a fiber.
  void Wait() {
    waiter_ = executor_.Self();
    while (left_ > 0) executor_.Park(Instant::Never());
    waiter_ = FiberId{};
  }

 private:
  void Arrive() {
    --left_;
    if (left_ == 0 && waiter_ != FiberId{}) executor_.Wake(waiter_);
  }

  Executor& executor_;
  size_t home_;
  size_t left_;
  FiberId waiter_;
};

inline void Sleep(Env& env, Duration span) {
  const Instant until = env.clock().Now() + span;
  while (env.clock().Now() < until) env.executor().Park(until);
}

// ---- streams ----

struct StreamPair {
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
};

// Reads until `count` bytes came or the stream ended.
inline std::string ReadUpTo(Stream& stream, size_t count) {
  std::string got;
  std::string buf(count, '\0');
  while (got.size() < count) {
    const IoResult result =
        stream.Read(std::span<char>(buf.data(), count - got.size()), Instant::Never());
    if (!result.ok()) break;
    got.append(buf, 0, result.bytes);
  }
  return got;
}

// Writes all of it; the code that stopped it, or kOk.
inline IoCode WriteAll(Stream& stream, std::string_view data) {
  while (!data.empty()) {
    const IoResult result =
        stream.Write(std::span<const char>(data.data(), data.size()), Instant::Never());
    if (!result.ok()) return result.code;
    data.remove_prefix(result.bytes);
  }
  return IoCode::kOk;
}

// ---- the suite ----

class EnvContract : public ::testing::TestWithParam<ContractWorldMaker> {
 protected:
  // Runs the claim on a node with that many executors and expects the node to end with it.
  void Run(size_t executors, std::function<void(Env&)> claim) {
    bool finished = false;
    const int code = world_->Run(executors, [&](Env& env) {
      claim(env);
      finished = true;
      env.Exit(kExitCode);
    });
    EXPECT_TRUE(finished);
    EXPECT_EQ(code, kExitCode);
  }

  std::unique_ptr<Listener> Listen(Env& env) {
    auto listener = env.network().Listen(world_->ListenAddress(), ListenOptions{});
    EXPECT_TRUE(listener.ok()) << listener.status();
    return listener.ok() ? std::move(*listener) : nullptr;
  }

  // Two ends of one connection, both on the current executor.
  StreamPair Connected(Env& env) {
    StreamPair pair;
    std::unique_ptr<Listener> listener = Listen(env);
    if (listener == nullptr) return pair;
    Countdown connected(env.executor(), 1);
    Go(env.executor(), [&] {
      auto client = env.network().Connect(listener->LocalAddress(), Instant::Never());
      EXPECT_TRUE(client.ok()) << client.status();
      if (client.ok()) pair.client = std::move(*client);
      connected.Done();
    });
    auto server = listener->Accept();
    EXPECT_TRUE(server.ok()) << server.status();
    if (server.ok()) pair.server = std::move(*server);
    connected.Wait();
    return pair;
  }

  std::string Path(std::string_view name) { return world_->Directory() + "/" + std::string(name); }

  static constexpr int kExitCode = 7;
  std::unique_ptr<ContractWorld> world_ = GetParam()();
};

}  // namespace norn::env
