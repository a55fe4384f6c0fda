// Replication between whole nodes in the simulated world, over a host whose dataset is a map: links, feeds, copies, histories,
// acknowledgements and roles, without what engine/node does with them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/words.h"
#include "engine/fiber/spawn.h"
#include "engine/replication/handshake.h"
#include "net/node_host.h"
#include "net/reply_parser.h"
#include "sim/world.h"

namespace norn {
namespace {

using ::testing::HasSubstr;

using Data = std::map<std::string, std::string>;

// A node's dataset and what replication does to it.
class MapHost : public ReplicationHost {
 public:
  explicit MapHost(env::Env& env) : env_(env) {}

  void SetJournaling(bool on) override { journaling = on; }
  void SetGates(const ReplicationGates& wanted) override { gates = wanted; }
  absl::Status WriteSnapshot(int, const std::function<SnapshotPlace()>& at_cut,
                             persist::ByteSink& sink) override {
    ++snapshots;
    at_cut();
    const Data copy = data;
    for (const auto& [key, value] : copy) {
      env_.executor().Park(env_.clock().Now() + Duration::Micros(200));
      const absl::Status status = sink.Write(key + "=" + value + "\n");
      if (!status.ok()) return status;
    }
    return sink.Write("END\n");
  }
  absl::StatusOr<LoadedSnapshot> LoadSnapshot(
      persist::ByteSource& source,
      const std::function<void(const LoadedSnapshot&)>& at_swap) override {
    std::string text;
    std::vector<char> piece(1000);
    for (;;) {
      const auto read = source.Read(piece);
      if (!read.ok()) return read.status();
      if (*read == 0) break;
      text.append(piece.data(), *read);
    }
    if (!text.ends_with("END\n")) return absl::DataLossError("a cut snapshot");
    ++loads;
    at_swap(LoadedSnapshot{});
    data.clear();
    for (size_t at = 0; text.compare(at, 4, "END\n") != 0;) {
      const size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      data[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
      at = end + 1;
    }
    return LoadedSnapshot{-1, data.size()};
  }
  void ResetPrimarySession(DbIndex) override {}
  void Apply(std::span<const StreamCommand> commands) override {
    env_.executor().Park(env_.clock().Now() + Duration::Micros(50));
    for (const StreamCommand& command : commands) {
      if (command.words[0] == "SET") {
        data[std::string(command.words[1])] = std::string(command.words[2]);
      }
    }
  }
  StreamOffset WriteOffsetOf(Session&) override { return stream->offset(); }
  StreamOffset LogSyncedOffset() override { return -1; }
  void HoldWrites(bool on) override { paused = on; }
  void OnLineageChanged() override {}

  bool Set(const std::string& key, const std::string& value) {
    if (gates.following || paused) return false;
    data[key] = value;
    stream->Append(DbIndex{0}, RespCommand({"SET", key, value}));
    return true;
  }

  env::Env& env_;
  PrimaryStream* stream = nullptr;
  Data data;
  bool journaling = false;
  bool paused = false;
  ReplicationGates gates;
  int snapshots = 0;
  int loads = 0;
};

// A client's connection, for use inside a fiber.
class Client {
 public:
  Client(env::Env& env, const std::string& address) : env_(env) {
    auto stream = env.network().Connect(address, env.clock().Now() + Duration::Seconds(5));
    EXPECT_TRUE(stream.ok()) << stream.status();
    stream_ = *std::move(stream);
  }

