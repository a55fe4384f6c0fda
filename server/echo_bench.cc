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
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/fiber/spawn.h"
#include "server/real_env.h"

namespace {

using norn::Duration;
using norn::Instant;

constexpr size_t kBufferBytes = 16 * 1024;

// One executor's scratch space and count. Its fibers use the buffers in turn, never across a park,
// so that an idle connection holds none.
struct Shard {
  std::vector<char> in = std::vector<char>(kBufferBytes);
  std::string out;
  uint64_t requests = 0;
};

bool WriteAll(norn::env::Stream& stream, std::string_view data) {
  norn::env::IoResult put = stream.Write(data, Instant::Past());
  if (put.ok() && put.bytes == data.size()) return true;
  // No room for all of it: this park needs a copy of its own.
  const std::string rest(data.substr(put.bytes));
  for (std::span<const char> left = rest; !left.empty(); left = left.subspan(put.bytes)) {
    put = stream.Write(left, Instant::Never());
    if (!put.ok()) return false;
  }
  return true;
}

void Serve(norn::env::Stream& stream, Shard& shard) {
  while (stream.Read({}, Instant::Never()).ok()) {
    const norn::env::IoResult got = stream.Read(shard.in, Instant::Past());
    if (got.code == norn::env::IoCode::kDeadline) continue;
    if (!got.ok()) return;
    shard.out.clear();
    for (size_t i = 0; i < got.bytes; ++i) {
      if (shard.in[i] == '\n') shard.out += "+OK\r\n";
    }
    shard.requests += shard.out.size() / 5;
    if (!shard.out.empty() && !WriteAll(stream, shard.out)) return;
  }
}

void Listen(norn::env::Env& env, const std::string& address, Shard& shard) {
  auto listener = env.network().Listen(address, {});
  if (!listener.ok()) {
    fmt::print(stderr, "{}\n", listener.status().ToString());
    return env.Exit(1);
  }
  for (;;) {
    auto stream = (*listener)->Accept();
    if (!stream.ok()) continue;
    norn::SpawnFiber(env.executor(), [stream = std::shared_ptr(std::move(*stream)), &shard] {
      Serve(*stream, shard);
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string address = std::string("127.0.0.1:") + (argc > 1 ? argv[1] : "21000");
  norn::server::RealEnvOptions options;
  options.executors = argc > 2 ? static_cast<size_t>(std::atoi(argv[2])) : 1;
  std::vector<Shard> shards(options.executors);
  norn::server::RealEnv env(options);
  return env.Run([&](norn::env::Env& env) {
    for (size_t i = 0; i < options.executors; ++i) {
      norn::PostCall(env.executor(), i, [&env, &address, mine = &shards[i]] {
        norn::SpawnFiber(env.executor(), [&env, &address, mine] { Listen(env, address, *mine); });
      });
    }
    uint64_t seen = 0;
    norn::env::ProcessStats before = env.Stats();
    for (;;) {
      env.executor().Park(env.clock().Now() + Duration::Seconds(1));
      uint64_t total = 0;
      for (const Shard& shard : shards) total += shard.requests;
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
