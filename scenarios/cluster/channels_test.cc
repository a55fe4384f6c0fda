// Publish/subscribe of a simulated cluster through a failover, and what a replica that comes back costs its primary.
//
// Listeners write down what each of their connections heard; publishers number their messages. What must hold, whatever happens
// to the nodes: on one connection the messages of one publisher come in order and none twice; a shard channel is heard of only
// in its shard. Messages may be lost, as Valkey's may.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/number.h"
#include "engine/cluster/key_slot.h"
#include "engine/cluster/nodes_file.h"
#include "engine/replication/handshake.h"
#include "net/reply_parser.h"
#include "scenarios/cluster/layout.h"
#include "scenarios/cluster/wire.h"
#include "scenarios/norn_server.h"
#include "scenarios/server_host.h"
#include "sim/world.h"

namespace norn::scenarios {
namespace {

constexpr ClusterLayout kLayout{.shards = 3, .replicas = 1};
constexpr Duration kTimeout = Duration::Seconds(1);
constexpr Duration kPatience = Duration::Seconds(60);

// What one connection of a listener heard, by publisher.
struct Heard {
  std::map<std::string, int64_t> last;
  uint64_t messages = 0;
  uint64_t channels_lost = 0;  // without having asked for it
  std::vector<std::string> complaints;

  void Take(const net::Reply& push) {
    if (push.elements.size() < 3) return;
    const std::string& kind = push.elements[0].text;
    if (kind == "sunsubscribe") ++channels_lost;
    if (kind != "message" && kind != "smessage") return;
    // "PUBLISHER NUMBER"; each publisher says each number once.
    const std::string& text = push.elements[2].text;
    const size_t blank = text.find(' ');
    const std::string publisher = kind + " " + text.substr(0, blank);
    const int64_t number = ParseInt64(text.substr(blank + 1)).value_or(-1);
    const auto before = last.find(publisher);
    if (before != last.end() && number <= before->second) {
      complaints.push_back(fmt::format("{}: {} after {}", publisher, number, before->second));
    }
    last[publisher] = number;
    ++messages;
  }
};

class Channels : public ::testing::TestWithParam<uint64_t> {
 protected:
  Channels() : world_(Options(GetParam())), factory_(NornServerFactory()) {
    std::vector<std::string> ips;
    for (size_t i = 0; i < kLayout.nodes(); ++i) {
      sim::NodeOptions node;
      node.name = fmt::format("node{}", i);
      node.executors.executors = 1 + i % 3;
      hosts_.push_back(std::make_unique<ServerHost>(
          world_, world_.AddNode(node), factory_,
          ServerOptions{{"cluster-enabled", "yes"},
                        {"cluster-node-timeout", "1000"},
                        {"repl-diskless-sync-delay", "0"}}));  // without a copy nobody is elected
      ips.push_back(hosts_.back()->node()->ip());
    }
    const SeededConfig config(kLayout, ips, {}, world_.PrngOf("cluster names"));
    for (NodeNumber i = 0; i < hosts_.size(); ++i) {
      hosts_[i]->PrepareWith([file = config.FileOf(i)](env::Env& env) {
        const cluster::NodesFileName name{"nodes.conf", "nodes.conf.tmp"};
        CHECK(cluster::SaveNodesFile(env.disk(), name, file).ok());
      });
      hosts_[i]->Start();
    }
    EXPECT_TRUE(Await([this] {
      for (const auto& host : hosts_) {
        if (host->member() == nullptr || !host->member()->serves()) return false;
      }
      return true;
    }));
  }
  ~Channels() override {
    for (const auto& node : world_.nodes()) {
      if (node->state() != sim::NodeState::kDown) world_.Stop(node.get());
    }
  }

  static sim::WorldOptions Options(uint64_t seed) {
    sim::WorldOptions options;
    options.seed = seed;
    return options;
  }
  bool Await(const std::function<bool()>& done) {
    return world_.RunUntil(done, world_.now() + kPatience);
  }
  std::string Address(NodeNumber node) const {
    return fmt::format("{}:{}", hosts_[node]->node()->ip(), kServerPort);
  }
  sim::Node* NewClient(const std::string& name) {
    sim::NodeOptions options;
    options.name = name;
    return world_.AddNode(options);
  }

