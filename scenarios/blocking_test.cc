// Queues of a simulated node with any number of threads: producers push, consumers wait for several queues at once, with
// timeouts, in every command that waits. Whatever the order of things, each element is taken once, a producer's elements of one
// queue come to a consumer in their order, and nobody waits while an element is there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/number.h"
#include "scenarios/cluster/wire.h"
#include "scenarios/norn_server.h"
#include "scenarios/server_host.h"
#include "sim/world.h"

namespace norn::scenarios {
namespace {

constexpr Duration kTimeout = Duration::Seconds(5);
constexpr Duration kPatience = Duration::Seconds(60);
constexpr int kQueues = 4;
constexpr int kProducers = 3;
constexpr int kConsumers = 6;
constexpr int kPushes = 150;  // of each producer

std::string QueueName(uint64_t i) { return fmt::format("queue:{}", i % kQueues); }

class Blocking : public ::testing::TestWithParam<uint64_t> {
 protected:
  Blocking() : world_(Options(GetParam())), factory_(NornServerFactory()) {
    sim::NodeOptions node;
    node.name = "node";
    node.executors.executors = 1 + GetParam() % 4;
    host_ = std::make_unique<ServerHost>(world_, world_.AddNode(node), factory_, ServerOptions{});
    host_->Start();
    CHECK(world_.RunUntil([this] { return host_->serving(); }, world_.now() + kPatience));
  }
  ~Blocking() override {
    for (const auto& node : world_.nodes()) {
      if (node->state() != sim::NodeState::kDown) world_.Stop(node.get());
    }
  }
  static sim::WorldOptions Options(uint64_t seed) {
    sim::WorldOptions options;
    options.seed = seed;
    return options;
  }

  void StartClient(const std::string& name, std::function<void(env::Env&, Wire&, Prng&)> body) {
    sim::NodeOptions options;
    options.name = name;
    const std::string address = fmt::format("{}:{}", host_->node()->ip(), kServerPort);
    auto prng = std::make_shared<Prng>(world_.PrngOf(name));
    world_.Start(world_.AddNode(options), [=, body = std::move(body)](env::Env& env) {
      Wire wire(address);
      CHECK(wire.Connect(env, kTimeout));
      body(env, wire, *prng);
    });
  }

  void Produce(int me) {
    StartClient(fmt::format("producer{}", me), [this, me](env::Env& env, Wire& wire, Prng& prng) {
      for (int n = 0; n < kPushes;) {
        const std::string queue = QueueName(prng.Below(kQueues));
        const std::string element = fmt::format("{} {}", me, n);
        std::vector<Words> lines = {{"RPUSH", queue, element}};
        switch (prng.Below(5)) {
          case 0:
            lines = {{"MULTI"}, {"RPUSH", queue, element}, {"SET", "other", element}, {"EXEC"}};
            break;
          case 1:  // over another list: nobody waits for that one
            lines = {{"RPUSH", fmt::format("own:{}", me), element},
                     {"LMOVE", fmt::format("own:{}", me), queue, "LEFT", "RIGHT"}};
            break;
          case 2:
            lines.push_back({"RPUSH", queue, fmt::format("{} {}", me, ++n)});
            break;
          default:
            break;
        }
        ++n;
        CHECK(wire.Call(env, lines, kTimeout));
        pushed_ += lines.size() == 2 && lines[1][0] == "RPUSH" ? 2 : 1;
        if (prng.OneIn(3)) env.executor().Park(env.clock().Now() + Duration::Millis(2));
      }
      ++producers_done_;
    });
  }

  // The queues that a consumer waits for: always its own, so that each queue has somebody.
  static std::vector<std::string> Wanted(int me, Prng& prng) {
    std::vector<std::string> queues = {QueueName(static_cast<uint64_t>(me))};
    while (prng.OneIn(2) && queues.size() < 3) queues.push_back(QueueName(prng.Below(kQueues)));
    return queues;
  }

