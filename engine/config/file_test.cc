#include "engine/config/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace norn::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Files by absolute path; "*" in a pattern matches all files below its folder.
class ConfigFile : public testing::Test {
 protected:
  absl::StatusOr<Config> LoadArgs(const std::vector<std::string>& args,
                                  std::string_view stdin_text = "") {
    return Load(ParseCommandLine(args), stdin_text, access_);
  }

  absl::StatusOr<Config> LoadText(const std::string& text) {
    files_["/etc/norn.conf"] = text;
    return LoadArgs({"/etc/norn.conf"});
  }

  std::string ErrorOf(const std::string& text) {
    return std::string(LoadText(text).status().message());
  }

  std::string ArgsError(const std::vector<std::string>& args) {
    return std::string(LoadArgs(args).status().message());
  }

  std::map<std::string, std::string> files_;
  int reads_ = 0;
  FileAccess access_{[this](const std::string& path) -> absl::StatusOr<std::string> {
                       ++reads_;
                       const auto found = files_.find(path);
                       if (found == files_.end()) {
                         return absl::NotFoundError("No such file or directory");
                       }
                       return found->second;
                     },
                     [this](const std::string& pattern) {
                       std::vector<std::string> found;
                       const std::string folder = pattern.substr(0, pattern.rfind('/') + 1);
                       for (const auto& [path, text] : files_) {
                         if (path.substr(0, folder.size()) == folder) found.push_back(path);
                       }
                       return found;
                     },
                     "/work"};
};

TEST_F(ConfigFile, NothingGivenIsTheDefaults) {
  const auto config = LoadArgs({});
  ASSERT_TRUE(config.ok());
  Options expected;
  expected.dir = "/work";
  EXPECT_EQ(config->options, expected);
  EXPECT_EQ(config->file, "");
}

TEST_F(ConfigFile, CommentsBlanksCaseAndQuotes) {
  const auto config = LoadText(
      "# a comment\r\n\r\n   \n\tPORT  7777\r\n  requirepass \"a b\\x41\"\n unixsocket '/tmp/x y'\n"
      "logfile \"\"");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->options.port, 7777);
  EXPECT_EQ(config->options.requirepass, "a bA");
  EXPECT_EQ(config->options.unixsocket, "/tmp/x y");
  EXPECT_EQ(config->file, "/etc/norn.conf");
}

TEST_F(ConfigFile, ImmutableOptionsCanBeSetHere) {
  EXPECT_EQ(LoadText("databases 3\nio-threads 2\n")->options.databases, 3);
}

TEST_F(ConfigFile, LaterLinesWin) {
  EXPECT_EQ(LoadText("port 1\nport 2\nslave-priority 3\nreplica-priority 4\n")->options.port, 2);
}

TEST_F(ConfigFile, SaveLinesAddUpAndReplaceTheDefault) {
  EXPECT_THAT(LoadText("save 900 1\nsave 300 10\n")->options.save,
              ElementsAre(SavePoint{900, 1}, SavePoint{300, 10}));
  EXPECT_THAT(LoadText("save 900 1\nsave \"\"\nsave 60 5\n")->options.save,
              ElementsAre(SavePoint{60, 5}));
  EXPECT_THAT(LoadText("save \"\"\n")->options.save, IsEmpty());
  EXPECT_THAT(LoadText("save \"900 1 60 2\"\n")->options.save,
              ElementsAre(SavePoint{900, 1}, SavePoint{60, 2}));
}

TEST_F(ConfigFile, OutputLimitsAddUpByClass) {
  const auto config = LoadText(
      "client-output-buffer-limit normal 1kb 1kb 1\nclient-output-buffer-limit pubsub 2kb 2kb 2\n");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->options.client_output_buffer_limit[kNormalClient],
            (OutputLimit{1024, 1024, 1}));
  EXPECT_EQ(config->options.client_output_buffer_limit[kPubsubClient],
            (OutputLimit{2048, 2048, 2}));
  EXPECT_EQ(config->options.client_output_buffer_limit[kReplicaClient].soft_seconds, 60);
}