  std::string Call(const std::string& line) {
    std::vector<std::string> words;
    EXPECT_TRUE(SplitWords(line, &words));
    Send(RespCommand(words));
    for (;;) {
      if (parser_.Next() == net::ReplyParser::Result::kReply) {
        return net::DescribeReply(parser_.bytes());
      }
      char* to = parser_.Reserve(4096);
      const env::IoResult result =
          stream_->Read({to, 4096}, env_.clock().Now() + Duration::Seconds(60));
      if (!result.ok()) return "(closed)";
      parser_.Commit(result.bytes);
    }
  }
  std::string Info() {
    Send(RespCommand({"INFO", "replication"}));
    while (parser_.Next() != net::ReplyParser::Result::kReply) {
      char* to = parser_.Reserve(4096);
      const env::IoResult result = stream_->Read({to, 4096}, Instant::Never());
      if (!result.ok()) return "(closed)";
      parser_.Commit(result.bytes);
    }
    return net::ParseReply(parser_.bytes())->text;
  }

 private:
  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const env::IoResult result = stream_->Write({bytes.data(), bytes.size()}, Instant::Never());
      ASSERT_TRUE(result.ok());
      bytes.remove_prefix(result.bytes);
    }
  }

  env::Env& env_;
  std::unique_ptr<env::Stream> stream_;
  net::ReplyParser parser_;
};

struct TestNode {
  sim::Node* node = nullptr;
  std::unique_ptr<MapHost> host;
  std::unique_ptr<net::NodeHost> server;
  std::string address() const { return node->ip() + ":6379"; }
  PrimaryStream& stream() { return server->replication().stream(); }
};

class ReplicationInSimulation : public ::testing::TestWithParam<size_t> {
 protected:
  void AddNodes(size_t count, const std::function<void(config::Options&)>& configure = {}) {
    for (size_t i = 0; i < count; ++i) {
      nodes_.push_back(std::make_unique<TestNode>());
      nodes_.back()->node = world_.AddNode(
          {.name = fmt::format("n{}", i), .executors = {.executors = 1 + (GetParam() - 1) % 4}});
      StartNode(i, configure);
    }
    client_ = world_.AddNode({.name = "client"});
  }

  void StartNode(size_t i, const std::function<void(config::Options&)>& configure) {
    TestNode& n = *nodes_[i];
    bool ready = false;
    world_.Start(n.node, [&](env::Env& env) {
      config::Config config;
      config.options.protected_mode = false;
      config.options.repl_diskless_sync_delay = 0;
      if (configure) configure(config.options);
      n.host = std::make_unique<MapHost>(env);
      n.server = std::make_unique<net::NodeHost>(env, config, HostFacts{}, n.host.get());
      n.host->stream = &n.stream();
      const absl::Status status = n.server->Start();
      EXPECT_TRUE(status.ok()) << status;
      ready = true;
    });
    ASSERT_TRUE(world_.RunUntil([&] { return ready; }, world_.now() + Duration::Seconds(5)));
  }

  void Run(const std::function<void(env::Env&)>& script) {
    bool done = false;
    world_.Start(client_, [&](env::Env& env) {
      SpawnFiber(env.executor(), [&] {
        script(env);
        done = true;
      });
    });
    EXPECT_TRUE(world_.RunUntil([&] { return done; }, world_.now() + Duration::Seconds(900)));
    world_.Stop(client_);
    for (auto& n : nodes_) world_.Stop(n->node);
  }

  // Writes on a fiber of the node, as a command would.
  void Write(env::Env& env, size_t i, int from, int count) {
    TestNode& n = *nodes_[i];
    bool done = false;
    PostCall(n.node->env().executor(), 0, [&] {
      for (int k = from; k < from + count; ++k) {
        EXPECT_TRUE(n.host->Set(fmt::format("key{}", k), std::string(30, 'a' + k % 26)));
      }
      done = true;
    });
    EXPECT_TRUE(Await(env, [&] { return done; }));
  }

