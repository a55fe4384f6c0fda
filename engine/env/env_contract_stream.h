#pragma once
// Claims about streams (network.h).

#include "engine/env/env_contract_fixture.h"

#include <string>
#include <vector>

namespace norn::env {

using ::testing::AnyOf;

// Bytes whose order shows: no two nearby windows are alike.
inline std::string ContractPattern(size_t count) {
  std::string bytes(count, '\0');
  uint64_t state = 12345;
  for (char& byte : bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

inline IoResult ReadSome(Stream& stream, Instant deadline) {
  char buf[64];
  return stream.Read(std::span<char>(buf), deadline);
}

inline IoResult WriteSome(Stream& stream, std::string_view data, Instant deadline) {
  return stream.Write(std::span<const char>(data.data(), data.size()), deadline);
}

// Writes without parking until the transport takes no more; the bytes it took.
inline size_t FillUp(Stream& stream) {
  constexpr size_t kMax = size_t{256} << 20;
  const std::string block(64 * 1024, 'x');
  size_t taken = 0;
  while (taken < kMax) {
    const IoResult result = WriteSome(stream, block, Instant::Past());
    if (!result.ok()) {
      EXPECT_EQ(result.code, IoCode::kDeadline);
      return taken;
    }
    taken += result.bytes;
  }
  ADD_FAILURE() << "no backpressure after " << taken << " bytes";
  return taken;
}

// ---- moving bytes ----

TEST_P(EnvContract, WhatIsWrittenIsReadInBothDirections) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    EXPECT_EQ(WriteAll(*pair.client, "ping"), IoCode::kOk);
    EXPECT_EQ(ReadUpTo(*pair.server, 4), "ping");
    EXPECT_EQ(WriteAll(*pair.server, "pong!"), IoCode::kOk);
    EXPECT_EQ(ReadUpTo(*pair.client, 5), "pong!");
  });
}

TEST_P(EnvContract, BytesKeepTheirOrderWhateverThePieces) {
  const std::string sent = ContractPattern(1 << 20);
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    Go(env.executor(), [&] {
      size_t at = 0;
      for (size_t piece = 1; at < sent.size(); piece = piece * 3 % 70001 + 1) {
        const size_t count = std::min(piece, sent.size() - at);
        EXPECT_EQ(WriteAll(*pair.client, std::string_view(sent).substr(at, count)), IoCode::kOk);
        at += count;
      }
      pair.client->ShutdownWrite();
    });
    std::string got;
    std::vector<char> buf(40000);
    for (size_t room = 1;; room = room * 5 % 39989 + 1) {
      const IoResult result =
          pair.server->Read(std::span<char>(buf.data(), room), Instant::Never());
      if (!result.ok()) {
        EXPECT_EQ(result.code, IoCode::kEof);
        break;
      }
      ASSERT_GE(result.bytes, 1u);
      ASSERT_LE(result.bytes, room);
      got.append(buf.data(), result.bytes);
    }
    EXPECT_TRUE(got == sent) << got.size() << " of " << sent.size() << " bytes";
  });
}

TEST_P(EnvContract, OneFiberReadsWhileAnotherWrites) {
  const std::string sent = ContractPattern(300000);
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    Countdown done(env.executor(), 3);
    std::string got[2];
    Stream* ends[2] = {pair.client.get(), pair.server.get()};
    for (int side = 0; side < 2; ++side) {
      Go(env.executor(), [&, side] {
        EXPECT_EQ(WriteAll(*ends[side], sent), IoCode::kOk);
        if (side == 0) done.Done();
      });
      Go(env.executor(), [&, side] {
        got[side] = ReadUpTo(*ends[side], sent.size());
        done.Done();
      });
    }
    done.Wait();
    EXPECT_TRUE(got[0] == sent);
    EXPECT_TRUE(got[1] == sent);
  });
}

