// Sockets beyond what the contract suite promises: addresses, Unix sockets, running out of files.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/fiber/spawn.h"
#include "server/real_env.h"
#include "server/socket_address.h"
#include "server/temp_dir_test.h"

namespace norn::server {
namespace {

using ::testing::HasSubstr;

void RunNode(size_t executors, std::function<void(env::Env&)> body) {
  RealEnvOptions options;
  options.executors = executors;
  options.stack_bytes = 256 * 1024;
  RealEnv env(options);
  EXPECT_EQ(env.Run([&](env::Env& env) {
    body(env);
    env.Exit(0);
  }),
            0);
}

TEST(SocketAddress, ReadsAndWritesAllThreeForms) {
  for (const char* text : {"127.0.0.1:6379", "[::1]:6379", "[2001:db8::7]:0", "unix:/tmp/x"}) {
    auto address = ParseSocketAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(SocketAddress, RejectsWhatIsNone) {
  for (const char* text :
       {"", ":", ":80", "localhost:80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1",
        "1.2.3.4:8x", "::1:80", "[::1]", "[::1:80", "[1.2.3.4]:80", "unix:"}) {
    EXPECT_EQ(ParseSocketAddress(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_THAT(ParseSocketAddress("unix:/" + std::string(200, 'x')).status().message(),
              HasSubstr("too long"));
}

TEST(Network, ATakenPortIsReportedWithTheKernelsWords) {
  RunNode(1, [](env::Env& mine) {
    auto listener = mine.network().Listen("127.0.0.1:0", {});
    ASSERT_TRUE(listener.ok()) << listener.status();
    const std::string address = (*listener)->LocalAddress();
    absl::Status taken;
    std::thread other([&] {
      RunNode(1, [&](env::Env& env) { taken = env.network().Listen(address, {}).status(); });
    });
    other.join();
    EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(taken.message(), address + ": bind: Address already in use");
  });
}

// "localhost" may be ::1 first, where nobody listens: the next address is tried.
TEST(Network, ConnectsToANameAndTellsWhenThereIsNone) {
  RunNode(1, [](env::Env& mine) {
    auto listener = mine.network().Listen("127.0.0.1:0", {});
    ASSERT_TRUE(listener.ok()) << listener.status();
    const std::string address = (*listener)->LocalAddress();
    const Instant deadline = mine.clock().Now() + Duration::Seconds(20);
    auto stream =
        mine.network().Connect("localhost" + address.substr(address.rfind(':')), deadline);
    ASSERT_TRUE(stream.ok()) << stream.status();
    EXPECT_EQ((*stream)->PeerAddress(), address);
    const auto none = mine.network().Connect("no-such-host.invalid:80", deadline).status();
    EXPECT_EQ(none.code(), absl::StatusCode::kUnavailable) << none;
    EXPECT_THAT(std::string(none.message()), HasSubstr("no-such-host.invalid"));
  });
}

TEST(Network, AnAddressOfAnotherMachineIsNotFound) {
  RunNode(1, [](env::Env& env) {
    const absl::Status status = env.network().Listen("203.0.113.7:0", {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(status.message(), HasSubstr("Cannot assign requested address"));
  });
}

TEST(Network, AClosedAddressMayBeListenedOnAgainAtOnce) {
  RunNode(2, [](env::Env& env) {
    auto first = env.network().Listen("127.0.0.1:0", {});
    ASSERT_TRUE(first.ok()) << first.status();
    const std::string address = (*first)->LocalAddress();
    for (int round = 0; round < 10; ++round) {
      // The last member leaves on the executor that does not own the socket.
      const env::FiberId self = env.executor().Self();
      bool closed = false;
      auto second = std::make_shared<std::unique_ptr<env::Listener>>();
      PostCall(env.executor(), 1, [&, second] {
        auto joined = env.network().Listen(address, {});
        EXPECT_TRUE(joined.ok()) << joined.status();
        *second = std::move(*joined);
        PostCall(env.executor(), 0, [&, second] {
          first->reset();
          PostCall(env.executor(), 1, [&, second] {
            second->reset();
            PostCall(env.executor(), 0, [&] {
              closed = true;
              env.executor().Wake(self);
            });
          });
        });
      });
      while (!closed) env.executor().Park(Instant::Never());
      first = env.network().Listen(address, {});
      ASSERT_TRUE(first.ok()) << first.status();
      EXPECT_EQ((*first)->LocalAddress(), address);
    }
  });
}

TEST(Network, UnixSocketsTakeTheirModeAndReplaceAStaleFile) {
  TempDir dir;
  const std::string path = dir / "sock";
  const std::string address = "unix:" + path;
  {
    const int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    auto parsed = ParseSocketAddress(address);
    ASSERT_EQ(bind(stale, parsed->raw(), parsed->length), 0);
    close(stale);
  }
  RunNode(1, [&](env::Env& env) {
    env::ListenOptions options;
    options.unix_mode = 0700;
    auto listener = env.network().Listen(address, options);
    ASSERT_TRUE(listener.ok()) << listener.status();
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    auto client = env.network().Connect(address, Instant::Never());
    ASSERT_TRUE(client.ok()) << client.status();
    auto server = (*listener)->Accept();
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_EQ((*server)->PeerAddress(), address);
    EXPECT_EQ((*client)->PeerAddress(), address);
    listener->reset();
    EXPECT_NE(stat(path.c_str(), &info), 0) << "the file goes with the listener";
  });
}

TEST(Network, UnixListenNeverRemovesAFileThatIsNoSocketOrIsInUse) {
  TempDir dir;
  std::ofstream(dir / "precious") << "data";
  RunNode(1, [&](env::Env& env) {
    EXPECT_EQ(env.network().Listen("unix:" + (dir / "precious"), {}).status().code(),
              absl::StatusCode::kAlreadyExists);
    auto live = env.network().Listen("unix:" + (dir / "live"), {});
    ASSERT_TRUE(live.ok());
    absl::Status taken;
    std::thread other([&] {
      RunNode(1, [&](env::Env& other) {
        taken = other.network().Listen("unix:" + (dir / "live"), {}).status();
      });
    });
    other.join();
    EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  });
  EXPECT_TRUE(std::filesystem::exists(dir / "precious"));
}

TEST(Network, ConnectEndsAtItsDeadline) {
  RunNode(1, [](env::Env& env) {
    // A listener whose queue is full answers no further connection.
    const int full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto any = ParseSocketAddress("127.0.0.1:0");
    ASSERT_EQ(bind(full, any->raw(), any->length), 0);
    ASSERT_EQ(listen(full, 0), 0);
    const std::string address = LocalAddressOf(full).ToString();
    std::vector<std::unique_ptr<env::Stream>> held;
    absl::Status status;
    while (status.ok() && held.size() < 10) {
      auto stream = env.network().Connect(address, env.clock().Now() + Duration::Millis(50));
      status = stream.status();
      if (stream.ok()) held.push_back(std::move(*stream));
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
    close(full);
  });
}

// Lowers the limit so that the next descriptor fails, and puts it back.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    getrlimit(RLIMIT_NOFILE, &old_);
    const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    rlimit low = old_;
    low.rlim_cur = static_cast<rlim_t>(next);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  ~NoMoreFiles() { setrlimit(RLIMIT_NOFILE, &old_); }

 private:
  rlimit old_;
};

TEST(Network, RunningOutOfFilesIsReportedAndPasses) {
  RunNode(1, [](env::Env& env) {
    auto listener = env.network().Listen("127.0.0.1:0", {});
    ASSERT_TRUE(listener.ok());
    const std::string address = (*listener)->LocalAddress();
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto to = ParseSocketAddress(address);
    const Instant start = env.clock().Now();
    {
      NoMoreFiles no_more_files;
      ASSERT_EQ(connect(client, to->raw(), to->length), 0);
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ((*listener)->Accept().status().code(), absl::StatusCode::kResourceExhausted);
      }
    }
    EXPECT_GE(env.clock().Now() - start, Duration::Millis(150)) << "no busy loop";
    EXPECT_TRUE((*listener)->Accept().ok()) << "a later call succeeds";
    close(client);
  });
}

// A connection that was dealt to a member which closes goes to another one.
TEST(Network, ConnectionsOfAClosedMemberAreDealtAgain) {
  RunNode(2, [](env::Env& env) {
    auto listener = env.network().Listen("127.0.0.1:0", {});
    ASSERT_TRUE(listener.ok());
    const std::string address = (*listener)->LocalAddress();
    const env::FiberId self = env.executor().Self();
    bool joined = false;
    PostCall(env.executor(), 1, [&] {
      SpawnFiber(env.executor(), [&] {
        auto mine = env.network().Listen(address, {});
        EXPECT_TRUE(mine.ok()) << mine.status();
        PostCall(env.executor(), 0, [&] {
          joined = true;
          env.executor().Wake(self);
        });
        EXPECT_TRUE((*mine)->Accept().ok());
        // Closes now, whatever else was dealt to it.
      });
    });
    while (!joined) env.executor().Park(Instant::Never());
    std::vector<std::unique_ptr<env::Stream>> clients;
    for (int i = 0; i < 8; ++i) {
      auto client = env.network().Connect(address, Instant::Never());
      ASSERT_TRUE(client.ok()) << client.status();
      clients.push_back(std::move(*client));
    }
    std::vector<std::unique_ptr<env::Stream>> accepted;
    while (accepted.size() < 7) {
      auto stream = (*listener)->Accept();
      ASSERT_TRUE(stream.ok()) << stream.status();
      accepted.push_back(std::move(*stream));
    }
    EXPECT_EQ(accepted.size(), 7u);
  });
}

}  // namespace
}  // namespace norn::server
