#include <algorithm>
#include <set>
#include <string>

#include "engine/commands/testing.h"

namespace norn {
namespace {

// Two shards: keys of one command may live apart.
class SetCommands : public CommandTest {
 protected:
  SetCommands() : CommandTest(2) {}

  std::set<std::string> Members(std::string_view line) {
    std::set<std::string> members;
    for (const ReplyValue& item : Run(line).items) EXPECT_TRUE(members.insert(item.text).second);
    return members;
  }
};

using Names = std::set<std::string>;

TEST_F(SetCommands, WhatWasStoredWasUsedJustNow) {
  Advance(Duration::Seconds(1000));
  Session({{"SADD s a b", ":2"}, {"SUNIONSTORE d s", ":2"}, {"OBJECT IDLETIME d", ":0"}});
}

TEST_F(SetCommands, AddRemoveAndCount) {
  Session({{"SADD s a b a", ":2"},
           {"SADD s b c", ":1"},
           {"SCARD s", ":3"},
           {"SISMEMBER s b", ":1"},
           {"SISMEMBER s x", ":0"},
           {"SMISMEMBER s a x c", "[:1, :0, :1]"},
           {"SREM s a x", ":1"},
           {"SREM s b c", ":2"},
           {"EXISTS s", ":0"},
           {"SREM s a", ":0"},
           {"SCARD s", ":0"},
           {"SISMEMBER s a", ":0"},
           {"SMISMEMBER s a b", "[:0, :0]"},
           {"SMEMBERS s", "[]"}});
}

TEST_F(SetCommands, WrongTypesAreRefused) {
  Run("SET str v");
  Run("SADD s a");
  for (const char* line :
       {"SADD str a", "SREM str a", "SCARD str", "SISMEMBER str a", "SMISMEMBER str a",
        "SMEMBERS str", "SPOP str", "SPOP str 1", "SRANDMEMBER str", "SSCAN str 0", "SINTER s str",
        "SINTER nosuch str", "SUNION s str", "SDIFF s str", "SINTERSTORE d s str", "SMOVE str s a",
        "SMOVE s str a", "SINTERCARD 2 s str"}) {
    EXPECT_EQ(Show(Run(line)), "-WRONGTYPE Operation against a key holding the wrong kind of value")
        << line;
  }
  EXPECT_EQ(Show(Run("GET s")),
            "-WRONGTYPE Operation against a key holding the wrong kind of value");
}

TEST_F(SetCommands, EncodingsFollowTheLimits) {
  Session({{"SADD i 1 2 3", ":3"},
           {"OBJECT ENCODING i", "$intset"},
           {"SADD i x", ":1"},
           {"OBJECT ENCODING i", "$listpack"},
           {"TYPE i", "+set"}});
  for (int i = 0; i < 200; ++i) Run(fmt::format("SADD i m{}", i));
  Session({{"OBJECT ENCODING i", "$hashtable"}, {"SCARD i", ":204"}});
}

TEST_F(SetCommands, MoveTakesTheLastMembersKey) {
  Session({{"SADD a x", ":1"},
           {"SMOVE a b y", ":0"},
           {"SMOVE a b x", ":1"},
           {"EXISTS a", ":0"},
           {"SISMEMBER b x", ":1"},
           {"SMOVE b b x", ":1"},
           {"SMOVE b b y", ":0"},
           {"SMOVE nosuch b x", ":0"},
           {"SET str v", "+OK"},
           {"SMOVE nosuch str x", ":0"}});
}

TEST_F(SetCommands, Algebra) {
  Run("SADD a 1 2 3 4");
  Run("SADD b 3 4 5");
  Run("SADD c 4 5 x");
  EXPECT_EQ(Members("SINTER a b c"), (Names{"4"}));
  EXPECT_EQ(Members("SINTER a"), (Names{"1", "2", "3", "4"}));
  EXPECT_EQ(Members("SINTER a nosuch"), Names());
  EXPECT_EQ(Members("SUNION a b c nosuch"), (Names{"1", "2", "3", "4", "5", "x"}));
  EXPECT_EQ(Members("SDIFF a b"), (Names{"1", "2"}));
  EXPECT_EQ(Members("SDIFF nosuch a"), Names());
  EXPECT_EQ(Members("SDIFF c a b"), (Names{"x"}));
  Session({{"SINTERCARD 2 a b", ":2"},
           {"SINTERCARD 2 a b LIMIT 1", ":1"},
           {"SINTERCARD 2 a b LIMIT 0", ":2"},
           {"SINTERCARD 0 a", "-ERR numkeys should be greater than 0"},
           {"SINTERCARD x a", "-ERR numkeys should be greater than 0"},
           {"SINTERCARD 3 a b", "-ERR Number of keys can't be greater than number of args"},
           {"SINTERCARD 1 a LIMIT -1", "-ERR LIMIT can't be negative"},
           {"SINTERCARD 1 a b", "-ERR syntax error"}});
}

TEST_F(SetCommands, StoreReplacesAnythingAndNothingErases) {
  Run("SADD a 1 2");
  Run("SADD b 2 3");
  Run("SET d string");
  Run("EXPIRE d 100");
  Session({{"SINTERSTORE d a b", ":1"},
           {"SMEMBERS d", "[$2]"},
           {"TTL d", ":-1"},
           {"SUNIONSTORE d d a b", ":3"},
           {"SDIFFSTORE d a a", ":0"},
           {"EXISTS d", ":0"},
           {"SDIFFSTORE a a b", ":1"},
           {"SMEMBERS a", "[$1]"}});
}

TEST_F(SetCommands, PopTakesMembersAway) {
  Run("SADD s a b c d e f");
  const std::string one = Run("SPOP s").text;
  EXPECT_EQ(Show(Run("SISMEMBER s " + one)), ":0");
  const Names two = Members("SPOP s 2");
  EXPECT_EQ(two.size(), 2u);
  for (const std::string& name : two) EXPECT_EQ(Show(Run("SISMEMBER s " + name)), ":0");
  EXPECT_EQ(Members("SPOP s 0"), Names());
  EXPECT_EQ(Members("SPOP s 100").size(), 3u);
  Session({{"EXISTS s", ":0"},
           {"SPOP s", "nil"},
           {"SPOP s 3", "[]"},
           {"SPOP s -1", "-ERR value is out of range, must be positive"},
           {"SPOP s 1 2", "-ERR syntax error"}});
}

TEST_F(SetCommands, RandomMembers) {
  for (int i = 0; i < 300; ++i) Run(fmt::format("SADD s m{}", i));
  EXPECT_EQ(Members("SRANDMEMBER s 10").size(), 10u);
  EXPECT_EQ(Members("SRANDMEMBER s 200").size(), 200u);
  EXPECT_EQ(Members("SRANDMEMBER s 1000").size(), 300u);
  EXPECT_EQ(Run("SRANDMEMBER s -1000").items.size(), 1000u);
  Session({{"SRANDMEMBER nosuch", "nil"},
           {"SRANDMEMBER nosuch 3", "[]"},
           {"SRANDMEMBER s 0", "[]"},
           {"SRANDMEMBER s x", "-ERR value is not an integer or out of range"}});
  Names drawn;
  Run("DEL s");
  Run("SADD s a b c");
  for (int i = 0; i < 100; ++i) drawn.insert(Run("SRANDMEMBER s").text);
  EXPECT_EQ(drawn, (Names{"a", "b", "c"}));
}

TEST_F(SetCommands, WhatIsRandomIsRepeatedAsItWas) {
  Run("SADD s a b c");
  TakeEffects();
  const std::string one = Run("SPOP s").text;
  EXPECT_EQ(TakeEffects(), "SREM s " + one);
  Run("SPOP s 5");
  const std::string effect = TakeEffects();
  EXPECT_TRUE(effect == "DEL s" || effect == "UNLINK s") << effect;
  Run("SADD s a");
  TakeEffects();
  Run("SADD s a");
  EXPECT_EQ(TakeEffects(), "");
  Run("SINTERSTORE d s s");
  EXPECT_EQ(TakeEffects(), "SINTERSTORE d s s");
}

TEST_F(SetCommands, ScanVisitsAll) {
  for (int i = 0; i < 500; ++i) Run(fmt::format("SADD big m{}", i));
  Names seen;
  std::string cursor = "0";
  int calls = 0;
  do {
    const ReplyValue reply = Run("SSCAN big " + cursor + " COUNT 20");
    cursor = reply.items[0].text;
    for (const ReplyValue& item : reply.items[1].items) seen.insert(item.text);
    ++calls;
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 500u);
  EXPECT_GT(calls, 5);
  Run("SADD small a b ab");
  Session({{"SSCAN small 0 MATCH *b", "[$0, [$b, $ab]]"},
           {"SSCAN nosuch 0 NOSUCH", "[$0, []]"},
           {"SSCAN small x", "-ERR invalid cursor"},
           {"SSCAN small 0 COUNT 0", "-ERR syntax error"},
           {"SSCAN small 0 NOVALUES", "-ERR NOVALUES option can only be used in HSCAN"},
           {"SSCAN small 0 TYPE set", "-ERR syntax error"}});
}

TEST_F(SetCommands, Resp3RepliesSets) {
  Run("SADD s a");
  Run("SADD t a");
  session().resp = Resp::k3;
  EXPECT_EQ(RunBytes({"SMEMBERS", "s"}), "~1\r\n$1\r\na\r\n");
  EXPECT_EQ(RunBytes({"SINTER", "s", "t"}), "~1\r\n$1\r\na\r\n");
  EXPECT_EQ(RunBytes({"SUNION", "s", "t"}), "~1\r\n$1\r\na\r\n");
  EXPECT_EQ(RunBytes({"SDIFF", "s", "t"}), "~0\r\n");
  EXPECT_EQ(RunBytes({"SRANDMEMBER", "s", "1"}), "*1\r\n$1\r\na\r\n");
  EXPECT_EQ(RunBytes({"SPOP", "s", "1"}), "~1\r\n$1\r\na\r\n");
  EXPECT_EQ(RunBytes({"SPOP", "s"}), "_\r\n");
}

TEST_F(SetCommands, DumpRestoreAndCopyInEveryForm) {
  Run("SADD i 1 2 70000");
  Run("SADD l a b 3");
  for (int i = 0; i < 300; ++i) Run(fmt::format("SADD t m{}", i));
  for (const std::string name : {"i", "l", "t"}) {
    const std::string copy = "copy" + name;
    const std::string payload = Run("DUMP " + name).text;
    EXPECT_EQ(Show(RunWords({"RESTORE", copy, "0", payload})), "+OK");
    EXPECT_EQ(Members("SMEMBERS copy" + name), Members("SMEMBERS " + name));
    Run("COPY " + name + " second" + name);
    EXPECT_EQ(Members("SMEMBERS second" + name), Members("SMEMBERS " + name));
    EXPECT_EQ(Run("OBJECT ENCODING copy" + name).text, Run("OBJECT ENCODING " + name).text);
    EXPECT_EQ(Run("DEBUG DIGEST-VALUE copy" + name).items[0].text,
              Run("DEBUG DIGEST-VALUE " + name).items[0].text);
  }
}

}  // namespace
}  // namespace norn