TEST_P(EnvContract, ExecutorsTalkOverStreams) {
  Run(2, [&](Env& env) {
    std::unique_ptr<Listener> listener = Listen(env);
    ASSERT_TRUE(listener);
    const std::string address = listener->LocalAddress();
    Countdown done(env.executor(), 1);
    GoOn(env.executor(), 1, [&] {
      auto client = env.network().Connect(address, Instant::Never());
      EXPECT_TRUE(client.ok()) << client.status();
      if (client.ok()) {
        EXPECT_EQ(WriteAll(**client, "from one"), IoCode::kOk);
        EXPECT_EQ(ReadUpTo(**client, 9), "from zero");
      }
      done.Done();
    });
    auto server = listener->Accept();
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_EQ(ReadUpTo(**server, 8), "from one");
    EXPECT_EQ(WriteAll(**server, "from zero"), IoCode::kOk);
    done.Wait();
  });
}

// ---- deadlines ----

TEST_P(EnvContract, APastDeadlineReadsWhatIsThereWithoutWaiting) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    const IoResult nothing = ReadSome(*pair.server, Instant::Past());
    EXPECT_EQ(nothing.code, IoCode::kDeadline);
    EXPECT_EQ(nothing.bytes, 0u);
    EXPECT_EQ(WriteAll(*pair.client, "x"), IoCode::kOk);
    EXPECT_TRUE(pair.server->Read({}, Instant::Never()).ok());
    const IoResult one = ReadSome(*pair.server, Instant::Past());
    EXPECT_TRUE(one.ok());
    EXPECT_EQ(one.bytes, 1u);
  });
}

TEST_P(EnvContract, AReadEndsAtItsDeadlineAndTheStreamLivesOn) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    const Instant deadline = env.clock().Now() + Duration::Millis(10);
    EXPECT_EQ(ReadSome(*pair.server, deadline).code, IoCode::kDeadline);
    EXPECT_GE(env.clock().Now(), deadline);
    EXPECT_EQ(WriteAll(*pair.client, "late"), IoCode::kOk);
    EXPECT_EQ(ReadUpTo(*pair.server, 4), "late");
  });
}

TEST_P(EnvContract, AReadWokenByBytesBeatsItsDeadline) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    Go(env.executor(), [&] {
      Sleep(env, Duration::Millis(5));
      EXPECT_EQ(WriteAll(*pair.client, "in time"), IoCode::kOk);
    });
    const Instant deadline = env.clock().Now() + Duration::Seconds(3600);
    EXPECT_TRUE(ReadSome(*pair.server, deadline).ok());
    EXPECT_LT(env.clock().Now(), deadline);
  });
}

TEST_P(EnvContract, AnEmptyBufferWaitsForBytesAndMovesNone) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    EXPECT_EQ(pair.server->Read({}, Instant::Past()).code, IoCode::kDeadline);
    EXPECT_EQ(pair.server->Read({}, env.clock().Now() + Duration::Millis(5)).code,
              IoCode::kDeadline);
    Go(env.executor(), [&] { EXPECT_EQ(WriteAll(*pair.client, "abc"), IoCode::kOk); });
    const IoResult there = pair.server->Read({}, Instant::Never());
    EXPECT_TRUE(there.ok());
    EXPECT_EQ(there.bytes, 0u);
    EXPECT_EQ(ReadUpTo(*pair.server, 3), "abc");
    Go(env.executor(), [&] { pair.client->ShutdownWrite(); });
    EXPECT_EQ(pair.server->Read({}, Instant::Never()).code, IoCode::kEof);
  });
}

// ---- backpressure ----

