// COMMAND and its subcommands.

#include "engine/commands/testing.h"

namespace norn {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::Not;

class CommandCommands : public CommandTest {
 protected:
  std::vector<std::string> Texts(const ReplyValue& list) {
    std::vector<std::string> texts;
    for (const ReplyValue& item : list.items) texts.push_back(item.text);
    return texts;
  }
};

TEST_F(CommandCommands, CountIsThatOfTheTable) {
  EXPECT_THAT(Run("COMMAND COUNT"), IsInt(static_cast<int64_t>(AllCommands().size())));
  EXPECT_EQ(Run("COMMAND").items.size(), AllCommands().size());
  EXPECT_EQ(Run("COMMAND INFO").items.size(), AllCommands().size());
  EXPECT_EQ(Run("COMMAND DOCS").items.size(), 2 * AllCommands().size());
}

TEST_F(CommandCommands, InfoOfGet) {
  EXPECT_EQ(RunBytes({"COMMAND", "INFO", "GET", "nosuch"}),
            "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n"
            "*3\r\n+@read\r\n+@string\r\n+@fast\r\n*0\r\n"
            "*1\r\n*6\r\n$5\r\nflags\r\n*2\r\n+RO\r\n+access\r\n"
            "$12\r\nbegin_search\r\n*4\r\n$4\r\ntype\r\n$5\r\nindex\r\n$4\r\nspec\r\n"
            "*2\r\n$5\r\nindex\r\n:1\r\n"
            "$9\r\nfind_keys\r\n*4\r\n$4\r\ntype\r\n$5\r\nrange\r\n$4\r\nspec\r\n"
            "*6\r\n$7\r\nlastkey\r\n:0\r\n$7\r\nkeystep\r\n:1\r\n$5\r\nlimit\r\n:0\r\n"
            "*0\r\n$-1\r\n");
}

TEST_F(CommandCommands, InfoInResp3HasSetsAndMaps) {
  session().resp = Resp::k3;
  const ReplyValue info = Run("COMMAND INFO msetex client|kill").items[0];
  EXPECT_EQ(info.items[2].kind, '~');
  EXPECT_THAT(Texts(info.items[2]), ElementsAre("write", "denyoom", "movablekeys"));
  EXPECT_EQ(info.items[8].kind, '~');
  EXPECT_EQ(info.items[8].items[0].kind, '%');
  const ReplyValue kill = Run("COMMAND INFO client|kill").items[0];
  EXPECT_EQ(kill.items[0].text, "client|kill");
  EXPECT_THAT(Texts(kill.items[6]), ElementsAre("@admin", "@slow", "@dangerous", "@connection"));
  EXPECT_TRUE(Run("COMMAND INFO nosuch").items[0].null);
}

TEST_F(CommandCommands, InfoListsSubcommandsAndTips) {
  const ReplyValue config = Run("COMMAND INFO config").items[0];
  EXPECT_EQ(config.items[9].items.size(), FindCommand("config")->subcommands.size());
  const ReplyValue del = Run("COMMAND INFO del").items[0];
  EXPECT_THAT(Texts(del.items[7]),
              ElementsAre("request_policy:multi_shard", "response_policy:agg_sum"));
}

TEST_F(CommandCommands, DocsTellArgumentsAndReplacements) {
  session().resp = Resp::k3;
  const ReplyValue docs = Run("COMMAND DOCS getset nosuch memory");
  ASSERT_EQ(docs.items.size(), 4u);
  EXPECT_EQ(docs.items[0].text, "getset");
  const std::vector<std::string> names = Texts(docs.items[1]);
  EXPECT_EQ(docs.items[1].items.size(), 16u);
  EXPECT_THAT(names, Contains("doc_flags"));
  EXPECT_THAT(names, Contains("deprecated_since"));
  EXPECT_THAT(names, Contains("`SET` with the `!GET` argument"));
  EXPECT_THAT(names, Contains("arguments"));
  EXPECT_THAT(Texts(docs.items[3]), Contains("subcommands"));
  EXPECT_THAT(Texts(docs.items[3]), Not(Contains("arguments")));
}

TEST_F(CommandCommands, ListFilters) {
  EXPECT_EQ(Run("COMMAND LIST").items.size(), CommandIdCount());
  EXPECT_THAT(Texts(Run("COMMAND LIST FILTERBY ACLCAT Transaction")),
              ElementsAre("discard", "exec", "multi", "unwatch", "watch"));
  EXPECT_THAT(Texts(Run("COMMAND LIST FILTERBY PATTERN 'GETE*'")), ElementsAre("getex"));
  EXPECT_THAT(Texts(Run("COMMAND LIST FILTERBY PATTERN 'config|r*'")),
              ElementsAre("config|resetstat", "config|rewrite"));
  EXPECT_THAT(Run("COMMAND LIST FILTERBY ACLCAT nosuch"), IsArray());
  EXPECT_THAT(Run("COMMAND LIST FILTERBY MODULE x"), IsArray());
  EXPECT_THAT(Run("COMMAND LIST FILTERBY x y"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("COMMAND LIST FILTERBY MODULE"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("COMMAND LIST foo MODULE x"), IsError("ERR syntax error"));
}

TEST_F(CommandCommands, GetKeys) {
  EXPECT_THAT(Texts(Run("COMMAND GETKEYS MSET a 1 b 2")), ElementsAre("a", "b"));
  EXPECT_THAT(Texts(Run("COMMAND GETKEYS object encoding k")), ElementsAre("k"));
  EXPECT_THAT(Texts(Run("COMMAND GETKEYS msetex 2 a 1 b 2 NX")), ElementsAre("a", "b"));
  EXPECT_THAT(Run("COMMAND GETKEYS x"), IsError("ERR Invalid command specified"));
  EXPECT_THAT(Run("COMMAND GETKEYS config nosuch"), IsError("ERR Invalid command specified"));
  EXPECT_THAT(Run("COMMAND GETKEYS ping"), IsError("ERR The command has no key arguments"));
  EXPECT_THAT(Run("COMMAND GETKEYS get"),
              IsError("ERR Invalid number of arguments specified for command"));
  EXPECT_THAT(Run("COMMAND GETKEYS msetex 0 a b"),
              IsError("ERR Invalid arguments specified for command"));
}

TEST_F(CommandCommands, GetKeysAndFlags) {
  const ReplyValue keys = Run("COMMAND GETKEYSANDFLAGS copy a b");
  ASSERT_EQ(keys.items.size(), 2u);
  EXPECT_EQ(keys.items[0].items[0].text, "a");
  EXPECT_THAT(Texts(keys.items[0].items[1]), ElementsAre("RO", "access"));
  EXPECT_THAT(Texts(keys.items[1].items[1]), ElementsAre("OW", "update"));
}

}  // namespace
}  // namespace norn
