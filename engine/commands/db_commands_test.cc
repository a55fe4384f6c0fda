#include <set>

#include "engine/commands/testing.h"

namespace norn {
namespace {

class DbCommands : public CommandTest {
 protected:
  explicit DbCommands(uint32_t shards = 1) : CommandTest(shards) {}
};

TEST_F(DbCommands, Flushing) {
  for (const std::string_view line : {"FLUSHDB", "FLUSHDB SYNC", "FLUSHDB async", "FLUSHALL",
                                      "FLUSHALL sync", "FLUSHALL ASYNC"}) {
    Session({{"MSET a 1 b 2", "+OK"}, {line, "+OK"}, {"DBSIZE", ":0"}, {"GET a", "nil"}});
  }
  EXPECT_EQ(node().flushes, 3);  // of all databases: the snapshot follows
  Session({
      {"FLUSHDB now", "-ERR syntax error"},
      {"FLUSHALL SYNC SYNC", "-ERR syntax error"},
      {"FLUSHDB ASYNC foo", "-ERR syntax error"},
  });
  EXPECT_EQ(node().flushes, 3);
}

TEST_F(DbCommands, FlushDbLeavesOtherDatabases) {
  Run("SET a 0");
  session().db = DbIndex{9};
  Session({{"SET a 9", "+OK"}, {"FLUSHDB", "+OK"}, {"DBSIZE", ":0"}});
  session().db = DbIndex{0};
  Session({{"GET a", "$0"}});
  session().db = DbIndex{9};
  Session({{"SET a 9", "+OK"}, {"FLUSHALL", "+OK"}});
  session().db = DbIndex{0};
  Session({{"DBSIZE", ":0"}});
}

TEST_F(DbCommands, Swapping) {
  Run("SET a 0");
  Session({
      {"SWAPDB 0 3", "+OK"},
      {"GET a", "nil"},
      {"SET a new", "+OK"},
      {"SWAPDB 3 0", "+OK"},
      {"GET a", "$0"},
      {"SWAPDB 0 0", "+OK"},
      {"GET a", "$0"},
      {"SWAPDB 0 16", "-ERR DB index is out of range"},
      {"SWAPDB -1 0", "-ERR DB index is out of range"},
      {"SWAPDB 16 x", "-ERR invalid second DB index"},
      {"SWAPDB x 0", "-ERR invalid first DB index"},
      {"SWAPDB 3000000000 0", "-ERR invalid first DB index"},
  });
  session().db = DbIndex{3};
  Session({{"GET a", "$new"}});
}

TEST_F(DbCommands, RandomKeyFindsLiveKeys) {
  Session({{"RANDOMKEY", "nil"}, {"SET gone v PX 10", "+OK"}, {"SET k v", "+OK"}});
  Advance(Duration::Millis(10));
  for (int i = 0; i < 20; ++i) EXPECT_THAT(Run("RANDOMKEY"), IsBulk("k"));
  Session({{"SET k v PX 10", "+OK"}});
  Advance(Duration::Millis(10));
  Session({{"RANDOMKEY", "nil"}});
}

TEST_F(DbCommands, MemoryUsage) {
  Session({
      {"MEMORY USAGE k", "nil"},
      {"SET k v", "+OK"},
      {"MEMORY USAGE k SAMPLES", "-ERR syntax error"},
      {"MEMORY USAGE k SAMPLES -1", "-ERR syntax error"},
      {"MEMORY USAGE k SAMPLES x", "-ERR value is not an integer or out of range"},
      {"MEMORY USAGE k FOO 1", "-ERR syntax error"},
      {"MEMORY USAGE none SAMPLES x", "-ERR value is not an integer or out of range"},
  });
  Run("DEBUG POPULATE 10000");
  const int64_t small = Run("MEMORY USAGE k SAMPLES 0").integer;
  EXPECT_GE(small, 10);
  EXPECT_LE(small, 40);
  RunWords({"SET", "k", std::string(100000, 'x')});
  EXPECT_GE(Run("MEMORY USAGE k").integer, 100000);
}

TEST_F(DbCommands, DebugPopulate) {
  Session({
      {"SET key:3 mine", "+OK"},
      {"DEBUG POPULATE 10", "+OK"},
      {"DBSIZE", ":10"},
      {"GET key:3", "$mine"},
      {"GET key:9", "$value:9"},
      {"DEBUG POPULATE 2 foo 3", "+OK"},
      {"GET foo:1", "$val"},
      {"DEBUG POPULATE 2 bar 9", "+OK"},
      {"GET bar:1", std::string_view("$value:1\0\0", 10)},
      {"DEBUG POPULATE -1", "-ERR value is out of range, must be positive"},
      {"DEBUG POPULATE x", "-ERR value is out of range, must be positive"},
      {"DEBUG POPULATE 1 foo -1", "-ERR value is out of range, must be positive"},
  });
}

TEST_F(DbCommands, DebugObject) {
  Session({{"DEBUG OBJECT k", "-ERR no such key"}, {"SET k 100000", "+OK"}});
  EXPECT_EQ(Run("DEBUG OBJECT k").text.substr(0, 57),
            "Value at:0x0 refcount:1 encoding:int serializedlength:5 l");
  EXPECT_EQ(Run("DEBUG OBJECT k FAST").text.find("serializedlength"), std::string::npos);
  Run("SET k v");
  EXPECT_NE(Run("DEBUG OBJECT k").text.find("encoding:embstr serializedlength:2 "),
            std::string::npos);
}

TEST_F(DbCommands, ARewriteOfTheLogWithinATransactionBeginsBehindIt) {
  Session({{"BGREWRITEAOF", "+Background append only file rewriting started"}});
  session().executing = true;
  Session({{"BGREWRITEAOF", "+Background append only file rewriting scheduled"}});
}

TEST_F(DbCommands, DebugTables) {
  Session({
      {"DEBUG HTSTATS-KEY k", "-ERR no such key"},
      {"SET k v EX 100", "+OK"},
      {"DEBUG HTSTATS-KEY k",
       "-ERR The value stored at the specified key is not represented using an hash table"},
      {"DEBUG HTSTATS x", "-ERR value is not an integer or out of range"},
      {"DEBUG HTSTATS 16", "-ERR Out of range database"},
      {"DEBUG HTSTATS 5", "$[Dictionary HT]\n[Expires HT]\n"},
  });
  const std::string text = Run("DEBUG HTSTATS 0 full").text;
  EXPECT_NE(text.find(" number of entries: 1\n"), std::string::npos);
  EXPECT_NE(text.find("   0: 1 (100.00%)\n"), std::string::npos);
}

class DbCommandsOnShards : public DbCommands {
 protected:
  DbCommandsOnShards() : DbCommands(4) {}
};

TEST_F(DbCommandsOnShards, WholeDatabases) {
  Session(
      {{"DEBUG POPULATE 100", "+OK"}, {"DBSIZE", ":100"}, {"SWAPDB 0 1", "+OK"}, {"DBSIZE", ":0"}});
  Session({{"SWAPDB 0 1", "+OK"}});
  std::set<std::string> found;
  for (int i = 0; i < 500; ++i) found.insert(Run("RANDOMKEY").text);
  EXPECT_GT(found.size(), 80u);
  Session({{"FLUSHALL", "+OK"}, {"DBSIZE", ":0"}, {"RANDOMKEY", "nil"}});
}

}  // namespace
}  // namespace norn
