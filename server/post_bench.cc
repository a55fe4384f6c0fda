// What it costs to hand work to another executor: `tokens` tasks bounce between two executors.
// With one token each hop wakes a sleeper; with many both stay awake and no hop makes a system
// call.
//
//   build/release/post_bench [hops]

#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include "server/real_env.h"

namespace {

struct Token : norn::env::Task {
  norn::env::Env* env = nullptr;
  int64_t hops_left = 0;
  int* alive = nullptr;  // of executor 0
};

// Tokens end on executor 0, so that one counter without locks is enough.
void Hop(norn::env::Task* task) {
  auto* token = static_cast<Token*>(task);
  norn::env::Executor& executor = token->env->executor();
  const size_t here = executor.Current();
  if (--token->hops_left <= 0 && here == 0) {
    if (--*token->alive == 0) token->env->Exit(0);
    return;
  }
  executor.Post(1 - here, token);
}

void Measure(int tokens, int64_t hops) {
  norn::server::RealEnvOptions options;
  options.executors = 2;
  norn::server::RealEnv env(options);
  std::vector<Token> all(static_cast<size_t>(tokens));
  int alive = tokens;
  const norn::Instant start = env.clock().Now();
  const norn::env::ProcessStats before = env.Stats();
  env.Run([&](norn::env::Env& env) {
    for (Token& token : all) {
      token.env = &env;
      token.hops_left = hops / tokens;
      token.alive = &alive;
      token.run = Hop;
      env.executor().Post(1, &token);
    }
  });
  const norn::env::ProcessStats after = env.Stats();
  const auto cpu_us = static_cast<double>(after.cpu_user_us + after.cpu_system_us -
                                          before.cpu_user_us - before.cpu_system_us);
  const auto n = static_cast<double>(hops);
  fmt::print("{:5} tokens: {:7.3f} us of time, {:7.3f} us of CPU a hop\n", tokens,
             (env.clock().Now() - start).seconds() * 1e6 / n, cpu_us / n);
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t hops = argc > 1 ? std::atoll(argv[1]) : 1000000;
  Measure(1, hops / 10);
  for (const int tokens : {4, 16, 64, 256}) Measure(tokens, hops);
}
