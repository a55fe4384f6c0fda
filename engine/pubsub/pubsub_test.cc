// Who hears what, and in which order, on a node of several executors whose posts are run by hand.

#include "engine/pubsub/pubsub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/session/client_registry.h"

namespace norn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Executors whose tasks run in the order of posts when the test says so.
class HandExecutors : public env::Executor {
 public:
  explicit HandExecutors(size_t count) : count_(count) {}

  size_t Count() const override { return count_; }
  size_t Current() const override { return current; }
  void Post(size_t to, env::Task* task) override { posts.push_back({to, task}); }
  void Spawn(void (*)(void*), void (*)(void*), void*) override { CHECK(false); }
  env::FiberId Self() const override { return {}; }
  env::ParkResult Park(Instant) override { return env::ParkResult::kDeadline; }
  void Wake(env::FiberId) override {}
  void Yield() override {}

  void RunAll() {
    const size_t before = current;
    while (!posts.empty()) {
      const auto [to, task] = posts.front();
      posts.pop_front();
      current = to;
      task->run(task);
    }
    current = before;
  }

  size_t current = 0;
  std::deque<std::pair<size_t, env::Task*>> posts;

 private:
  size_t count_;
};

std::string OneLine(std::string_view bytes) {
  std::string line;
  for (const char c : bytes) {
    if (c == '\r') continue;
    line += c == '\n' ? ' ' : c;
  }
  return line;
}

class Client : public ClientHandle {
 public:
  explicit Client(uint64_t id) {
    session_.id = ClientId{id};
    session_.handle = this;
  }
  Session& session() override { return session_; }
  void Kill(bool) override {}
  void RefreshSizes() override {}
  void Tick() override {}
  bool Push(std::string_view bytes) override {
    pushed_ += bytes;
    return pushed_.size() == bytes.size();
  }
  void FlushPushes() override {
    if (!pushed_.empty()) sent.push_back(OneLine(pushed_));
    pushed_.clear();
  }
  void TakePushes(ByteBuffer& replies) override { replies.Append(std::exchange(pushed_, {})); }

  std::vector<std::string> sent;  // by write

 private:
  Session session_;
  std::string pushed_;
};

class PubSubTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kExecutors = 3;

  PubSubTest() : pubsub_(executors_, KeyMap{.hash_seed = 7, .shard_count = kExecutors}) {}

  // As the client's executor does it.
  bool Subscribe(Client& client, size_t executor, ChannelKind kind, std::string_view name) {
    executors_.current = executor;
    const bool is_new = pubsub_.Subscribe(kind, name, client.session());
    executors_.RunAll();
    return is_new;
  }
  uint64_t Publish(std::string_view channel, std::string_view message) {
    executors_.current = pubsub_.ShardOf(channel);
    const uint64_t receivers = pubsub_.Publish(/*sharded=*/false, channel, message);
    executors_.RunAll();
    return receivers;
  }

  HandExecutors executors_{kExecutors};
  PubSub pubsub_;
  Client a_{1}, b_{2}, c_{3};
};

TEST_F(PubSubTest, AMessageReachesThoseWhoListen) {
  EXPECT_TRUE(Subscribe(a_, 0, ChannelKind::kChannel, "news"));
  EXPECT_FALSE(Subscribe(a_, 0, ChannelKind::kChannel, "news"));
  Subscribe(b_, 2, ChannelKind::kChannel, "news");
  Subscribe(c_, 2, ChannelKind::kChannel, "other");
  EXPECT_EQ(Publish("news", "x"), 2u);
  EXPECT_THAT(a_.sent, ElementsAre("*3 $7 message $4 news $1 x "));
  EXPECT_THAT(b_.sent, ElementsAre("*3 $7 message $4 news $1 x "));
  EXPECT_THAT(c_.sent, IsEmpty());
  EXPECT_EQ(Publish("nobody", "x"), 0u);
}

TEST_F(PubSubTest, PatternsHearOfEveryChannelAndAClientMayHearTwice) {
  Subscribe(a_, 1, ChannelKind::kPattern, "n*");
  Subscribe(a_, 1, ChannelKind::kChannel, "news");
  a_.session().resp = Resp::k3;
  EXPECT_EQ(Publish("news", "x"), 2u);
  EXPECT_EQ(Publish("nobody", "y"), 1u);
  EXPECT_THAT(a_.sent, ElementsAre(">3 $7 message $4 news $1 x >4 $8 pmessage $2 n* $4 news $1 x ",
                                   ">4 $8 pmessage $2 n* $6 nobody $1 y "));
  EXPECT_EQ(pubsub_.Count(ChannelKind::kPattern), 1u);
}

TEST_F(PubSubTest, AnExecutorGetsOnePostHoweverManyListen) {
  std::vector<std::unique_ptr<Client>> clients;
  for (uint64_t id = 10; id < 30; ++id) {
    clients.push_back(std::make_unique<Client>(id));
    Subscribe(*clients.back(), id % kExecutors, ChannelKind::kChannel, "news");
  }
  executors_.current = pubsub_.ShardOf("news");
  EXPECT_EQ(pubsub_.Publish(false, "news", "x"), 20u);
  // Two to the others, and the own executor's flush.
  EXPECT_EQ(executors_.posts.size(), kExecutors);
  executors_.RunAll();
  for (const auto& client : clients) EXPECT_EQ(client->sent.size(), 1u);
}