  void Consume(int me) {
    StartClient(fmt::format("consumer{}", me), [this, me](env::Env& env, Wire& wire, Prng& prng) {
      for (;;) {
        const std::vector<std::string> queues = Wanted(me, prng);
        const std::string timeout = prng.OneIn(8) ? "0.002" : "0";
        Words words = {"BLPOP"};
        switch (prng.Below(4)) {
          case 0:
            words = {"BLMOVE", queues[0], fmt::format("mine:{}", me), "LEFT", "RIGHT", timeout};
            break;
          case 1:
            words = {"BLMPOP", timeout, std::to_string(queues.size())};
            words.insert(words.end(), queues.begin(), queues.end());
            words.insert(words.end(), {"LEFT", "COUNT", "2"});
            break;
          default:
            words.insert(words.end(), queues.begin(), queues.end());
            words.push_back(timeout);
        }
        const auto replies = wire.Call(env, {words}, kTimeout);
        CHECK(replies);
        const net::Reply& reply = (*replies)[0];
        CHECK(!reply.IsError());
        if (words[0] == "BLMOVE") {
          if (!reply.text.empty()) Take(me, queues[0], reply.text);
        } else if (reply.elements.size() == 2 && reply.elements[1].elements.empty()) {
          Take(me, reply.elements[0].text, reply.elements[1].text);
        } else if (reply.elements.size() == 2) {
          for (const net::Reply& one : reply.elements[1].elements) {
            Take(me, reply.elements[0].text, one.text);
          }
        }
      }
    });
  }

  void Take(int me, const std::string& queue, const std::string& element) {
    if (!taken_.insert(element).second) complaints_.push_back("twice: " + element);
    const size_t blank = element.find(' ');
    const int64_t number = ParseInt64(element.substr(blank + 1)).value_or(-1);
    const auto [last, first] =
        last_.try_emplace(fmt::format("{} {} {}", me, queue, element.substr(0, blank)), -1);
    if (number <= last->second) complaints_.push_back("out of order: " + element);
    last->second = number;
  }

  sim::World world_;
  const ServerFactory factory_;
  std::unique_ptr<ServerHost> host_;
  uint64_t pushed_ = 0;
  int producers_done_ = 0;
  int waits_done_ = 0;
  std::set<std::string> taken_;
  std::map<std::string, int64_t> last_;
  std::vector<std::string> complaints_;
};

TEST_P(Blocking, EachElementIsTakenOnceAndInOrder) {
  for (int i = 0; i < kConsumers; ++i) Consume(i);
  for (int i = 0; i < kProducers; ++i) Produce(i);
  EXPECT_TRUE(
      world_.RunUntil([this] { return producers_done_ == kProducers; }, world_.now() + kPatience));
  // All that is left is taken at once: nobody waits beside an element, whatever his timeout.
  world_.RunFor(Duration::Millis(100));
  EXPECT_EQ(taken_.size(), pushed_);
  EXPECT_THAT(complaints_, ::testing::IsEmpty());
  EXPECT_GE(pushed_, static_cast<uint64_t>(kProducers * kPushes));
}

// Waits for several queues that end by themselves, in the same moments in which others tell them of an element that is gone again:
// what is told to a wait arrives before the wait ends (BlockedCommand checks it).
TEST_P(Blocking, AWaitThatWasToldOfAnElementEndsAfterIt) {
  constexpr int kRounds = 300;
  for (int me = 0; me < kConsumers; ++me) {
    StartClient(fmt::format("impatient{}", me), [this](env::Env& env, Wire& wire, Prng& prng) {
      for (int round = 0; round < kRounds; ++round) {
        const auto replies = wire.Call(
            env, {{"BLPOP", QueueName(0), QueueName(1), QueueName(2), QueueName(3), "0.001"}},
            kTimeout);
        CHECK(replies);
        CHECK(!(*replies)[0].IsError());
        if (prng.OneIn(4)) env.executor().Park(env.clock().Now() + Duration::Micros(300));
      }
      ++waits_done_;
    });
  }
  for (int me = 0; me < kProducers; ++me) {
    StartClient(fmt::format("teaser{}", me), [this](env::Env& env, Wire& wire, Prng& prng) {
      while (waits_done_ < kConsumers) {
        const std::string queue = QueueName(prng.Below(kQueues));
        CHECK(wire.Call(env, {{"RPUSH", queue, "x"}, {"DEL", queue}}, kTimeout));
      }
    });
  }
  EXPECT_TRUE(
      world_.RunUntil([this] { return waits_done_ == kConsumers; }, world_.now() + kPatience));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Blocking, ::testing::Range(uint64_t{1}, uint64_t{101}));

}  // namespace
}  // namespace norn::scenarios
