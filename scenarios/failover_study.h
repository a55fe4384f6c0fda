#pragma once
// How long a cluster is without some of its slots: one fault in a MemberWorld, measured over many seeds (`norn-sim failover`).

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"

namespace norn::scenarios {

enum class FaultForm : uint8_t {
  kSilent,  // hosts are gone without a word
  kKilled,  // processes are gone, hosts answer
};

struct FailoverSetup {
  uint32_t shards = 5;
  uint32_t replicas = 1;  // of each shard
  uint32_t victims = 1;   // primaries, drawn
  FaultForm form = FaultForm::kSilent;
  Duration node_timeout = Duration::Seconds(2);
  bool old_bus = false;  // of all nodes
  // How long saving a node's file takes.
  Duration sync_min = Duration::Micros(200);
  Duration sync_max = Duration::Millis(3);
  // After the fault; until then it must be over.
  Duration patience = Duration::Seconds(60);
  // Each line that a member logs after the fault, with its node and the time since.
  std::function<void(Duration, size_t, const std::string&)> log = {};
};

// All from the fault on; nullopt: it did not come to that.
struct FailoverTimes {
  std::optional<Duration> suspected;  // the first suspicion of anybody
  std::optional<Duration> declared;   // the first verdict
  std::optional<Duration> served;     // every slot has a primary that may write
  std::optional<Duration> routed;     // ... and every living node knows it
  uint64_t promotions = 0;
  uint64_t messages = 0;
  Duration played;  // the whole run, from the nodes' start
};

FailoverTimes MeasureFailover(const FailoverSetup& setup, uint64_t seed);

struct HealthySetup {
  uint32_t shards = 5;
  uint32_t replicas = 1;
  Duration node_timeout = Duration::Seconds(2);
  Duration span = Duration::Seconds(3600);
};

// Elections in a cluster where nothing fails, but one node in a hundred is slow at any moment (it stands still for up to half the
// node timeout) and one link in twenty takes ten times as long.
uint64_t CountSpuriousFailovers(const HealthySetup& setup, uint64_t seed);

// Of a sorted sample; 0 < percent <= 100.
Duration Percentile(const std::vector<Duration>& sorted, int percent);

}  // namespace norn::scenarios
