#include "engine/commands/testing.h"

namespace norn {
namespace {

class KeyCommands : public CommandTest {};

TEST_F(KeyCommands, DeletingAndCounting) {
  Session({
      {"MSET a 1 b 2 c 3", "+OK"},
      {"EXISTS a b none a", ":3"},
      {"TOUCH a none b", ":2"},
      {"DEL a none a", ":1"},
      {"UNLINK b c none", ":2"},
      {"EXISTS a b c", ":0"},
      {"DBSIZE", ":0"},
      {"DEL", "-ERR wrong number of arguments for 'del' command"},
  });
}

TEST_F(KeyCommands, Types) {
  Session({{"TYPE k", "+none"}, {"SET k v", "+OK"}, {"TYPE k", "+string"}});
}

TEST_F(KeyCommands, Renaming) {
  Session({
      {"RENAME k l", "-ERR no such key"},
      {"RENAMENX k l", "-ERR no such key"},
      {"RENAME k k", "-ERR no such key"},
      {"SET k v EX 100", "+OK"},
      {"RENAME k k", "+OK"},
      {"RENAMENX k k", ":0"},
      {"RENAME k l", "+OK"},
      {"EXISTS k", ":0"},
      {"GET l", "$v"},
      {"TTL l", ":100"},
      {"SET k w", "+OK"},
      {"RENAMENX k l", ":0"},
      {"RENAME k l", "+OK"},
      {"GET l", "$w"},
      {"TTL l", ":-1"},
      {"RENAMENX l m", ":1"},
      {"GET m", "$w"},
      {"DBSIZE", ":1"},
  });
}

TEST_F(KeyCommands, Migrating) {
  Session({
      {"SET a 1", "+OK"},
      {"SET b 2 PX 500", "+OK"},
      {"MIGRATE host 7000 none 0 100", "+NOKEY"},
      {"MIGRATE host 7000 a 0 100 COPY", "+OK"},
      {"EXISTS a", ":1"},
      {"MIGRATE host 7000 a 3 0 REPLACE AUTH2 user secret", "+OK"},
      {"EXISTS a", ":0"},
      {"MIGRATE host 7000 a 0 100 KEYS a b",
       "-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"},
      {"MIGRATE host 7000 a 0 100 COPI", "-ERR syntax error"},
      {"MIGRATE host 7000 a 0 x", "-ERR value is not an integer or out of range"},
  });
  const MigrationRequest& last = node().migration_value.last;
  EXPECT_EQ(last.db, 3);
  EXPECT_EQ(last.port, 7000);
  EXPECT_EQ(last.timeout, Duration::Seconds(1)) << "0 means the usual patience";
  EXPECT_TRUE(last.replace);
  EXPECT_EQ(last.user, "user");
  EXPECT_EQ(last.password, "secret");
}

TEST_F(KeyCommands, MigratingKeepsWhatDidNotArrive) {
  node().migration_value.refused = {"b"};
  node().migration_value.error = "ERR Target instance replied with error: BUSYKEY";
  RunWords({"MSET", "a", "1", "b", "2", "c", "3"});
  EXPECT_THAT(RunWords({"MIGRATE", "host", "7000", "", "0", "100", "KEYS", "a", "b", "none", "c"}),
              IsError("ERR Target instance replied with error: BUSYKEY"));
  EXPECT_THAT(node().migration_value.moved, ::testing::ElementsAre("a", "b", "c"));
  Session({{"EXISTS a c", ":0"}, {"EXISTS b", ":1"}});
}

TEST_F(KeyCommands, RenamingLongValues) {
  const std::string value(100000, 'x');
  RunWords({"SET", "k", value});
  Session({{"RENAME k l", "+OK"}, {"STRLEN l", ":100000"}, {"COPY l m", ":1"}});
  EXPECT_THAT(Run("GET m"), IsBulk(value));
  EXPECT_THAT(Run("GET l"), IsBulk(value));
}

TEST_F(KeyCommands, RenamingOntoAnExpiredKey) {
  Session({{"SET k v", "+OK"}, {"SET l w PX 10", "+OK"}});
  Advance(Duration::Millis(10));
  Session({{"RENAMENX k l", ":1"}, {"GET l", "$v"}, {"TTL l", ":-1"}, {"DBSIZE", ":1"}});
}

TEST_F(KeyCommands, Copying) {
  Session({
      {"COPY k l", ":0"},
      {"SET k v EX 100", "+OK"},
      {"COPY k l", ":1"},
      {"GET l", "$v"},
      {"TTL l", ":100"},
      {"GET k", "$v"},
      {"SET k 7", "+OK"},
      {"COPY k l", ":0"},
      {"COPY k l REPLACE", ":1"},
      {"GET l", "$7"},
      {"TTL l", ":-1"},
      {"COPY k k", "-ERR source and destination objects are the same"},
      {"COPY k k DB 0", "-ERR source and destination objects are the same"},
      {"COPY k k DB 1", ":1"},
      {"COPY k k DB 1", ":0"},
      {"COPY k k DB 1 REPLACE", ":1"},
      {"COPY k l DB 16", "-ERR DB index is out of range"},
      {"COPY k l DB -1", "-ERR DB index is out of range"},
      {"COPY k l DB x", "-ERR value is not an integer or out of range"},
      {"COPY k l DB 3000000000",
       "-ERR value is out of range, value must between -2147483648 and 2147483647"},
      {"COPY k l DB", "-ERR syntax error"},
      {"COPY k l FOO", "-ERR syntax error"},
  });
  session().db = DbIndex{1};
  Session({{"GET k", "$7"}, {"DBSIZE", ":1"}});
}

TEST_F(KeyCommands, Moving) {
  Session({
      {"MOVE k 1", ":0"},
      {"SET k v EX 100", "+OK"},
      {"MOVE k 0", "-ERR source and destination objects are the same"},
      {"MOVE k 16", "-ERR DB index is out of range"},
      {"MOVE k x", "-ERR value is not an integer or out of range"},
      {"MOVE k 1", ":1"},
      {"EXISTS k", ":0"},
      {"SET k w", "+OK"},
      {"MOVE k 1", ":0"},
  });
  session().db = DbIndex{1};
  Session({{"GET k", "$v"}, {"TTL k", ":100"}});
}

TEST_F(KeyCommands, AcrossDatabasesOfACluster) {
  options().cluster_enabled = true;
  options().databases = 2;
  Session({
      {"SET k v", "+OK"},
      {"MOVE k 2", "-ERR DB index is out of range"},
      {"COPY k l DB 1", ":1"},
      {"COPY k l", ":1"},
      {"MOVE k 1", ":1"},
      {"SWAPDB 0 1", "-ERR SWAPDB is not allowed in cluster mode"},
  });
}

class KeyCommandsOnShards : public CommandTest {
 protected:
  KeyCommandsOnShards() : CommandTest(4) {}
};

TEST_F(KeyCommandsOnShards, ValuesMoveBetweenShards) {
  for (int i = 0; i < 50; ++i) {
    Run(fmt::format("SET from:{} {} EX {}", i, i, 100 + i));
    EXPECT_THAT(Run(fmt::format("RENAME from:{} to:{}", i, i)), IsOk());
    EXPECT_THAT(Run(fmt::format("COPY to:{} copy:{}", i, i)), IsInt(1));
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(Run(fmt::format("GET to:{}", i)), IsBulk(std::to_string(i)));
    EXPECT_THAT(Run(fmt::format("TTL copy:{}", i)), IsInt(100 + i));
  }
  EXPECT_THAT(Run("DBSIZE"), IsInt(100));
}

}  // namespace
}  // namespace norn
