// A replica that is told what its primary did, while clients of its own are refused: only a refused command of the primary is
// worth an alarm, at whichever shard it ran.

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/cluster/wire.h"
#include "scenarios/norn_server.h"
#include "scenarios/server_host.h"
#include "sim/world.h"

namespace norn::scenarios {
namespace {

constexpr Duration kTimeout = Duration::Seconds(5);
constexpr Duration kPatience = Duration::Seconds(60);

class StreamErrors : public ::testing::TestWithParam<uint64_t> {
 protected:
  StreamErrors() : world_(Options()), factory_(NornServerFactory()) {
    sim::NodeOptions one{.name = "primary"};
    sim::NodeOptions other{.name = "replica"};
    one.executors.executors = 2;
    other.executors.executors = 2;
    const ServerOptions options = {{"repl-diskless-sync-delay", "0"}};
    primary_ = std::make_unique<ServerHost>(world_, world_.AddNode(one), factory_, options);
    replica_ = std::make_unique<ServerHost>(world_, world_.AddNode(other), factory_, options);
    primary_->Start();
    replica_->SetOption("replicaof", fmt::format("{} {}", primary_->node()->ip(), kServerPort));
    replica_->Start();
    EXPECT_TRUE(Await([this] { return primary_->serving() && replica_->serving(); }));
  }
  ~StreamErrors() override {
    for (const auto& node : world_.nodes()) {
      if (node->state() != sim::NodeState::kDown) world_.Stop(node.get());
    }
  }

  sim::WorldOptions Options() {
    sim::WorldOptions options;
    options.seed = GetParam();
    options.log_sink = [this](const sim::Node&, env::LogLevel, std::string_view line) {
      alarms_ += line.find("== CRITICAL ==") != std::string_view::npos ? 1 : 0;
    };
    return options;
  }
  bool Await(const std::function<bool()>& done) {
    return world_.RunUntil(done, world_.now() + kPatience);
  }
  sim::Node* NewClient(const std::string& name) {
    sim::NodeOptions options;
    options.name = name;
    return world_.AddNode(options);
  }
  // Says `commands` to the node, `rounds` times.
  void Say(const ServerHost& to, std::vector<Words> commands, int rounds, int* done) {
    const std::string address = fmt::format("{}:{}", to.node()->ip(), kServerPort);
    world_.Start(NewClient(fmt::format("client{}", ++clients_)), [=](env::Env& env) {
      Wire wire(address);
      for (int i = 0; i < rounds && wire.Connect(env, kTimeout); ++i) {
        wire.Call(env, commands, kTimeout);
      }
      ++*done;
    });
  }
  std::string Ask(const ServerHost& to, const Words& words) {
    std::string answer;
    bool done = false;
    const std::string address = fmt::format("{}:{}", to.node()->ip(), kServerPort);
    world_.Start(NewClient(fmt::format("client{}", ++clients_)), [&](env::Env& env) {
      Wire wire(address);
      if (wire.Connect(env, kTimeout)) {
        const auto replies = wire.Call(env, {words}, kTimeout);
        if (replies) answer = (*replies)[0].text;
      }
      done = true;
    });
    EXPECT_TRUE(Await([&] { return done; }));
    return answer;
  }
  void AwaitLink() {
    for (int i = 0; i < 60; ++i) {
      const std::string info = Ask(*replica_, {"INFO", "replication"});
      if (info.find("master_link_status:up") != std::string::npos) return;
      world_.RunFor(Duration::Millis(100));
    }
    FAIL() << "the replica's link never came up";
  }

  int alarms_ = 0;
  sim::World world_;
  const ServerFactory factory_;
  std::unique_ptr<ServerHost> primary_;
  std::unique_ptr<ServerHost> replica_;
  int clients_ = 0;
};

TEST_P(StreamErrors, ThoseOfOtherClientsAreNoAlarm) {
  AwaitLink();
  std::vector<Words> writes;
  for (int i = 0; i < 20; ++i) writes.push_back({"SET", fmt::format("key{}", i), "value"});
  int done = 0;
  Say(*primary_, writes, 300, &done);
  for (int i = 0; i < 4; ++i) Say(*replica_, {{"NOSUCH"}, {"SET", "a", "b"}}, 600, &done);
  ASSERT_TRUE(Await([&] { return done == 5; }));
  EXPECT_EQ(Ask(*replica_, {"GET", "key19"}), "value");
  EXPECT_EQ(alarms_, 0);
}

// What the replica holds is not what the primary holds: half of these keys live at the other shard.
TEST_P(StreamErrors, AFailedCommandOfThePrimaryIs) {
  AwaitLink();
  int done = 0;
  EXPECT_EQ(Ask(*replica_, {"CONFIG", "SET", "replica-read-only", "no"}), "OK");
  std::vector<Words> lists, sets;
  for (int i = 0; i < 20; ++i) {
    lists.push_back({"LPUSH", fmt::format("key{}", i), "1"});
    sets.push_back({"SADD", fmt::format("key{}", i), "1"});
  }
  Say(*replica_, lists, 1, &done);
  ASSERT_TRUE(Await([&] { return done == 1; }));
  EXPECT_EQ(Ask(*replica_, {"TYPE", "key0"}), "list");
  EXPECT_EQ(alarms_, 0);
  Say(*primary_, {sets[GetParam()]}, 1, &done);
  ASSERT_TRUE(Await([&] { return done == 2; }));
  for (int i = 0; i < 60 && alarms_ == 0; ++i) world_.RunFor(Duration::Millis(50));
  EXPECT_EQ(alarms_, 1);
}

INSTANTIATE_TEST_SUITE_P(Seeds, StreamErrors, ::testing::Range<uint64_t>(1, 7));

}  // namespace
}  // namespace norn::scenarios
