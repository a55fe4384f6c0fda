// The commands of fields that expire (Valkey 9).

#include <string>
#include <vector>

#include "engine/commands/testing.h"
#include "engine/types/field_expiry.h"

namespace norn {
namespace {

constexpr std::string_view kMismatch =
    "-ERR numfields should be greater than 0 and match the provided number of fields";

class FieldCommands : public CommandTest {
 protected:
  FieldCommands() { keyspace().set_records_deletions(true); }

  struct Line {
    std::string_view line;
    std::string repeated;
  };
  void Repeat(const std::vector<Line>& lines) {
    for (const Line& step : lines) {
      Run(step.line);
      EXPECT_EQ(TakeEffects(), step.repeated) << "after: " << step.line;
    }
  }
  std::string At(int64_t more_ms) { return std::to_string(now_ms() + more_ms); }
  // The hash h with the field f past its deadline and the fields g, which expires later, and k, which does not.
  void MakeExpired() {
    Run("DEL h");
    Run("HSET h f 1 g 2 k 3");
    Run("HPEXPIRE h 10 FIELDS 1 f");
    Run("HPEXPIRE h 1000 FIELDS 1 g");
    Advance(Duration::Millis(10));
    TakeEffects();
  }
};

TEST_F(FieldCommands, LifeOfFields) {
  Session({{"HSET h a 1 b 2", ":2"},
           {"OBJECT ENCODING h", "$listpack"},
           {"HTTL h FIELDS 2 a nosuch", "[:-1, :-2]"},
           {"HTTL nosuch FIELDS 1 a", "[:-2]"},
           {"HEXPIRE h 100 FIELDS 2 a nosuch", "[:1, :-2]"},
           {"OBJECT ENCODING h", "$hashtable"},
           {"HTTL h FIELDS 2 a b", "[:100, :-1]"},
           {"HPTTL h FIELDS 1 a", "[:100000]"},
           {"HEXPIRETIME h FIELDS 1 a", "[:1700000100]"},
           {"HPEXPIRETIME h FIELDS 1 a", "[:1700000100000]"},
           {"HPEXPIREAT h 1700000200000 FIELDS 1 b", "[:1]"},
           {"HTTL h FIELDS 1 b", "[:200]"},
           {"HEXPIREAT h 1700000300 FIELDS 1 b", "[:1]"},
           {"HPERSIST h FIELDS 3 a a nosuch", "[:1, :-1, :-2]"},
           {"HPERSIST nosuch FIELDS 1 a", "[:-2]"},
           {"HPEXPIRE h 0 FIELDS 2 a a", "[:2, :-2]"},
           {"HEXPIREAT h 1 FIELDS 1 b", "[:2]"},
           {"EXISTS h", ":0"}});
}

TEST_F(FieldCommands, ConditionsOfExpiry) {
  Session({{"HSET h a 1", ":1"},
           {"HEXPIRE h 100 XX FIELDS 1 a", "[:0]"},
           {"HEXPIRE h 100 GT FIELDS 1 a", "[:0]"},
           {"OBJECT ENCODING h", "$listpack"},
           {"HEXPIRE h 100 LT FIELDS 1 a", "[:1]"},
           {"HEXPIRE h 100 NX FIELDS 1 a", "[:0]"},
           {"HEXPIRE h 200 XX GT FIELDS 1 a", "[:1]"},
           {"HEXPIRE h 200 LT FIELDS 1 a", "[:0]"},
           {"HEXPIRE h 0 NX FIELDS 1 a", "[:0]"},
           {"HEXPIRE h 1 NX XX FIELDS 1 a",
            "-ERR NX and XX, GT or LT options at the same time are not compatible"},
           {"HEXPIRE h 1 GT LT FIELDS 1 a",
            "-ERR GT and LT options at the same time are not compatible"},
           {"HEXPIRE h 1 MAYBE FIELDS 1 a", "-ERR Unsupported option MAYBE"}});
}

TEST_F(FieldCommands, WordsThatDoNotFit) {
  constexpr std::string_view kTime = "-ERR invalid expire time in 'hexpire' command";
  constexpr std::string_view kInteger = "-ERR value is not an integer or out of range";
  constexpr std::string_view kType =
      "-WRONGTYPE Operation against a key holding the wrong kind of value";
  Session({{"HEXPIRE h 1 FIELDS 2 a", kMismatch},
           {"HEXPIRE h 1 FIELDS 0 a", kMismatch},
           {"HEXPIRE h 1 FIELDS -1 a", kMismatch},
           {"HEXPIRE h 1 NX 1 a", kMismatch},
           {"HEXPIRE h 1 FIELDS x a", kInteger},
           {"HEXPIRE h x FIELDS 1 a", kInteger},
           {"HEXPIRE h -1 FIELDS 1 a", kTime},
           {"HEXPIRE h 9223372036854775807 FIELDS 1 a", kTime},
           {"HTTL h FIELDS 2 a", "-ERR syntax error"},
           {"HPERSIST h FIELDS 2 a", kMismatch},
           {"HGETDEL h FIELDS 2 a", kMismatch},
           {"HGETEX h FIELDS 2 a", kMismatch},
           {"HGETEX h EX 1 PX 1 FIELDS 1 a", "-ERR syntax error"},
           {"HGETEX h EX FIELDS 1 a", "-ERR syntax error"},
           {"HGETEX h NX FIELDS 1 a", "-ERR syntax error"},
           {"HGETEX h EX -10 FIELDS 1 a", "-ERR invalid expire time in 'hgetex' command"},
           {"HSETEX h FIELDS 2 a b", kMismatch},
           {"HSETEX h NX XX FIELDS 1 a b", "-ERR syntax error"},
           {"HSETEX h FNX FXX FIELDS 1 a b", "-ERR syntax error"},
           {"HSETEX h EX 1 KEEPTTL FIELDS 1 a b", "-ERR syntax error"},
           {"HSETEX h PERSIST FIELDS 1 a b", "-ERR syntax error"},
           {"SET s v", "+OK"},
           {"HEXPIRE s 1 FIELDS 1 a", kType},
           {"HTTL s FIELDS 1 a", kType},
           {"HPERSIST s FIELDS 1 a", kType},
           {"HSETEX s FIELDS 1 a b", kType},
           {"HGETEX s FIELDS 1 a", kType},
           {"HGETDEL s FIELDS 1 a", kType}});
}

TEST_F(FieldCommands, SetWithATimeToLive) {
  Session({{"HSETEX h EX 100 FIELDS 2 a 1 b 2", ":1"},
           {"HTTL h FIELDS 2 a b", "[:100, :100]"},
           {"HSETEX h FIELDS 1 a 3", ":1"},
           {"HTTL h FIELDS 1 a", "[:-1]"},
           {"HSETEX h KEEPTTL FIELDS 2 a 4 b 4", ":1"},
           {"HTTL h FIELDS 2 a b", "[:-1, :100]"},
           {"HMGET h a b", "[$4, $4]"},
           {"HSETEX h FNX FIELDS 2 a 5 c 5", ":0"},
           {"HSETEX h FXX FIELDS 2 a 5 c 5", ":0"},
           {"HSETEX h FXX PXAT 1700000001000 FIELDS 1 a 5", ":1"},
           {"HPTTL h FIELDS 1 a", "[:1000]"},
           {"HSETEX h NX FIELDS 1 a 6", ":0"},
           {"HSETEX n XX FIELDS 1 a 6", ":0"},
           {"HSETEX n FXX FIELDS 1 a 6", ":0"},
           {"EXISTS n", ":0"},
           {"HSETEX n NX FNX FIELDS 1 a 6", ":1"},
           {"HSETEX n PXAT 5 FIELDS 1 a 7", ":1"},
           {"EXISTS n", ":0"}});
}

TEST_F(FieldCommands, GetAndChangeTheTimeToLive) {
  Session({{"HSET h a 1 b 2", ":2"},
           {"HGETEX h FIELDS 2 a nosuch", "[$1, nil]"},
           {"HGETEX nosuch EX 1 FIELDS 2 a b", "[nil, nil]"},
           {"HGETEX h EX 100 FIELDS 1 a", "[$1]"},
           {"HTTL h FIELDS 1 a", "[:100]"},
           {"HGETEX h PERSIST FIELDS 2 a b", "[$1, $2]"},
           {"HTTL h FIELDS 1 a", "[:-1]"},
           {"HGETEX h PXAT 1 FIELDS 1 a", "[$1]"},
           {"HLEN h", ":1"},
           {"HGETDEL h FIELDS 3 b b a", "[$2, nil, nil]"},
           {"EXISTS h", ":0"},
           {"HGETDEL h FIELDS 1 a", "[nil]"}});
}

TEST_F(FieldCommands, WhatHasExpiredIsHidden) {
  MakeExpired();
  Session({{"HGET h f", "nil"},
           {"HMGET h f g", "[nil, $2]"},
           {"HEXISTS h f", ":0"},
           {"HSTRLEN h f", ":0"},
           {"HTTL h FIELDS 1 f", "[:-2]"},
           {"HEXPIRE h 10 FIELDS 1 f", "[:-2]"},
           {"HPERSIST h FIELDS 1 f", "[:-2]"},
           {"HGETDEL h FIELDS 1 f", "[nil]"},
           {"HDEL h f", ":0"},
           {"HLEN h", ":3"},
           {"HSETEX h FXX FIELDS 1 f 2", ":0"},
           {"HSETNX h f 2", ":1"},
           {"HTTL h FIELDS 1 f", "[:-1]"}});
  MakeExpired();
  Session({{"HINCRBY h f 5", ":5"}, {"HTTL h FIELDS 1 f", "[:-1]"}});
  MakeExpired();
  Session({{"HSET h f 5", ":1"}});
  MakeExpired();
  Session({{"HSETEX h KEEPTTL FIELDS 2 f 5 g 6", ":1"}, {"HPTTL h FIELDS 2 f g", "[:-1, :990]"}});
}

TEST_F(FieldCommands, WhatIsRepeated) {
  Repeat({{"HSET h a 1 b 2 c 3", "HSET h a 1 b 2 c 3"},
          {"HEXPIRE h 10 FIELDS 2 a nosuch", "HPEXPIREAT h " + At(10000) + " FIELDS 1 a"},
          {"HEXPIRE h 10 GT FIELDS 1 a", ""},
          {"HTTL h FIELDS 1 a", ""},
          {"HPERSIST h FIELDS 2 a b", "HPERSIST h FIELDS 1 a"},
          {"HPERSIST h FIELDS 1 a", ""},
          {"HEXPIREAT h 1 FIELDS 2 c nosuch", "HDEL h c"},
          {"HGETEX h FIELDS 1 a", ""},
          {"HGETEX h PX 5 FIELDS 2 a nosuch", "HPEXPIREAT h " + At(5) + " FIELDS 1 a"},
          {"HGETEX h PERSIST FIELDS 2 a b", "HPERSIST h FIELDS 1 a"},
          {"HGETEX h PXAT 1 FIELDS 2 a nosuch", "HDEL h a"},
          {"HGETDEL h FIELDS 2 b nosuch", "HDEL h b"},
          {"HGETDEL h FIELDS 1 b", ""},
          {"HSETEX h EX 1 FNX FIELDS 1 a 1", "HSETEX h PXAT " + At(1000) + " FIELDS 1 a 1"},
          {"HSETEX h FNX FIELDS 1 a 1", ""},
          {"HSETEX h FXX FIELDS 1 a 2", "HSET h a 2"},
          {"HSETEX h PXAT 1 FIELDS 2 a 1 z 1", "HDEL h a"},
          {"HSETEX h PXAT 1 FIELDS 1 z 1", ""}});
}

TEST_F(FieldCommands, WhatIsRepeatedWhereFieldsExpire) {
  MakeExpired();
  Repeat({{"HSETNX h f 1", "HSET h f 1"}});
  MakeExpired();
  Repeat({{"HINCRBY h f 2", "HSET h f 2"},
          {"HINCRBY h g 2", "HSETEX h PXAT " + At(990) + " FIELDS 1 g 4"},
          {"HINCRBYFLOAT h g 0.5", "HSETEX h PXAT " + At(990) + " FIELDS 1 g 4.5"},
          {"HSETEX h KEEPTTL FIELDS 2 g 1 k 1",
           "MULTI; HSETEX h PXAT " + At(990) + " FIELDS 1 g 1; HSET h k 1; EXEC"}});
}

TEST_F(FieldCommands, AReplicaKeepsWhatItsPrimaryHas) {
  MakeExpired();
  session().from_primary = true;
  Session({{"HGET h f", "$1"}, {"HPEXPIREAT h 5 FIELDS 1 k", "[:1]"}, {"HLEN h", ":3"}});
}

TEST_F(FieldCommands, DueFieldsAreErased) {
  MakeExpired();
  Db& db = keyspace().db(DbIndex{0});
  EXPECT_EQ(db.TimedObjectCount(), 1u);
  EXPECT_EQ(ExpireFieldsSome(keyspace(), db, options(), now_ms(), 1000), 1u);
  Session({{"HLEN h", ":2"}});
  EXPECT_EQ(TakeEffects(), "HDEL h f");
  EXPECT_EQ(keyspace().stats().expired_fields, 1u);
  Advance(Duration::Seconds(2));
  EXPECT_EQ(ExpireFieldsSome(keyspace(), db, options(), now_ms(), 1000), 1u);
  EXPECT_EQ(db.TimedObjectCount(), 0u);
  Run("HPEXPIRE h 1 FIELDS 1 k");
  Run("COPY h copy");
  Advance(Duration::Seconds(2));
  TakeEffects();
  EXPECT_EQ(ExpireFieldsSome(keyspace(), db, options(), now_ms(), 1000), 2u);
  Session({{"EXISTS h copy", ":0"}});
  EXPECT_EQ(TakeEffects(), "HDEL copy k; HDEL h k");
  db.CheckInvariants();
}

TEST_F(FieldCommands, ManyHashesTakeTurns) {
  constexpr int kHashes = 100;
  for (int i = 0; i < kHashes; ++i) {
    Run("HSETEX h" + std::to_string(i) + " PX 5 FIELDS 1 f v");
  }
  Advance(Duration::Millis(5));
  Db& db = keyspace().db(DbIndex{0});
  EXPECT_EQ(db.TimedObjectCount(), size_t{kHashes});
  size_t erased = 0;
  for (int i = 0; i < kHashes && db.TimedObjectCount() > 0; ++i) {
    erased += ExpireFieldsSome(keyspace(), db, options(), now_ms(), 64);
  }
  EXPECT_EQ(erased, size_t{kHashes});
  EXPECT_EQ(db.Size(), 0u);
  db.CheckInvariants();
}

TEST_F(FieldCommands, DumpAndRestoreKeepDeadlines) {
  Run("HSETEX h PXAT " + At(5000) + " FIELDS 1 f v");
  Run("HSET h g w");
  const std::string payload = Run("DUMP h").text;
  EXPECT_THAT(RunWords({"RESTORE", "copy", "0", payload}), IsOk());
  Session({{"HPTTL copy FIELDS 2 f g", "[:5000, :-1]"}});
  EXPECT_EQ(Show(Run("DEBUG DIGEST-VALUE h")), Show(Run("DEBUG DIGEST-VALUE copy")));
  EXPECT_EQ(keyspace().db(DbIndex{0}).TimedObjectCount(), 2u);
}

TEST_F(FieldCommands, TheIndexFollowsTheValue) {
  Db& db = keyspace().db(DbIndex{0});
  Run("HSETEX h EX 5 FIELDS 1 f v");
  Run("RENAME h i");
  EXPECT_EQ(*db.TimedObjectFrom(""), "i");
  Run("HSETEX j EX 5 FIELDS 1 f v");
  Run("SET i v");
  EXPECT_EQ(*db.TimedObjectFrom(""), "j");
  Run("MOVE j 1");
  EXPECT_EQ(db.TimedObjectCount(), 0u);
  EXPECT_EQ(keyspace().db(DbIndex{1}).TimedObjectCount(), 1u);
  Run("SWAPDB 0 1");
  EXPECT_EQ(keyspace().db(DbIndex{0}).TimedObjectCount(), 1u);
  Run("HPERSIST j FIELDS 1 f");
  EXPECT_EQ(keyspace().db(DbIndex{0}).TimedObjectCount(), 0u);
  Run("HSETEX j EX 5 FIELDS 1 f v");
  Run("FLUSHALL");
  EXPECT_EQ(keyspace().db(DbIndex{0}).TimedObjectCount(), 0u);
}

}  // namespace
}  // namespace norn
