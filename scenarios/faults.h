#pragma once
// The hardships of a scenario, played against a running world. Small on purpose: it acts through the hooks of sim only.
//
// Each kind draws its times and targets from a generator of its own, so that changing one leaves the others as they
// were. For each it is counted: armed (enabled in this seed), fired (acted), and effect (somebody could notice): a kind
// that never has an effect tests nothing.

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/base/prng.h"
#include "scenarios/scenario.h"
#include "scenarios/server_host.h"
#include "scenarios/sim_client.h"
#include "sim/world.h"

namespace norn::scenarios {

struct FaultCount {
  uint64_t armed = 0;
  uint64_t fired = 0;
  uint64_t effect = 0;
};
using FaultCounts = std::array<FaultCount, kFaultKinds>;

// What faults act upon.
struct FaultTargets {
  sim::World* world = nullptr;
  std::vector<ServerHost*> servers;
  std::vector<sim::Node*> hosts;    // of the clients, by index
  std::vector<SimClient*> clients;  // likewise
  std::function<void(ServerHost&, const sim::CrashOptions&)> crash;
  std::function<void(ServerHost&)> restart;
  // Changes of roles and links by command; `effect` is called when it took place. False: not now. Null: no such faults.
  std::function<bool(FaultKind, Prng&, std::function<void()> effect)> command;
};

class Faults {
 public:
  // Draws which kinds this seed has. `stop_at`: nothing new begins after.
  Faults(const Scenario& scenario, const FaultTargets& targets, Instant stop_at);

  // Schedules the first of each kind.
  void Arm();
  // Ends what lasts: links as they were, the node running.
  void Heal();
  // Ends the pauses only.
  void Wake();

  const FaultCounts& counts() const { return counts_; }
  bool any_armed() const;

 private:
  struct Lane {
    bool armed = false;
    Prng prng{0};
  };
  // Between a client and a server, or two servers.
  struct Link {
    sim::NodeIndex host;
    sim::NodeIndex server;
    const SimClient* client = nullptr;
    bool ill = false;
  };
  // A death at a disk operation that is yet to come.
  struct Doom {
    bool pending = false;
    bool reached = false;  // the operation
    FaultKind kind{};
    int64_t lasts_ns = 0;
    uint64_t number = 0;
  };
  // What is being done to a server.
  struct Patient {
    ServerHost* host = nullptr;
    bool paused = false;
    bool crashed = false;
    Doom doom;
    bool disk_ill[kFaultKinds] = {};  // what lasts is on
    bool tough() const { return crashed || paused || doom.pending; }
  };

  void ScheduleNext(FaultKind kind);
  bool Fire(FaultKind kind);
  bool FireReset(Prng& prng);
  bool FireSlowLink(Prng& prng);
  bool FireHalfOpen(Prng& prng);
  bool FirePartition(Prng& prng);
  bool FireCrash(Prng& prng);
  bool FirePause(Prng& prng);
  void EndPause(Patient& patient);
  void EndCrash(Patient& patient);
  // faults_disk.cc
  bool FireDisk(FaultKind kind, Prng& prng);
  bool FireDeath(FaultKind kind, Prng& prng);
  void Die(Patient& patient, uint64_t doom);
  bool FireFailures(FaultKind kind, Prng& prng);
  bool FireWhile(FaultKind kind, Prng& prng, Patient& patient, std::function<void()> begin,
                 std::function<void()> end, uint64_t sim::DiskCounters::*counter);
  bool FireBitRot(Prng& prng);
  void HealDisk(Patient& patient);

  Patient& PickServer(Prng& prng);
  // A link that nothing is being done to, or null.
  Link* PickHealthyLink(Prng& prng);
  void RestoreLink(Link& link);
  void After(int64_t delay_ns, std::function<void()> call);
  void Effect(FaultKind kind) { ++counts_[static_cast<size_t>(kind)].effect; }
  const FaultSection& Section(FaultKind kind) const {
    return scenario_.faults[static_cast<size_t>(kind)];
  }

  const Scenario& scenario_;
  const FaultTargets targets_;
  const Instant stop_at_;
  std::array<Lane, kFaultKinds> lanes_;
  FaultCounts counts_{};
  sim::LinkOptions healthy_link_;  // of every link, before anything was done to it
  std::vector<Link> links_;
  std::vector<Patient> patients_;  // by server
};

}  // namespace norn::scenarios