  static bool Await(env::Env& env, const std::function<bool()>& condition) {
    const Instant deadline = env.clock().Now() + Duration::Seconds(200);
    while (!condition()) {
      if (env.clock().Now() > deadline) return false;
      env.executor().Park(env.clock().Now() + Duration::Millis(5));
    }
    return true;
  }
  bool AwaitSame(env::Env& env, size_t a, size_t b) {
    return Await(env, [&] {
      return nodes_[b]->server->replication().stream().offset() == nodes_[a]->stream().offset() &&
             nodes_[a]->host->data == nodes_[b]->host->data &&
             nodes_[a]->stream().lineage().id() == nodes_[b]->stream().lineage().id();
    });
  }
  void Follow(env::Env& env, size_t replica, size_t primary) {
    Client client(env, nodes_[replica]->address());
    EXPECT_EQ(client.Call(fmt::format("REPLICAOF {} 6379", nodes_[primary]->node->ip())), "OK");
  }

  // I10: who stands at the same point of the same history has the same data.
  void CheckSameHistorySameData() {
    for (size_t a = 0; a < nodes_.size(); ++a) {
      for (size_t b = a + 1; b < nodes_.size(); ++b) {
        const PrimaryStream& x = nodes_[a]->stream();
        const PrimaryStream& y = nodes_[b]->stream();
        if (x.lineage().id() != y.lineage().id() || x.offset() != y.offset()) continue;
        EXPECT_EQ(nodes_[a]->host->data, nodes_[b]->host->data)
            << a << " and " << b << " at " << x.offset();
      }
    }
  }

  sim::World world_{{.seed = 1, .fabric = {}, .log_sink = {}}};
  std::vector<std::unique_ptr<TestNode>> nodes_;
  sim::Node* client_ = nullptr;
};

TEST_P(ReplicationInSimulation, CopiesThenFollowsTheStream) {
  AddNodes(2);
  Run([&](env::Env& env) {
    nodes_[0]->host->data = {{"a", "1"}, {"b", "2"}};
    Follow(env, 1, 0);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    Write(env, 0, 0, 100);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    EXPECT_EQ(nodes_[1]->host->data.size(), 102u);
    EXPECT_TRUE(nodes_[1]->host->gates.following);
    EXPECT_TRUE(nodes_[1]->host->gates.link_up);
    Client primary(env, nodes_[0]->address());
    Client replica(env, nodes_[1]->address());
    EXPECT_THAT(primary.Info(), HasSubstr("connected_slaves:1\r\nslave0:ip=10.0.0.2,port=6379,"
                                          "state=online,"));
    EXPECT_THAT(replica.Info(), HasSubstr("role:slave\r\nmaster_host:10.0.0.1\r\n"
                                          "master_port:6379\r\nmaster_link_status:up\r\n"));
    EXPECT_THAT(replica.Call("ROLE"), HasSubstr("connected"));
    EXPECT_EQ(primary.Call("WAIT 1 5000"), "(integer) 1");
    EXPECT_EQ(primary.Call("WAIT 2 200"), "(integer) 1");
    EXPECT_THAT(replica.Call("WAIT 1 5000"), HasSubstr("WAIT cannot be used"));
  });
}

TEST_P(ReplicationInSimulation, ResumesAfterTheLinkWasCut) {
  AddNodes(2);
  Run([&](env::Env& env) {
    Write(env, 0, 0, 10);
    Follow(env, 1, 0);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    Client primary(env, nodes_[0]->address());
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(primary.Call("CLIENT KILL TYPE replica"), "(integer) 1");
      Write(env, 0, 100 * round, 100);
      EXPECT_TRUE(AwaitSame(env, 0, 1));
    }
    EXPECT_EQ(nodes_[1]->host->loads, 1);
  });
}

TEST_P(ReplicationInSimulation, ATinyBacklogMeansAnotherCopy) {
  AddNodes(2, [](config::Options& o) { o.repl_backlog_size = 100; });
  Run([&](env::Env& env) {
    Follow(env, 1, 0);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    world_.fabric().SetPartitioned(nodes_[0]->node->index(), nodes_[1]->node->index(), true);
    Client primary(env, nodes_[0]->address());
    EXPECT_EQ(primary.Call("CLIENT KILL TYPE replica"), "(integer) 1");
    Write(env, 0, 0, 100);
    world_.fabric().SetPartitioned(nodes_[0]->node->index(), nodes_[1]->node->index(), false);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    EXPECT_EQ(nodes_[1]->host->loads, 2);
  });
}

