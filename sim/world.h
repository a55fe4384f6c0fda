#pragma once
// A deterministic computer room: nodes, their network and disks, one virtual time, one seed.
//
//   World world({.seed = 7});
//   Node* node = world.AddNode({.name = "a"});
//   world.Start(node, [](env::Env& env) { ... });
//   world.RunFor(Duration::Seconds(60));
//   world.trace().hash();   // the same for the same seed and the same calls, in any process
//
// Single-threaded, no static state: worlds may follow each other or live side by side. All calls
// are made between steps: from the code that runs the world or from At and After callbacks, never
// from a node's fibers.

#include "engine/base/time.h"
#include "sim/fabric.h"
#include "sim/node.h"
#include "sim/scheduler.h"
#include "sim/trace.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace norn::sim {

struct WorldOptions {
  uint64_t seed = 1;
  FabricOptions fabric = {};
  LogSink log_sink = {};
};

struct CrashOptions {
  // Peers see resets or closes; otherwise nothing at all.
  bool host_alive = true;
  UnsyncedFate unsynced = UnsyncedFate::kRandom;
};

class World final : private EventTarget {
 public:
  explicit World(const WorldOptions& options);
  ~World();

  // Owned by the world; down until Start.
  Node* AddNode(const NodeOptions& options);
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }

  // ---- a node's life ----
  // A new incarnation on what the disk kept. Requires: the node is down.
  void Start(Node* node, NodeBody body);
  // As if the process had exited: connections close, nothing written is lost.
  void Stop(Node* node);
  // The process is killed, or the whole machine. A machine may crash while no process runs on it.
  void Crash(Node* node, const CrashOptions& options = {});
  // A paused node takes no steps; its kernel still talks to the network, its clock runs on.
  void Pause(Node* node);
  void Resume(Node* node);

  // ---- time ----
  // World time; begins at 0.
  Instant now() const { return scheduler_.now(); }
  // Calls `call` from outside of all nodes. Requires: at >= now().
  void At(Instant at, std::function<void()> call);
  void After(Duration delay, std::function<void()> call);

  // Fires the next event; false when there is none.
  bool Step();
  void RunFor(Duration span);
  // Runs until the predicate, asked before every event, holds (true) or the deadline has come
  // (false).
  bool RunUntil(const std::function<bool()>& done, Instant deadline);

  // ---- the rest ----
  Fabric& fabric() { return fabric_; }
  Trace& trace() { return trace_; }
  uint64_t events() const { return scheduler_.events(); }
  uint64_t seed() const { return seed_; }
  // A generator for a purpose outside of the nodes (a fault, a workload).
  Prng PrngOf(std::string_view purpose) const;

 private:
  void Fire(uint64_t call) override;
  void RequireOutside() const;
  static void PrintCrashNote(void* world);

  const uint64_t seed_;
  LogSink log_sink_;
  Scheduler scheduler_;
  Trace trace_;
  Fabric fabric_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<uint64_t, std::function<void()>> calls_;  // waiting for their time
  uint64_t next_call_ = 0;
};

}  // namespace norn::sim