TEST_F(ConfigFile, BindTakesOneWordWithSeveralAddresses) {
  EXPECT_THAT(LoadText("bind 127.0.0.1 -::1")->options.bind, ElementsAre("127.0.0.1", "-::1"));
  EXPECT_THAT(LoadText("bind \"127.0.0.1 -::1\"")->options.bind, ElementsAre("127.0.0.1", "-::1"));
  EXPECT_THAT(LoadText("bind \"\"")->options.bind, IsEmpty());
}

TEST_F(ConfigFile, ClusterHasOneDatabaseAndNoReplicaOf) {
  EXPECT_EQ(LoadText("cluster-enabled yes\ndatabases 5")->options.databases, 1);
  EXPECT_EQ(LoadText("cluster-databases 3\ndatabases 5\ncluster-enabled yes")->options.databases,
            3);
  EXPECT_EQ(LoadText("cluster-databases 3\ndatabases 5")->options.databases, 5);
  EXPECT_EQ(ErrorOf("cluster-enabled yes\nreplicaof 127.0.0.1 7000\n"),
            "\n*** FATAL CONFIG FILE ERROR (norn 0.1.0) ***\n"
            "replicaof directive not allowed in cluster mode");
}

TEST_F(ConfigFile, KeepsWhatOthersMustJudge) {
  const auto config =
      LoadText("\nrename-command FLUSHALL \"\"\nuser bob on >pw ~*\nloadmodule /x.so a b\n");
  ASSERT_TRUE(config.ok());
  ASSERT_EQ(config->renames.size(), 1u);
  EXPECT_THAT(config->renames[0].words, ElementsAre("rename-command", "FLUSHALL", ""));
  EXPECT_THAT(config->users[0].words, ElementsAre("user", "bob", "on", ">pw", "~*"));
  EXPECT_THAT(config->modules[0].words, ElementsAre("loadmodule", "/x.so", "a", "b"));
  EXPECT_EQ(FatalFileError(config->renames[0], "No such command in rename-command"),
            "\n*** FATAL CONFIG FILE ERROR (norn 0.1.0) ***\n"
            "Reading the configuration file, at line 2 of /etc/norn.conf\n"
            ">>> 'rename-command FLUSHALL \"\"'\n"
            "No such command in rename-command");
}

TEST_F(ConfigFile, RetiredDirectivesArePassedOver) {
  EXPECT_TRUE(LoadText("io-threads-do-reads yes\nlist-max-ziplist-entries 5\n").ok());
  EXPECT_FALSE(LoadText("io-threads-do-reads yes no\n").ok());
}

TEST_F(ConfigFile, ErrorsNameFileLineAndReason) {
  EXPECT_EQ(ErrorOf("port 1\n\n  port abc  \n"),
            "\n*** FATAL CONFIG FILE ERROR (norn 0.1.0) ***\n"
            "Reading the configuration file, at line 3 of /etc/norn.conf\n"
            ">>> 'port abc'\n"
            "argument couldn't be parsed into an integer");
}

struct BadLine {
  const char* line;
  const char* reason;
};

TEST_F(ConfigFile, RefusesBadLines) {
  const BadLine bad[] = {
      {"nosuch 1", "Bad directive or wrong number of arguments: 'nosuch'"},
      {"\"\" 1", "Bad directive or wrong number of arguments: ''"},
      {"port=1", "(write 'port 1', without '=')"},
      {"port", "wrong number of arguments"},
      {"port 1 2", "wrong number of arguments"},
      {"port \"1", "Unbalanced quotes in configuration line"},
      {"bind \"'a\"", "Unbalanced quotes in configuration line"},
      {"dir \"\"", "dir can't be empty"},
      {"appendonly maybe", "argument must be 'yes' or 'no'"},
      {"include", "Bad directive or wrong number of arguments: 'include'"},
      {"rename-command a", "Bad directive or wrong number of arguments: 'rename-command'"},
      {"user", "Bad directive or wrong number of arguments: 'user'"},
      {"my.module 1", "Bad directive or wrong number of arguments: 'my.module'"},
      {"sentinel monitor x", "sentinel directive while not in sentinel mode"},
  };
  for (const BadLine& c : bad) {
    EXPECT_THAT(ErrorOf(c.line), HasSubstr(c.reason));
    EXPECT_THAT(ErrorOf(c.line), HasSubstr(std::string(">>> '") + c.line + "'\n"));
  }
}