  // Listens at `node` for ever: to `channel`, and to the shard channel of the same name if that may be. A new entry of `heard`
  // for each connection.
  void Listen(NodeNumber node, const std::string& channel, std::vector<Heard>* heard) {
    world_.Start(NewClient(fmt::format("listener{}", node)), [=, this](env::Env& env) {
      for (;;) {
        heard->emplace_back();
        ListenOnce(env, Address(node), channel, &heard->back());
        env.executor().Park(env.clock().Now() + Duration::Millis(100));
      }
    });
  }
  static void ListenOnce(env::Env& env, const std::string& address, const std::string& channel,
                         Heard* heard) {
    auto stream = env.network().Connect(address, env.clock().Now() + kTimeout);
    if (!stream.ok()) return;
    const std::string words =
        RespCommand({"SUBSCRIBE", channel}) + RespCommand({"SSUBSCRIBE", channel});
    std::string_view rest = words;
    while (!rest.empty()) {
      const env::IoResult write = (*stream)->Write({rest.data(), rest.size()}, Instant::Never());
      if (!write.ok()) return;
      rest.remove_prefix(write.bytes);
    }
    net::ReplyParser parser;
    for (;;) {
      // A host that died silently is noticed by nobody else.
      const env::IoResult read =
          (*stream)->Read({parser.Reserve(4096), 4096}, env.clock().Now() + kTimeout * 3);
      if (!read.ok()) return;
      parser.Commit(read.bytes);
      while (parser.Next() == net::ReplyParser::Result::kReply) {
        if (const auto push = net::ParseReply(parser.bytes())) heard->Take(*push);
      }
    }
  }

  // Says PUBLISH and SPUBLISH in turn at `node`, as long as the world is.
  void Publish(NodeNumber node, const std::string& channel) {
    world_.Start(NewClient(fmt::format("publisher{}", node)), [=, this](env::Env& env) {
      Wire wire(Address(node));
      for (int64_t number = 0;; ++number) {
        env.executor().Park(env.clock().Now() + Duration::Millis(5));
        if (!wire.Connect(env, kTimeout)) continue;
        const std::string text = fmt::format("{} {}", node, number);
        wire.Call(env, {{"PUBLISH", channel, text}, {"SPUBLISH", channel, text}}, kTimeout);
      }
    });
  }

  // One command to a node, from a client that is there for nothing else; "": no answer.
  std::string Ask(NodeNumber node, const Words& words) {
    std::string answer;
    bool done = false;
    sim::Node* const client = NewClient(fmt::format("asker{}", ++askers_));
    world_.Start(client, [&](env::Env& env) {
      Wire wire(Address(node));
      if (wire.Connect(env, kTimeout)) {
        const auto replies = wire.Call(env, {words}, kTimeout * 10);
        if (replies) answer = (*replies)[0].text;
      }
      done = true;
    });
    EXPECT_TRUE(Await([&] { return done; }));
    world_.Stop(client);
    return answer;
  }
  int64_t InfoField(NodeNumber node, std::string_view section, const std::string& field) {
    const std::string info = Ask(node, {"INFO", std::string(section)});
    const size_t at = info.find("\n" + field + ":");
    if (at == std::string::npos) return -1;
    const size_t begin = at + field.size() + 2;
    return ParseInt64(info.substr(begin, info.find('\r', begin) - begin)).value_or(-1);
  }
  bool IsPrimary(NodeNumber node) const {
    const cluster::Member* const member = hosts_[node]->member();
    return member != nullptr && member->view().self().is_primary() &&
           member->view().self().owns_slots();
  }