TEST_P(ReplicationInSimulation, ThroughAFileAndWithDualChannel) {
  AddNodes(3, [](config::Options& o) {
    o.dual_channel_replication_enabled = true;
    o.dir = "/";
  });
  Run([&](env::Env& env) {
    for (int i = 0; i < 3000; ++i) nodes_[0]->host->data[fmt::format("old{}", i)] = "x";
    Follow(env, 1, 0);
    for (int i = 0; i < 50; ++i) {
      Write(env, 0, i * 10, 10);
      env.executor().Park(env.clock().Now() + Duration::Millis(20));
    }
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    EXPECT_EQ(nodes_[1]->host->loads, 1);
    Client primary(env, nodes_[0]->address());
    EXPECT_EQ(primary.Call("CONFIG SET repl-diskless-sync no"), "OK");
    Follow(env, 2, 0);
    Write(env, 0, 1000, 100);
    EXPECT_TRUE(AwaitSame(env, 0, 2));
    EXPECT_TRUE(AwaitSame(env, 0, 1));
  });
}

TEST_P(ReplicationInSimulation, AChainSurvivesPromotionWithoutACopy) {
  AddNodes(3);
  Run([&](env::Env& env) {
    Write(env, 0, 0, 50);
    Follow(env, 1, 0);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    Follow(env, 2, 1);
    Write(env, 0, 50, 50);
    EXPECT_TRUE(AwaitSame(env, 0, 2));
    const std::string old_id = nodes_[0]->stream().lineage().id();
    Client middle(env, nodes_[1]->address());
    EXPECT_EQ(middle.Call("REPLICAOF NO ONE"), "OK");
    EXPECT_EQ(nodes_[1]->stream().lineage().id2(), old_id);
    Write(env, 1, 100, 50);
    EXPECT_TRUE(AwaitSame(env, 1, 2));
    Follow(env, 0, 1);  // the old primary resumes at the new one
    EXPECT_TRUE(AwaitSame(env, 1, 0));
    EXPECT_EQ(nodes_[0]->host->loads, 0);
    EXPECT_EQ(nodes_[1]->host->loads, 1);
    EXPECT_EQ(nodes_[2]->host->loads, 1);
  });
}

TEST_P(ReplicationInSimulation, APrimaryThatWroteOnNeedsACopy) {
  AddNodes(2);
  Run([&](env::Env& env) {
    Write(env, 0, 0, 10);
    Follow(env, 1, 0);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    Client second(env, nodes_[1]->address());
    EXPECT_EQ(second.Call("REPLICAOF NO ONE"), "OK");
    Write(env, 0, 100, 10);  // lost by the change of roles
    Write(env, 1, 200, 50);
    Follow(env, 0, 1);
    EXPECT_TRUE(AwaitSame(env, 1, 0));
    EXPECT_EQ(nodes_[0]->host->loads, 1);
    EXPECT_EQ(nodes_[0]->host->data.count("key100"), 0u);
  });
}

TEST_P(ReplicationInSimulation, FailoverSwapsTheRoles) {
  AddNodes(2);
  Run([&](env::Env& env) {
    Write(env, 0, 0, 50);
    Follow(env, 1, 0);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    Client primary(env, nodes_[0]->address());
    EXPECT_THAT(primary.Call("FAILOVER ABORT"), HasSubstr("No failover in progress."));
    EXPECT_THAT(primary.Call("FAILOVER TO 1.2.3.4 1"), HasSubstr("is not a replica"));
    EXPECT_EQ(primary.Call("FAILOVER TIMEOUT 60000"), "OK");
    EXPECT_TRUE(Await(env, [&] { return nodes_[0]->host->gates.link_up; }));
    EXPECT_FALSE(nodes_[1]->host->gates.following);
    EXPECT_FALSE(nodes_[0]->host->paused);
    Write(env, 1, 50, 50);
    EXPECT_TRUE(AwaitSame(env, 1, 0));
    EXPECT_EQ(nodes_[0]->host->loads, 0);
  });
}

