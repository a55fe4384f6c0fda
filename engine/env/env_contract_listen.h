#pragma once
// Claims about listening and connecting (network.h).

#include "engine/env/env_contract_fixture.h"

#include <string>
#include <vector>

namespace norn::env {

TEST_P(EnvContract, BothEndsAgreeOnTheirAddresses) {
  Run(1, [&](Env& env) {
    std::unique_ptr<Listener> listener = Listen(env);
    ASSERT_TRUE(listener);
    EXPECT_FALSE(listener->LocalAddress().ends_with(":0"));
    auto client = env.network().Connect(listener->LocalAddress(), Instant::Never());
    ASSERT_TRUE(client.ok()) << client.status();
    auto server = listener->Accept();
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_EQ((*client)->PeerAddress(), listener->LocalAddress());
    EXPECT_EQ((*server)->LocalAddress(), listener->LocalAddress());
    EXPECT_EQ((*client)->LocalAddress(), (*server)->PeerAddress());
    (*client)->SetKeepAlive(KeepAlive{300});
    EXPECT_EQ(WriteAll(**client, "ok"), IoCode::kOk);
    EXPECT_EQ(ReadUpTo(**server, 2), "ok");
  });
}

TEST_P(EnvContract, ConnectIsRefusedWhereNobodyListens) {
  Run(1, [&](Env& env) {
    std::unique_ptr<Listener> listener = Listen(env);
    ASSERT_TRUE(listener);
    const std::string address = listener->LocalAddress();
    listener->Close();
    listener.reset();
    EXPECT_EQ(env.network().Connect(address, Instant::Never()).status().code(),
              absl::StatusCode::kUnavailable);
  });
}

TEST_P(EnvContract, WhatIsNoAddressIsAnInvalidArgument) {
  Run(1, [&](Env& env) {
    for (const char* address : {"", "nonsense", "1.2.3.4", "1.2.3.4:70000", "1.2.3:80"}) {
      EXPECT_EQ(env.network().Listen(address, ListenOptions{}).status().code(),
                absl::StatusCode::kInvalidArgument)
          << address;
    }
  });
}

TEST_P(EnvContract, ListenersOnOneAddressTakeConnectionsInTurn) {
  constexpr size_t kExecutors = 3;
  constexpr size_t kEach = 4;
  Run(kExecutors, [&](Env& env) {
    Executor& executor = env.executor();
    std::unique_ptr<Listener> first = Listen(env);
    ASSERT_TRUE(first);
    const std::string address = first->LocalAddress();
    size_t accepted[kExecutors] = {};  // each written by its executor before its Done
    Countdown listening(executor, kExecutors - 1);
    Countdown dealt(executor, kExecutors);
    auto take = [&](Listener& listener) {
      std::vector<std::unique_ptr<Stream>> held;
      while (held.size() < kEach) {
        auto stream = listener.Accept();
        ASSERT_TRUE(stream.ok()) << stream.status();
        held.push_back(std::move(*stream));
      }
      accepted[executor.Current()] = held.size();
      dealt.Done();
    };
    for (size_t to = 1; to < kExecutors; ++to) {
      GoOn(executor, to, [&] {
        auto listener = env.network().Listen(address, ListenOptions{});
        EXPECT_TRUE(listener.ok()) << listener.status();
        listening.Done();
        if (listener.ok()) take(**listener);
      });
    }
    listening.Wait();
    Go(executor, [&] { take(*first); });
    std::vector<std::unique_ptr<Stream>> clients;
    for (size_t i = 0; i < kExecutors * kEach; ++i) {
      auto client = env.network().Connect(address, Instant::Never());
      ASSERT_TRUE(client.ok()) << client.status();
      clients.push_back(std::move(*client));
    }
    dealt.Wait();
    for (const size_t count : accepted) EXPECT_EQ(count, kEach);
  });
}

TEST_P(EnvContract, CloseEndsAParkedAccept) {
  Run(1, [&](Env& env) {
    std::unique_ptr<Listener> listener = Listen(env);
    ASSERT_TRUE(listener);
    Countdown ended(env.executor(), 1);
    Go(env.executor(), [&] {
      EXPECT_EQ(listener->Accept().status().code(), absl::StatusCode::kUnavailable);
      ended.Done();
    });
    env.executor().Yield();
    listener->Close();
    listener->Close();
    ended.Wait();
    EXPECT_EQ(listener->Accept().status().code(), absl::StatusCode::kUnavailable);
  });
}

}  // namespace norn::env
