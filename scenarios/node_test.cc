// A whole node in the simulated world, seen through its port: what shards, tokens and transactions promise to clients.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/words.h"
#include "engine/fiber/spawn.h"
#include "net/node_host.h"
#include "net/reply_parser.h"
#include "sim/world.h"

namespace norn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A client's connection, for use inside a fiber of the client node.
class Client {
 public:
  explicit Client(env::Env& env) : env_(env) {
    auto stream = env.network().Connect("10.0.0.1:6379", env.clock().Now() + Duration::Seconds(5));
    EXPECT_TRUE(stream.ok()) << stream.status();
    stream_ = *std::move(stream);
  }

  // Sends command lines in one write.
  void Send(const std::vector<std::string>& lines) {
    std::string bytes;
    for (const std::string& line : lines) {
      std::vector<std::string> words;
      EXPECT_TRUE(SplitWords(line, &words));
      bytes += "*" + std::to_string(words.size()) + "\r\n";
      for (const std::string& word : words) {
        bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
      }
    }
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const env::IoResult result = stream_->Write({rest.data(), rest.size()}, Instant::Never());
      ASSERT_TRUE(result.ok());
      rest.remove_prefix(result.bytes);
    }
  }

  // The next reply's bytes with blanks for line ends; "(closed)" when the server ended the connection, "(silent)" when nothing
  // came for a while.
  std::string Read() {
    for (;;) {
      if (parser_.Next() == net::ReplyParser::Result::kReply) {
        std::string text(parser_.bytes());
        for (size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n")) {
          text.replace(at, 2, " ");
        }
        text.pop_back();
        return text;
      }
      char* to = parser_.Reserve(4096);
      const env::IoResult result =
          stream_->Read({to, 4096}, env_.clock().Now() + Duration::Seconds(3));
      if (result.code == env::IoCode::kDeadline) return "(silent)";
      if (!result.ok()) return "(closed)";
      parser_.Commit(result.bytes);
    }
  }

  std::string Call(const std::string& line) {
    Send({line});
    return Read();
  }

  void Close() { stream_->Close(); }

 private:
  env::Env& env_;
  std::unique_ptr<env::Stream> stream_;
  net::ReplyParser parser_;
};

// Parks for all of `span`, whatever wakes the fiber meanwhile.
void Sleep(env::Env& env, Duration span) {
  const Instant until = env.clock().Now() + span;
  while (env.clock().Now() < until) env.executor().Park(until);
}

class NodeInSimulation : public ::testing::TestWithParam<size_t> {
 protected:
  // Runs each body as a fiber of its own on the client's host, until all have ended.
  void Run(const std::vector<std::function<void(env::Env&)>>& clients, uint64_t seed = 1,
           const std::function<void(config::Options&)>& configure = {}) {
    sim::World world({.seed = seed, .fabric = {}, .log_sink = {}});
    sim::Node* server = world.AddNode({.name = "server", .executors = {.executors = GetParam()}});
    sim::Node* client_host = world.AddNode({.name = "clients"});
    std::unique_ptr<net::NodeHost> host;
    bool ready = false;
    world.Start(server, [&](env::Env& env) {
      config::Config config;
      config.options.protected_mode = false;
      if (configure) configure(config.options);
      host = std::make_unique<net::NodeHost>(env, config);
      const absl::Status status = host->Start();
      EXPECT_TRUE(status.ok()) << status;
      ready = true;
    });
    ASSERT_TRUE(world.RunUntil([&] { return ready; }, Instant{Duration::Seconds(5).ns}));
    size_t ended = 0;
    world.Start(client_host, [&](env::Env& env) {
      for (const auto& body : clients) {
        SpawnFiber(env.executor(), [&env, &ended, body] {
          body(env);
          ++ended;
        });
      }
    });
    EXPECT_TRUE(world.RunUntil([&] { return ended == clients.size(); },
                               world.now() + Duration::Seconds(600)));
    world.Stop(client_host);
    world.Stop(server);
  }
};

