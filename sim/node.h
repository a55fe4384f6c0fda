#pragma once
// One simulated machine with one process on it: an Env, and behind it executors, clocks, a network
// address, a disk. The machine stays; the process comes and goes in incarnations.
//
// Made by World::AddNode; started, crashed and so on through the World.

#include "engine/env/env.h"
#include "sim/executor_set.h"
#include "sim/fabric.h"
#include "sim/sim_clock.h"
#include "sim/sim_disk.h"
#include "sim/sim_network.h"
#include "sim/trace.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace norn::sim {

struct NodeOptions {
  std::string name = {};  // empty: "n" and its index
  std::string ip = {};    // empty: 10.0.0.1 for the first node and so on
  ExecutorOptions executors = {};
  ClockOptions clock = {};
  DiskOptions disk = {};
};

enum class NodeState : uint8_t { kDown, kRunning, kPaused };

class Node;

// Told of every line that a node logs.
using LogSink = std::function<void(const Node&, env::LogLevel, std::string_view line)>;
// The first fiber of an incarnation.
using NodeBody = std::function<void(env::Env&)>;

class Node final : public env::Env, private StopHandler {
 public:
  Node(Scheduler& scheduler, Trace& trace, Fabric& fabric, const LogSink& log_sink, NodeIndex index,
       const NodeOptions& options, uint64_t seed);
  ~Node();

  env::Env& env() { return *this; }
  NodeIndex index() const { return index_; }
  const std::string& name() const { return name_; }
  const std::string& ip() const { return ip_; }
  NodeState state() const;
  uint32_t incarnation() const { return starts_; }
  // Of the last incarnation that called Exit.
  std::optional<int> exit_code() const { return exit_code_; }

  SimClock& sim_clock() { return clock_; }
  SimDisk& sim_disk() { return disk_; }
  ExecutorSet& executors() { return executors_; }

  // ---- env::Env ----
  env::Clock& clock() override { return clock_; }
  env::Entropy& entropy() override { return entropy_; }
  env::Executor& executor() override { return executors_; }
  env::Network& network() override { return network_; }
  env::Disk& disk() override { return disk_; }
  void Log(env::LogLevel level, std::string_view line) override;
  void Exit(int code) override;
  env::ProcessStats Stats() override;

 private:
  friend class World;

  class SimEntropy final : public env::Entropy {
   public:
    SimEntropy(Trace& trace, NodeIndex node, uint64_t seed);
    uint64_t Next() override;

   private:
    Trace& trace_;
    const NodeIndex node_;
    Prng prng_;
  };

  // For the World.
  void Start(NodeBody body);
  void End(Fabric::Down down, UnsyncedFate unsynced);
  void StopNow() override;

  Trace& trace_;
  Fabric& fabric_;
  const LogSink& log_sink_;
  const NodeIndex index_;
  const std::string name_;
  const std::string ip_;
  SimClock clock_;
  SimEntropy entropy_;
  ExecutorSet executors_;
  SimNetwork network_;
  SimDisk disk_;
  uint32_t starts_ = 0;
  std::optional<int> exit_code_;
};

}  // namespace norn::sim
