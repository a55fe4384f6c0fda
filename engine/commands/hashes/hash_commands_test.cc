#include <map>
#include <set>
#include <string>

#include "engine/commands/testing.h"

namespace norn {
namespace {

class HashCommands : public CommandTest {
 protected:
  std::map<std::string, std::string> All(std::string_view line) {
    std::map<std::string, std::string> pairs;
    const ReplyValue reply = Run(line);
    for (size_t i = 0; i + 1 < reply.items.size(); i += 2) {
      pairs[reply.items[i].text] = reply.items[i + 1].text;
    }
    return pairs;
  }
};

using Pairs = std::map<std::string, std::string>;

TEST_F(HashCommands, SetGetDelete) {
  Session({{"HSET h a 1 b 2", ":2"},
           {"HSET h a 3 c 4", ":1"},
           {"HGET h a", "$3"},
           {"HGET h x", "nil"},
           {"HMGET h a x c", "[$3, nil, $4]"},
           {"HLEN h", ":3"},
           {"HEXISTS h b", ":1"},
           {"HEXISTS h x", ":0"},
           {"HSTRLEN h a", ":1"},
           {"HSTRLEN h x", ":0"},
           {"HDEL h a x", ":1"},
           {"HKEYS h", "[$b, $c]"},
           {"HVALS h", "[$2, $4]"},
           {"HDEL h b c", ":2"},
           {"EXISTS h", ":0"},
           {"HGET h a", "nil"},
           {"HMGET h a", "[nil]"},
           {"HGETALL h", "[]"},
           {"HDEL h a", ":0"},
           {"HLEN h", ":0"}});
}

TEST_F(HashCommands, HmsetAndHsetnx) {
  Session({{"HMSET h a 1 b 2", "+OK"},
           {"HSETNX h a 9", ":0"},
           {"HSETNX h c 9", ":1"},
           {"HSETNX new f v", ":1"},
           {"HGET h a", "$1"},
           {"HSET h a", "-ERR wrong number of arguments for 'hset' command"},
           {"HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command"},
           {"HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command"}});
  EXPECT_EQ(All("HGETALL h"), (Pairs{{"a", "1"}, {"b", "2"}, {"c", "9"}}));
}

TEST_F(HashCommands, Increments) {
  Session({{"HINCRBY h n 5", ":5"},
           {"HINCRBY h n -7", ":-2"},
           {"HINCRBY h n x", "-ERR value is not an integer or out of range"},
           {"HSET h t text big 9223372036854775807", ":2"},
           {"HINCRBY h t 1", "-ERR hash value is not an integer"},
           {"HINCRBY h big 1", "-ERR increment or decrement would overflow"},
           {"HINCRBYFLOAT h f 10.5", "$10.5"},
           {"HINCRBYFLOAT h f 0.1", "$10.6"},
           {"HINCRBYFLOAT h t 1", "-ERR hash value is not a float"},
           {"HINCRBYFLOAT h f x", "-ERR value is not a valid float"},
           {"HINCRBYFLOAT h f inf", "-ERR value is NaN or Infinity"}});
}

TEST_F(HashCommands, WhatIsRepeated) {
  Run("HSET h a 1");
  EXPECT_EQ(TakeEffects(), "HSET h a 1");
  Run("HINCRBYFLOAT h a 1.5");
  EXPECT_EQ(TakeEffects(), "HSET h a 2.5");
  Run("HINCRBY h n 1");
  EXPECT_EQ(TakeEffects(), "HINCRBY h n 1");
  Run("HDEL h nosuch");
  EXPECT_EQ(TakeEffects(), "");
}

TEST_F(HashCommands, WrongTypesAreRefused) {
  Run("SET s v");
  for (const char* line :
       {"HSET s a 1", "HGET s a", "HMGET s a", "HDEL s a", "HLEN s", "HEXISTS s a", "HSTRLEN s a",
        "HGETALL s", "HKEYS s", "HVALS s", "HINCRBY s a 1", "HINCRBYFLOAT s a 1", "HSETNX s a 1",
        "HRANDFIELD s", "HRANDFIELD s 1", "HSCAN s 0"}) {
    EXPECT_EQ(Show(Run(line)), "-WRONGTYPE Operation against a key holding the wrong kind of value")
        << line;
  }
}

TEST_F(HashCommands, EncodingsFollowTheLimits) {
  Session({{"HSET h a 1", ":1"}, {"OBJECT ENCODING h", "$listpack"}});
  RunWords({"HSET", "h", "a", std::string(100, 'x')});
  Session({{"OBJECT ENCODING h", "$hashtable"}});
}

TEST_F(HashCommands, RandomFields) {
  for (int i = 0; i < 50; ++i) Run(fmt::format("HSET h f{} v{}", i, i));
  std::set<std::string> names;
  for (const ReplyValue& item : Run("HRANDFIELD h 30").items) names.insert(item.text);
  EXPECT_EQ(names.size(), 30u);
  EXPECT_EQ(Run("HRANDFIELD h 100").items.size(), 50u);
  EXPECT_EQ(Run("HRANDFIELD h -100").items.size(), 100u);
  for (const auto& [name, value] : All("HRANDFIELD h 10 WITHVALUES")) {
    EXPECT_EQ(value, "v" + name.substr(1));
  }
  Session({{"HRANDFIELD nosuch", "nil"},
           {"HRANDFIELD nosuch 3", "[]"},
           {"HRANDFIELD h 1 NOSUCH", "-ERR syntax error"},
           {"HRANDFIELD h 9223372036854775807 WITHVALUES", "-ERR value is out of range"}});
  session().resp = Resp::k3;
  EXPECT_EQ(Run("HRANDFIELD h 1 WITHVALUES").items[0].items.size(), 2u);
}

TEST_F(HashCommands, ScanVisitsAll) {
  for (int i = 0; i < 1000; ++i) Run(fmt::format("HSET h f{} {}", i, i));
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    const ReplyValue reply = Run("HSCAN h " + cursor + " COUNT 30");
    cursor = reply.items[0].text;
    const auto& words = reply.items[1].items;
    for (size_t i = 0; i < words.size(); i += 2) {
      EXPECT_EQ(words[i].text, "f" + words[i + 1].text);
      seen.insert(words[i].text);
    }
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 1000u);
  Run("HSET small a 1 b 2");
  Session({{"HSCAN small 0 NOVALUES", "[$0, [$a, $b]]"},
           {"HSCAN small 0 MATCH b", "[$0, [$b, $2]]"},
           {"HSCAN small 0 NOSCORES", "-ERR NOSCORES option can only be used in ZSCAN"}});
}

TEST_F(HashCommands, DumpRestoreAndCopyInEveryForm) {
  Run("HSET small a 1 b text");
  for (int i = 0; i < 1000; ++i) Run(fmt::format("HSET big f{} {}", i, i));
  for (const std::string name : {"small", "big"}) {
    const std::string copy = "copy" + name;
    const std::string payload = Run("DUMP " + name).text;
    EXPECT_EQ(Show(RunWords({"RESTORE", copy, "0", payload})), "+OK");
    EXPECT_EQ(All("HGETALL copy" + name), All("HGETALL " + name));
    Run("COPY " + name + " second" + name);
    EXPECT_EQ(All("HGETALL second" + name), All("HGETALL " + name));
  }
}

}  // namespace
}  // namespace norn
