// DEBUG: what runs by itself, and how a list is stored; the other parts that look at keys are in db_commands_test.cc.

#include "engine/commands/one_executor_env.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

class DebugCommands : public CommandTest {
 protected:
  DebugCommands() { node().env_value = &env_; }
  OneExecutorEnv env_;
};

TEST_F(DebugCommands, SleepEndsNotBeforeItsTime) {
  env_.now = Instant{now_ms() * 1000000};
  const Instant until = env_.now + Duration::Millis(1500);
  env_.wakes_early = 2;
  EXPECT_THAT(Run("DEBUG SLEEP 1.5"), IsOk());
  EXPECT_EQ(env_.now, until);
  EXPECT_THAT(Run("DEBUG SLEEP 0"), IsOk());
  EXPECT_EQ(env_.now, until);
}

TEST_F(DebugCommands, LogAndError) {
  EXPECT_THAT(Run("DEBUG LOG 'hello you'"), IsOk());
  ASSERT_EQ(env_.log.size(), 1u);
  EXPECT_EQ(env_.log[0], "DEBUG LOG: hello you");
  EXPECT_THAT(Run("DEBUG ERROR 'FOO bar'"), IsError("FOO bar"));
  EXPECT_THAT(Run(R"(DEBUG ERROR "a\r\nb")"), IsError("a  b"));
}

TEST_F(DebugCommands, ActiveExpire) {
  EXPECT_THAT(Run("DEBUG SET-ACTIVE-EXPIRE 0"), IsOk());
  EXPECT_FALSE(node().active_expire);
  EXPECT_THAT(Run("debug set-active-expire 1"), IsOk());
  EXPECT_TRUE(node().active_expire);
}

TEST_F(DebugCommands, DigestsAreSimpleStrings) {
  const std::string nothing(40, '0');
  EXPECT_EQ(Show(Run("DEBUG DIGEST")), "+" + nothing);
  EXPECT_EQ(Show(Run("DEBUG DIGEST-VALUE nosuch")), "[+" + nothing + "]");
}

TEST_F(DebugCommands, ProtocolSamplesInBothProtocols) {
  struct Sample {
    const char* type;
    const char* two;
    const char* three;
  };
  for (const Sample& sample :
       std::vector<Sample>{{"string", "$11\r\nHello World\r\n", "$11\r\nHello World\r\n"},
                           {"integer", ":12345\r\n", ":12345\r\n"},
                           {"double", "$5\r\n3.141\r\n", ",3.141\r\n"},
                           {"bignum", "$37\r\n1234567999999999999999999999999999999\r\n",
                            "(1234567999999999999999999999999999999\r\n"},
                           {"null", "$-1\r\n", "_\r\n"},
                           {"array", "*3\r\n:0\r\n:1\r\n:2\r\n", "*3\r\n:0\r\n:1\r\n:2\r\n"},
                           {"set", "*3\r\n:0\r\n:1\r\n:2\r\n", "~3\r\n:0\r\n:1\r\n:2\r\n"},
                           {"map", "*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0\r\n",
                            "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n"},
                           {"true", ":1\r\n", "#t\r\n"},
                           {"false", ":0\r\n", "#f\r\n"},
                           {"verbatim", "$25\r\nThis is a verbatim\nstring\r\n",
                            "=29\r\ntxt:This is a verbatim\nstring\r\n"},
                           {"attrib", "$39\r\nSome real reply following the attribute\r\n",
                            "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n"
                            "$39\r\nSome real reply following the attribute\r\n"},
                           {"push", "-ERR RESP2 is not supported by this command\r\n",
                            ">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n"
                            "$40\r\nSome real reply following the push reply\r\n"}}) {
    session().resp = Resp::k2;
    EXPECT_EQ(RunBytes({"DEBUG", "PROTOCOL", sample.type}), sample.two);
    session().resp = Resp::k3;
    EXPECT_EQ(RunBytes({"DEBUG", "PROTOCOL", sample.type}), sample.three);
  }
  EXPECT_EQ(Run("DEBUG PROTOCOL x").text.substr(0, 29), "ERR Wrong protocol type name.");
}

TEST_F(DebugCommands, WhatHoldsOtherServersStillIsAccepted) {
  for (const char* words : {"QUICKLIST-PACKED-THRESHOLD 100b", "PAUSE-CRON 1", "DICT-RESIZING 0",
                            "REPLYBUFFER RESIZING 0"}) {
    EXPECT_THAT(Run(fmt::format("DEBUG {}", words)), IsOk());
  }
  EXPECT_EQ(Run("DEBUG PAUSE-CRON").kind, '-');
}

TEST_F(DebugCommands, UnknownPartsAndCounts) {
  const std::string_view sleep =
      "ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try DEBUG HELP.";
  EXPECT_THAT(Run("DEBUG SLEEP"), IsError(sleep));
  EXPECT_THAT(Run("DEBUG SLEEP 1 2"), IsError(sleep));
  EXPECT_EQ(Run("DEBUG RELOAD MERGE").kind, '-');
  EXPECT_EQ(Run("DEBUG HELP").items[0].text,
            "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
}

using DebugCommandsDeathTest = DebugCommands;

TEST_F(DebugCommandsDeathTest, Crashes) {
  EXPECT_DEATH(Run("DEBUG ASSERT"), "DEBUG ASSERT");
  EXPECT_DEATH(Run("DEBUG PANIC"), "DEBUG PANIC");
  EXPECT_DEATH(Run("DEBUG SEGFAULT"), "");
}

TEST_F(DebugCommands, DebugTellsHowAListIsStored) {
  Run("RPUSH small a 1");
  for (int i = 0; i < 2000; ++i) Run("RPUSH big element:" + std::to_string(10000 + i));
  EXPECT_NE(Run("DEBUG OBJECT big")
                .text.find(" ql_nodes:4 ql_avg_node:500.00 ql_listpack_max:-2 "
                           "ql_compressed:0 ql_uncompressed_size:30028"),
            std::string::npos)
      << Run("DEBUG OBJECT big").text;
  EXPECT_EQ(Run("DEBUG OBJECT big fast").text.find("ql_uncompressed_size"), std::string::npos);
  EXPECT_EQ(Run("DEBUG OBJECT small").text.find("ql_"), std::string::npos);
  Session({
      {"DEBUG LISTPACK small", "+Listpack structure printed on stdout"},
      {"DEBUG LISTPACK big", "-ERR Not a listpack encoded object."},
      {"DEBUG LISTPACK none", "-ERR no such key"},
      {"DEBUG QUICKLIST big", "+Quicklist structure printed on stdout"},
      {"DEBUG QUICKLIST big 1", "+Quicklist structure printed on stdout"},
      {"DEBUG QUICKLIST small", "-ERR Not a quicklist encoded object."},
      {"DEBUG QUICKLIST none", "-ERR no such key"},
  });
}

}  // namespace
}  // namespace norn
