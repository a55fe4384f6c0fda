#include <set>
#include <string>

#include "engine/commands/testing.h"

namespace norn {
namespace {

class ZsetCommands : public CommandTest {
 protected:
  ZsetCommands() : CommandTest(2) {}

  std::string Wire(std::vector<std::string_view> words) { return RunBytes(words); }
};

TEST_F(ZsetCommands, AddScoreAndRemove) {
  Session({{"ZADD z 1 a 2 b", ":2"},
           {"ZADD z 3 a 2.5 c", ":1"},
           {"ZSCORE z a", "$3"},
           {"ZSCORE z c", "$2.5"},
           {"ZSCORE z x", "nil"},
           {"ZMSCORE z a x", "[$3, nil]"},
           {"ZCARD z", ":3"},
           {"ZRANGE z 0 -1", "[$b, $c, $a]"},
           {"ZREM z a x", ":1"},
           {"ZREM z b c", ":2"},
           {"EXISTS z", ":0"},
           {"ZSCORE z a", "nil"},
           {"ZMSCORE z a b", "[nil, nil]"},
           {"ZCARD z", ":0"}});
}

TEST_F(ZsetCommands, AddConditions) {
  Run("ZADD z 5 a");
  Session(
      {{"ZADD z NX 1 a 1 b", ":1"},
       {"ZSCORE z a", "$5"},
       {"ZADD z XX CH 6 a 1 new", ":1"},
       {"ZSCORE z new", "nil"},
       {"ZADD z GT CH 4 a", ":0"},
       {"ZADD z GT CH 7 a", ":1"},
       {"ZADD z LT CH 8 a", ":0"},
       {"ZADD z LT CH 2 a", ":1"},
       {"ZADD z INCR 3 a", "$5"},
       {"ZADD z NX INCR 3 a", "nil"},
       {"ZADD z XX INCR 3 none", "nil"},
       {"ZADD nosuch XX 1 a", ":0"},
       {"ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible"},
       {"ZADD z NX GT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"},
       {"ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair"},
       {"ZADD z 1 a 2", "-ERR syntax error"},
       {"ZADD z x a", "-ERR value is not a valid float"},
       {"ZADD z nan a", "-ERR value is not a valid float"},
       {"ZINCRBY z 1.5 a", "$6.5"},
       {"ZINCRBY z inf a", "$inf"},
       {"ZINCRBY z -inf a", "-ERR resulting score is not a number (NaN)"}});
}

TEST_F(ZsetCommands, Ranks) {
  Run("ZADD z 1 a 2 b 3 c");
  Session({{"ZRANK z a", ":0"},
           {"ZREVRANK z a", ":2"},
           {"ZRANK z b WITHSCORE", "[:1, $2]"},
           {"ZRANK z x", "nil"},
           {"ZRANK z x WITHSCORE", "nil"},
           {"ZRANK nosuch x", "nil"},
           {"ZRANK z a NOSUCH", "-ERR syntax error"}});
}

TEST_F(ZsetCommands, RangesOfRanks) {
  Run("ZADD z 1 a 2 b 3 c 4 d");
  Session(
      {{"ZRANGE z 0 1", "[$a, $b]"},
       {"ZRANGE z -2 -1 WITHSCORES", "[$c, $3, $d, $4]"},
       {"ZRANGE z 0 1 REV", "[$d, $c]"},
       {"ZREVRANGE z 1 2", "[$c, $b]"},
       {"ZRANGE z 5 9", "[]"},
       {"ZRANGE nosuch 0 -1", "[]"},
       {"ZRANGE z x 1", "-ERR value is not an integer or out of range"},
       {"ZRANGE z 0 1 LIMIT 0 1",
        "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"},
       {"ZRANGE z 0 1 NOSUCH", "-ERR syntax error"}});
}

TEST_F(ZsetCommands, RangesOfScores) {
  Run("ZADD z 1 a 2 b 3 c 4 d");
  Session({{"ZRANGEBYSCORE z 2 3", "[$b, $c]"},
           {"ZRANGEBYSCORE z (2 +inf WITHSCORES", "[$c, $3, $d, $4]"},
           {"ZRANGEBYSCORE z -inf +inf LIMIT 1 2", "[$b, $c]"},
           {"ZRANGEBYSCORE z -inf +inf LIMIT 2 -1", "[$c, $d]"},
           {"ZRANGEBYSCORE z -inf +inf LIMIT -1 2", "[]"},
           {"ZREVRANGEBYSCORE z 3 (1", "[$c, $b]"},
           {"ZREVRANGEBYSCORE z +inf -inf LIMIT 1 1", "[$c]"},
           {"ZRANGE z (1 3 BYSCORE", "[$b, $c]"},
           {"ZRANGE z 3 (1 BYSCORE REV LIMIT 0 1", "[$c]"},
           {"ZCOUNT z 2 (4", ":2"},
           {"ZCOUNT z x 4", "-ERR min or max is not a float"},
           {"ZREMRANGEBYSCORE z 2 3", ":2"},
           {"ZRANGE z 0 -1", "[$a, $d]"}});
}

TEST_F(ZsetCommands, RangesOfBytes) {
  Run("ZADD z 0 a 0 b 0 c 0 d");
  Session({{"ZRANGEBYLEX z - +", "[$a, $b, $c, $d]"},
           {"ZRANGEBYLEX z [b (d", "[$b, $c]"},
           {"ZREVRANGEBYLEX z + (b", "[$d, $c]"},
           {"ZRANGE z [c + BYLEX LIMIT 0 1", "[$c]"},
           {"ZRANGE z - + BYLEX WITHSCORES",
            "-ERR syntax error, WITHSCORES not supported in combination with BYLEX"},
           {"ZLEXCOUNT z (a +", ":3"},
           {"ZLEXCOUNT z a b", "-ERR min or max not valid string range item"},
           {"ZREMRANGEBYLEX z - [b", ":2"},
           {"ZREMRANGEBYRANK z 0 0", ":1"},
           {"ZRANGE z 0 -1", "[$d]"},
           {"ZREMRANGEBYRANK z 0 -1", ":1"},
           {"EXISTS z", ":0"}});
}

TEST_F(ZsetCommands, RangeStore) {
  Run("ZADD z 1 a 2 b 3 c");
  Session({{"ZRANGESTORE d z 0 1", ":2"},
           {"ZRANGE d 0 -1 WITHSCORES", "[$a, $1, $b, $2]"},
           {"ZRANGESTORE d z (1 +inf BYSCORE LIMIT 1 1", ":1"},
           {"ZRANGE d 0 -1", "[$c]"},
           {"ZRANGESTORE d z 9 10", ":0"},
           {"EXISTS d", ":0"},
           {"ZRANGESTORE d z 0 1 WITHSCORES", "-ERR syntax error"}});
}

TEST_F(ZsetCommands, Pops) {
  Run("ZADD z 1 a 2 b 3 c 4 d");
  TakeEffects();
  Session({{"ZPOPMIN z", "[$a, $1]"},
           {"ZPOPMAX z 2", "[$d, $4, $c, $3]"},
           {"ZPOPMIN z 0", "[]"},
           {"ZPOPMIN nosuch", "[]"},
           {"ZPOPMIN z -1", "-ERR value is out of range, must be positive"},
           {"ZADD z 5 e", ":1"},
           {"ZMPOP 2 nosuch z MAX", "[$z, [[$e, $5]]]"},
           {"ZMPOP 1 z MIN COUNT 5", "[$z, [[$b, $2]]]"},
           {"EXISTS z", ":0"},
           {"ZMPOP 1 z MIN", "nil"},
           {"ZMPOP 0 z MIN", "-ERR numkeys should be greater than 0"},
           {"ZMPOP 1 z UP", "-ERR syntax error"},
           {"ZMPOP 1 z MIN COUNT 0", "-ERR count should be greater than 0"}});
  EXPECT_EQ(TakeEffects(), "ZPOPMIN z; ZPOPMAX z 2; ZADD z 5 e; ZPOPMAX z 1; ZPOPMIN z 1");
}

TEST_F(ZsetCommands, Algebra) {
  Run("ZADD a 1 x 2 y 3 z");
  Run("ZADD b 10 y 20 z 30 w");
  Run("SADD s x w");
  Session({{"ZUNION 2 a b WITHSCORES", "[$x, $1, $y, $12, $z, $23, $w, $30]"},
           {"ZINTER 2 a b WITHSCORES", "[$y, $12, $z, $23]"},
           {"ZINTER 2 a b WEIGHTS 2 1 AGGREGATE MAX WITHSCORES", "[$y, $10, $z, $20]"},
           {"ZUNION 2 a b AGGREGATE MIN WITHSCORES", "[$x, $1, $y, $2, $z, $3, $w, $30]"},
           {"ZDIFF 2 a b WITHSCORES", "[$x, $1]"},
           {"ZUNION 2 a s WITHSCORES", "[$w, $1, $x, $2, $y, $2, $z, $3]"},
           {"ZINTERCARD 2 a b", ":2"},
           {"ZINTERCARD 2 a b LIMIT 1", ":1"},
           {"ZINTERSTORE d 2 a b", ":2"},
           {"ZUNIONSTORE d 2 a nosuch WEIGHTS 3 1", ":3"},
           {"ZSCORE d z", "$9"},
           {"ZDIFFSTORE d 2 a a", ":0"},
           {"EXISTS d", ":0"},
           {"ZUNION 0 a", "-ERR at least 1 input key is needed for 'zunion' command"},
           {"ZUNIONSTORE d 3 a b", "-ERR syntax error"},
           {"ZUNION 1 a WEIGHTS x", "-ERR weight value is not a float"},
           {"ZUNION 1 a AGGREGATE avg", "-ERR syntax error"},
           {"ZDIFF 1 a WEIGHTS 1", "-ERR syntax error"},
           {"ZUNIONSTORE d 1 a WITHSCORES", "-ERR syntax error"}});
}

TEST_F(ZsetCommands, RandomMembers) {
  for (int i = 0; i < 50; ++i) Run(fmt::format("ZADD z {} m{}", i, i));
  std::set<std::string> names;
  for (const ReplyValue& item : Run("ZRANDMEMBER z 30").items) names.insert(item.text);
  EXPECT_EQ(names.size(), 30u);
  EXPECT_EQ(Run("ZRANDMEMBER z -100").items.size(), 100u);
  EXPECT_EQ(Run("ZRANDMEMBER z 10 WITHSCORES").items.size(), 20u);
  Session({{"ZRANDMEMBER nosuch", "nil"}, {"ZRANDMEMBER nosuch 2", "[]"}});
}

TEST_F(ZsetCommands, Resp3) {
  Run("ZADD z 1.5 a");
  session().resp = Resp::k3;
  EXPECT_EQ(Wire({"ZSCORE", "z", "a"}), ",1.5\r\n");
  EXPECT_EQ(Wire({"ZRANGE", "z", "0", "-1", "WITHSCORES"}), "*1\r\n*2\r\n$1\r\na\r\n,1.5\r\n");
  EXPECT_EQ(Wire({"ZRANK", "z", "a", "WITHSCORE"}), "*2\r\n:0\r\n,1.5\r\n");
  EXPECT_EQ(Wire({"ZPOPMIN", "z"}), "*2\r\n$1\r\na\r\n,1.5\r\n");
  Run("ZADD z 1.5 a");
  EXPECT_EQ(Wire({"ZPOPMIN", "z", "1"}), "*1\r\n*2\r\n$1\r\na\r\n,1.5\r\n");
}

TEST_F(ZsetCommands, WrongTypesAreRefused) {
  Run("SET s v");
  for (const char* line :
       {"ZADD s 1 a", "ZINCRBY s 1 a", "ZREM s a", "ZCARD s", "ZSCORE s a", "ZMSCORE s a",
        "ZRANK s a", "ZRANGE s 0 1", "ZCOUNT s 0 1", "ZLEXCOUNT s - +", "ZPOPMIN s",
        "ZMPOP 1 s MIN", "ZRANDMEMBER s", "ZSCAN s 0", "ZREMRANGEBYRANK s 0 1", "ZUNION 1 s",
        "ZRANGESTORE d s 0 1"}) {
    EXPECT_EQ(Show(Run(line)), "-WRONGTYPE Operation against a key holding the wrong kind of value")
        << line;
  }
}

TEST_F(ZsetCommands, EncodingsScanDumpAndCopy) {
  Run("ZADD small 1 a 2.5 b");
  for (int i = 0; i < 300; ++i) Run(fmt::format("ZADD big {} m{}", i * 0.5, i));
  Session({{"OBJECT ENCODING small", "$listpack"},
           {"OBJECT ENCODING big", "$skiplist"},
           {"ZSCAN small 0", "[$0, [$a, $1, $b, $2.5]]"},
           {"ZSCAN small 0 NOSCORES MATCH b", "[$0, [$b]]"}});
  for (const std::string name : {"small", "big"}) {
    const std::string copy = "copy" + name;
    const std::string payload = Run("DUMP " + name).text;
    EXPECT_EQ(Show(RunWords({"RESTORE", copy, "0", payload})), "+OK");
    Run("COPY " + name + " second" + name);
    for (const std::string& other : {copy, "second" + name}) {
      EXPECT_EQ(Show(Run("ZRANGE " + other + " 0 -1 WITHSCORES")),
                Show(Run("ZRANGE " + name + " 0 -1 WITHSCORES")));
    }
  }
}

}  // namespace
}  // namespace norn