TEST_P(NodeInSimulation, APipelineOverAllShardsIsAnsweredInOrder) {
  Run({[](env::Env& env) {
    Client client(env);
    std::vector<std::string> lines;
    for (int i = 0; i < 500; ++i) {
      lines.push_back("SET key" + std::to_string(i) + " " + std::to_string(i));
      lines.push_back("GET key" + std::to_string(i));
      lines.push_back("ECHO token" + std::to_string(i));
    }
    client.Send(lines);
    for (int i = 0; i < 500; ++i) {
      const std::string text = std::to_string(i);
      EXPECT_EQ(client.Read(), "+OK");
      EXPECT_EQ(client.Read(), "$" + std::to_string(text.size()) + " " + text);
      EXPECT_THAT(client.Read(), HasSubstr("token" + text));
    }
    EXPECT_EQ(client.Call("DBSIZE"), ":500");
  }});
}

TEST_P(NodeInSimulation, MultiKeyCommandsSpanShards) {
  Run({[](env::Env& env) {
    Client client(env);
    EXPECT_EQ(client.Call("MSET a 1 b 2 c 3 d 4 e 5 f 6"), "+OK");
    EXPECT_EQ(client.Call("MGET a b c d e f nosuch"), "*7 $1 1 $1 2 $1 3 $1 4 $1 5 $1 6 $-1");
    EXPECT_EQ(client.Call("RENAME a z"), "+OK");
    EXPECT_EQ(client.Call("DEL b c d e f z nosuch"), ":6");
    EXPECT_EQ(client.Call("DBSIZE"), ":0");
  }});
}

TEST_P(NodeInSimulation, MSetIsNeverSeenHalfDone) {
  constexpr int kRounds = 60;
  std::vector<std::function<void(env::Env&)>> clients;
  for (int writer = 0; writer < 3; ++writer) {
    clients.push_back([writer](env::Env& env) {
      Client client(env);
      for (int i = 0; i < kRounds; ++i) {
        const std::string value = std::to_string(writer * 1000 + i);
        std::string line = "MSET";
        for (const char* key : {"a", "b", "c", "d", "e"})
          line += std::string(" ") + key + " " + value;
        EXPECT_EQ(client.Call(line), "+OK");
      }
    });
  }
  for (int reader = 0; reader < 3; ++reader) {
    clients.push_back([](env::Env& env) {
      Client client(env);
      for (int i = 0; i < kRounds; ++i) {
        const std::string reply = client.Call("MGET a b c d e");
        const size_t element = (reply.size() - 2) / 5;
        const std::string first = reply.substr(3, element - 1);
        for (size_t at = 1; at < 5; ++at) {
          EXPECT_EQ(reply.substr(3 + at * element, element - 1), first) << reply;
        }
      }
    });
  }
  for (uint64_t seed = 1; seed <= 5; ++seed) Run(clients, seed);
}

TEST_P(NodeInSimulation, TransactionsOfManyClientsAddUp) {
  constexpr int kClients = 6;
  constexpr int kRounds = 25;
  std::vector<std::function<void(env::Env&)>> clients(kClients, [](env::Env& env) {
    Client client(env);
    for (int done = 0; done < kRounds;) {
      EXPECT_EQ(client.Call("WATCH from to"), "+OK");
      const std::string from = client.Call("GET from");
      client.Send({"MULTI", "INCR from", "DECR to", "INCR total", "EXEC"});
      for (int i = 0; i < 4; ++i) client.Read();
      const std::string result = client.Read();
      EXPECT_TRUE(result == "*-1" || result.starts_with("*3 :")) << result;
      if (result != "*-1") ++done;
    }
  });
  Run(clients);
  clients.push_back([](env::Env& env) {
    Sleep(env, Duration::Seconds(30));
    Client client(env);
    EXPECT_EQ(client.Call("MGET from to total"), "*3 $3 150 $4 -150 $3 150");
  });
  Run(clients, 2);
}

TEST_P(NodeInSimulation, ExecAnswersNilWhenAWatchedKeyChanged) {
  Run({[](env::Env& env) {
    Client watcher(env), other(env);
    EXPECT_EQ(watcher.Call("WATCH k"), "+OK");
    EXPECT_EQ(other.Call("SET k 1"), "+OK");
    EXPECT_EQ(watcher.Call("MULTI"), "+OK");
    EXPECT_EQ(watcher.Call("SET k 2"), "+QUEUED");
    EXPECT_EQ(watcher.Call("EXEC"), "*-1");
    EXPECT_EQ(watcher.Call("GET k"), "$1 1");
    EXPECT_EQ(watcher.Call("WATCH k"), "+OK");
    EXPECT_EQ(other.Call("FLUSHALL"), "+OK");
    EXPECT_EQ(watcher.Call("MULTI"), "+OK");
    EXPECT_EQ(watcher.Call("PING"), "+QUEUED");
    EXPECT_EQ(watcher.Call("EXEC"), "*-1");
  }});
}

