// Which node a client must go to: each rule and each text, as a client of one node sees them. The node's routes are written by
// hand; the commands go through the dispatcher as those of a connection do.

#include "engine/shard/redirect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/words.h"
#include "engine/cluster/topology_testing.h"
#include "engine/commands/fake_node.h"
#include "engine/commands/one_executor_env.h"
#include "engine/commands/reply_value.h"
#include "engine/shard/dispatcher.h"

namespace norn {
namespace {

using cluster::kNoRoute;
using cluster::RouteIndex;
using cluster::SlotRoutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TestEnv : public OneExecutorEnv, private env::Entropy {
 public:
  env::Entropy& entropy() override { return *this; }

  WallTime wall{1'000'000'000};

 private:
  WallTime Wall() override { return wall; }
  uint64_t Next() override { return 4; }
};

class EndlessSink : public ReplySink {
  bool Drain() override { return true; }
};

config::Config ClusterConfig() {
  config::Config config;
  config.options.cluster_enabled = true;
  return config;
}

SlotId SlotOf(std::string_view key) { return KeySlot(key); }

// Node 0 is this one, at ports 7000 and up; "mine" keys {m}, others' {o}, nobody's {n}.
class Redirect : public ::testing::Test {
 protected:
  static constexpr RouteIndex kSelf = 0;
  static constexpr RouteIndex kOther = 1;

  Redirect()
      : shard_(ShardId{0},
               std::make_unique<Keyspace>(KeyspaceOptions{.hash_seed = 1, .slots = true})) {
    session_.authenticated = true;
    routes_.state.ok = true;
    for (int i = 0; i < 3; ++i) {
      routes_.nodes.push_back(
          {cluster::testing::Node(i + 1), "10.0.0." + std::to_string(i) + ":7000"});
    }
    routes_.owners.assign(kSlotCount, kNoRoute);
    routes_.owners[SlotOf("{m}").value] = kSelf;
    routes_.owners[SlotOf("{o}").value] = kOther;
    routes_.self = kSelf;
    Adopt();
  }

  void Adopt() { state_.AdoptRoutes(routes_); }
  void BecomeReplicaOf(RouteIndex primary) {
    routes_.is_primary = false;
    routes_.self = kNoRoute;
    routes_.primary = primary;
    routes_.owners[SlotOf("{m}").value] = primary;
    state_.condition.replica = true;
    Adopt();
  }
  void Migrate(std::string_view key) {
    routes_.migrating[SlotOf(key)] = 2;
    Adopt();
  }
  void Import(std::string_view key) {
    routes_.importing[SlotOf(key)] = kOther;
    Adopt();
  }

  // One pipeline of a client; the replies.
  std::vector<std::string> Pipeline(std::initializer_list<std::string_view> lines) {
    std::vector<std::vector<std::string>> storage(lines.size());
    std::vector<std::vector<std::string_view>> words(lines.size());
    std::vector<RawCommand> commands;
    size_t at = 0;
    for (const std::string_view line : lines) {
      CHECK(SplitWords(line, &storage[at]));
      words[at].assign(storage[at].begin(), storage[at].end());
      commands.push_back({words[at].data(), static_cast<uint32_t>(words[at].size()), line.size()});
      ++at;
    }
    ByteBuffer out;
    ReplyWriter reply(out, session_.resp);
    EndlessSink sink;
    dispatcher_.Run(commands, session_, reply, sink);
    std::vector<std::string> replies;
    for (std::string_view rest = out.view(); !rest.empty();) {
      replies.push_back(Show(reply_value_detail::Cut(rest)));
    }
    return replies;
  }
  std::string Run(std::string_view line) { return Pipeline({line}).at(0); }

  TestEnv env_;
  FakeNode node_;
  Shard shard_;
  Shard* shards_[1] = {&shard_};
  Keyspace* keyspaces_[1] = {&shard_.keyspace()};
  ExecutorState state_{
      env_, node_, 0, ClusterConfig(), shards_, keyspaces_, KeyMap{.hash_seed = 1, .slots = true}};
  ExecutorState* states_[1] = {&state_};
  Dispatcher dispatcher_{state_, states_};
  Session session_;
  SlotRoutes routes_;
};

const std::string kMovedO = "-MOVED " + std::to_string(SlotOf("{o}").value) + " 10.0.0.1:7000";
const std::string kMovedM = "-MOVED " + std::to_string(SlotOf("{m}").value) + " 10.0.0.1:7000";
const std::string kAskM = "-ASK " + std::to_string(SlotOf("{m}").value) + " 10.0.0.2:7000";
constexpr const char* kCrossSlotText = "-CROSSSLOT Keys in request don't hash to the same slot";
constexpr const char* kTryAgainText = "-TRYAGAIN Multiple keys request during rehashing of slot";
constexpr const char* kUnboundText = "-CLUSTERDOWN Hash slot not served";
constexpr const char* kDownText = "-CLUSTERDOWN The cluster is down";

TEST_F(Redirect, ServesItsOwnSlotsAndSendsOthersToTheirOwner) {
  EXPECT_EQ(Run("SET {m}a 1"), "+OK");
  EXPECT_EQ(Run("GET {m}a"), "$1");
  EXPECT_EQ(Run("GET {o}a"), kMovedO);
  EXPECT_EQ(Run("SET {o}a 1"), kMovedO);
  EXPECT_EQ(Run("OBJECT ENCODING {o}a"), kMovedO);
  EXPECT_EQ(Run("MSETEX 1 {o}a 1"), kMovedO);
  EXPECT_EQ(Run("GET {n}a"), kUnboundText);
}

TEST_F(Redirect, EachCommandOfAPipelineIsJudgedAlone) {
  EXPECT_THAT(Pipeline({"SET {m}a 1", "GET {o}a", "PING", "GET {m}a", "GET {n}a", "DBSIZE"}),
              ElementsAre("+OK", kMovedO, "+PONG", "$1", kUnboundText, ":1"));
}

TEST_F(Redirect, AllKeysOfACommandMustShareASlot) {
  EXPECT_EQ(Run("MSET {m}a 1 {m}b 2"), "+OK");
  EXPECT_EQ(Run("MGET {m}a {o}b"), kCrossSlotText);
  EXPECT_EQ(Run("MGET {o}a {m}b"), kCrossSlotText);
  EXPECT_EQ(Run("RENAME {m}a {o}b"), kCrossSlotText);
  EXPECT_EQ(Run("MGET {o}a {o}b"), kMovedO);
  // The first key's slot decides before others are looked at.
  EXPECT_EQ(Run("MGET {n}a {m}b"), kUnboundText);
}

TEST_F(Redirect, RefusalsAreCountedAsErrors) {
  Pipeline({"GET {o}a", "GET {o}b", "GET {n}a"});
  EXPECT_EQ(state_.stats.errors["MOVED"], 2u);
  EXPECT_EQ(state_.stats.errors["CLUSTERDOWN"], 1u);
  EXPECT_EQ(state_.stats.commands[FindCommand("get")->id].rejected, 3u);
}

TEST_F(Redirect, NodeWithoutAViewServesNoKeys) {
  routes_ = SlotRoutes();
  Adopt();
  EXPECT_EQ(Run("GET {m}a"), kUnboundText);
  EXPECT_EQ(Run("PING"), "+PONG");
  EXPECT_EQ(Run("DBSIZE"), ":0");
}

TEST_F(Redirect, OtherRefusalsComeInTheirPlace) {
  EXPECT_EQ(Run("GET"), "-ERR wrong number of arguments for 'get' command");
  // The slot is asked before the node's condition, the words of a handler after it.
  state_.condition.disk_broken = true;
  EXPECT_EQ(Run("SET {o}a 1"), kMovedO);
  EXPECT_TRUE(Run("SET {m}a 1").starts_with("-MISCONF"));
  state_.condition.disk_broken = false;
  session_.authenticated = false;
  EXPECT_EQ(Run("GET {o}a"), "-NOAUTH Authentication required.");
}

TEST_F(Redirect, WhatAPrimaryDidIsNeverRedirected) {
  session_.from_primary = true;
  EXPECT_EQ(Run("SET {o}a 1"), "+OK");
  EXPECT_EQ(Run("MSET {m}a 1 {o}b 2"), "+OK");
}

TEST_F(Redirect, DownClusterServesReadsWhereThatIsAllowed) {
  Run("SET {m}a 1");
  routes_.state.ok = false;
  Adopt();
  EXPECT_EQ(Run("GET {m}a"), kDownText);
  EXPECT_EQ(Run("SET {m}a 2"), kDownText);
  EXPECT_EQ(Run("GET {n}a"), kUnboundText);
  EXPECT_EQ(Run("MGET {m}a {o}a"), kCrossSlotText);
  state_.config.options.cluster_allow_reads_when_down = true;
  EXPECT_EQ(Run("GET {m}a"), "$1");
  EXPECT_EQ(Run("GET {o}a"), kMovedO);
  EXPECT_EQ(Run("SET {m}a 2"), "-CLUSTERDOWN The cluster is down and only accepts read commands");
}

TEST_F(Redirect, PrimaryWithoutItsQuorumTakesNoWrites) {
  env_.now = Instant{1000};
  state_.AdoptFence({.until = Instant{2000}});
  EXPECT_EQ(Run("SET {m}a 1"), "+OK");
  env_.now = Instant{2000};
  EXPECT_EQ(Run("SET {m}a 2"), kDownText);
  EXPECT_EQ(Run("GET {m}a"), "$1");
  EXPECT_THAT(Pipeline({"MULTI", "SET {m}a 2", "EXEC"}), ElementsAre("+OK", "+QUEUED", kDownText));
  EXPECT_THAT(Pipeline({"MULTI", "GET {m}a", "EXEC"}), ElementsAre("+OK", "+QUEUED", "[$1]"));
  EXPECT_EQ(Run("SET {o}a 2"), kMovedO);
}

TEST_F(Redirect, ReplicaServesReadsOfThoseWhoAskedForThem) {
  Run("SET {m}a 1");
  BecomeReplicaOf(kOther);
  EXPECT_EQ(Run("GET {m}a"), kMovedM);
  EXPECT_EQ(Run("READONLY"), "+OK");
  EXPECT_EQ(Run("GET {m}a"), "$1");
  EXPECT_EQ(Run("SET {m}a 2"), kMovedM);
  EXPECT_EQ(Run("GET {n}a"), kUnboundText);
  EXPECT_THAT(Pipeline({"MULTI", "GET {m}a", "EXEC"}), ElementsAre("+OK", "+QUEUED", "[$1]"));
  EXPECT_EQ(Run("READWRITE"), "+OK");
  EXPECT_EQ(Run("GET {m}a"), kMovedM);
  Run("READONLY");
  EXPECT_EQ(Run("RESET"), "+RESET");
  EXPECT_EQ(Run("GET {m}a"), kMovedM);
}

TEST_F(Redirect, ReplicaReadsOnlyItsOwnPrimarysSlots) {
  BecomeReplicaOf(2);
  Run("READONLY");
  EXPECT_EQ(Run("GET {m}a"), "nil");
  EXPECT_EQ(Run("GET {o}a"), kMovedO);
}

TEST_F(Redirect, MigratingSlotIsServedWhereItsKeysAre) {
  Run("MSET {m}a 1 {m}b 2");
  Migrate("{m}");
  EXPECT_EQ(Run("GET {m}a"), "$1");
  EXPECT_EQ(Run("SET {m}a 3"), "+OK");
  EXPECT_EQ(Run("MGET {m}a {m}b"), "[$3, $2]");
  EXPECT_EQ(Run("GET {m}gone"), kAskM);
  EXPECT_EQ(Run("SET {m}new 1"), kAskM);
  EXPECT_EQ(Run("MGET {m}gone {m}new"), kAskM);
  EXPECT_EQ(Run("MGET {m}a {m}gone"), kTryAgainText);
  EXPECT_EQ(Run("GET {o}a"), kMovedO);
}

TEST_F(Redirect, KeysOfAnOpenSlotAreSoughtInTheirDatabase) {
  state_.config.options.databases = 2;
  Pipeline({"SELECT 1", "SET {m}a 1", "SELECT 0"});
  Migrate("{m}");
  EXPECT_EQ(Run("GET {m}a"), kAskM);
  EXPECT_THAT(Pipeline({"MULTI", "SELECT 1", "GET {m}a", "EXEC", "SELECT 0"}),
              ElementsAre("+OK", "+QUEUED", "+QUEUED", "[+OK, $1]", "+OK"));
  EXPECT_THAT(Pipeline({"SELECT 1", "GET {m}a", "MOVE {m}a 0", "COPY {m}a {m}b DB 0"}),
              ElementsAre("+OK", "$1", kTryAgainText, kTryAgainText));
}

TEST_F(Redirect, MigrateNamesItsKeysInEitherPlace) {
  EXPECT_EQ(Run("MIGRATE h 1 {o}a 0 100"), kMovedO);
  EXPECT_EQ(Run("MIGRATE h 1 \"\" 0 100 KEYS {o}a {o}b"), kMovedO);
  EXPECT_EQ(Run("MIGRATE h 1 \"\" 0 100 KEYS {o}a {m}b"), kCrossSlotText);
}

TEST_F(Redirect, ExpiredKeyIsNotHere) {
  Run("SET {m}a 1 PX 1");
  Migrate("{m}");
  EXPECT_EQ(Run("GET {m}a"), "$1");
  env_.wall.us += 1000;
  EXPECT_EQ(Run("GET {m}a"), kAskM);
}

TEST_F(Redirect, ImportingSlotServesThoseWhoSaidAsking) {
  Import("{o}");
  EXPECT_EQ(Run("GET {o}a"), kMovedO);
  EXPECT_THAT(Pipeline({"ASKING", "SET {o}a 1", "GET {o}a"}), ElementsAre("+OK", "+OK", kMovedO));
  EXPECT_THAT(Pipeline({"ASKING", "GET {o}a"}), ElementsAre("+OK", "$1"));
  EXPECT_THAT(Pipeline({"ASKING", "PING", "GET {o}a"}), ElementsAre("+OK", "+PONG", kMovedO));
  EXPECT_THAT(Pipeline({"ASKING", "NOSUCH", "GET {o}a"}).at(2), kMovedO);
  // One key, however often, may be missing; several must all be here.
  EXPECT_THAT(Pipeline({"ASKING", "MGET {o}x {o}x"}), ElementsAre("+OK", "[nil, nil]"));
  EXPECT_THAT(Pipeline({"ASKING", "MGET {o}a {o}x"}), ElementsAre("+OK", kTryAgainText));
  EXPECT_THAT(Pipeline({"ASKING", "GET {m}a"}), ElementsAre("+OK", "nil"));
}

TEST_F(Redirect, AskingHoldsForAWholeTransaction) {
  Import("{o}");
  EXPECT_THAT(Pipeline({"ASKING", "MULTI", "SET {o}a 1", "GET {o}a", "EXEC", "GET {o}a"}),
              ElementsAre("+OK", "+OK", "+QUEUED", "+QUEUED", "[+OK, $1]", kMovedO));
}

TEST_F(Redirect, RestoreAskingNeedsNoAsking) {
  Import("{o}");
  EXPECT_EQ(Run("RESTORE-ASKING {o}a 0 x"), "-ERR DUMP payload version or checksum are wrong");
  EXPECT_EQ(Run("RESTORE {o}a 0 x"), kMovedO);
}

TEST_F(Redirect, RedirectionWhileQueueingBreaksTheTransaction) {
  EXPECT_THAT(Pipeline({"MULTI", "SET {o}a 1", "SET {m}a 1", "EXEC", "EXISTS {m}a"}),
              ElementsAre("+OK", kMovedO, "+QUEUED",
                          "-EXECABORT Transaction discarded because of previous errors.", ":0"));
}

TEST_F(Redirect, TransactionStaysInOneSlot) {
  routes_.owners[SlotOf("{n}").value] = kSelf;
  Adopt();
  EXPECT_THAT(Pipeline({"MULTI", "SET {m}a 1", "SET {n}a 1", "EXEC", "EXEC"}),
              ElementsAre("+OK", "+QUEUED", "+QUEUED", kCrossSlotText, "-ERR EXEC without MULTI"));
  EXPECT_EQ(Run("EXISTS {m}a"), ":0");
}

TEST_F(Redirect, SlotThatLeavesBeforeExecTakesTheTransactionAlong) {
  Pipeline({"WATCH {m}w", "MULTI", "SET {m}a 1"});
  routes_.owners[SlotOf("{m}").value] = kOther;
  Adopt();
  EXPECT_EQ(Run("EXEC"), kMovedM);
  EXPECT_FALSE(session_.transaction.open);
  EXPECT_THAT(session_.watched, IsEmpty());
}

TEST_F(Redirect, OpenSlotIsAskedForItsKeysWhenQueueing) {
  Run("SET {m}a 1");
  Migrate("{m}");
  EXPECT_THAT(Pipeline({"MULTI", "GET {m}a", "EXEC"}), ElementsAre("+OK", "+QUEUED", "[$1]"));
  EXPECT_THAT(Pipeline({"MULTI", "GET {m}x", "DISCARD"}), ElementsAre("+OK", kAskM, "+OK"));
  Pipeline({"MULTI", "GET {m}a"});
  shard_.keyspace().db(DbIndex{0}).Clear(Db::Free::kNow);
  EXPECT_EQ(Run("EXEC"), kAskM);
}

TEST_F(Redirect, WatchIsRedirectedToo) {
  EXPECT_EQ(Run("WATCH {o}a"), kMovedO);
  EXPECT_EQ(Run("WATCH {m}a {o}a"), kCrossSlotText);
  EXPECT_EQ(Run("WATCH {m}a"), "+OK");
  Migrate("{m}");
  EXPECT_EQ(Run("WATCH {m}b"), kAskM);
  EXPECT_EQ(session_.watched.size(), 1u);
}

TEST_F(Redirect, ReplicaKnowsTheOpenSlotsOfItsPrimary) {
  Run("SET {m}a 1");
  BecomeReplicaOf(kOther);
  Migrate("{m}");
  EXPECT_EQ(Run("GET {m}x"), kMovedM);
  Run("READONLY");
  EXPECT_EQ(Run("GET {m}a"), "$1");
  EXPECT_EQ(Run("GET {m}x"), kAskM);
}

TEST_F(Redirect, ShardChannelsAreServedWhereTheirSlotIs) {
  PubSub pubsub(env_.executor(), state_.key_map);
  node_.pubsub_value = &pubsub;
  EXPECT_EQ(Run("SPUBLISH {m}c x"), ":0");
  EXPECT_EQ(Run("SPUBLISH {o}c x"), kMovedO);
  EXPECT_EQ(Run("SSUBSCRIBE {o}c"), kMovedO);
  EXPECT_EQ(Run("SSUBSCRIBE {m}c {o}c"), kCrossSlotText);
  EXPECT_EQ(Run("PUBLISH {o}c x"), ":0");  // others are everybody's
  Migrate("{m}");
  EXPECT_EQ(Run("SPUBLISH {m}c x"), ":0");
  BecomeReplicaOf(kOther);
  EXPECT_EQ(Run("SPUBLISH {m}c x"), ":0");  // without READONLY
  routes_.state.ok = false;
  Adopt();
  state_.config.options.cluster_allow_pubsubshard_when_down = true;
  EXPECT_EQ(Run("SPUBLISH {m}c x"), ":0");
  state_.config.options.cluster_allow_pubsubshard_when_down = false;
  EXPECT_EQ(Run("SPUBLISH {m}c x"), kDownText);
}

TEST_F(Redirect, AClusterScanGoesOnWhereItsSlotIs) {
  EXPECT_EQ(Run("CLUSTERSCAN x-{o}-0"), kMovedO);
  // Its own slot, or its begin: asked is the cluster, which this node is not in.
  EXPECT_EQ(Run("CLUSTERSCAN x-{m}-0"), "-ERR This instance has cluster support disabled");
  EXPECT_EQ(Run("CLUSTERSCAN 0"), "-ERR This instance has cluster support disabled");
  Migrate("{m}");
  EXPECT_EQ(Run("CLUSTERSCAN x-{m}-0"), "-ERR This instance has cluster support disabled");
}

TEST_F(Redirect, MigrateIsServedOnBothSides) {
  SlotQuery query;
  query.slot = SlotOf("{m}");
  query.write = query.migrate = true;
  EXPECT_EQ(JudgeSlot(routes_, query, {}).answer, SlotAnswer::kServe);
  routes_.migrating[query.slot] = kOther;
  EXPECT_EQ(JudgeSlot(routes_, query, {}).answer, SlotAnswer::kServe);
  query.slot = SlotOf("{o}");
  EXPECT_EQ(JudgeSlot(routes_, query, {}).answer, SlotAnswer::kMoved);
  routes_.importing[query.slot] = kOther;
  EXPECT_EQ(JudgeSlot(routes_, query, {}).answer, SlotAnswer::kServe);
}

TEST_F(Redirect, BlockedClientsAreSentAway) {
  const SlotId mine = SlotOf("{m}");
  const SlotId others = SlotOf("{o}");
  EXPECT_EQ(RedirectOfBlocked(mine, true, session_, state_), "");
  EXPECT_EQ("-" + RedirectOfBlocked(others, true, session_, state_), kMovedO);
  EXPECT_EQ("-" + RedirectOfBlocked(SlotOf("{n}"), true, session_, state_), kUnboundText);
  Import("{o}");
  EXPECT_EQ(RedirectOfBlocked(others, true, session_, state_), "");
  BecomeReplicaOf(kOther);
  session_.readonly = true;
  EXPECT_EQ(RedirectOfBlocked(mine, false, session_, state_), "");
  EXPECT_EQ("-" + RedirectOfBlocked(mine, true, session_, state_), kMovedM);
  routes_.state.ok = false;
  Adopt();
  EXPECT_EQ("-" + RedirectOfBlocked(mine, false, session_, state_), kDownText);
}

}  // namespace
}  // namespace norn
