#include <string>

#include "engine/commands/testing.h"

namespace norn {
namespace {

class ListCommands : public CommandTest {
 protected:
  ListCommands() : CommandTest(2) {}
};

TEST_F(ListCommands, PushAndPop) {
  Session({{"RPUSH l a b", ":2"},
           {"LPUSH l x y", ":4"},
           {"LRANGE l 0 -1", "[$y, $x, $a, $b]"},
           {"LLEN l", ":4"},
           {"LPOP l", "$y"},
           {"RPOP l", "$b"},
           {"LPOP l 5", "[$x, $a]"},
           {"EXISTS l", ":0"},
           {"LPOP l", "nil"},
           {"LPOP l 3", "nil"},
           {"LLEN l", ":0"},
           {"RPUSH l 1 2 3", ":3"},
           {"RPOP l 2", "[$3, $2]"},
           {"LPOP l 0", "[]"},
           {"LPOP l -1", "-ERR value is out of range, must be positive"},
           {"LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command"}});
}

TEST_F(ListCommands, PushXNeedsAList) {
  Session({{"LPUSHX l a", ":0"},
           {"RPUSHX l a", ":0"},
           {"EXISTS l", ":0"},
           {"RPUSH l m", ":1"},
           {"LPUSHX l a b", ":3"},
           {"RPUSHX l z", ":4"},
           {"LRANGE l 0 -1", "[$b, $a, $m, $z]"}});
}

TEST_F(ListCommands, IndexSetInsert) {
  Run("RPUSH l a b c");
  Session({{"LINDEX l 0", "$a"},
           {"LINDEX l -1", "$c"},
           {"LINDEX l 3", "nil"},
           {"LINDEX l -4", "nil"},
           {"LINDEX l x", "-ERR value is not an integer or out of range"},
           {"LSET l 1 B", "+OK"},
           {"LSET l -1 C", "+OK"},
           {"LSET l 9 x", "-ERR index out of range"},
           {"LSET nosuch 0 x", "-ERR no such key"},
           {"LINSERT l BEFORE B x", ":4"},
           {"LINSERT l AFTER C y", ":5"},
           {"LINSERT l AFTER nosuch y", ":-1"},
           {"LINSERT nosuch AFTER a y", ":0"},
           {"LINSERT l NEAR a y", "-ERR syntax error"},
           {"LRANGE l 0 -1", "[$a, $x, $B, $C, $y]"}});
}

TEST_F(ListCommands, RangesAndTrim) {
  Run("RPUSH l 0 1 2 3 4 5");
  Session({{"LRANGE l 1 3", "[$1, $2, $3]"},
           {"LRANGE l -3 -2", "[$3, $4]"},
           {"LRANGE l 4 100", "[$4, $5]"},
           {"LRANGE l 5 1", "[]"},
           {"LRANGE l -100 0", "[$0]"},
           {"LRANGE nosuch 0 -1", "[]"},
           {"LTRIM l 1 -2", "+OK"},
           {"LRANGE l 0 -1", "[$1, $2, $3, $4]"},
           {"LTRIM l 5 9", "+OK"},
           {"EXISTS l", ":0"},
           {"LTRIM l 0 1", "+OK"}});
}

TEST_F(ListCommands, Remove) {
  Run("RPUSH l a b a c a");
  Session({{"LREM l 1 a", ":1"},
           {"LRANGE l 0 -1", "[$b, $a, $c, $a]"},
           {"LREM l -1 a", ":1"},
           {"LRANGE l 0 -1", "[$b, $a, $c]"},
           {"LREM l 0 a", ":1"},
           {"LREM l 0 nosuch", ":0"},
           {"LREM l 0 b", ":1"},
           {"LREM l 0 c", ":1"},
           {"EXISTS l", ":0"}});
}

TEST_F(ListCommands, Positions) {
  Run("RPUSH l a b c 1 2 3 c c");
  Session({{"LPOS l c", ":2"},
           {"LPOS l c RANK 2", ":6"},
           {"LPOS l c RANK -1", ":7"},
           {"LPOS l c COUNT 2", "[:2, :6]"},
           {"LPOS l c COUNT 0", "[:2, :6, :7]"},
           {"LPOS l c COUNT 0 RANK -2", "[:6, :2]"},
           {"LPOS l c MAXLEN 2", "nil"},
           {"LPOS l c MAXLEN 3", ":2"},
           {"LPOS l c COUNT 0 MAXLEN 7", "[:2, :6]"},
           {"LPOS l 1", ":3"},
           {"LPOS l nosuch", "nil"},
           {"LPOS nosuch a", "nil"},
           {"LPOS nosuch a COUNT 1", "[]"},
           {"LPOS l c RANK 0",
            "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
            "or use "
            "negative to start from the end of the list"},
           {"LPOS l c COUNT -1", "-ERR COUNT can't be negative"},
           {"LPOS l c MAXLEN -1", "-ERR MAXLEN can't be negative"},
           {"LPOS l c NOSUCH 1", "-ERR syntax error"}});
}

TEST_F(ListCommands, Moves) {
  Run("RPUSH a 1 2 3");
  Session({{"LMOVE a b LEFT RIGHT", "$1"},
           {"LMOVE a b RIGHT LEFT", "$3"},
           {"LRANGE b 0 -1", "[$3, $1]"},
           {"RPOPLPUSH a b", "$2"},
           {"EXISTS a", ":0"},
           {"RPOPLPUSH a b", "nil"},
           {"LMOVE b b LEFT RIGHT", "$2"},
           {"LRANGE b 0 -1", "[$3, $1, $2]"},
           {"LMOVE b b UP LEFT", "-ERR syntax error"},
           {"RPUSH one x", ":1"},
           {"EXPIRE one 100", ":1"},
           {"RPOPLPUSH one one", "$x"},
           {"TTL one", ":100"},
           {"SET s v", "+OK"},
           {"LMOVE nosuch s LEFT LEFT", "nil"},
           {"LMOVE b s LEFT LEFT",
            "-WRONGTYPE Operation against a key holding the wrong kind of value"},
           {"LLEN b", ":3"}});
}

TEST_F(ListCommands, AMoveIsOneChange) {
  Run("RPUSH {k}a 1 2");
  const auto changes = [&] { return keyspace(0).stats().changes + keyspace(1).stats().changes; };
  uint64_t before = changes();
  Run("LMOVE {k}a {k}b LEFT RIGHT");
  EXPECT_EQ(changes(), before + 1);
  before = changes();
  Run("RPOPLPUSH {k}a {k}a");
  EXPECT_EQ(changes(), before + 1);
}

TEST_F(ListCommands, PopOfTheFirstListThatHasAny) {
  Run("RPUSH b 1 2 3 4");
  TakeEffects();
  Session({{"LMPOP 2 a b LEFT", "[$b, [$1]]"}, {"LMPOP 2 a b RIGHT COUNT 2", "[$b, [$4, $3]]"}});
  EXPECT_EQ(TakeEffects(), "LPOP b 1; RPOP b 2");
  Session({{"LMPOP 1 b LEFT COUNT 9", "[$b, [$2]]"},
           {"EXISTS b", ":0"},
           {"LMPOP 2 a b LEFT", "nil"},
           {"LMPOP 0 a LEFT", "-ERR numkeys should be greater than 0"},
           {"LMPOP 3 a b LEFT", "-ERR syntax error"},
           {"LMPOP 1 a UP", "-ERR syntax error"},
           {"LMPOP 1 a LEFT COUNT 0", "-ERR count should be greater than 0"},
           {"LMPOP 1 a LEFT COUNT", "-ERR syntax error"}});
}

TEST_F(ListCommands, WrongTypesAreRefused) {
  Run("SET s v");
  for (const char* line :
       {"LPUSH s a", "RPUSH s a", "LPUSHX s a", "LPOP s", "RPOP s 1", "LLEN s", "LINDEX s 0",
        "LRANGE s 0 1", "LSET s 0 a", "LINSERT s BEFORE a b", "LREM s 0 a", "LTRIM s 0 1",
        "LPOS s a", "LMOVE s d LEFT LEFT", "LMPOP 1 s LEFT"}) {
    EXPECT_EQ(Show(Run(line)), "-WRONGTYPE Operation against a key holding the wrong kind of value")
        << line;
  }
}

TEST_F(ListCommands, EncodingsDumpRestoreAndCopy) {
  for (int i = 0; i < 5000; ++i) Run(fmt::format("RPUSH big element{}", i));
  Run("RPUSH small a 1");
  Session({{"OBJECT ENCODING small", "$listpack"}, {"OBJECT ENCODING big", "$quicklist"}});
  for (const std::string name : {"small", "big"}) {
    const std::string copy = "copy" + name;
    const std::string payload = Run("DUMP " + name).text;
    EXPECT_EQ(Show(RunWords({"RESTORE", copy, "0", payload})), "+OK");
    Run("COPY " + name + " second" + name);
    for (const std::string& other : {copy, "second" + name}) {
      EXPECT_EQ(Show(Run("LRANGE " + other + " 0 -1")), Show(Run("LRANGE " + name + " 0 -1")));
      EXPECT_EQ(Run("OBJECT ENCODING " + other).text, Run("OBJECT ENCODING " + name).text);
    }
  }
}

}  // namespace
}  // namespace norn
