// What each write command repeats on replicas and in the append-only log: what changed and nothing else, with absolute times,
// without conditions, in words that redis-server 7.0 knows.

#include <set>

#include "engine/commands/effect_testing.h"
#include "engine/persist/testing.h"

namespace norn {
namespace {

// What DUMP of redis-server 7.0 replies for "hello".
const std::string kHello = persist::FromHex("000568656c6c6f0a0063 72df766534200a");

class RestoreEffectTest : public EffectTest {
 protected:
  std::string RestoreEffects(std::string_view ttl, std::vector<std::string_view> options = {},
                             std::string_view name = "RESTORE") {
    std::vector<std::string_view> words = {name, "k", ttl, kHello};
    words.insert(words.end(), options.begin(), options.end());
    RunWords(words);
    std::string text;
    for (const Repeated& command : TakeRepeated()) {
      text += text.empty() ? "" : "; ";
      for (const std::string& word : command.words) {
        const bool payload = word.size() > 10 && word[0] == '\0';
        text += (&word == &command.words[0] ? "" : " ");
        text += payload ? "PAYLOAD" + std::to_string(word[word.size() - 10]) : word;
      }
    }
    return text;
  }
};

// ---- strings ----

TEST_F(EffectTest, SetRepeatsWhatItStored) {
  Repeat({{"set k v", "set k v"},
          {"SET k v NX", ""},
          {"SET k w XX", "SET k w"},
          {"SET k w GET", "SET k w"},
          {"SET k x IFEQ w", "SET k x"},
          {"SET k y IFEQ w", ""},
          {"SET k x IFEQ x GET", "SET k x"},
          {"SET n v XX", ""},
          {"SET n v NX GET", "SET n v"},
          {"SET k v EX 10", "SET k v PXAT {now+10000}"},
          {"SET k v PX 10", "SET k v PXAT {now+10}"},
          {"SET k v EXAT 1800000000", "SET k v PXAT 1800000000000"},
          {"SET k v PXAT 1800000000001 XX GET", "SET k v PXAT 1800000000001"},
          {"SET k w KEEPTTL", "SET k w KEEPTTL"},
          {"SET k w XX KEEPTTL GET", "SET k w KEEPTTL"},
          {"SET k v EX 0", ""},
          {"SET k v EX x", ""},
          {"SET k v BOGUS", ""},
          {"SET k v NX XX", ""},
          {"SET k v PXAT 1", "UNLINK k"},
          {"SET k v PXAT 1", ""},
          {"SET k v EXAT 1 NX", ""}});
}

TEST_F(EffectTest, SetFindsTheKeyExpired) {
  MakeExpired("k");
  Repeat({{"SET k v NX", "DEL k; SET k v"}});
  MakeExpired("k");
  Repeat({{"SET k v XX", "DEL k"}});
  MakeExpired("k");
  Repeat({{"SET k w KEEPTTL", "DEL k; SET k w KEEPTTL"}});
  MakeExpired("k");
  Repeat({{"SET k w", "DEL k; SET k w"}});
  MakeExpired("k");
  Repeat({{"SET k v PXAT 1", "DEL k"}});
}

TEST_F(EffectTest, TimedSets) {
  Repeat({{"SETEX k 10 v", "SET k v PXAT {now+10000}"},
          {"PSETEX k 10 v", "SET k v PXAT {now+10}"},
          {"SETEX k 0 v", ""},
          {"PSETEX k x v", ""}});
}

TEST_F(EffectTest, SetNx) {
  Repeat({{"SETNX k v", "SETNX k v"}, {"SETNX k v", ""}});
  MakeExpired("k");
  Repeat({{"SETNX k v", "DEL k; SETNX k v"}});
}

TEST_F(EffectTest, GetSetAndGetDel) {
  Repeat({{"GETSET k v", "SET k v"}, {"GETDEL k", "DEL k"}, {"GETDEL k", ""}});
  MakeExpired("k");
  Repeat({{"GETDEL k", "DEL k"}});
  MakeExpired("k");
  Repeat({{"GETSET k w", "DEL k; SET k w"}});
}

TEST_F(EffectTest, GetEx) {
  Repeat({{"GETEX k EX 10", ""},
          {"SET k v", "SET k v"},
          {"GETEX k", ""},
          {"GETEX k PERSIST", ""},
          {"GETEX k EX 10", "PEXPIREAT k {now+10000}"},
          {"GETEX k PX 10", "PEXPIREAT k {now+10}"},
          {"GETEX k EXAT 1800000000", "PEXPIREAT k 1800000000000"},
          {"GETEX k PXAT 1800000000001", "PEXPIREAT k 1800000000001"},
          {"GETEX k", ""},
          {"GETEX k PX 0", ""},
          {"GETEX k PERSIST", "PERSIST k"},
          {"GETEX k PXAT 1", "UNLINK k"}});
  MakeExpired("k");
  Repeat({{"GETEX k EX 10", "DEL k"}});
}

TEST_F(EffectTest, DelIfEq) {
  Repeat(
      {{"SET k v", "SET k v"}, {"DELIFEQ k w", ""}, {"DELIFEQ k v", "DEL k"}, {"DELIFEQ k v", ""}});
  MakeExpired("k");
  Repeat({{"DELIFEQ k v", "DEL k"}});
}

TEST_F(EffectTest, Counting) {
  Repeat({{"INCR k", "INCR k"},
          {"INCRBY k 5", "INCRBY k 5"},
          {"DECR k", "DECR k"},
          {"DECRBY k 2", "DECRBY k 2"},
          {"INCRBY k x", ""},
          {"INCRBY k 9223372036854775807", ""},
          {"INCRBYFLOAT k 0.5", "SET k 3.5 KEEPTTL"},
          {"INCRBYFLOAT k x", ""},
          {"INCR k", ""},
          {"INCRBYFLOAT new 1e2", "SET new 100 KEEPTTL"}});
  MakeExpired("k");
  Repeat({{"INCR k", "DEL k; INCR k"}});
  MakeExpired("k");
  Repeat({{"INCRBYFLOAT k 1", "DEL k; SET k 1 KEEPTTL"}});
}

TEST_F(EffectTest, PartsOfStrings) {
  Repeat({{"APPEND k ab", "APPEND k ab"},
          {"SETRANGE k 1 xy", "SETRANGE k 1 xy"},
          {"SETRANGE k -1 xy", ""},
          {"SETRANGE k 0 ''", ""},
          {"SETRANGE none 3 ''", ""},
          {"SETRANGE new 3 x", "SETRANGE new 3 x"}});
  MakeExpired("k");
  Repeat({{"APPEND k ab", "DEL k; APPEND k ab"}});
  MakeExpired("k");
  Repeat({{"SETRANGE k 1 ab", "DEL k; SETRANGE k 1 ab"}});
}

// The limit of a replica may be lower than its primary's.
TEST_F(EffectTest, WhatThePrimaryMadeIsNeverTooLong) {
  options().proto_max_bulk_len = 1024 * 1024;
  Session(
      {{"SETRANGE k 1048576 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"}});
  session().from_primary = true;
  Session({{"SETRANGE k 1048576 x", ":1048577"}, {"APPEND k y", ":1048578"}});
}

TEST_F(EffectTest, SeveralStrings) {
  Repeat({{"MSET a 1 b 2", "MSET a 1 b 2"},
          {"MSET a 1 b", ""},
          {"MSETNX a 1 c 2", ""},
          {"MSETNX c 1 d 2", "MSETNX c 1 d 2"},
          {"MSETEX 2 a 1 b 2", "MULTI; SET a 1; SET b 2; EXEC"},
          {"MSETEX 1 a 1 EX 10", "SET a 1 PXAT {now+10000}"},
          {"MSETEX 2 a 1 e 2 PX 10", "MULTI; SET a 1 PXAT {now+10}; SET e 2 PXAT {now+10}; EXEC"},
          {"MSETEX 1 a 2 KEEPTTL", "SET a 2 KEEPTTL"},
          {"MSETEX 2 a 1 f 2 NX", ""},
          {"MSETEX 2 a 1 f 2 XX", ""},
          {"MSETEX 2 f 1 g 2 NX EXAT 1800000000",
           "MULTI; SET f 1 PXAT 1800000000000; SET g 2 PXAT 1800000000000; EXEC"},
          {"MSETEX 2 a 1 new 2 PXAT 1", "UNLINK a"},
          {"MSETEX 2 new 1 b 2 EX 0", ""}});
  MakeExpired("k");
  Repeat({{"MSETNX k 1 l 2", "DEL k; MSETNX k 1 l 2"}});
  MakeExpired("k");
  Repeat({{"MSETEX 1 k 1 XX", "DEL k"}});
  MakeExpired("k");
  Repeat({{"MSET x 1 k 1", "DEL k; MSET x 1 k 1"}});
}

// ---- keys ----

TEST_F(EffectTest, DelAndUnlink) {
  Repeat({{"MSET a 1 b 2 c 3", "MSET a 1 b 2 c 3"},
          {"DEL a none", "DEL a none"},
          {"DEL a none", ""},
          {"UNLINK b c", "UNLINK b c"},
          {"UNLINK b c", ""}});
  MakeExpired("k");
  Repeat({{"DEL k", "DEL k"}});
  MakeExpired("k");
  Repeat({{"SET a 1", "SET a 1"}, {"UNLINK k a", "DEL k; UNLINK k a"}});
}

TEST_F(EffectTest, ReadsThatFindKeysExpired) {
  MakeExpired("k");
  Repeat({{"GET k", "DEL k"}, {"GET k", ""}});
  MakeExpired("k");
  Repeat({{"EXISTS k", "DEL k"}});
  MakeExpired("k");
  Repeat({{"RANDOMKEY", "DEL k"}});
}

TEST_F(EffectTest, Expiry) {
  Repeat({{"EXPIRE k 10", ""},
          {"SET k v", "SET k v"},
          {"EXPIRE k 10", "PEXPIREAT k {now+10000}"},
          {"EXPIRE k 10 NX", ""},
          {"EXPIRE k 20 GT", "PEXPIREAT k {now+20000}"},
          {"EXPIRE k 10 GT", ""},
          {"PEXPIRE k 10000 LT", "PEXPIREAT k {now+10000}"},
          {"PEXPIRE k x", ""},
          {"EXPIREAT k 1800000000", "PEXPIREAT k 1800000000000"},
          {"PEXPIREAT k 1800000000001 XX", "PEXPIREAT k 1800000000001"},
          {"PERSIST k", "PERSIST k"},
          {"PERSIST k", ""},
          {"PERSIST none", ""},
          {"EXPIRE k 10 XX", ""},
          {"EXPIRE k -1", "UNLINK k"},
          {"EXPIRE k -1", ""},
          {"SET k v", "SET k v"},
          {"PEXPIREAT k 5", "UNLINK k"}});
  MakeExpired("k");
  Repeat({{"EXPIRE k 10", "DEL k"}});
  MakeExpired("k");
  Repeat({{"PERSIST k", "DEL k"}});
}

TEST_F(EffectTest, Rename) {
  Repeat({{"RENAME none x", ""},
          {"MSET a 1 b 2", "MSET a 1 b 2"},
          {"RENAME a a", ""},
          {"RENAME a b", "RENAME a b"},
          {"SET a 1", "SET a 1"},
          {"RENAMENX a b", ""},
          {"RENAMENX a a", ""},
          {"RENAMENX a c", "RENAMENX a c"}});
  MakeExpired("k");
  Repeat({{"RENAME k x", "DEL k"}});
  MakeExpired("k");
  Repeat({{"RENAMENX c k", "DEL k; RENAMENX c k"}});
  MakeExpired("k");
  Repeat({{"RENAME b k", "DEL k; RENAME b k"}});
}

TEST_F(EffectTest, Copy) {
  Repeat({{"COPY none x", ""},
          {"SET a 1", "SET a 1"},
          {"COPY a b", "COPY a b"},
          {"COPY a b", ""},
          {"COPY a a", ""},
          {"COPY a b REPLACE", "COPY a b REPLACE"},
          {"COPY a a DB 1", "COPY a a DB 1"},
          {"COPY a a DB 99", ""}});
  MakeExpired("k");
  Repeat({{"COPY a k", "DEL k; COPY a k"}});
  MakeExpired("k");
  Repeat({{"COPY k x", "DEL k"}});
}

// The deletion of what had expired is told of the database where it was.
TEST_F(EffectTest, MoveToWhereAnExpiredKeyIs) {
  Repeat({{"MOVE a 1", ""}, {"SET a 1", "SET a 1"}, {"MOVE a 1", "MOVE a 1"}});
  session().db = DbIndex{1};
  MakeExpired("k");
  session().db = DbIndex{0};
  Run("SET k v");
  TakeEffects();
  Run("MOVE k 1");
  const auto repeated = TakeRepeated();
  ASSERT_EQ(repeated.size(), 2u);
  EXPECT_EQ(repeated[0].db, DbIndex{1});
  EXPECT_EQ(repeated[0].words, (std::vector<std::string>{"DEL", "k"}));
  EXPECT_EQ(repeated[1].db, DbIndex{0});
  EXPECT_EQ(repeated[1].words, (std::vector<std::string>{"MOVE", "k", "1"}));
}

// The payload is one that redis-server 7.0 reads, whatever the client's was.
TEST_F(RestoreEffectTest, Restore) {
  const auto time = [&](int64_t ms) { return std::to_string(now_ms() + ms); };
  EXPECT_EQ(RestoreEffects("0"), "RESTORE k 0 PAYLOAD9 REPLACE ABSTTL");
  EXPECT_EQ(RestoreEffects("0"), "");
  EXPECT_EQ(RestoreEffects("100", {"REPLACE"}),
            "RESTORE k " + time(100) + " PAYLOAD9 REPLACE ABSTTL");
  EXPECT_EQ(RestoreEffects(time(7), {"ABSTTL", "REPLACE", "IDLETIME", "30"}),
            "RESTORE k " + time(7) + " PAYLOAD9 REPLACE ABSTTL IDLETIME 30");
  EXPECT_EQ(RestoreEffects("0", {"FREQ", "9", "REPLACE"}),
            "RESTORE k 0 PAYLOAD9 REPLACE ABSTTL FREQ 9");
  EXPECT_EQ(RestoreEffects("0", {"REPLACE"}, "RESTORE-ASKING"),
            "RESTORE k 0 PAYLOAD9 REPLACE ABSTTL");
  EXPECT_EQ(RestoreEffects("1", {"ABSTTL", "REPLACE"}), "UNLINK k");
  EXPECT_EQ(RestoreEffects("1", {"ABSTTL", "REPLACE"}), "");
  MakeExpired("k");
  EXPECT_EQ(RestoreEffects("0"), "DEL k; RESTORE k 0 PAYLOAD9 REPLACE ABSTTL");
}

TEST_F(RestoreEffectTest, RestoreOfWhatThePrimaryStillHas) {
  session().from_primary = true;
  EXPECT_EQ(RestoreEffects("1", {"ABSTTL"}), "RESTORE k 1 PAYLOAD9 REPLACE ABSTTL");
  EXPECT_THAT(Run("EXISTS k"), IsInt(1));
}

// ---- databases ----

TEST_F(EffectTest, WhatMovedAwayIsDeleted) {
  Repeat({{"MSET a 1 b 2", "MSET a 1 b 2"},
          {"MIGRATE host 1 a 0 100 COPY", ""},
          {"MIGRATE host 1 a 0 100", "DEL a"},
          {"MIGRATE host 1 a 0 100", ""}});
}

TEST_F(RestoreEffectTest, RestoreAskingIsRepeatedAsRestore) {
  EXPECT_EQ(RestoreEffects("0", {}, "RESTORE-ASKING"), "RESTORE k 0 PAYLOAD9 REPLACE ABSTTL");
}

TEST_F(EffectTest, Databases) {
  Repeat({{"FLUSHALL", "FLUSHALL"},
          {"FLUSHDB ASYNC", "FLUSHDB ASYNC"},
          {"FLUSHDB BOGUS", ""},
          {"SET k v", "SET k v"},
          {"FLUSHDB", "FLUSHDB"},
          {"SWAPDB 0 1", "SWAPDB 0 1"},
          {"SWAPDB 0 0", ""},
          {"SWAPDB 0 99", ""}});
}

TEST_F(EffectTest, NobodyListensToReadsAndSettings) {
  Repeat({{"SET k v", "SET k v"},
          {"GET k", ""},
          {"TOUCH k", ""},
          {"DUMP k", ""},
          {"SELECT 1", ""},
          {"CONFIG SET maxmemory 0", ""},
          {"DEBUG POPULATE 3", ""}});
}

// A new write command needs a test here, or in its family's folder (*_effect_test.cc).
TEST_F(EffectTest, EveryWriteCommandIsTested) {
  const std::set<std::string_view> tested = {
      "append", "copy", "decr", "decrby", "del", "delifeq", "expire", "expireat", "getdel", "getex",
      "getset", "incr", "incrby", "flushall", "move", "flushdb", "mset", "msetex", "msetnx",
      "persist", "incrbyfloat", "pexpire", "psetex", "pexpireat", "rename", "renamenx", "restore",
      "restore-asking", "migrate", "set", "setex", "setnx", "swapdb", "setrange", "unlink",
      // lists
      "blmove", "blmpop", "blpop", "brpop", "brpoplpush", "linsert", "lmove", "lmpop", "lpop",
      "lpush", "lpushx", "lrem", "lset", "ltrim", "rpop", "rpoplpush", "rpush", "rpushx",
      // hashes
      "hdel", "hexpire", "hexpireat", "hgetdel", "hgetex", "hincrby", "hincrbyfloat", "hmset",
      "hpersist", "hpexpire", "hpexpireat", "hset", "hsetex", "hsetnx",
      // sets
      "sadd", "sdiffstore", "sinterstore", "smove", "spop", "srem", "sunionstore",
      // zsets
      "bzmpop", "bzpopmax", "bzpopmin", "zadd", "zdiffstore", "zincrby", "zinterstore", "zmpop",
      "zpopmax", "zpopmin", "zrangestore", "zrem", "zremrangebylex", "zremrangebyrank",
      "zremrangebyscore", "zunionstore",
      // bitmaps
      "bitfield", "bitop", "setbit",
      // hyperloglog
      "pfadd", "pfdebug", "pfmerge",
      // geo
      "geoadd", "georadius", "georadiusbymember", "geosearchstore",
      // streams
      "xack", "xadd", "xautoclaim", "xclaim", "xdel", "xreadgroup", "xsetid", "xtrim",
      // sort
      "sort"};
  for (const CommandSpec& spec : AllCommands()) {
    EXPECT_EQ(spec.Has(kWrite), tested.contains(spec.name)) << spec.name;
  }
}

}  // namespace
}  // namespace norn