TEST_P(ReplicationInSimulation, TheStreamBesideADualChannelCopyIsHeldWithinALimit) {
  AddNodes(2, [](config::Options& o) { o.dual_channel_replication_enabled = true; });
  Run([&](env::Env& env) {
    for (int i = 0; i < 3000; ++i) nodes_[0]->host->data[fmt::format("old{}", i)] = "x";
    Client replica(env, nodes_[1]->address());
    EXPECT_EQ(replica.Call("CONFIG SET client-output-buffer-limit \"replica 20000 0 0\""), "OK");
    Follow(env, 1, 0);
    size_t most = 0;
    for (int i = 0; i < 100; ++i) {
      Write(env, 0, i * 100, 100);
      env.executor().Park(env.clock().Now() + Duration::Millis(5));
      const std::string info = replica.Info();
      const size_t at = info.find("replicas_repl_buffer_size:");
      if (at != std::string::npos) {
        most = std::max(most, static_cast<size_t>(std::stoul(info.substr(at + 26))));
      }
    }
    EXPECT_GE(most, 20000u);
    EXPECT_LT(most, 20000u + 128u * 1024);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    EXPECT_EQ(nodes_[1]->host->loads, 1);
  });
}

TEST_P(ReplicationInSimulation, AReplicaThatCannotKeepUpIsDroppedAndComesBack) {
  AddNodes(2, [](config::Options& o) {
    o.repl_backlog_size = 1000;
    o.client_output_buffer_limit[config::kReplicaClient] = {
        .hard_bytes = 50000, .soft_bytes = 0, .soft_seconds = 0};
  });
  Run([&](env::Env& env) {
    Follow(env, 1, 0);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
    world_.fabric().SetPartitioned(nodes_[0]->node->index(), nodes_[1]->node->index(), true);
    for (int i = 0; i < 100; ++i) {
      Write(env, 0, i * 100, 100);
      env.executor().Park(env.clock().Now() + Duration::Millis(10));
    }
    EXPECT_TRUE(Await(env, [&] { return nodes_[0]->stream().replicas().empty(); }));
    EXPECT_LE(nodes_[0]->stream().backlog().size(), 1000u);
    world_.fabric().SetPartitioned(nodes_[0]->node->index(), nodes_[1]->node->index(), false);
    EXPECT_TRUE(AwaitSame(env, 0, 1));
  });
}

