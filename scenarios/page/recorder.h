#pragma once
// Fills a timeline while a run is played: who lives, stands still or is cut off, which faults strike whom, when the first
// failure of each check shows, whether clients are answered, and what nodes log. It looks at the world between its steps and
// changes nothing, so that the trace of a run is the same with it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "faults/injector.h"
#include "scenarios/checks.h"
#include "scenarios/scenario.h"
#include "scenarios/server_host.h"
#include "scenarios/timeline.h"

namespace norn::scenarios {

class Recorder {
 public:
  // What a node is for others, when that may have changed since the last call; nullopt: the same.
  using RoleOf = std::function<std::optional<Timeline::State>(size_t lane)>;

  // `hosts`: the lanes, in order. Of the checks those count that the scenario asks for. All outlive this.
  Recorder(const Scenario& scenario, sim::World& world, Timeline& timeline,
           std::vector<ServerHost*> hosts, const CheckTallies& tallies, RoleOf role_of);

  // Makes the plan's faults tell of themselves. `clients_as_one`: how they fare is shown as one row.
  void Watch(faults::Targets& targets, const faults::FaultPlan& plan, bool clients_as_one);
  // Before every event.
  void Look();
  void Hear(size_t lane, std::string_view line);
  // All faults were ended.
  void Healed() { timeline_.Healed(world_.now().ns); }
  // The run is over, with this verdict if any.
  void End(std::string_view failed_check, std::string_view message);

 private:
  struct Seen {
    std::string_view life;
    bool serving = false;
    Timeline::State reach;
  };

  void LookAtLives();
  void LookAtLinks();
  void LookAtClients();
  void LookAtChecks();
  Timeline::State ReachOf(size_t lane) const;
  bool IsCut(const sim::Node& a, const sim::Node& b) const;
  bool IsSlow(const sim::Node& a, const sim::Node& b) const;
  void Struck(size_t index, bool fired, const std::vector<size_t>& aimed_at);

  const Scenario& scenario_;
  sim::World& world_;
  Timeline& timeline_;
  const std::vector<ServerHost*> hosts_;
  const CheckTallies& tallies_;
  const RoleOf role_of_;
  std::vector<Seen> seen_;
  std::vector<faults::Bystander> clients_;
  std::vector<uint64_t> answered_;  // by client
  std::optional<size_t> service_;
  std::vector<bool> failed_;  // by check
  bool any_failed_ = false;
  int64_t links_at_ns_ = 0;
  int64_t clients_at_ns_ = 0;
};

}  // namespace norn::scenarios
