#pragma once
// What the tests of this folder share: a room with two machines, and a few words to tell stories
// about them.

#include "engine/fiber/spawn.h"
#include "sim/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace norn::sim {

// Fabric options without moods, for tests that name exact sizes and times.
inline FabricOptions PlainFabric() {
  FabricOptions options;
  options.partial_read_one_in = 0;
  options.partial_write_one_in = 0;
  options.link = LinkOptions{.latency = Duration::Micros(100), .jitter = Duration{0}};
  options.window_bytes_min = 64 * 1024;
  options.window_bytes_max = 64 * 1024;
  return options;
}

inline env::IoCode Put(env::Stream& stream, std::string_view data) {
  while (!data.empty()) {
    const env::IoResult result =
        stream.Write(std::span<const char>(data.data(), data.size()), Instant::Never());
    if (!result.ok()) return result.code;
    data.remove_prefix(result.bytes);
  }
  return env::IoCode::kOk;
}

inline void SleepFor(env::Env& env, Duration span) {
  const Instant until = env.clock().Now() + span;
  while (env.clock().Now() < until) env.executor().Park(until);
}

class RoomTest : public ::testing::Test {
 protected:
  explicit RoomTest(uint64_t seed = 1, const FabricOptions& fabric = PlainFabric())
      : world_({.seed = seed, .fabric = fabric}) {
    a_ = world_.AddNode({.name = "a"});
    b_ = world_.AddNode({.name = "b"});
  }

  static constexpr const char* kAddressOfB = "10.0.0.2:7000";

  // b accepts connections and appends what it reads to received_; how the last stream ended lies
  // in b_ended_. a connects and keeps its stream in a_stream_.
  void ConnectAToB() {
    world_.Start(b_, [this](env::Env& env) { ReceiveAll(env); });
    world_.RunFor(Duration::Millis(1));
    world_.Start(a_, [this](env::Env& env) {
      auto stream = env.network().Connect(kAddressOfB, Instant::Never());
      ASSERT_TRUE(stream.ok()) << stream.status();
      a_stream_ = stream->get();
      env::IoResult got{env::IoCode::kOk, 0};
      char buf[64];
      while (got.ok()) {
        got = a_stream_->Read(std::span<char>(buf), Instant::Never());
        a_received_.append(buf, got.bytes);
      }
      a_ended_ = got.code;
      env.executor().Park(Instant::Never());
    });
    world_.RunFor(Duration::Millis(1));
    ASSERT_NE(a_stream_, nullptr);
    ASSERT_EQ(world_.fabric().Connections().size(), 1u);
  }

  // Has a write from a fiber of its own.
  void SendFromA(std::string data) {
    PostCall(a_->executor(), 0, [this, data = std::move(data)]() mutable {
      SpawnFiber(a_->executor(),
                 [this, data = std::move(data)] { a_wrote_ = Put(*a_stream_, data); });
    });
  }

  void ReceiveAll(env::Env& env) {
    auto listener = env.network().Listen("*:7000", env::ListenOptions{});
    ASSERT_TRUE(listener.ok()) << listener.status();
    for (;;) {
      auto stream = (*listener)->Accept();
      ASSERT_TRUE(stream.ok()) << stream.status();
      SpawnFiber(env.executor(), [this, &env, held = *std::move(stream)]() mutable {
        b_stream_ = held.get();
        if (b_keep_alive_s_ > 0) held->SetKeepAlive({b_keep_alive_s_});
        env::IoResult got{env::IoCode::kOk, 0};
        char buf[4096];
        while (got.ok()) {
          got = held->Read(std::span<char>(buf), Instant::Never());
          received_.append(buf, got.bytes);
        }
        b_ended_ = got.code;
        b_ended_at_ = world_.now();
        if (b_keeps_stream_) env.executor().Park(Instant::Never());
      });
    }
  }

  World world_;
  Node* a_;
  Node* b_;
  env::Stream* a_stream_ = nullptr;
  env::Stream* b_stream_ = nullptr;
  std::string received_;
  std::string a_received_;
  std::optional<env::IoCode> a_wrote_;
  std::optional<env::IoCode> a_ended_;
  std::optional<env::IoCode> b_ended_;
  Instant b_ended_at_{0};
  int b_keep_alive_s_ = 0;
  bool b_keeps_stream_ = true;
};

}  // namespace norn::sim
