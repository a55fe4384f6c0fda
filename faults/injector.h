#pragma once
// Plays a plan of faults against a running world, through the hooks of sim only.
//
// For each kind it is counted: armed (this run has it), fired (it acted), and effect (somebody could notice): a kind that
// never has an effect tests nothing. A fault that finds nothing to act upon, or what it would act upon already ill, does not
// fire.

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/base/prng.h"
#include "faults/plan.h"
#include "sim/world.h"

namespace norn::faults {

struct FaultCount {
  uint64_t armed = 0;
  uint64_t fired = 0;
  uint64_t effect = 0;
};
using FaultCounts = std::array<FaultCount, kFaultKinds>;

// A machine with a server on it.
struct Machine {
  sim::Node* node = nullptr;
  std::function<bool()> serving;
  std::function<void(const sim::CrashOptions&)> crash;
  std::function<void()> restart;
};

// A client on a host of its own: who can tell whether a fault mattered.
struct Bystander {
  sim::Node* host = nullptr;
  std::function<uint64_t()> pipelines;  // answered so far
  std::function<uint64_t()> connections_lost;
  std::function<bool()> waiting;  // for an answer
};

// What faults act upon.
struct Targets {
  sim::World* world = nullptr;
  std::vector<Machine> machines;  // clients talk to the first
  std::vector<Bystander> clients;
  Duration client_patience;  // after that a client has given up whatever does not answer
  // Changes of roles and links by command; `effect` is called when it took place. False: not now. Null: no such faults.
  std::function<bool(FaultKind, Prng&, std::function<void()> effect)> command;
};

class Injector {
 public:
  // `armed`: for the counts. Keeps a pointer to neither.
  Injector(Targets targets, FaultPlan plan, const KindSet& armed);

  // The plan begins.
  void Arm();
  // Ends what lasts: links as they were, the node running.
  void Heal();
  // Ends the pauses only.
  void Wake();

  const FaultCounts& counts() const { return counts_; }
  bool any_armed() const;

 private:
  // Between a client and a server, or two servers.
  struct Link {
    sim::NodeIndex host;
    sim::NodeIndex server;
    const Bystander* client = nullptr;
    bool ill = false;
  };
  // A death at a disk operation that is yet to come.
  struct Doom {
    bool pending = false;
    bool reached = false;  // the operation
    FaultKind kind{};
    Duration lasts;
    uint64_t number = 0;
  };
  // What is being done to a server.
  struct Patient {
    const Machine* machine = nullptr;
    bool paused = false;
    bool crashed = false;
    Doom doom;
    bool disk_ill[kFaultKinds] = {};  // what lasts is on
    bool tough() const { return crashed || paused || doom.pending; }
  };

  void ScheduleNext();
  bool Fire(const PlannedFault& fault);
  bool FireReset(const PlannedFault& fault);
  bool FireSlowLink(const PlannedFault& fault);
  bool FireHalfOpen(const PlannedFault& fault);
  bool FirePartition(const PlannedFault& fault);
  bool FireCrash(const PlannedFault& fault);
  bool FirePause(const PlannedFault& fault);
  bool FireCommand(const PlannedFault& fault);
  void EndPause(Patient& patient);
  void EndCrash(Patient& patient);
  // injector_disk.cc
  bool FireDisk(const PlannedFault& fault);
  bool FireDeath(const PlannedFault& fault);
  void Die(Patient& patient, uint64_t doom);
  bool FireFailures(const PlannedFault& fault);
  bool FireWhile(const PlannedFault& fault, std::function<void()> begin, std::function<void()> end,
                 uint64_t sim::DiskCounters::*counter);
  bool FireBitRot(const PlannedFault& fault);
  void HealDisk(Patient& patient);

  Patient& PatientOf(const PlannedFault& fault);
  // A link that nothing is being done to, or null.
  Link* HealthyLinkOf(const PlannedFault& fault);
  uint64_t ConnectionsLost() const;
  void RestoreLink(Link& link);
  void After(Duration delay, std::function<void()> call);
  void Effect(FaultKind kind) { ++counts_[static_cast<size_t>(kind)].effect; }

  const Targets targets_;
  const FaultPlan plan_;
  size_t next_ = 0;  // of the plan
  Instant begun_;
  FaultCounts counts_{};
  sim::LinkOptions healthy_link_;  // of every link, before anything was done to it
  std::vector<Link> links_;
  std::vector<Patient> patients_;  // by machine
};

}  // namespace norn::faults
