// The floor: a fiber a connection that answers +OK to every line, over the real Env. What a command
// costs here, no server on this loop can undercut.
//
//   taskset -c 0 build/release/echo_bench PORT [executors]
//   taskset -c 1 redis-benchmark -p PORT -c 50 -n 1000000 -P 16 -t ping_inline
//
// Every second with traffic it prints the requests and the CPU time of one.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "engine/fiber/spawn.h"
#include "server/real_env.h"

namespace {

using norn::Duration;
using norn::Instant;

constexpr size_t kBufferBytes = 16 * 1024;

void Serve(norn::env::Stream& stream, uint64_t* requests) {
  std::vector<char> in;
  std::string out;
  for (;;) {
    // An idle connection holds no buffer.
    if (!stream.Read({}, Instant::Never()).ok()) return;
    in.resize(kBufferBytes);
    for (;;) {
      const norn::env::IoResult got = stream.Read(in, Instant::Past());
      if (got.code == norn::env::IoCode::kDeadline) break;
      if (!got.ok()) return;
      out.clear();
      for (size_t i = 0; i < got.bytes; ++i) {
        if (in[i] == '\n') out += "+OK\r\n";
      }
      *requests += out.size() / 5;
      for (std::span<const char> left = out; !left.empty();) {
        const norn::env::IoResult put = stream.Write(left, Instant::Never());
        if (!put.ok()) return;
        left = left.subspan(put.bytes);
      }
    }
  }
}

void Listen(norn::env::Env& env, const std::string& address, uint64_t* requests) {
  auto listener = env.network().Listen(address, {});
  if (!listener.ok()) {
    fmt::print(stderr, "{}\n", listener.status().ToString());
    return env.Exit(1);
  }
  for (;;) {
    auto stream = (*listener)->Accept();
    if (!stream.ok()) continue;
    norn::SpawnFiber(env.executor(), [stream = std::shared_ptr(std::move(*stream)), requests] {
      Serve(*stream, requests);
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string address = std::string("127.0.0.1:") + (argc > 1 ? argv[1] : "21000");
  norn::server::RealEnvOptions options;
  options.executors = argc > 2 ? static_cast<size_t>(std::atoi(argv[2])) : 1;
  std::vector<uint64_t> requests(options.executors * 8);  // a cache line each
  norn::server::RealEnv env(options);
  return env.Run([&](norn::env::Env& env) {
    for (size_t i = 0; i < options.executors; ++i) {
      norn::PostCall(env.executor(), i, [&env, &address, mine = &requests[i * 8]] {
        norn::SpawnFiber(env.executor(), [&env, &address, mine] { Listen(env, address, mine); });
      });
    }
    uint64_t seen = 0;
    norn::env::ProcessStats before = env.Stats();
    for (;;) {
      env.executor().Park(env.clock().Now() + Duration::Seconds(1));
      uint64_t total = 0;
      for (size_t i = 0; i < options.executors; ++i) total += requests[i * 8];
      const norn::env::ProcessStats now = env.Stats();
      const uint64_t fresh = total - seen;
      const auto user = static_cast<double>(now.cpu_user_us - before.cpu_user_us);
      const auto system = static_cast<double>(now.cpu_system_us - before.cpu_system_us);
      if (fresh > 1000) {
        const auto n = static_cast<double>(fresh);
        fmt::print("{:8} requests  {:.3f} us each ({:.3f} user, {:.3f} system)\n", fresh,
                   (user + system) / n, user / n, system / n);
        std::fflush(stdout);
      }
      seen = total;
      before = now;
    }
  });
}
