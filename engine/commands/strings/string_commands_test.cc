#include "engine/commands/testing.h"

namespace norn {
namespace {

class StringCommands : public CommandTest {};

TEST_F(StringCommands, GetAndSet) {
  Session({
      {"GET k", "nil"},
      {"SET k v", "+OK"},
      {"GET k", "$v"},
      {"SET k ''", "+OK"},
      {"GET k", "$"},
      {"SET k \"a\\x00b\"", "+OK"},
      {"STRLEN k", ":3"},
      {"SET k", "-ERR wrong number of arguments for 'set' command"},
      {"GET", "-ERR wrong number of arguments for 'get' command"},
  });
}

TEST_F(StringCommands, SetConditions) {
  Session({
      {"SET k a XX", "nil"},
      {"SET k a NX", "+OK"},
      {"SET k b NX", "nil"},
      {"SET k b XX", "+OK"},
      {"GET k", "$b"},
      {"SET k c IFEQ a", "nil"},
      {"SET k c IFEQ b", "+OK"},
      {"SET k d ifeq c GET", "$c"},
      {"SET k e IFEQ c GET", "$d"},
      {"GET k", "$d"},
      {"SET none x IFEQ ''", "nil"},
      {"SET none x IFEQ '' GET", "nil"},
      {"EXISTS none", ":0"},
      {"SET n 12", "+OK"},
      {"SET n 13 IFEQ 12", "+OK"},
      {"GET n", "$13"},
  });
}

TEST_F(StringCommands, SetGetRepliesTheOldValue) {
  Session({
      {"SET k a GET", "nil"},
      {"SET k b GET", "$a"},
      {"SET k c NX GET", "$b"},
      {"GET k", "$b"},
      {"SET k c GET XX", "$b"},
      {"SET new v XX GET", "nil"},
      {"EXISTS new", ":0"},
      {"SET new v GET GET", "nil"},
      {"GETSET k d", "$c"},
      {"GETSET gs d", "nil"},
      {"GET gs", "$d"},
  });
}

TEST_F(StringCommands, SetRefusesOptionsThatExclude) {
  for (const std::string_view options : {"NX XX",
                                         "XX NX",
                                         "NX IFEQ a",
                                         "IFEQ a NX",
                                         "IFEQ a XX",
                                         "IFEQ a IFEQ a",
                                         "IFEQ",
                                         "EX",
                                         "PX",
                                         "EX 10 PX 10",
                                         "PX 10 EX 10",
                                         "EX 10 KEEPTTL",
                                         "KEEPTTL EX 10",
                                         "EXAT 10 EX 10",
                                         "PXAT 10 EXAT 10",
                                         "KEEPTTL PXAT 10",
                                         "PERSIST",
                                         "DEL",
                                         "foo",
                                         "EX 10 20"}) {
    EXPECT_THAT(Run(fmt::format("SET k v {}", options)), IsError("ERR syntax error")) << options;
  }
  Session({
      {"SET k v NX NX", "+OK"},
      {"SET k v EX 10 EX 20", "+OK"},
      {"TTL k", ":20"},
      {"SET k v KEEPTTL KEEPTTL", "+OK"},
      {"TTL k", ":20"},
  });
}

TEST_F(StringCommands, SetWithTimes) {
  Session({
      {"SET k v EX 100", "+OK"},
      {"TTL k", ":100"},
      {"SET k v PX 100000", "+OK"},
      {"TTL k", ":100"},
      {"SET k v EXAT 33177117420", "+OK"},
      {"EXPIRETIME k", ":33177117420"},
      {"SET k v PXAT 33177117420123", "+OK"},
      {"PEXPIRETIME k", ":33177117420123"},
      {"SET k w KEEPTTL", "+OK"},
      {"PEXPIRETIME k", ":33177117420123"},
      {"SET k w", "+OK"},
      {"TTL k", ":-1"},
      {"SETEX k 100 v", "+OK"},
      {"TTL k", ":100"},
      {"PSETEX k 100000 w", "+OK"},
      {"TTL k", ":100"},
      {"GET k", "$w"},
      {"SETNX k x", ":0"},
      {"SETNX l x", ":1"},
      {"TTL l", ":-1"},
  });
}

TEST_F(StringCommands, TimesThatAreNone) {
  Session({
      {"SET k v EX 0", "-ERR invalid expire time in 'set' command"},
      {"SET k v EX -1", "-ERR invalid expire time in 'set' command"},
      {"SET k v PX 0", "-ERR invalid expire time in 'set' command"},
      {"SET k v EX 9223372036854775", "-ERR invalid expire time in 'set' command"},
      {"SET k v EX 9223372036854775807", "-ERR invalid expire time in 'set' command"},
      {"SET k v PX 9223372036854775807", "-ERR invalid expire time in 'set' command"},
      {"SET k v EXAT 0", "-ERR invalid expire time in 'set' command"},
      {"SET k v EXAT 9223372036854776", "-ERR invalid expire time in 'set' command"},
      {"SET k v EX ten", "-ERR value is not an integer or out of range"},
      {"SET k v EX 1.5", "-ERR value is not an integer or out of range"},
      {"SET k v GET EX 0", "-ERR invalid expire time in 'set' command"},
      {"EXISTS k", ":0"},
      {"SETEX k 0 v", "-ERR invalid expire time in 'setex' command"},
      {"PSETEX k -1 v", "-ERR invalid expire time in 'psetex' command"},
      {"SETEX k x v", "-ERR value is not an integer or out of range"},
      {"SET k v", "+OK"},
      {"GETEX k EX 0", "-ERR invalid expire time in 'getex' command"},
      {"GETEX k EX x", "-ERR value is not an integer or out of range"},
      {"GETEX none EX x", "nil"},
  });
}

TEST_F(StringCommands, ATimeInThePastDeletes) {
  Session({
      {"SET k v EXAT 1", "+OK"},
      {"EXISTS k", ":0"},
      {"SET k v", "+OK"},
      {"SET k w PXAT 1", "+OK"},
      {"EXISTS k", ":0"},
      {"SET k v", "+OK"},
      {"SET k w PXAT 1 GET", "$v"},
      {"EXISTS k", ":0"},
      {"SET k v", "+OK"},
      {"GETEX k EXAT 1", "$v"},
      {"EXISTS k", ":0"},
      {"DBSIZE", ":0"},
  });
}

TEST_F(StringCommands, ValuesExpire) {
  Session({{"SET k v PX 100", "+OK"}, {"SET l v EX 1", "+OK"}});
  Advance(Duration::Millis(99));
  Session({{"GET k", "$v"}, {"PTTL k", ":1"}});
  Advance(Duration::Millis(1));
  Session({{"GET k", "nil"}, {"SET k v XX", "nil"}, {"GET l", "$v"}});
  Advance(Duration::Seconds(1));
  Session({{"STRLEN l", ":0"}, {"SETNX l new", ":1"}, {"TTL l", ":-1"}, {"INCR k", ":1"}});
}

TEST_F(StringCommands, GetExChangesTheDeadline) {
  Session({
      {"GETEX k", "nil"},
      {"SET k v", "+OK"},
      {"GETEX k", "$v"},
      {"TTL k", ":-1"},
      {"GETEX k EX 100", "$v"},
      {"TTL k", ":100"},
      {"GETEX k", "$v"},
      {"TTL k", ":100"},
      {"GETEX k PERSIST", "$v"},
      {"TTL k", ":-1"},
      {"GETEX k PERSIST", "$v"},
      {"GETEX k PX 100000", "$v"},
      {"TTL k", ":100"},
      {"GETEX k EXAT 33177117420", "$v"},
      {"EXPIRETIME k", ":33177117420"},
      {"GETEX k PXAT 33177117420123", "$v"},
      {"PEXPIRETIME k", ":33177117420123"},
      {"GETEX k PERSIST EX 10", "-ERR syntax error"},
      {"GETEX k EX 10 PERSIST", "-ERR syntax error"},
      {"GETEX k KEEPTTL", "-ERR syntax error"},
      {"GETEX k NX", "-ERR syntax error"},
      {"GETEX k EX", "-ERR syntax error"},
      {"GETEX k EX 10 PX 10", "-ERR syntax error"},
  });
}

TEST_F(StringCommands, GetDelAndDelIfEq) {
  Session({
      {"GETDEL k", "nil"},
      {"SET k v", "+OK"},
      {"GETDEL k", "$v"},
      {"EXISTS k", ":0"},
      {"SET i 12", "+OK"},
  });
  // Valkey: of 9.0.
  Session({
      {"DELIFEQ k v", ":0"},
      {"DELIFEQ i 13", ":0"},
      {"DELIFEQ i 12", ":1"},
      {"EXISTS i", ":0"},
  });
}

TEST_F(StringCommands, ManyKeys) {
  Session({
      {"MSET a 1 b 2 a 3", "+OK"},
      {"MGET a b c", "[$3, $2, nil]"},
      {"MSET a", "-ERR wrong number of arguments for 'mset' command"},
      {"MSET a 1 b", "-ERR wrong number of arguments for 'mset' command"},
      {"MSETNX c 1 a 2", ":0"},
      {"EXISTS c", ":0"},
      {"MSETNX c 1 d 2 c 3", ":1"},
      {"MGET c d", "[$3, $2]"},
      {"MSETNX a 1 b", "-ERR wrong number of arguments for 'msetnx' command"},
      {"SETEX t 100 v", "+OK"},
      {"MSET t v", "+OK"},
      {"TTL t", ":-1"},
  });
}

TEST_F(StringCommands, MSetEx) {
  Session({
      {"MSETEX 2 a 1 b 2", ":1"},
      {"MGET a b", "[$1, $2]"},
      {"MSETEX 2 a 3 c 3 NX", ":0"},
      {"MSETEX 2 a 3 c 3 XX", ":0"},
      {"MGET a c", "[$1, nil]"},
      {"MSETEX 2 a 3 b 3 XX EX 100", ":1"},
      {"TTL a", ":100"},
      {"TTL b", ":100"},
      {"MSETEX 1 a 4 KEEPTTL", ":1"},
      {"TTL a", ":100"},
      {"MSETEX 1 a 4", ":1"},
      {"TTL a", ":-1"},
      {"MSETEX 1 a 5 PXAT 33177117420123 NX", ":0"},
      {"MSETEX 1 n 5 PXAT 33177117420123 NX", ":1"},
      {"PEXPIRETIME n", ":33177117420123"},
      {"MSETEX 2 a 1 n 1 EXAT 1", ":1"},
      {"EXISTS a n", ":0"},
      {"MSETEX x a 1", "-ERR invalid numkeys value"},
      {"MSETEX 0 a 1", "-ERR invalid numkeys value"},
      {"MSETEX 2147483648 a 1", "-ERR invalid numkeys value"},
      {"MSETEX 2 a 1 b", "-ERR wrong number of key-value pairs"},
      {"MSETEX 1 a 1 b", "-ERR syntax error"},
      {"MSETEX 1 a 1 NX XX", "-ERR syntax error"},
      {"MSETEX 1 a 1 EX 10 PX 10", "-ERR syntax error"},
      {"MSETEX 1 a 1 GET", "-ERR syntax error"},
      {"MSETEX 1 a 1 EX 0", "-ERR invalid expire time in 'msetex' command"},
  });
}

TEST_F(StringCommands, NullsOfResp3) {
  session().resp = Resp::k3;
  EXPECT_EQ(RunBytes({"GET", "k"}), "_\r\n");
  EXPECT_EQ(RunBytes({"MGET", "k"}), "*1\r\n_\r\n");
  EXPECT_EQ(RunBytes({"SET", "k", "v", "XX"}), "_\r\n");
}

TEST_F(StringCommands, LongValues) {
  for (const size_t bytes : {43u, 44u, 45u, 200u, 5000u, 100000u}) {
    const std::string value(bytes, 'x');
    EXPECT_THAT(RunWords({"SET", "k", value}), IsOk());
    EXPECT_THAT(Run("GET k"), IsBulk(value));
    EXPECT_THAT(Run("STRLEN k"), IsInt(static_cast<int64_t>(bytes)));
  }
}

class StringCommandsOnShards : public CommandTest {
 protected:
  StringCommandsOnShards() : CommandTest(4) {}
};

TEST_F(StringCommandsOnShards, ManyKeysSpread) {
  for (int i = 0; i < 100; ++i) {
    Run(fmt::format("MSET a{} {} b{} {}", i, i, i, 2 * i));
  }
  EXPECT_THAT(Run("DBSIZE"), IsInt(200));
  EXPECT_THAT(Run("MGET a7 b7 a99"), IsArray(IsBulk("7"), IsBulk("14"), IsBulk("99")));
  for (uint32_t shard = 0; shard < 4; ++shard) {
    EXPECT_GT(keyspace(shard).db(DbIndex{0}).Size(), 20u);
  }
}

}  // namespace
}  // namespace norn
