// How fast the simulator is: events a second of wall time in a busy room, and the cost of a node
// that does nothing.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "engine/fiber/spawn.h"
#include "sim/world.h"

namespace norn::sim {
namespace {

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Serve(env::Env& env, std::unique_ptr<env::Stream> stream) {
  char buf[512];
  for (;;) {
    const env::IoResult got = stream->Read(std::span<char>(buf), Instant::Never());
    if (!got.ok()) return;
    std::span<const char> rest(buf, got.bytes);
    while (!rest.empty()) {
      const env::IoResult put = stream->Write(rest, Instant::Never());
      if (!put.ok()) return;
      rest = rest.subspan(put.bytes);
    }
    (void)env;
  }
}

void Listen(env::Env& env) {
  auto listener = env.network().Listen("0.0.0.0:6379", env::ListenOptions{});
  for (;;) {
    auto stream = (*listener)->Accept();
    if (!stream.ok()) return;
    SpawnFiber(env.executor(),
               [&env, held = *std::move(stream)]() mutable { Serve(env, std::move(held)); });
  }
}

// Sends a request of 40 bytes and waits for all of its echo, for ever.
void Ask(env::Env& env, const std::string& address, uint64_t& echoes) {
  auto stream = env.network().Connect(address, Instant::Never());
  if (!stream.ok()) return;
  const std::string request(40, 'r');
  char buf[64];
  for (;; ++echoes) {
    std::span<const char> rest(request.data(), request.size());
    while (!rest.empty()) {
      const env::IoResult put = (*stream)->Write(rest, Instant::Never());
      if (!put.ok()) return;
      rest = rest.subspan(put.bytes);
    }
    for (size_t got = 0; got < request.size();) {
      const env::IoResult read = (*stream)->Read(std::span<char>(buf), Instant::Never());
      if (!read.ok()) return;
      got += read.bytes;
    }
  }
}

void BusyRoom() {
  constexpr int kClients = 20;
  World world({.seed = 1});
  NodeOptions server_options;
  server_options.executors.executors = 4;
  Node* server = world.AddNode(server_options);
  Node* clients = world.AddNode({});
  uint64_t echoes = 0;
  world.Start(server, [](env::Env& env) {
    for (size_t i = 1; i < env.executor().Count(); ++i) {
      PostCall(env.executor(), i, [&env] { SpawnFiber(env.executor(), [&env] { Listen(env); }); });
    }
    Listen(env);
  });
  world.RunFor(Duration::Millis(1));
  world.Start(clients, [&](env::Env& env) {
    for (int i = 0; i < kClients; ++i) {
      SpawnFiber(env.executor(), [&] { Ask(env, server->ip() + ":6379", echoes); });
    }
  });
  const double start = Seconds();
  world.RunFor(Duration::Seconds(20));
  const double spent = Seconds() - start;
  fmt::print("busy: {} events in {:.2f} s: {:.2f} M events/s, {:.0f} k echoes/s, hash {:016x}\n",
             world.events(), spent, static_cast<double>(world.events()) / spent / 1e6,
             static_cast<double>(echoes) / spent / 1e3, world.trace().hash());
}

void IdleNode() {
  World world({.seed = 1});
  Node* node = world.AddNode({});
  world.Start(node, [](env::Env& env) {
    for (;;) {
      const Instant until = env.clock().Now() + Duration::Millis(100);
      while (env.clock().Now() < until) env.executor().Park(until);
    }
  });
  const double start = Seconds();
  world.RunFor(Duration::Seconds(60));
  fmt::print("idle: 60 s with 10 Hz timers, {} events in {:.3f} ms\n", world.events(),
             (Seconds() - start) * 1e3);
}

void ManyNodes() {
  constexpr int kNodes = 2000;
  const double start = Seconds();
  World world({.seed = 1});
  for (int i = 0; i < kNodes; ++i) {
    world.Start(world.AddNode({}), [](env::Env& env) {
      for (;;) env.executor().Park(env.clock().Now() + Duration::Millis(100));
    });
  }
  world.RunFor(Duration::Seconds(1));
  fmt::print("many: {} nodes for 1 s, {} events in {:.0f} ms\n", kNodes, world.events(),
             (Seconds() - start) * 1e3);
}

}  // namespace
}  // namespace norn::sim

int main() {
  norn::sim::BusyRoom();
  norn::sim::IdleNode();
  norn::sim::ManyNodes();
  return 0;
}
