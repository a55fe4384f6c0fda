// COMMANDLOG and SLOWLOG, and the store behind them.

#include "engine/commands/command_log.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Logged(std::vector<std::string_view> words) {
  const CommandSpec* spec = ResolveCommand(words).spec;
  CHECK(spec != nullptr);
  return CommandLogWords(*spec, words);
}

TEST(CommandLogWords, KeepsThirtyTwoWords) {
  std::vector<std::string_view> words(32, "k");
  words[0] = "del";
  EXPECT_EQ(Logged(words).size(), 32u);
  EXPECT_EQ(Logged(words).back(), "k");
  words.resize(40, "k");
  EXPECT_EQ(Logged(words).size(), 32u);
  EXPECT_EQ(Logged(words)[30], "k");
  EXPECT_EQ(Logged(words).back(), "... (9 more arguments)");
}

TEST(CommandLogWords, CutsLongWords) {
  const std::string exact(128, 'x');
  const std::string longer(131, 'x');
  EXPECT_THAT(Logged({"get", exact}), ElementsAre("get", exact));
  EXPECT_THAT(Logged({"get", longer}), ElementsAre("get", exact + "... (3 more bytes)"));
}

TEST(CommandLogWords, HidesSecrets) {
  EXPECT_THAT(Logged({"AUTH", "pw"}), ElementsAre("AUTH", "(redacted)"));
  EXPECT_THAT(Logged({"AUTH", "u", "pw"}), ElementsAre("AUTH", "(redacted)", "(redacted)"));
  EXPECT_THAT(Logged({"HELLO", "3", "Auth", "u", "pw", "SETNAME", "me"}),
              ElementsAre("HELLO", "3", "Auth", "(redacted)", "(redacted)", "SETNAME", "me"));
  EXPECT_THAT(Logged({"CONFIG", "SET", "hz", "1", "RequirePass", "pw"}),
              ElementsAre("CONFIG", "SET", "hz", "1", "RequirePass", "(redacted)"));
  EXPECT_THAT(Logged({"SET", "auth", "pw"}), ElementsAre("SET", "auth", "pw"));
}

TEST(CommandLogTakes, ByThresholdAndLength) {
  config::Options options;
  options.commandlog_execution_slower_than = 100;
  options.commandlog_slow_execution_max_len = 1;
  EXPECT_TRUE(CommandLogTakes(options, CommandLogKind::kSlow, 100));
  EXPECT_FALSE(CommandLogTakes(options, CommandLogKind::kSlow, 99));
  options.commandlog_slow_execution_max_len = 0;
  EXPECT_FALSE(CommandLogTakes(options, CommandLogKind::kSlow, 100));
  options.commandlog_reply_larger_than = -1;
  EXPECT_FALSE(CommandLogTakes(options, CommandLogKind::kLargeReply, INT64_MAX));
  options.commandlog_request_larger_than = 0;
  EXPECT_TRUE(CommandLogTakes(options, CommandLogKind::kLargeRequest, 0));
}

CommandLogEntry EntryOf(int64_t value) {
  CommandLogEntry entry;
  entry.value = value;
  return entry;
}

TEST(CommandLogStore, ForgetsTheOldestAndKeepsCounting) {
  config::Options options;
  options.commandlog_slow_execution_max_len = 2;
  CommandLog log;
  for (int64_t value : {10, 20, 30}) {
    log.Push(CommandLogKind::kSlow, EntryOf(value), options);
  }
  EXPECT_EQ(log.Length(CommandLogKind::kSlow), 2u);
  EXPECT_EQ(log.Length(CommandLogKind::kLargeReply), 0u);
  const auto newest = log.Newest(CommandLogKind::kSlow, 1);
  ASSERT_EQ(newest.size(), 1u);
  EXPECT_EQ(newest[0].id, 2u);
  EXPECT_EQ(newest[0].value, 30);
  EXPECT_EQ(log.Newest(CommandLogKind::kSlow, -1).size(), 2u);
  log.Reset(CommandLogKind::kSlow);
  EXPECT_EQ(log.Length(CommandLogKind::kSlow), 0u);
  log.Push(CommandLogKind::kSlow, EntryOf(0), options);
  EXPECT_EQ(log.Newest(CommandLogKind::kSlow, -1)[0].id, 3u);
}

class LogCommands : public CommandTest {
 protected:
  LogCommands() {
    for (uint64_t id = 12; id > 0; --id) {
      node().logs[CommandLogKind::kSlow].push_back({.id = id,
                                                    .unix_s = 1700000000,
                                                    .value = 12345,
                                                    .words = {"GET", "k"},
                                                    .peer = "127.0.0.1:1",
                                                    .name = "me"});
    }
  }
};

TEST_F(LogCommands, GetRepliesEntries) {
  EXPECT_THAT(Run("SLOWLOG GET 1"), IsArray(IsArray(IsInt(12), IsInt(1700000000), IsInt(12345),
                                                    IsArray(IsBulk("GET"), IsBulk("k")),
                                                    IsBulk("127.0.0.1:1"), IsBulk("me"))));
  EXPECT_EQ(Run("SLOWLOG GET").items.size(), 10u);
  EXPECT_EQ(Run("SLOWLOG GET -1").items.size(), 12u);
  EXPECT_EQ(Run("COMMANDLOG GET 3 slow").items.size(), 3u);
  EXPECT_EQ(Run("COMMANDLOG GET -1 Large-Reply").items.size(), 0u);
}

TEST_F(LogCommands, LenAndReset) {
  EXPECT_THAT(Run("SLOWLOG LEN"), IsInt(12));
  EXPECT_THAT(Run("COMMANDLOG LEN large-request"), IsInt(0));
  EXPECT_THAT(Run("COMMANDLOG RESET slow"), IsOk());
  EXPECT_THAT(Run("SLOWLOG LEN"), IsInt(0));
  EXPECT_THAT(Run("SLOWLOG RESET"), IsOk());
}

TEST_F(LogCommands, Errors) {
  const std::string_view bad_count = "ERR count should be greater than or equal to -1";
  const std::string_view bad_type =
      "ERR type should be one of the following: slow, large-request, large-reply";
  EXPECT_THAT(Run("SLOWLOG GET -2"), IsError(bad_count));
  EXPECT_THAT(Run("SLOWLOG GET x"), IsError(bad_count));
  EXPECT_THAT(Run("SLOWLOG GET 1 2"), IsError("ERR unknown subcommand or wrong number of arguments "
                                              "for 'GET'. Try SLOWLOG HELP."));
  EXPECT_THAT(Run("COMMANDLOG GET x nosuch"), IsError(bad_count));
  EXPECT_THAT(Run("COMMANDLOG GET 1 nosuch"), IsError(bad_type));
  EXPECT_THAT(Run("COMMANDLOG LEN x"), IsError(bad_type));
  EXPECT_THAT(Run("COMMANDLOG RESET x"), IsError(bad_type));
}

}  // namespace
}  // namespace norn
