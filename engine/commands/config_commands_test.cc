// CONFIG over a node's configuration; the options themselves are tested where their table is.

#include "engine/commands/testing.h"

namespace norn {
namespace {

class ConfigCommands : public CommandTest {};

TEST_F(ConfigCommands, SetThenGet) {
  EXPECT_THAT(Run("CONFIG SET maxmemory 100mb hz 20"), IsOk());
  EXPECT_THAT(Run("CONFIG GET maxmemory"), IsMap(IsBulk("maxmemory"), IsBulk("104857600")));
  EXPECT_EQ(options().hz, 20);
  session().resp = Resp::k3;
  EXPECT_EQ(Run("CONFIG GET maxmemory hz").kind, '%');
  EXPECT_EQ(Run("CONFIG GET nosuch").items.size(), 0u);
}

TEST_F(ConfigCommands, SetIsAllOrNothing) {
  EXPECT_THAT(
      Run("CONFIG SET hz 20 maxmemory lots"),
      IsError("ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must "
              "be a memory value"));
  EXPECT_EQ(options().hz, 10);
  EXPECT_THAT(Run("CONFIG SET a b"),
              IsError("ERR Unknown option or number of arguments for CONFIG SET - 'a'"));
  EXPECT_THAT(Run("CONFIG SET hz 20 maxmemory"), IsError("ERR syntax error"));
}

TEST_F(ConfigCommands, RewriteNeedsAFile) {
  EXPECT_THAT(Run("CONFIG REWRITE"), IsError("ERR The server is running without a config file"));
  node().config_value.file = "/etc/norn.conf";
  EXPECT_THAT(Run("CONFIG REWRITE"), IsOk());
  node().rewrite_status = absl::PermissionDeniedError("Permission denied");
  EXPECT_THAT(Run("CONFIG REWRITE"), IsError("ERR Rewriting config file: Permission denied"));
}

TEST_F(ConfigCommands, ResetStat) {
  EXPECT_THAT(Run("CONFIG RESETSTAT"), IsOk());
  EXPECT_EQ(node().stat_resets, 1);
}

TEST_F(ConfigCommands, Help) {
  const ReplyValue help = Run("CONFIG HELP");
  EXPECT_EQ(help.items.size(), 11u);
  EXPECT_EQ(help.items.back().text, "    Print this help.");
}

}  // namespace
}  // namespace norn