TEST_F(ConfigFile, MissingFileIsFatal) {
  EXPECT_EQ(ArgsError({"nosuch.conf"}),
            "Fatal error, can't open config file '/work/nosuch.conf': No such file or directory");
}

TEST_F(ConfigFile, IncludeIsSeenFromTheWorkingDirectory) {
  files_["/work/a.conf"] = "port 5\n";
  files_["/data/a.conf"] = "port 6\n";
  EXPECT_EQ(LoadText("include a.conf\n")->options.port, 5);
  EXPECT_EQ(LoadText("dir /data\ninclude ./a.conf\n")->options.port, 6);
  EXPECT_EQ(LoadText("include a.conf\nport 7\n")->options.port, 7);
}

TEST_F(ConfigFile, IncludeTakesPatterns) {
  files_["/conf.d/1"] = "port 5\nhz 7\n";
  files_["/conf.d/2"] = "port 6";
  const auto config = LoadText("include /conf.d/*\n");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->options.port, 6);
  EXPECT_EQ(config->options.hz, 7);
  EXPECT_TRUE(LoadText("include /nosuch.d/*\n").ok());
}

TEST_F(ConfigFile, ErrorInAnIncludeNamesTheInclude) {
  files_["/inc"] = "hz 3\nhz x\n";
  EXPECT_THAT(ErrorOf("\n\ninclude /inc"), HasSubstr("at line 2 of /inc\n>>> 'hz x'"));
  EXPECT_THAT(ErrorOf("include nosuch.conf"),
              HasSubstr("can't open config file 'nosuch.conf': No such file"));
}

TEST_F(ConfigFile, IncludesAreBounded) {
  EXPECT_THAT(ErrorOf("include /etc/norn.conf"), HasSubstr("includes are nested too deeply"));
  EXPECT_EQ(reads_, kIncludeDepthMax + 1);
  reads_ = 0;
  for (int depth = 1; depth <= kIncludeDepthMax; ++depth) {
    const std::string next = "include /d" + std::to_string(depth + 1) + "\n";
    files_["/d" + std::to_string(depth)] = depth < kIncludeDepthMax ? next + next : "";
  }
  EXPECT_THAT(ErrorOf("include /d1"), HasSubstr("too many included files"));
  EXPECT_EQ(reads_, kIncludeFilesMax);
}

