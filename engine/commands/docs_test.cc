#include "engine/commands/docs.h"

#include "engine/commands/testing.h"

namespace norn {
namespace {

std::vector<Argument> Parse(std::string_view notation) {
  auto arguments = ParseArguments(notation);
  CHECK(arguments.has_value());
  return *arguments;
}

TEST(ArgumentNotation, PlainAndKey) {
  const auto arguments = Parse("key:key newkey:key#1 value:string");
  ASSERT_EQ(arguments.size(), 3u);
  EXPECT_EQ(arguments[0].type, "key");
  EXPECT_EQ(arguments[0].key_spec, 0);
  EXPECT_EQ(arguments[1].key_spec, 1);
  EXPECT_EQ(arguments[2].name, "value");
  EXPECT_EQ(arguments[2].key_spec, -1);
}

TEST(ArgumentNotation, OptionsTokensAndVersions) {
  const auto arguments = Parse(
      "[condition:oneof(nx:NX@2.6.12|value:string=IFEQ@8.1.0)] [get:GET@6.2.0] "
      "[old<ip:port>:string!2.8.12]... [id:integer=ID@2.8.12]...=");
  ASSERT_EQ(arguments.size(), 4u);
  EXPECT_TRUE(arguments[0].optional);
  ASSERT_EQ(arguments[0].parts.size(), 2u);
  EXPECT_EQ(arguments[0].parts[0].type, "pure-token");
  EXPECT_EQ(arguments[0].parts[0].token, "NX");
  EXPECT_EQ(arguments[0].parts[0].since, "2.6.12");
  EXPECT_EQ(arguments[0].parts[1].token, "IFEQ");
  EXPECT_EQ(arguments[0].parts[1].since, "8.1.0");
  EXPECT_EQ(arguments[1].since, "6.2.0");
  EXPECT_EQ(arguments[2].shown, "ip:port");
  EXPECT_EQ(arguments[2].deprecated_since, "2.8.12");
  EXPECT_TRUE(arguments[2].multiple);
  EXPECT_FALSE(arguments[2].multiple_token);
  EXPECT_EQ(arguments[3].since, "2.8.12");
  EXPECT_TRUE(arguments[3].multiple_token);
}

TEST(ArgumentNotation, BlocksRepeat) {
  const auto arguments = Parse("data:block(key:key value:string)...");
  ASSERT_EQ(arguments.size(), 1u);
  EXPECT_TRUE(arguments[0].multiple);
  EXPECT_FALSE(arguments[0].optional);
  EXPECT_EQ(arguments[0].parts.size(), 2u);
  EXPECT_EQ(Parse("key:key...").front().multiple, true);
}

TEST(ArgumentNotation, TokensInLowerCaseAreMarked) {
  const auto arguments = Parse("unit:oneof(m:'m|km:'km)");
  EXPECT_EQ(arguments[0].parts[1].type, "pure-token");
  EXPECT_EQ(arguments[0].parts[1].token, "km");
}

TEST(ArgumentNotation, RefusesWhatItCannotRead) {
  for (std::string_view bad : {"key", "key:", ":key", "key:nosuchtype", "[key:key", "a:oneof(b:B",
                               "key:key ", "key:key#x", "key:key]", "a<b:string"}) {
    EXPECT_FALSE(ParseArguments(bad).has_value()) << bad;
  }
  EXPECT_TRUE(Parse("").empty());
}

void ExpectReadable(const CommandSpec& spec) {
  EXPECT_TRUE(ParseArguments(spec.arguments).has_value()) << spec.full_name;
  for (const CommandSpec& subcommand : spec.subcommands) ExpectReadable(subcommand);
}

TEST(ArgumentNotation, EveryRowOfTheTableIsReadable) {
  for (const CommandSpec& spec : AllCommands()) ExpectReadable(spec);
}

TEST(ArgumentNotation, RepliesAsClientsExpect) {
  ByteBuffer out;
  ReplyWriter reply(out, Resp::k3);
  ReplyArguments(reply, Parse("key:key [ttl:oneof(s<sec>:integer=EX@2.6.12|keep:KEEP)]"));
  EXPECT_EQ(out.view(),
            "*2\r\n"
            "%4\r\n$4\r\nname\r\n$3\r\nkey\r\n$4\r\ntype\r\n$3\r\nkey\r\n"
            "$12\r\ndisplay_text\r\n$3\r\nkey\r\n$14\r\nkey_spec_index\r\n:0\r\n"
            "%4\r\n$4\r\nname\r\n$3\r\nttl\r\n$4\r\ntype\r\n$5\r\noneof\r\n"
            "$5\r\nflags\r\n~1\r\n+optional\r\n$9\r\narguments\r\n*2\r\n"
            "%5\r\n$4\r\nname\r\n$1\r\ns\r\n$4\r\ntype\r\n$7\r\ninteger\r\n"
            "$12\r\ndisplay_text\r\n$3\r\nsec\r\n$5\r\ntoken\r\n$2\r\nEX\r\n"
            "$5\r\nsince\r\n$6\r\n2.6.12\r\n"
            "%4\r\n$4\r\nname\r\n$4\r\nkeep\r\n$4\r\ntype\r\n$10\r\npure-token\r\n"
            "$12\r\ndisplay_text\r\n$4\r\nkeep\r\n$5\r\ntoken\r\n$4\r\nKEEP\r\n");
}

}  // namespace
}  // namespace norn