TEST_P(EnvContract, AFullTransportStopsTheWriterUntilThePeerReads) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    size_t taken = FillUp(*pair.client);
    // Bytes still on their way may make room once more; give them the time to settle.
    Sleep(env, Duration::Millis(50));
    taken += FillUp(*pair.client);
    const Instant deadline = env.clock().Now() + Duration::Millis(10);
    const IoResult late = WriteSome(*pair.client, "y", deadline);
    taken += late.bytes;
    if (!late.ok()) {
      EXPECT_EQ(late.code, IoCode::kDeadline);
      EXPECT_GE(env.clock().Now(), deadline);
    }

    Countdown written(env.executor(), 1);
    const std::string more(1 << 20, 'z');
    Go(env.executor(), [&] {
      EXPECT_EQ(WriteAll(*pair.client, more), IoCode::kOk);
      written.Done();
    });
    EXPECT_EQ(ReadUpTo(*pair.server, taken + more.size()).size(), taken + more.size());
    written.Wait();
  });
}

TEST_P(EnvContract, CloseEndsAParkedWriter) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    FillUp(*pair.client);
    Countdown ended(env.executor(), 1);
    Go(env.executor(), [&] {
      EXPECT_EQ(WriteAll(*pair.client, std::string(32 << 20, 'w')), IoCode::kReset);
      ended.Done();
    });
    Sleep(env, Duration::Millis(20));
    pair.client->Close();
    ended.Wait();
  });
}

// ---- ends ----

TEST_P(EnvContract, ShutdownWriteEndsOneDirectionOnly) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    EXPECT_EQ(WriteAll(*pair.client, "last words"), IoCode::kOk);
    pair.client->ShutdownWrite();
    EXPECT_EQ(ReadUpTo(*pair.server, 100), "last words");
    EXPECT_EQ(ReadSome(*pair.server, Instant::Never()).code, IoCode::kEof);
    EXPECT_EQ(ReadSome(*pair.server, Instant::Past()).code, IoCode::kEof) << "and stays so";
    EXPECT_EQ(WriteAll(*pair.server, "still here"), IoCode::kOk);
    EXPECT_EQ(ReadUpTo(*pair.client, 10), "still here");
  });
}

TEST_P(EnvContract, CloseEndsAParkedReader) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    Countdown ended(env.executor(), 1);
    Go(env.executor(), [&] {
      EXPECT_EQ(ReadSome(*pair.server, Instant::Never()).code, IoCode::kReset);
      ended.Done();
    });
    Sleep(env, Duration::Millis(2));
    pair.server->Close();
    ended.Wait();
  });
}

TEST_P(EnvContract, AClosedStreamOnlyReportsReset) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    EXPECT_EQ(WriteAll(*pair.server, "unread"), IoCode::kOk);
    pair.client->Close();
    pair.client->Close();
    EXPECT_EQ(ReadSome(*pair.client, Instant::Never()).code, IoCode::kReset);
    EXPECT_EQ(ReadSome(*pair.client, Instant::Past()).code, IoCode::kReset);
    EXPECT_EQ(WriteSome(*pair.client, "x", Instant::Never()).code, IoCode::kReset);
    pair.client->ShutdownWrite();
  });
}

TEST_P(EnvContract, ThePeersCloseEndsReadingAndWriting) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    pair.client->Close();
    EXPECT_THAT(ReadSome(*pair.server, Instant::Never()).code, AnyOf(IoCode::kEof, IoCode::kReset));
    // The first write may still be taken; it is what tells this side that nobody is there.
    IoResult result;
    while (result.ok()) {
      result = WriteSome(*pair.server, "anyone?", Instant::Never());
      Sleep(env, Duration::Millis(1));
    }
    EXPECT_EQ(result.code, IoCode::kReset);
    EXPECT_THAT(ReadSome(*pair.server, Instant::Never()).code, AnyOf(IoCode::kEof, IoCode::kReset));
  });
}

TEST_P(EnvContract, DestroyingAStreamClosesIt) {
  Run(1, [&](Env& env) {
    StreamPair pair = Connected(env);
    ASSERT_TRUE(pair.client && pair.server);
    pair.client.reset();
    EXPECT_THAT(ReadSome(*pair.server, Instant::Never()).code, AnyOf(IoCode::kEof, IoCode::kReset));
  });
}

}  // namespace norn::env