TEST_P(NodeInSimulation, TransactionErrorsAreThoseOfValkey) {
  Run({[](env::Env& env) {
    Client client(env);
    EXPECT_EQ(client.Call("EXEC"), "-ERR EXEC without MULTI");
    EXPECT_EQ(client.Call("DISCARD"), "-ERR DISCARD without MULTI");
    EXPECT_EQ(client.Call("MULTI"), "+OK");
    EXPECT_EQ(client.Call("MULTI"), "-ERR Command not allowed inside a transaction");
    EXPECT_EQ(client.Call("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    EXPECT_EQ(client.Call("MULTI"), "+OK");
    EXPECT_EQ(client.Call("SET k"), "-ERR wrong number of arguments for 'set' command");
    EXPECT_EQ(client.Call("GET k"), "+QUEUED");
    EXPECT_EQ(client.Call("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    EXPECT_EQ(client.Call("MULTI"), "+OK");
    EXPECT_EQ(client.Call("UNWATCH"), "+QUEUED");
    EXPECT_EQ(client.Call("EXEC"), "*1 +OK");
  }});
}

// Each of them asks other executors or every shard while EXEC holds tokens: none may wait for what EXEC holds.
TEST_P(NodeInSimulation, CommandsThatLookAtTheWholeNodeRunInTransactions) {
  Run({[](env::Env& env) {
    Client client(env), other(env);
    for (const char* line :
         {"INFO everything", "MEMORY STATS", "MEMORY DOCTOR", "MEMORY MALLOC-STATS", "MEMORY PURGE",
          "LATENCY HISTOGRAM", "CONFIG RESETSTAT", "CONFIG SET hz 20", "CONFIG GET hz",
          "CLIENT LIST", "CLIENT KILL ID 999 MAXAGE 1", "CLIENT UNPAUSE", "SLOWLOG GET",
          "SLOWLOG RESET", "DBSIZE", "KEYS *", "FLUSHALL"}) {
      client.Send({"MULTI", "SET k v", line, "GET nosuch", "EXEC", "PING"});
      EXPECT_EQ(client.Read(), "+OK");
      for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Read(), "+QUEUED") << line;
      EXPECT_THAT(client.Read(), HasSubstr("*3 +OK ")) << line;
      EXPECT_EQ(client.Read(), "+PONG") << line;
      EXPECT_EQ(other.Call("SET other 1"), "+OK") << line;
    }
  }});
}

// Holders of all tokens, transactions and plain commands at once: nobody waits for ever.
TEST_P(NodeInSimulation, LooksAtTheWholeNodeAndTransactionsDoNotDeadlock) {
  std::vector<std::function<void(env::Env&)>> clients;
  for (const char* line :
       {"INFO", "MEMORY STATS", "CONFIG SET hz 20", "CONFIG RESETSTAT", "DBSIZE"}) {
    clients.push_back([line](env::Env& env) {
      Client client(env);
      for (int i = 0; i < 20; ++i) {
        const std::string reply = client.Call(line);
        EXPECT_TRUE(reply[0] != '-' && reply[0] != '(') << line << " " << reply;
        client.Send({"MULTI", "SET a 1", line, "EXEC"});
        for (int k = 0; k < 3; ++k) client.Read();
        EXPECT_THAT(client.Read(), HasSubstr("*2 +OK ")) << line;
        EXPECT_EQ(client.Call("MSET a 1 b 2 c 3 d 4"), "+OK");
      }
    });
  }
  for (uint64_t seed = 1; seed <= 5; ++seed) Run(clients, seed);
}

TEST_P(NodeInSimulation, PauseHoldsWritesBackAndLetsReadsThrough) {
  Run({[](env::Env& env) {
    Client admin(env), writer(env);
    EXPECT_EQ(admin.Call("CLIENT PAUSE 2000 WRITE"), "+OK");
    const Instant before = env.clock().Now();
    EXPECT_EQ(writer.Call("GET k"), "$-1");
    EXPECT_LT(env.clock().Now() - before, Duration::Millis(500));
    EXPECT_EQ(writer.Call("SET k v"), "+OK");
    EXPECT_GT(env.clock().Now() - before, Duration::Millis(1500));
    EXPECT_EQ(admin.Call("CLIENT PAUSE 100000 WRITE"), "+OK");
    writer.Send({"SET k w"});
    EXPECT_EQ(admin.Call("CLIENT UNPAUSE"), "+OK");
    EXPECT_EQ(writer.Read(), "+OK");
  }});
}

TEST_P(NodeInSimulation, ReplyOffAndSkipDropWhatTheyShould) {
  Run({[](env::Env& env) {
    Client client(env);
    client.Send({"CLIENT REPLY SKIP", "ECHO skipped", "ECHO seen", "CLIENT REPLY OFF", "SET a 1",
                 "ECHO unseen", "CLIENT REPLY ON", "GET a"});
    EXPECT_THAT(client.Read(), HasSubstr("seen"));
    EXPECT_EQ(client.Read(), "+OK");
    EXPECT_EQ(client.Read(), "$1 1");
    EXPECT_EQ(client.Read(), "(silent)");
  }});
}

TEST_P(NodeInSimulation, MoreClientsThanMaxclientsAreTurnedAway) {
  Run({[](env::Env& env) {
        Client first(env), second(env);
        EXPECT_EQ(first.Call("PING"), "+PONG");
        EXPECT_EQ(second.Call("PING"), "+PONG");
        Client third(env);
        EXPECT_EQ(third.Read(), "-ERR max number of clients reached");
        EXPECT_EQ(third.Read(), "(closed)");
        second.Close();
        Sleep(env, Duration::Seconds(1));
        Client fourth(env);
        EXPECT_EQ(fourth.Call("PING"), "+PONG");
      }},
      1, [](config::Options& options) { options.maxclients = 2; });
}

TEST_P(NodeInSimulation, AClientThatNeverReadsIsClosedAtItsLimit) {
  Run({[](env::Env& env) {
        Client greedy(env), other(env);
        EXPECT_EQ(other.Call("SETRANGE big 99999 x"), ":100000");
        greedy.Send(std::vector<std::string>(100, "GET big"));
        Sleep(env, Duration::Seconds(2));
        EXPECT_EQ(other.Call("PING"), "+PONG");
        std::string last;
        for (int i = 0; i < 101 && last != "(closed)"; ++i) last = greedy.Read();
        EXPECT_EQ(last, "(closed)");
      }},
      1, [](config::Options& options) {
        options.client_output_buffer_limit[config::kNormalClient].hard_bytes = 1 << 20;
      });
}

TEST_P(NodeInSimulation, ConfigSetReachesEveryExecutor) {
  std::vector<std::function<void(env::Env&)>> clients(4, [](env::Env& env) {
    Client client(env);
    Sleep(env, Duration::Seconds(1));
    EXPECT_EQ(client.Call("CONFIG GET maxmemory-samples"), "*2 $17 maxmemory-samples $1 7");
  });
  clients.push_back([](env::Env& env) {
    Client client(env);
    EXPECT_EQ(client.Call("CONFIG SET maxmemory-samples 7"), "+OK");
    Sleep(env, Duration::Seconds(1));
  });
  Run(clients);
}

TEST_P(NodeInSimulation, FullMemoryRefusesWritesOrEvicts) {
  Run({[](env::Env& env) {
    Client client(env);
    std::vector<std::string> lines;
    for (int i = 0; i < 3000; ++i) {
      lines.push_back("SET key" + std::to_string(i) + " " + std::string(100, 'v'));
    }
    client.Send(lines);
    for (int i = 0; i < 3000; ++i) EXPECT_EQ(client.Read(), "+OK");
    EXPECT_EQ(client.Call("CONFIG SET maxmemory 100kb"), "+OK");
    EXPECT_EQ(client.Call("SET more 1"),
              "-OOM command not allowed when used memory > 'maxmemory'.");
    EXPECT_EQ(client.Call("GET key1"), "$100 " + std::string(100, 'v'));
    EXPECT_EQ(client.Call("CONFIG SET maxmemory-policy allkeys-lru"), "+OK");
    client.Send(lines);
    for (int i = 0; i < 3000; ++i) EXPECT_EQ(client.Read(), "+OK");
    EXPECT_THAT(client.Call("INFO stats"), HasSubstr("evicted_keys:"));
    EXPECT_THAT(client.Call("INFO stats"), ::testing::Not(HasSubstr("evicted_keys:0 ")));
  }});
}

INSTANTIATE_TEST_SUITE_P(Threads, NodeInSimulation, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace norn