TEST_F(ConfigFile, FileThenStdinThenFlags) {
  files_["/etc/norn.conf"] = "port 1\nhz 1\ntimeout 1\nsave 1 1\n";
  const auto config =
      LoadArgs({"/etc/norn.conf", "--timeout", "3", "--save", "2", "2", "-"}, "hz 2\ntimeout 2\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->options.port, 1);
  EXPECT_EQ(config->options.hz, 2);
  EXPECT_EQ(config->options.timeout, 3);
  EXPECT_THAT(config->options.save, ElementsAre(SavePoint{1, 1}, SavePoint{2, 2}));
}

TEST_F(ConfigFile, FlagsTakeSeveralValues) {
  const auto config =
      LoadArgs({"--port", "6380", "--bind", "127.0.0.1", "::1", "--save", "60 1000",
                "--requirepass", "a \"b\"\n", "--hz 20", "--replicaof", "::2", "7"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->options.port, 6380);
  EXPECT_THAT(config->options.bind, ElementsAre("127.0.0.1", "::1"));
  EXPECT_THAT(config->options.save, ElementsAre(SavePoint{60, 1000}));
  EXPECT_EQ(config->options.requirepass, "a \"b\"\n");
  EXPECT_EQ(config->options.hz, 20);
  EXPECT_EQ(config->options.replicaof, (ReplicaOf{"::2", 7}));
}

TEST_F(ConfigFile, BareSaveMeansNone) {
  EXPECT_THAT(LoadArgs({"--save"})->options.save, IsEmpty());
  EXPECT_THAT(LoadArgs({"--save", ""})->options.save, IsEmpty());
  const auto config = LoadArgs({"--save", "--hz", "20"});
  ASSERT_TRUE(config.ok());
  EXPECT_THAT(config->options.save, IsEmpty());
  EXPECT_EQ(config->options.hz, 20);
}

TEST_F(ConfigFile, FlagValuesMayLookLikeFlags) {
  EXPECT_EQ(LoadArgs({"--logfile", "--my--log"})->options.logfile, "--my--log");
  EXPECT_EQ(LoadArgs({"--proc-title-template", "--my--title {port}"})->options.proc_title_template,
            "--my--title {port}");
}

TEST_F(ConfigFile, BadFlagsShowTheFlag) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> bad = {
      {{"--port"}, "'port'\nwrong number of arguments"},
      {{"--port", "6379", "6380"}, "'port \"6379\" \"6380\"'\nwrong number of arguments"},
      {{"--port", "--loglevel", "verbose"},
       "'port \"--loglevel\" \"verbose\"'\nwrong number of arguments"},
      {{"--port", "--bla", "--loglevel", "verbose"},
       "'port \"--bla\"'\nargument couldn't be parsed into an integer"},
      {{"--shutdown-on-sigint"}, "'shutdown-on-sigint'\nargument(s) must be one of the following"},
      {{"--replicaof", "127.0.0.1", "abc"},
       "'replicaof \"127.0.0.1\" \"abc\"'\nInvalid primary port"},
      {{"--port=6380"},
       "'port=6380'\nBad directive or wrong number of arguments: 'port=6380' "
       "(write '--port 6380', without '=')"},
      {{"--invalid"}, "'invalid'\nBad directive or wrong number of arguments: 'invalid'"},
      {{"-p", "5"}, "'\"-p\" \"5\"'\nBad directive or wrong number of arguments: '-p'"},
      {{"--hz", "3", "--port", "x"}, "at line 2 of the command line\n>>> 'port \"x\"'"},
  };
  for (const auto& [args, expected] : bad) EXPECT_THAT(ArgsError(args), HasSubstr(expected));
}

TEST(CommandLineActions, OnlyAsTheFirstArgument) {
  const auto action = [](std::vector<std::string> args) { return ParseCommandLine(args).action; };
  EXPECT_EQ(action({}), Action::kServe);
  EXPECT_EQ(action({"-h"}), Action::kHelp);
  EXPECT_EQ(action({"--help", "x"}), Action::kHelp);
  EXPECT_EQ(action({"-v"}), Action::kVersion);
  EXPECT_EQ(action({"--version"}), Action::kVersion);
  EXPECT_EQ(action({"--print-config"}), Action::kPrintConfig);
  EXPECT_EQ(action({"x.conf", "--help"}), Action::kServe);
}

TEST(CommandLineStdin, FirstOrLastDash) {
  EXPECT_TRUE(ParseCommandLine(std::vector<std::string>{"-"}).from_stdin);
  EXPECT_TRUE(ParseCommandLine(std::vector<std::string>{"a.conf", "-"}).from_stdin);
  EXPECT_FALSE(
      ParseCommandLine(std::vector<std::string>{"--logfile", "-", "--hz", "3"}).from_stdin);
}

}  // namespace
}  // namespace norn::config
