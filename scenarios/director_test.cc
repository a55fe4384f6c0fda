// Whole runs over nodes that only play replication: an honest group passes, and each lie is found by the check that is for
// it.

#include "scenarios/director.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/fiber/spawn.h"
#include "net/reply_parser.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "scenarios/testing_listener.h"

namespace norn::scenarios {
namespace {

enum class Lie : uint8_t {
  kNone,
  kLinkDown,
  kOtherData,      // at the same offset
  kOtherOffset,    // with the link up
  kCopiesForEver,  // in the log, though all is well
  kShowsExpired,
  kWaitOverReports,
};

// Answers what the director asks; holds nothing.
class Actor : public Server {
 public:
  Actor(env::Env& env, const ServerOptions& options, Lie lie) : env_(env), lie_(lie) {
    for (const auto& [name, value] : options) {
      if (name == "replicaof") primary_ = value;
    }
  }

  absl::Status Start() override {
    return listener_.Start([this](env::Stream& stream) { Serve(stream); });
  }

 private:
  bool replica() const { return !primary_.empty(); }

  void Serve(env::Stream& stream) {
    net::ReplyParser parser;  // a command has the form of a reply
    for (;;) {
      const env::IoResult read = stream.Read({parser.Reserve(4096), 4096}, Instant::Never());
      if (!read.ok()) return;
      parser.Commit(read.bytes);
      while (parser.Next() == net::ReplyParser::Result::kReply) {
        Words words;
        const auto command = net::ParseReply(parser.bytes());
        for (const net::Reply& word : command->elements) words.push_back(word.text);
        const std::string reply = Answer(words);
        for (std::string_view rest = reply; !rest.empty();) {
          const env::IoResult write = stream.Write({rest.data(), rest.size()}, Instant::Never());
          if (!write.ok()) return;
          rest.remove_prefix(write.bytes);
        }
      }
    }
  }

  std::string Answer(const Words& words) {
    const std::string& name = words[0];
    if (name == "INFO") return Info();
    if (name == "DEBUG") return replica() && lie_ == Lie::kOtherData ? "+other\r\n" : "+data\r\n";
    if (name == "REPLICAOF") primary_ = words[1] == "NO" ? "" : words[1] + " " + words[2];
    if (name == "REPLICAOF" || name == "SET") return "+OK\r\n";
    if (name == "GET") return lie_ == Lie::kShowsExpired ? "$1\r\nv\r\n" : "$-1\r\n";
    if (name == "PING") return words.size() == 1 ? "+PONG\r\n" : Bulk(words[1]);
    if (name == "ECHO") return Bulk(words[1]);
    if (name == "WAIT") return lie_ == Lie::kWaitOverReports ? ":1\r\n" : ":0\r\n";
    if (name != "MGET") return "-ERR unknown\r\n";
    std::string reply = fmt::format("*{}\r\n", words.size() - 1);
    for (size_t i = 1; i < words.size(); ++i) reply += "$-1\r\n";
    return reply;
  }

  std::string Info() {
    if (replica() && lie_ == Lie::kCopiesForEver) {
      env_.Log(env::LogLevel::kNotice, "Full resync from primary: h:7");
    }
    std::string info = replica() ? "role:slave\r\n" : "role:master\r\n";
    if (replica()) {
      info += fmt::format("master_link_status:{}\r\n", lie_ == Lie::kLinkDown ? "down" : "up");
    }
    info += fmt::format("master_replid:h\r\nmaster_repl_offset:{}\r\n",
                        replica() && lie_ == Lie::kOtherOffset ? 6 : 7);
    return Bulk(info);
  }

  static std::string Bulk(const std::string& text) {
    return fmt::format("${}\r\n{}\r\n", text.size(), text);
  }

  env::Env& env_;
  const Lie lie_;
  std::string primary_;  // "10.0.0.1 6379"; "": this is one
  TestingListener listener_{env_};
};

// The check that fails, over a few seeds; "" if none did.
std::string CheckThatFails(Lie lie, bool primary_dies = false) {
  const std::string text = fmt::format(
      R"(name = "group"
duration = "1500ms"
checks = ["expired_never_seen", "same_history_same_data", "continue_along_history",
          "bounded_full_syncs", "replicas_converge"{}]
[node]
replicas = [1, 3]
[replication]
chained_percent = 30
witnesses = 2
primary_dies = {}
full_syncs_max = 3
[clients]
count = 1
resp3_percent = 0
[workload]
token = 1
{})",
      primary_dies ? ", \"wait_never_over_reports\"" : "", primary_dies,
      primary_dies ? "" : "[faults.promote]\nevery = [\"200ms\", \"500ms\"]\n");
  const auto scenario = ParseScenario(text, "group.toml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  const ServerFactory factory = [lie](env::Env& env, const ServerOptions& options) {
    return std::make_unique<Actor>(env, options, lie);
  };
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    RunOptions options;
    options.seed = seed;
    const RunResult result = RunScenario(*scenario, factory, options);
    if (!result.passed()) return result.failed_check;
  }
  return "";
}

TEST(Director, AnHonestGroupPasses) {
  EXPECT_EQ(CheckThatFails(Lie::kNone), "");
  EXPECT_EQ(CheckThatFails(Lie::kNone, true), "");
}

TEST(Director, EachLieIsFoundByTheCheckThatIsForIt) {
  EXPECT_EQ(CheckThatFails(Lie::kLinkDown), "replicas_converge");
  EXPECT_EQ(CheckThatFails(Lie::kOtherData), "same_history_same_data");
  EXPECT_EQ(CheckThatFails(Lie::kOtherOffset), "continue_along_history");
  EXPECT_EQ(CheckThatFails(Lie::kCopiesForEver), "bounded_full_syncs");
  EXPECT_EQ(CheckThatFails(Lie::kShowsExpired), "expired_never_seen");
  EXPECT_EQ(CheckThatFails(Lie::kWaitOverReports, true), "wait_never_over_reports");
}

}  // namespace
}  // namespace norn::scenarios