  sim::World world_;
  const ServerFactory factory_;
  std::vector<std::unique_ptr<ServerHost>> hosts_;
  int askers_ = 0;
};

TEST_P(Channels, KeepTheirOrderThroughAFailover) {
  const std::string channel = "chan";
  const SlotId slot = cluster::KeySlot(channel);
  size_t shard = 0;
  while (kLayout.SlotsOf(shard).last < slot) ++shard;
  std::vector<std::vector<Heard>> heard(kLayout.nodes());
  for (NodeNumber i = 0; i < kLayout.nodes(); ++i) Listen(i, channel, &heard[i]);
  for (NodeNumber i = 0; i < kLayout.nodes(); ++i) Publish(i, channel);
  world_.RunFor(Duration::Seconds(3));
  const auto primary = static_cast<NodeNumber>(shard);
  hosts_[primary]->Crash({.host_alive = GetParam() % 2 == 0});
  NodeNumber replica = kLayout.shards;
  while (kLayout.ShardOf(replica) != shard) ++replica;
  EXPECT_TRUE(Await([&] { return IsPrimary(replica); }));
  world_.RunFor(Duration::Seconds(2));
  hosts_[primary]->Start();
  EXPECT_TRUE(Await([&] { return hosts_[primary]->serving() && !IsPrimary(primary); }));
  world_.RunFor(Duration::Seconds(3));

  for (NodeNumber i = 0; i < kLayout.nodes(); ++i) {
    uint64_t messages = 0, sharded = 0;
    for (const Heard& connection : heard[i]) {
      EXPECT_THAT(connection.complaints, ::testing::IsEmpty()) << "node " << i;
      EXPECT_EQ(connection.channels_lost, 0u)
          << "node " << i;  // the shard has the slot all the time
      messages += connection.messages;
      for (const auto& [publisher, number] : connection.last) {
        if (publisher.starts_with("smessage")) ++sharded;
      }
    }
    EXPECT_GT(messages, 100u) << "node " << i;
    EXPECT_EQ(sharded > 0, kLayout.ShardOf(i) == shard) << "node " << i;
    // Who was not at the lost node kept its connection.
    if (i != primary) {
      EXPECT_EQ(heard[i].size(), 1u) << "node " << i;
    }
  }
  // At the end everybody hears everybody again.
  for (NodeNumber i = 0; i < kLayout.nodes(); ++i) {
    size_t publishers = 0;
    for (const auto& [publisher, number] : heard[i].back().last) {
      if (publisher.starts_with("message")) ++publishers;
    }
    EXPECT_EQ(publishers, kLayout.nodes()) << "node " << i;
  }
}

// A replica knows from nodes.conf what it is before it judges its snapshot: so it goes on where that stood.
TEST_P(Channels, AReplicaThatComesBackResumes) {
  const auto replica = static_cast<NodeNumber>(kLayout.shards);
  const auto primary = static_cast<NodeNumber>(kLayout.ShardOf(replica));
  const auto linked = [&] {
    return Ask(replica, {"INFO", "replication"}).find("master_link_status:up") != std::string::npos;
  };
  for (int i = 0; i < 60 && !linked(); ++i) world_.RunFor(Duration::Millis(500));
  EXPECT_EQ(Ask(replica, {"SAVE"}), "OK");
  const int64_t full_before = InfoField(primary, "stats", "sync_full");
  const int64_t partial_before = InfoField(primary, "stats", "sync_partial_ok");
  EXPECT_EQ(full_before, 1);
  hosts_[replica]->Crash({});
  world_.RunFor(Duration::Millis(300));
  hosts_[replica]->Start();
  EXPECT_TRUE(Await([&] { return hosts_[replica]->serving(); }));
  for (int i = 0; i < 60 && !linked(); ++i) world_.RunFor(Duration::Millis(500));
  EXPECT_TRUE(linked());
  EXPECT_EQ(InfoField(primary, "stats", "sync_full"), full_before);
  EXPECT_EQ(InfoField(primary, "stats", "sync_partial_ok"), partial_before + 1);
  EXPECT_FALSE(IsPrimary(replica));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Channels, ::testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace norn::scenarios
