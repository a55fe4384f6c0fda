// The network between two machines, and what each of its hooks does to it.

#include "sim/fabric.h"

#include <bit>
#include <vector>

#include "sim/room_testing.h"

namespace norn::sim {
namespace {

using env::IoCode;
using ::testing::AnyOf;
using ::testing::Optional;

struct FabricTest : RoomTest {
  uint64_t TheConnection() { return world_.fabric().Connections().at(0); }
  void Pass(Duration span) { world_.RunFor(span); }
};

TEST_F(FabricTest, BytesTakeTheLatencyOfTheirLink) {
  LinkOptions slow = PlainFabric().link;
  slow.latency = Duration::Millis(30);
  ConnectAToB();
  world_.fabric().SetLink(a_->index(), b_->index(), slow);
  SendFromA("far");
  Pass(Duration::Millis(29));
  EXPECT_EQ(received_, "");
  Pass(Duration::Millis(2));
  EXPECT_EQ(received_, "far");
}

TEST_F(FabricTest, JitterAndTailsKeepTheOrder) {
  LinkOptions wild = PlainFabric().link;
  wild.jitter = Duration::Millis(5);
  wild.tail_one_in = 3;
  wild.tail = Duration::Millis(500);
  ConnectAToB();
  world_.fabric().SetLink(a_->index(), b_->index(), wild);
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string piece = std::to_string(i) + ",";
    sent += piece;
    SendFromA(piece);
    Pass(Duration::Micros(500));
  }
  Pass(Duration::Seconds(2));
  EXPECT_EQ(received_, sent);
}

TEST_F(FabricTest, BandwidthSpreadsBytesOverTime) {
  LinkOptions narrow = PlainFabric().link;
  narrow.bytes_per_second = 1000;
  ConnectAToB();
  world_.fabric().SetLink(a_->index(), b_->index(), narrow);
  SendFromA(std::string(500, 'x'));
  Pass(Duration::Millis(499));
  EXPECT_EQ(received_, "");
  Pass(Duration::Millis(3));
  EXPECT_EQ(received_.size(), 500u);
}

TEST_F(FabricTest, APartitionOneWayHoldsThatWayOnlyUntilItHeals) {
  ConnectAToB();
  world_.fabric().SetBlocked(a_->index(), b_->index(), true);
  SendFromA("held ");
  PostCall(b_->executor(), 0,
           [this] { SpawnFiber(b_->executor(), [this] { Put(*b_stream_, "passes"); }); });
  Pass(Duration::Seconds(30));
  EXPECT_EQ(received_, "");
  EXPECT_EQ(a_received_, "passes");
  EXPECT_GT(world_.fabric().counters().segments_held, 0u);
  SendFromA("back");
  Pass(Duration::Seconds(1));
  world_.fabric().SetBlocked(a_->index(), b_->index(), false);
  SendFromA("!");
  Pass(Duration::Millis(1));
  EXPECT_EQ(received_, "held back!");
}

// What passed, in both directions.
struct Listener final : Tap {
  void Sent(const Connection& connection, End end, std::string_view bytes) override {
    if (end == End::kClient) sent += bytes;
    port = connection.party(End::kServer).address.port;
  }
  void Arrived(const Connection&, End end, size_t bytes) override {
    if (end == End::kClient) arrived += bytes;
  }
  std::string sent;
  size_t arrived = 0;
  uint16_t port = 0;
};

TEST_F(FabricTest, ATapHearsWhatIsSentAndWhenItArrives) {
  Listener tap;
  world_.fabric().SetTap(&tap);
  ConnectAToB();
  world_.fabric().SetBlocked(a_->index(), b_->index(), true);
  SendFromA("held");
  Pass(Duration::Millis(5));
  EXPECT_EQ(tap.sent, "held");
  EXPECT_EQ(tap.arrived, 0u);
  EXPECT_NE(tap.port, 0);
  world_.fabric().SetBlocked(a_->index(), b_->index(), false);
  Pass(Duration::Millis(5));
  EXPECT_EQ(tap.arrived, 4u);
  world_.fabric().SetTap(nullptr);
  SendFromA("alone");
  EXPECT_EQ(tap.sent, "held");
}

TEST_F(FabricTest, NobodyConnectsAcrossAPartition) {
  world_.Start(b_, [this](env::Env& env) { ReceiveAll(env); });
  Pass(Duration::Millis(1));
  world_.fabric().SetPartitioned(a_->index(), b_->index(), true);
  std::vector<absl::StatusCode> codes;
  world_.Start(a_, [&](env::Env& env) {
    const Instant soon = env.clock().Now() + Duration::Seconds(2);
    codes.push_back(env.network().Connect(kAddressOfB, soon).status().code());
    codes.push_back(env.network().Connect(kAddressOfB, Instant::Never()).status().code());
    codes.push_back(env.network().Connect(kAddressOfB, Instant::Never()).status().code());
  });
  Pass(Duration::Seconds(3));
  EXPECT_THAT(codes, testing::ElementsAre(absl::StatusCode::kDeadlineExceeded));
  Pass(Duration::Seconds(127));
  EXPECT_EQ(codes.size(), 2u) << "the transport's own timeout";
  EXPECT_EQ(codes.back(), absl::StatusCode::kUnavailable);
  world_.fabric().SetPartitioned(a_->index(), b_->index(), false);
  Pass(Duration::Millis(2));
  EXPECT_EQ(codes.size(), 3u);
  EXPECT_EQ(codes.back(), absl::StatusCode::kOk);
}

TEST_F(FabricTest, AClogPassesByItself) {
  ConnectAToB();
  world_.fabric().Clog(a_->index(), b_->index(), Duration::Millis(50));
  SendFromA("slow");
  Pass(Duration::Millis(49));
  EXPECT_EQ(received_, "");
  Pass(Duration::Millis(2));
  EXPECT_EQ(received_, "slow");
}

TEST_F(FabricTest, AResetEndsBothSidesAtOnce) {
  ConnectAToB();
  EXPECT_EQ(world_.fabric().ResetAll(a_->index(), b_->index()), 1u);
  Pass(Duration::Millis(1));
  EXPECT_THAT(a_ended_, Optional(IoCode::kReset));
  EXPECT_THAT(b_ended_, Optional(IoCode::kReset));
  EXPECT_EQ(world_.fabric().counters().resets_seen, 2u);
  EXPECT_TRUE(world_.fabric().Connections().empty());
  Prng prng(1);
  EXPECT_FALSE(world_.fabric().ResetRandom(prng));
}

TEST_F(FabricTest, ResetRandomFindsTheOneThatIsThere) {
  ConnectAToB();
  Prng prng(1);
  EXPECT_TRUE(world_.fabric().ResetRandom(prng));
  Pass(Duration::Millis(1));
  EXPECT_THAT(b_ended_, Optional(IoCode::kReset));
}

TEST_F(FabricTest, TheOtherEndOfAHalfOpenConnectionNoticesNothing) {
  ConnectAToB();
  EXPECT_TRUE(world_.fabric().HalfOpen(TheConnection(), End::kServer));
  SendFromA("into the void");
  Pass(Duration::Seconds(60));
  EXPECT_THAT(b_ended_, Optional(IoCode::kReset)) << "the end that vanished";
  EXPECT_THAT(a_wrote_, Optional(IoCode::kOk));
  EXPECT_EQ(a_ended_, std::nullopt);
  EXPECT_EQ(received_, "");
  EXPECT_EQ(world_.fabric().counters().bytes_swallowed, 13u);
}

TEST_F(FabricTest, RetransmissionGivesUpAtLast) {
  ConnectAToB();
  world_.fabric().HalfOpen(TheConnection(), End::kServer);
  SendFromA("anyone?");
  Pass(Duration::Seconds(899));
  EXPECT_EQ(a_ended_, std::nullopt);
  Pass(Duration::Seconds(2));
  EXPECT_THAT(a_ended_, Optional(IoCode::kReset));
}

TEST_F(FabricTest, KeepAliveFindsAHalfOpenConnection) {
  b_keep_alive_s_ = 10;
  ConnectAToB();
  Pass(Duration::Seconds(100));
  EXPECT_EQ(b_ended_, std::nullopt) << "an idle connection lives";
  world_.fabric().HalfOpen(TheConnection(), End::kClient);
  Pass(Duration::Seconds(30));
  EXPECT_THAT(b_ended_, Optional(IoCode::kReset));
  EXPECT_EQ(world_.fabric().counters().timeouts, 1u);
}

TEST_F(FabricTest, RefusedWhileTheHookSaysSo) {
  world_.Start(b_, [this](env::Env& env) { ReceiveAll(env); });
  Pass(Duration::Millis(1));
  world_.fabric().Refuse(b_->index(), true);
  std::vector<absl::StatusCode> codes;
  world_.Start(a_, [&](env::Env& env) {
    codes.push_back(env.network().Connect(kAddressOfB, Instant::Never()).status().code());
    SleepFor(env, Duration::Seconds(1));
    codes.push_back(env.network().Connect(kAddressOfB, Instant::Never()).status().code());
  });
  Pass(Duration::Millis(500));
  world_.fabric().Refuse(b_->index(), false);
  Pass(Duration::Seconds(1));
  EXPECT_THAT(codes, testing::ElementsAre(absl::StatusCode::kUnavailable, absl::StatusCode::kOk));
  EXPECT_EQ(world_.fabric().counters().refused, 1u);
}

TEST_F(FabricTest, AWriterIsStoppedByAReaderThatDoesNotRead) {
  ConnectAToB();
  world_.Pause(b_);
  SendFromA(std::string(200000, 'w'));
  Pass(Duration::Seconds(1));
  EXPECT_EQ(a_wrote_, std::nullopt);
  world_.Resume(b_);
  Pass(Duration::Seconds(1));
  EXPECT_THAT(a_wrote_, Optional(IoCode::kOk));
  EXPECT_EQ(received_.size(), 200000u);
}

TEST_F(FabricTest, AFullBacklogMakesConnectsWait) {
  world_.Start(b_, [](env::Env& env) {
    auto listener = env.network().Listen("10.0.0.2:7000", env::ListenOptions{.backlog = 2});
    ASSERT_TRUE(listener.ok());
    SleepFor(env, Duration::Seconds(10));
    std::vector<std::unique_ptr<env::Stream>> held;
    for (;;) held.push_back(*(*listener)->Accept());
  });
  Pass(Duration::Millis(1));
  int connected = 0;
  world_.Start(a_, [&](env::Env& env) {
    for (int i = 0; i < 3; ++i) {
      SpawnFiber(env.executor(), [&] {
        auto stream = env.network().Connect(kAddressOfB, Instant::Never());
        ++connected;
        env.executor().Park(Instant::Never());
      });
    }
  });
  Pass(Duration::Seconds(9));
  EXPECT_EQ(connected, 2);
  Pass(Duration::Seconds(3));
  EXPECT_EQ(connected, 3);
}

TEST_F(FabricTest, AddressesBelongToTheirMachine) {
  std::vector<absl::StatusCode> codes;
  world_.Start(a_, [&](env::Env& env) {
    auto listen = [&](const char* address) {
      auto listener = env.network().Listen(address, env::ListenOptions{});
      codes.push_back(listener.status().code());
      return listener;
    };
    auto first = listen("10.0.0.1:80");
    auto foreign = listen("10.0.0.2:80");
    auto wildcard = listen("0.0.0.0:80");
    auto local = listen("unix:/tmp/sock");
    auto over_unix = env.network().Connect("unix:/tmp/sock", Instant::Never());
    codes.push_back(over_unix.status().code());
    codes.push_back(env.network().Connect("10.9.9.9:1", Instant::Never()).status().code());
  });
  Pass(Duration::Seconds(1));
  EXPECT_THAT(codes, testing::ElementsAre(absl::StatusCode::kOk, absl::StatusCode::kNotFound,
                                          absl::StatusCode::kAlreadyExists, absl::StatusCode::kOk,
                                          absl::StatusCode::kOk, absl::StatusCode::kNotFound));
}

// ---- crashes, seen from the other machine ----

TEST_F(FabricTest, TheKernelOfACrashedProcessTellsThePeer) {
  ConnectAToB();
  world_.Crash(a_, {.host_alive = true});
  Pass(Duration::Millis(1));
  EXPECT_TRUE(b_ended_.has_value());
  EXPECT_THAT(*b_ended_, AnyOf(IoCode::kReset, IoCode::kEof));
}

TEST_F(FabricTest, ADeadMachineTellsNobody) {
  ConnectAToB();
  world_.Crash(a_, {.host_alive = false});
  Pass(Duration::Seconds(60));
  EXPECT_EQ(b_ended_, std::nullopt);
}

TEST_F(FabricTest, AMachineThatCameBackAnswersOldConnectionsWithAReset) {
  ConnectAToB();
  world_.Crash(a_, {.host_alive = false});
  Pass(Duration::Seconds(1));
  world_.Start(a_, [](env::Env& env) { env.executor().Park(Instant::Never()); });
  Pass(Duration::Seconds(1));
  EXPECT_EQ(b_ended_, std::nullopt) << "nothing was sent yet";
  PostCall(b_->executor(), 0,
           [this] { SpawnFiber(b_->executor(), [this] { Put(*b_stream_, "hello?"); }); });
  Pass(Duration::Millis(1));
  EXPECT_THAT(b_ended_, Optional(IoCode::kReset));
}

TEST_F(FabricTest, ConnectsToADeadMachineTimeOutAndToADeadProcessAreRefused) {
  world_.Start(b_, [this](env::Env& env) { ReceiveAll(env); });
  Pass(Duration::Millis(1));
  world_.Crash(b_, {.host_alive = true});
  std::vector<absl::StatusCode> codes;
  auto connect = [&](env::Env& env) {
    const Instant soon = env.clock().Now() + Duration::Seconds(1);
    codes.push_back(env.network().Connect(kAddressOfB, soon).status().code());
    env.Exit(0);
  };
  world_.Start(a_, connect);
  Pass(Duration::Seconds(2));
  world_.Start(b_, [this](env::Env& env) { ReceiveAll(env); });
  Pass(Duration::Millis(1));
  world_.Crash(b_, {.host_alive = false});
  world_.Start(a_, connect);
  Pass(Duration::Seconds(2));
  EXPECT_THAT(codes, testing::ElementsAre(absl::StatusCode::kUnavailable,
                                          absl::StatusCode::kDeadlineExceeded));
}

TEST_F(FabricTest, RefusalsCountWhatOnlyTheHookRefused) {
  std::vector<absl::StatusCode> codes;
  const auto connect = [&](env::Env& env) {
    codes.push_back(env.network().Connect(kAddressOfB, Instant::Never()).status().code());
  };
  world_.Start(a_, connect);
  Pass(Duration::Millis(1));
  EXPECT_EQ(world_.fabric().RefusalsOf(b_->index()), 0u) << "no process is there";
  world_.Start(b_, [this](env::Env& env) { ReceiveAll(env); });
  world_.fabric().Refuse(b_->index(), true);
  world_.Stop(a_);
  world_.Start(a_, connect);
  Pass(Duration::Millis(1));
  EXPECT_EQ(world_.fabric().RefusalsOf(b_->index()), 1u);
  EXPECT_EQ(codes.size(), 2u);
}

TEST_F(FabricTest, OneBitOfEachOfTheNextWritesFlips) {
  ConnectAToB();
  world_.fabric().CorruptNext(a_->index(), b_->index(), {2, 7000, Prng(3)});
  const std::string sent(40, '\0');
  for (int i = 0; i < 3; ++i) {
    SendFromA(sent);
    Pass(Duration::Millis(1));
  }
  ASSERT_EQ(received_.size(), 120u);
  const auto bits = [this](size_t from) {
    int count = 0;
    for (size_t i = from; i < from + 40; ++i) {
      count += std::popcount(static_cast<unsigned char>(received_[i]));
    }
    return count;
  };
  EXPECT_EQ(bits(0), 1);
  EXPECT_EQ(bits(40), 1);
  EXPECT_EQ(bits(80), 0);
  EXPECT_EQ(world_.fabric().CountersOf(a_->index(), b_->index()).corrupted, 2u);
  world_.fabric().CorruptNext(a_->index(), b_->index(), {9, 7001, Prng(3)});
  SendFromA("whole");
  Pass(Duration::Millis(1));
  EXPECT_TRUE(received_.ends_with("whole")) << "another port";
}

TEST_F(FabricTest, ManyLinksOpenInOnePass) {
  ConnectAToB();
  EXPECT_TRUE(world_.fabric().IsConnected(a_->index()));
  const auto both = [this](bool blocked) {
    Fabric::LinkSetting there{a_->index(), b_->index(), {.blocked = blocked}};
    Fabric::LinkSetting back{b_->index(), a_->index(), {.blocked = blocked}};
    world_.fabric().SetLinks(std::vector{there, back});
  };
  both(true);
  SendFromA("held");
  Pass(Duration::Millis(1));
  EXPECT_EQ(received_, "");
  EXPECT_EQ(world_.fabric().CountersOf(a_->index(), b_->index()).held, 1u);
  EXPECT_EQ(world_.fabric().CountersOf(b_->index(), a_->index()).held, 0u);
  both(false);
  Pass(Duration::Millis(1));
  EXPECT_EQ(received_, "held");
}

TEST(FabricMoods, PartialReadsAndWritesHappenAndLoseNothing) {
  FabricOptions moody = PlainFabric();
  moody.partial_read_one_in = 2;
  moody.partial_write_one_in = 2;
  World world({.seed = 3, .fabric = moody});
  Node* node = world.AddNode({});
  const std::string sent(100000, 'm');
  std::string got;
  world.Start(node, [&](env::Env& env) {
    auto listener = env.network().Listen("127.0.0.1:1", env::ListenOptions{});
    SpawnFiber(env.executor(), [&env, &sent] {
      auto stream = env.network().Connect("127.0.0.1:1", Instant::Never());
      for (size_t at = 0; at < sent.size(); at += 1000) {
        Put(**stream, std::string_view(sent).substr(at, 1000));
      }
    });
    auto stream = (*listener)->Accept();
    char buf[1000];
    env::IoResult result;
    while ((result = (*stream)->Read(std::span<char>(buf), Instant::Never())).ok()) {
      got.append(buf, result.bytes);
    }
  });
  world.RunFor(Duration::Seconds(10));
  EXPECT_TRUE(got == sent) << got.size();
  EXPECT_GT(world.fabric().counters().partial_reads, 20u);
  EXPECT_GT(world.fabric().counters().partial_writes, 20u);
}

TEST(FabricMemory, ClosedConnectionsAreForgotten) {
  World world({.seed = 1});
  Node* node = world.AddNode({});
  int rounds = 0;
  world.Start(node, [&](env::Env& env) {
    auto listener = env.network().Listen("127.0.0.1:1", env::ListenOptions{});
    SpawnFiber(env.executor(), [&] {
      for (;;) (*listener)->Accept().IgnoreError();
    });
    for (; rounds < 1000; ++rounds) {
      env.network().Connect("127.0.0.1:1", Instant::Never()).IgnoreError();
    }
    env.executor().Park(Instant::Never());
  });
  world.RunFor(Duration::Seconds(1));
  EXPECT_EQ(rounds, 1000);
  EXPECT_EQ(world.fabric().connections_in_memory(), 0u);
}

}  // namespace
}  // namespace norn::sim