TEST_P(ReplicationInSimulation, AClientThatWaitsCanBeUnblockedAndKilled) {
  AddNodes(1);
  Run([&](env::Env& env) {
    Client other(env, nodes_[0]->address());
    std::vector<std::string> replies(3);
    size_t answered = 0;
    for (size_t i = 0; i < replies.size(); ++i) {
      SpawnFiber(env.executor(), [&, i] {
        Client waiting(env, nodes_[0]->address());
        EXPECT_EQ(waiting.Call(fmt::format("CLIENT SETNAME w{}", i)), "OK");
        replies[i] = waiting.Call("WAIT 1 0");
        ++answered;
      });
      env.executor().Park(env.clock().Now() + Duration::Millis(100));
    }
    EXPECT_EQ(answered, 0u);
    // Ids are given in order: `other` is 1.
    EXPECT_EQ(other.Call("CLIENT UNBLOCK 2 TIMEOUT"), "(integer) 1");
    EXPECT_EQ(other.Call("CLIENT UNBLOCK 3 ERROR"), "(integer) 1");
    EXPECT_EQ(other.Call("CLIENT UNBLOCK 1"), "(integer) 0");
    EXPECT_EQ(other.Call("CLIENT KILL ID 4"), "(integer) 1");
    EXPECT_TRUE(Await(env, [&] { return answered == 3; }));
    EXPECT_EQ(replies[0], "(integer) 0");
    EXPECT_THAT(replies[1], HasSubstr("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
    EXPECT_EQ(replies[2], "(closed)");
  });
}

// Roles, cuts and writes at random; in the end everybody has what the last primary has.
class ReplicationStorm : public ReplicationInSimulation {};

TEST_P(ReplicationStorm, NodesAgreeInTheEnd) {
  Prng prng(GetParam());
  AddNodes(3, [&](config::Options& o) {
    o.repl_backlog_size = prng.OneIn(2) ? 2000 : 1000000;
    o.repl_timeout = 5;
    o.repl_ping_replica_period = 1;
    o.dual_channel_replication_enabled = prng.OneIn(2);
    o.repl_diskless_sync = !prng.OneIn(3);
    o.dir = "/";
  });
  Run([&](env::Env& env) {
    int next = 0;
    const auto partition = [&](size_t a, size_t b, bool cut) {
      world_.fabric().SetPartitioned(nodes_[a]->node->index(), nodes_[b]->node->index(), cut);
    };
    for (int step = 0; step < 60; ++step) {
      const size_t a = prng.Below(3);
      const size_t b = (a + 1 + prng.Below(2)) % 3;
      Client client(env, nodes_[a]->address());
      switch (prng.Below(8)) {
        case 0:
          client.Call("REPLICAOF NO ONE");
          break;
        case 1:
          client.Call(fmt::format("REPLICAOF {} 6379", nodes_[b]->node->ip()));
          break;
        case 2:
          client.Call("CLIENT KILL TYPE replica");
          break;
        case 3:
          partition(a, b, prng.OneIn(2));
          break;
        case 4:
          client.Call("FAILOVER TIMEOUT 300");
          break;
        default:  // every node that takes writes gets some
          for (const auto& node : nodes_) {
            if (node->host->gates.following || node->host->paused) continue;
            bool done = false;
            PostCall(node->node->env().executor(), 0, [&] {
              const uint64_t count = prng.Below(20);
              for (uint64_t k = 0; k < count; ++k, ++next) {
                node->host->Set(fmt::format("k{}", next % 3000), fmt::format("v{}", next));
              }
              done = true;
            });
            EXPECT_TRUE(Await(env, [&] { return done; }));
          }
      }
      env.executor().Park(env.clock().Now() + Duration::Millis(prng.Between(1, 400)));
      CheckSameHistorySameData();
    }
    for (size_t i = 0; i < 3; ++i) partition(i, (i + 1) % 3, false);
    for (size_t i = 0; i < 3; ++i) {
      Client client(env, nodes_[i]->address());
      client.Call("FAILOVER ABORT");
      env.executor().Park(env.clock().Now() + Duration::Millis(50));
      const std::string target = i == 0 ? "NO ONE" : nodes_[0]->node->ip() + " 6379";
      EXPECT_THAT(client.Call("REPLICAOF " + target), HasSubstr("OK"));
    }
    const bool first = AwaitSame(env, 0, 1);
    EXPECT_TRUE(first) << Client(env, nodes_[0]->address()).Info()
                       << Client(env, nodes_[1]->address()).Info();
    const bool second = AwaitSame(env, 0, 2);
    EXPECT_TRUE(second) << Client(env, nodes_[0]->address()).Info()
                        << Client(env, nodes_[2]->address()).Info();
    CheckSameHistorySameData();
  });
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReplicationStorm, ::testing::Range<size_t>(1, 101));

INSTANTIATE_TEST_SUITE_P(Executors, ReplicationInSimulation, ::testing::Values(1, 3));

}  // namespace
}  // namespace norn
