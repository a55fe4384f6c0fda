#include "scenarios/drawn.h"

#include <fmt/format.h>

#include "sim/world.h"

namespace norn::scenarios {
namespace {

void DrawOptions(std::string_view purpose, const std::vector<OptionChoice>& choices,
                 const faults::PrngOf& prng_of, ServerOptions* options) {
  for (const OptionChoice& choice : choices) {
    Prng prng = prng_of(fmt::format("{} {}", purpose, choice.name));
    options->emplace_back(choice.name, choice.values[prng.Below(choice.values.size())]);
  }
}

faults::Extent ExtentOf(const Scenario& scenario, const Drawn& drawn) {
  return {.machines = 1 + drawn.replicas, .zones = static_cast<size_t>(scenario.node.zones)};
}

}  // namespace

Drawn Draw(const Scenario& scenario, const faults::PrngOf& prng_of) {
  const auto draw = [&prng_of](const std::string& purpose, const Range& range) {
    Prng prng = prng_of("draw " + purpose);
    return range.Draw(prng);
  };
  const ClientSection& clients = scenario.clients;
  Drawn drawn;
  drawn.threads = static_cast<size_t>(draw("threads", scenario.node.threads));
  drawn.drift_ppm = draw("drift", scenario.node.drift_ppm);
  drawn.pct = draw("scheduling", {0, 3}) == 0;
  drawn.universe.groups = static_cast<uint32_t>(draw("groups", clients.groups));
  drawn.universe.keys_per_group = static_cast<uint32_t>(draw("keys", clients.keys_per_group));
  drawn.universe.databases = static_cast<uint32_t>(draw("databases", clients.databases));
  drawn.clients = static_cast<size_t>(draw("clients", clients.count));
  drawn.timeout = Duration::Nanos(draw("timeout", clients.timeout_ns));
  DrawOptions("option", scenario.node.options, prng_of, &drawn.options);
  drawn.replicas = static_cast<size_t>(draw("replicas", scenario.node.replicas));
  if (scenario.cluster.enabled()) {
    drawn.shards = static_cast<size_t>(draw("shards", scenario.cluster.shards));
    drawn.shard_replicas = static_cast<size_t>(draw("shard replicas", scenario.cluster.replicas));
    drawn.node_timeout = Duration::Millis(
        Duration::Nanos(draw("node timeout", scenario.cluster.node_timeout_ns)).millis());
    drawn.replicas = drawn.shards * (1 + drawn.shard_replicas) - 1;
  }
  drawn.replica_options = drawn.options;
  DrawOptions("replica option", scenario.node.replica_options, prng_of, &drawn.replica_options);
  for (size_t i = 1; i <= drawn.replicas; ++i) {
    const int64_t threads = draw(fmt::format("threads {}", i), scenario.node.threads);
    drawn.replica_threads.push_back(static_cast<size_t>(threads));
  }
  drawn.kinds = faults::DrawKinds(scenario.faults, scenario.swarm, prng_of);
  if (scenario.plan) {
    drawn.kinds = faults::KindsOf(*scenario.plan);
    drawn.plan = *scenario.plan;
  } else {
    const faults::FaultPlan all = faults::DrawPlan(scenario.faults, drawn.kinds,
                                                   Duration::Nanos(scenario.duration_ns), prng_of);
    drawn.plan = faults::Within(scenario.budget, ExtentOf(scenario, drawn), all);
  }
  return drawn;
}

Drawn Draw(const Scenario& scenario, uint64_t seed) {
  sim::WorldOptions options;
  options.seed = seed;
  const sim::World world(options);
  return Draw(scenario, [&world](std::string_view purpose) { return world.PrngOf(purpose); });
}

std::string Drawn::Text() const {
  std::string text =
      fmt::format("threads={} scheduling={} clients={}", threads, pct ? "pct" : "random", clients);
  if (shards > 0) {
    text += fmt::format(" shards={} replicas_of_each={} node_timeout={}ms", shards, shard_replicas,
                        node_timeout.millis());
  }
  const ServerOptions& all = replicas > 0 ? replica_options : options;  // begins with `options`
  for (size_t i = 0; i < all.size(); ++i) {
    if (i == options.size()) text += fmt::format(" replicas={}", replicas);
    text += fmt::format(" {}={}", all[i].first, all[i].second);
  }
  if (replicas > 0 && all.size() == options.size()) text += fmt::format(" replicas={}", replicas);
  for (size_t i = 0; i < replica_threads.size(); ++i) {
    text += fmt::format(" threads{}={}", i + 1, replica_threads[i]);
  }
  return text;
}

std::string Drawn::Kinds() const {
  std::string text;
  for (const FaultRow& row : kFaultRows) {
    if (kinds[static_cast<size_t>(row.kind)]) text += fmt::format(" {}", row.name);
  }
  return text;
}

sim::WorldOptions DrawWorld(const Scenario& scenario, uint64_t seed) {
  // The world does not exist yet, so this purpose has a generator of its own making.
  Prng prng(seed ^ 0x6e6574776f726bULL);
  sim::WorldOptions world;
  world.seed = seed;
  const int64_t latency_ns = scenario.network.latency_ns.Draw(prng);
  const int64_t jitter_ns = scenario.network.jitter_ns.Draw(prng);
  world.fabric.link.latency = Duration::Nanos(latency_ns);
  world.fabric.link.jitter = Duration::Nanos(jitter_ns);
  return world;
}

}  // namespace norn::scenarios
