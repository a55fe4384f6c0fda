#pragma once
// Plays a plan of faults against a running world, through the hooks of sim only.
//
// For each kind it is counted: armed (this run has it), fired (it acted), and effect (somebody could notice): a kind that
// never has an effect tests nothing. A fault that finds nothing to act upon, or what it would act upon already ill, does not
// fire.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/prng.h"
#include "faults/plan.h"
#include "faults/wires.h"
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
  size_t zone = 0;  // machines of one zone share what may fail
  // Its part in a cluster, at this moment. Null: it has none.
  std::function<bool()> is_primary = nullptr;
  std::function<std::optional<size_t>()> follows = nullptr;  // which machine, as a replica
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
  std::vector<Machine> machines;
  std::vector<Bystander> clients;
  bool clients_reach_all = false;  // else they talk to the first machine only
  Duration client_patience;        // after that a client has given up whatever does not answer
  // Changes of roles and links by command; `effect` is called when it took place. False: not now. Null: no such faults.
  std::function<bool(FaultKind, Prng&, std::function<void()> effect)> command;
  // Bounds the memory of a machine's server by command, or no more (nullopt); `effect` is called, if ever, when it had to
  // give something up. False: not now. Null: no such faults.
  std::function<bool(size_t machine, std::optional<int64_t> bytes, std::function<void()> effect)>
      limit_memory = nullptr;
  uint16_t bus_port = 0;  // on which machines talk to each other; 0: they do not
  // Hears of each fault of the plan when it was its turn: whether it found something to act upon, and which machines it was
  // aimed at by number, as far as it was. It looks only. Null: nobody wants to know.
  std::function<void(size_t index, bool fired, const std::vector<size_t>& aimed_at)> told = nullptr;
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
  // Nothing that lasts is on, and nobody is down or paused by it.
  bool quiet() const;
  uint64_t fired() const;  // of all kinds

 private:
  // Between a client and a server, or two servers.
  struct Link {
    uint64_t number = 0;
    sim::NodeIndex host;
    sim::NodeIndex server;
    const Bystander* client = nullptr;
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
    sim::NodeIndex index() const { return machine->node->index(); }
    bool paused = false;
    bool crashed = false;
    Doom doom;
    bool ill[kFaultKinds] = {};  // what lasts is on
    bool tough() const { return crashed || paused || doom.pending; }
  };
  using Patients = std::vector<Patient*>;
  // Something that ends after a while, or by Heal. `noticed` is asked just before `end`: whether anybody met it.
  struct Lasting {
    FaultKind kind{};
    std::function<bool()> noticed;
    std::function<void()> end;
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
  void Last(FaultKind kind, Duration lasts, std::function<bool()> noticed,
            std::function<void()> end);
  void Finish(uint64_t lasting);
  // injector_network.cc
  bool FireNetwork(const PlannedFault& fault);
  bool Ail(const PlannedFault& fault, Directions directions, const Ailment& ailment,
           uint64_t sim::LinkCounters::*counter);
  bool Cut(const PlannedFault& fault, Directions directions);
  bool FireWholeLink(const PlannedFault& fault);
  bool FirePartialPartition(const PlannedFault& fault);
  bool FireSplit(const PlannedFault& fault);
  bool FireMajoritiesRing(const PlannedFault& fault);
  bool FireIsolate(const PlannedFault& fault);
  bool FireSwizzle(const PlannedFault& fault);
  void CutInTurn(const Patient& one, Duration span, const std::shared_ptr<bool>& met);
  Directions AwayFromOthers(const Patient& one) const;
  Directions AwayFromClients(const Patient& one) const;
  bool FireRefused(const PlannedFault& fault);
  bool FireCorrupt(const PlannedFault& fault);
  bool FireClientsCut(const PlannedFault& fault);
  // injector_machines.cc
  bool FireMachines(const PlannedFault& fault);
  bool FireWipe(const PlannedFault& fault);
  bool FireDiskSwap(const PlannedFault& fault);
  bool Strike(const PlannedFault& fault, Patients victims, bool silent);
  Patients Zone(const PlannedFault& fault);
  Patients Primaries(const PlannedFault& fault);
  Patients PrimaryAndReplica(const PlannedFault& fault);
  // injector_clock.cc
  bool FireClock(const PlannedFault& fault);
  bool FireDate(const PlannedFault& fault, Patient& patient);
  bool FireRate(const PlannedFault& fault, Patient& patient);
  bool FireMemoryPressure(const PlannedFault& fault);
  // injector_disk.cc
  bool FireDisk(const PlannedFault& fault);
  bool FireDeath(const PlannedFault& fault);
  void Die(Patient& patient, uint64_t doom);
  bool FireFailures(const PlannedFault& fault);
  bool FireWhile(const PlannedFault& fault, std::function<void()> begin, std::function<void()> end,
                 uint64_t sim::DiskCounters::*counter);
  bool FireBitRot(const PlannedFault& fault);
  void HealDisk(Patient& patient);

  // What an entry chooses beyond its target, which always is the same.
  static Prng PrngFor(const PlannedFault& fault);
  static size_t Pick(const PlannedFault& fault, uint64_t count);
  Patient& PatientOf(const PlannedFault& fault);
  // All of them, in an order of the fault's own.
  Patients Shuffled(const PlannedFault& fault);
  Link PairNumber(uint64_t number) const;  // of two machines
  Link ClientNumber(uint64_t number) const;
  uint64_t ClientLinks() const;
  std::optional<Link> LinkOf(const PlannedFault& fault) const;
  std::optional<Link> PairOf(const PlannedFault& fault) const;
  // That is neither slowed nor cut one way.
  std::optional<Link> HealthyLinkOf(const PlannedFault& fault) const;
  uint64_t ConnectionsLost() const;
  Direction OneWay(const Link& link, bool other) const;
  void Ail(const Link& link, bool other, const Ailment& ailment);
  void RestoreLink(const Link& link);
  void After(Duration delay, std::function<void()> call);
  void Effect(FaultKind kind) { ++counts_[static_cast<size_t>(kind)].effect; }

  const Targets targets_;
  const FaultPlan plan_;
  size_t next_ = 0;  // of the plan
  Instant begun_;
  FaultCounts counts_{};
  Wires wires_;
  struct IllLink {
    Link link;
    Wires::Id ailment = 0;
  };
  std::map<uint64_t, IllLink> ill_links_;
  std::set<std::pair<sim::NodeIndex, sim::NodeIndex>> corrupt_;
  std::map<uint64_t, Lasting> lasting_;
  uint64_t next_lasting_ = 0;
  uint64_t heals_ = 0;
  std::vector<Patient> patients_;  // by machine
  std::vector<size_t> aimed_at_;   // by the fault whose turn it is
};

}  // namespace norn::faults
