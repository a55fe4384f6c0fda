#include "scenarios/failover_study.h"

#include <algorithm>
#include <numeric>

#include "engine/base/check.h"
#include "scenarios/member_world.h"

namespace norn::scenarios {

namespace {

// Voters are quiet for a little more than one timeout after their start, and restarted primaries unwritable for 2 s.
Duration WarmUp(Duration node_timeout) { return node_timeout * 2 + Duration::Seconds(3); }

constexpr Duration kHealthyStride = Duration::Seconds(1);
constexpr int64_t kSlowShare = 100;

}  // namespace

FailoverTimes MeasureFailover(const FailoverSetup& setup, uint64_t seed) {
  CHECK(setup.victims <= setup.shards);
  MemberWorldOptions options{.shards = setup.shards,
                             .replicas = setup.replicas,
                             .node_timeout = setup.node_timeout,
                             .seed = seed,
                             .sync_min = setup.sync_min,
                             .sync_max = setup.sync_max,
                             .old_bus = setup.old_bus};
  options.keep_files = false;
  MemberWorld world(options);
  Prng random(seed ^ 0x6661756c74);
  world.Run(WarmUp(setup.node_timeout) +
            Duration::Nanos(random.Between(0, setup.node_timeout.ns / 2)));
  CHECK(world.IsRouted());
  world.ForgetEvents();
  const uint64_t messages_before = world.messages();
  std::vector<size_t> primaries(setup.shards);
  std::iota(primaries.begin(), primaries.end(), size_t{0});
  for (uint32_t i = 0; i < setup.victims; ++i) {
    std::swap(primaries[i], primaries[i + random.Below(setup.shards - i)]);
    setup.form == FaultForm::kSilent ? world.Silence(primaries[i]) : world.Kill(primaries[i]);
  }
  const Instant fault_at = world.now();
  if (setup.log) {
    world.on_log = [&](size_t node, const std::string& line) {
      setup.log(world.now() - fault_at, node, line);
    };
  }
  FailoverTimes times;
  if (world.RunUntil(fault_at + setup.patience, [&] { return world.IsServed(); })) {
    times.served = world.now() - fault_at;
  }
  if (times.served && world.RunUntil(fault_at + setup.patience, [&] { return world.IsRouted(); })) {
    times.routed = world.now() - fault_at;
  }
  if (world.first_suspicion()) times.suspected = *world.first_suspicion() - fault_at;
  if (world.first_verdict()) times.declared = *world.first_verdict() - fault_at;
  times.promotions = world.promotions();
  times.messages = world.messages() - messages_before;
  times.played = world.now() - Instant{};
  return times;
}

uint64_t CountSpuriousFailovers(const HealthySetup& setup, uint64_t seed) {
  MemberWorldOptions options{.shards = setup.shards,
                             .replicas = setup.replicas,
                             .node_timeout = setup.node_timeout,
                             .seed = seed,
                             .slow_links_percent = 5};
  options.keep_files = false;
  MemberWorld world(options);
  Prng random(seed ^ 0x706175736573);
  world.Run(WarmUp(setup.node_timeout));
  CHECK(world.IsRouted());
  world.ForgetEvents();
  // A pause a second with the chance that makes one node in a hundred stand still on average.
  const int64_t pause_max_ns = setup.node_timeout.ns / 2;
  const double per_stride = static_cast<double>(world.size()) / static_cast<double>(kSlowShare) *
                            static_cast<double>(kHealthyStride.ns) /
                            (static_cast<double>(pause_max_ns) / 2);
  for (const Instant end = world.now() + setup.span; world.now() < end;) {
    if (random.Unit() < per_stride) {
      world.Pause(random.Below(world.size()), Duration::Nanos(random.Between(0, pause_max_ns)));
    }
    world.Run(kHealthyStride);
  }
  return world.promotions();
}

Duration Percentile(const std::vector<Duration>& sorted, int percent) {
  CHECK(!sorted.empty() && percent > 0 && percent <= 100);
  const size_t rank = (sorted.size() * static_cast<size_t>(percent) + 99) / 100;
  return sorted[rank - 1];
}

}  // namespace norn::scenarios