TEST_F(PubSubTest, MessagesOfOneRoundLeaveInOneWrite) {
  const uint32_t home = pubsub_.ShardOf("news");
  Subscribe(a_, home, ChannelKind::kChannel, "news");
  executors_.current = home;
  pubsub_.Publish(false, "news", "1");
  pubsub_.Publish(false, "news", "2");
  EXPECT_THAT(a_.sent, IsEmpty());
  executors_.RunAll();
  EXPECT_THAT(a_.sent, ElementsAre("*3 $7 message $4 news $1 1 *3 $7 message $4 news $1 2 "));
}

TEST_F(PubSubTest, WhoLeavesHearsNothingMore) {
  Subscribe(a_, 1, ChannelKind::kChannel, "news");
  Subscribe(a_, 1, ChannelKind::kPattern, "*");
  Subscribe(a_, 1, ChannelKind::kChannel, "__keyevent@0__:set");
  executors_.current = 1;
  const PubSub::NameList ended = pubsub_.EndSubscriptions(a_.session());
  EXPECT_EQ(ended.size(), 3u);
  EXPECT_EQ(a_.session().subscriptions, nullptr);
  for (uint32_t shard = 0; shard < kExecutors; ++shard) pubsub_.ForgetIn(shard, ended);
  EXPECT_EQ(Publish("news", "x"), 0u);
  EXPECT_THAT(a_.sent, IsEmpty());
  for (size_t kind = 0; kind < kChannelKinds; ++kind) {
    EXPECT_EQ(pubsub_.Count(static_cast<ChannelKind>(kind)), 0u);
  }
}

TEST_F(PubSubTest, UnsubscribeTellsWhetherThereWasASubscription) {
  Subscribe(a_, 0, ChannelKind::kPattern, "n*");
  executors_.current = 0;
  EXPECT_TRUE(pubsub_.Unsubscribe(ChannelKind::kPattern, "n*", a_.session()));
  EXPECT_FALSE(pubsub_.Unsubscribe(ChannelKind::kPattern, "n*", a_.session()));
  EXPECT_EQ(pubsub_.Count(ChannelKind::kPattern), 0u);
}

TEST_F(PubSubTest, KeyEventsAreToldByTheShardOfTheKey) {
  Subscribe(a_, 0, ChannelKind::kChannel, "__keyspace@3__:k");
  Subscribe(b_, 1, ChannelKind::kPattern, "__key*__:*");
  EXPECT_EQ(pubsub_.Count(ChannelKind::kChannel), 1u);
  EXPECT_THAT(pubsub_.Names(ChannelKind::kChannel), ElementsAre("__keyspace@3__:k"));
  for (uint32_t shard = 0; shard < kExecutors; ++shard) {
    executors_.current = shard;
    pubsub_.TellEvents(shard, {{"set", DbIndex{3}, "k"}},
                       config::kNotifyKeyspace | config::kNotifyKeyevent);
    executors_.RunAll();
    EXPECT_THAT(a_.sent, ElementsAre("*3 $7 message $16 __keyspace@3__:k $3 set "));
    EXPECT_THAT(b_.sent, ElementsAre("*4 $8 pmessage $10 __key*__:* $16 __keyspace@3__:k $3 set "
                                     "*4 $8 pmessage $10 __key*__:* $18 __keyevent@3__:set $1 k "));
    a_.sent.clear();
    b_.sent.clear();
  }
}

TEST_F(PubSubTest, LostShardChannelsAreToldOf) {
  Subscribe(a_, 1, ChannelKind::kShardChannel, "mine");
  Subscribe(a_, 1, ChannelKind::kShardChannel, "lost");
  Subscribe(b_, 1, ChannelKind::kShardChannel, "lost");
  a_.session().client_class = b_.session().client_class = ClientClass::kPubSub;
  executors_.current = 1;
  const PubSub::NameList ended =
      pubsub_.EndShardChannels([](std::string_view name) { return name == "lost"; });
  executors_.RunAll();
  EXPECT_EQ(ended.size(), 2u);
  EXPECT_THAT(a_.sent, ElementsAre("*3 $12 sunsubscribe $4 lost :1 "));
  EXPECT_THAT(b_.sent, ElementsAre("*3 $12 sunsubscribe $4 lost :0 "));
  EXPECT_EQ(a_.session().client_class, ClientClass::kPubSub);
  EXPECT_EQ(b_.session().client_class, ClientClass::kNormal);
  pubsub_.ForgetIn(pubsub_.ShardOf("lost"), ended);
  EXPECT_EQ(pubsub_.Subscribers(ChannelKind::kShardChannel, "lost"), 0u);
  EXPECT_EQ(pubsub_.Subscribers(ChannelKind::kShardChannel, "mine"), 1u);
}

TEST_F(PubSubTest, TheBusReachesOnlyExecutorsWithSubscribers) {
  Subscribe(a_, 2, ChannelKind::kChannel, "news");
  executors_.current = 0;
  pubsub_.DeliverFromBus(false, "news", "x");
  EXPECT_EQ(executors_.posts.size(), 1u);
  executors_.RunAll();
  EXPECT_THAT(a_.sent, ElementsAre("*3 $7 message $4 news $1 x "));
  pubsub_.DeliverFromBus(true, "news", "x");
  executors_.RunAll();
  EXPECT_EQ(a_.sent.size(), 1u);  // a shard channel of the same name is another one
}

}  // namespace
}  // namespace norn
