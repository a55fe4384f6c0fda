#pragma once
// What tests of faults among several machines share: a room in which every machine, and every client, keeps asking every
// machine, looks at its clocks and remembers whose disk it found.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faults/injector.h"
#include "sim/room_testing.h"

namespace norn::faults {

struct RoomOptions {
  size_t machines = 5;
  size_t clients = 1;
  bool talks = true;               // else they only listen
  bool keeps_files = true;         // else disks stay empty
  bool reconnects = false;         // for every question
  bool has_roles = false;          // the first half are primaries, the second follow them
  bool has_memory_hook = true;     // Targets::limit_memory
  bool clients_reach_all = false;  // Targets says so
  uint16_t bus_port = 80;
};

// What one saw of another.
struct Talk {
  uint64_t answers = 0;
  uint64_t refused = 0;  // connects
  Duration longest_answer{0};
  Duration longest_gap{0};  // between two answers
  Instant last{0};
};

struct Life {
  uint64_t lives = 0;
  uint64_t strange = 0;          // questions that are none
  std::vector<std::string> ids;  // found on the disk; "": none, it wrote its own
  Duration date_ahead{0};        // at most, of what it should be
  Duration date_behind{0};
  Duration clock_ahead{0};
  Duration clock_behind{0};
};

class ClusterRoom {
 public:
  static constexpr Duration kPatience = Duration::Millis(200);
  static constexpr Duration kThink = Duration::Millis(4);

  explicit ClusterRoom(const RoomOptions& options = {}) : options_(options), world_({.seed = 5}) {
    lives.resize(options.machines);
    serving_.resize(options.machines);
    for (size_t i = 0; i < options.machines + options.clients; ++i) {
      nodes_.push_back(world_.AddNode({.name = i < options.machines ? "m" : "c"}));
    }
    wall_offset_us_ = nodes_[0]->sim_clock().Wall().us;
    local_offset_ns_ = nodes_[0]->sim_clock().Now().ns;
  }
  ~ClusterRoom() {
    for (sim::Node* node : nodes_) {
      if (node->state() != sim::NodeState::kDown) world_.Stop(node);
    }
  }

  // Plays one fault 100 ms after the start; its counts.
  FaultCount Play(PlannedFault fault, Duration span = Duration::Seconds(3)) {
    fault.at = Duration::Millis(100);
    Begin({fault});
    world_.RunFor(span);
    return CountOf(fault.kind);
  }
  FaultCount CountOf(FaultKind kind) { return injector_->counts()[static_cast<size_t>(kind)]; }

  void Begin(const FaultPlan& plan) {
    for (size_t i = 0; i < options_.machines; ++i) StartMachine(i);
    for (size_t i = options_.machines; i < nodes_.size(); ++i) {
      world_.Start(nodes_[i], [this, i](env::Env& env) { AskAll(env, i); });
    }
    injector_ = std::make_unique<Injector>(MakeTargets(), plan, KindsOf(plan));
    injector_->Arm();
  }

  sim::World& world() { return world_; }
  sim::Node& node(size_t i) { return *nodes_[i]; }
  Injector& injector() { return *injector_; }
  size_t machines() const { return options_.machines; }
  const Talk& talk(size_t from, size_t to) { return talks_[{from, to}]; }
  // The pairs (from, to) that went without an answer for that long.
  std::vector<std::pair<size_t, size_t>> Silent(Duration at_least) const {
    std::vector<std::pair<size_t, size_t>> silent;
    for (const auto& [pair, talk] : talks_) {
      if (talk.longest_gap >= at_least) silent.push_back(pair);
    }
    return silent;
  }
  // The machines that had more than one life.
  std::vector<size_t> Died() const {
    std::vector<size_t> died;
    for (size_t i = 0; i < lives.size(); ++i) {
      if (lives[i].lives > 1) died.push_back(i);
    }
    return died;
  }
  // Everybody answers everybody again, for that long.
  bool AllTalk(Duration span) {
    std::map<std::pair<size_t, size_t>, uint64_t> before;
    for (const auto& [pair, talk] : talks_) before[pair] = talk.answers;
    world_.RunFor(span);
    return std::all_of(talks_.begin(), talks_.end(), [&](const auto& entry) {
      return entry.second.answers > before[entry.first] + 10;
    });
  }

  std::vector<Life> lives;
  std::vector<std::optional<int64_t>> memory_limits;  // in the order set
  std::function<void()> memory_effect;

 private:
  Targets MakeTargets() {
    Targets targets;
    targets.world = &world_;
    for (size_t i = 0; i < options_.machines; ++i) targets.machines.push_back(MakeMachine(i));
    for (size_t i = options_.machines; i < nodes_.size(); ++i) {
      targets.clients.push_back({nodes_[i], [] { return uint64_t{0}; }, [] { return uint64_t{0}; },
                                 [] { return false; }});
    }
    targets.client_patience = kPatience;
    targets.bus_port = options_.bus_port;
    targets.clients_reach_all = options_.clients_reach_all;
    if (options_.has_memory_hook) {
      targets.limit_memory = [this](size_t, std::optional<int64_t> bytes,
                                    std::function<void()> effect) {
        memory_limits.push_back(bytes);
        if (effect) memory_effect = std::move(effect);
        return true;
      };
    }
    return targets;
  }

  Machine MakeMachine(size_t i) {
    Machine machine{nodes_[i], [this, i] { return serving_[i] == 1; },
                    [this, i](const sim::CrashOptions& how) {
                      serving_[i] = 0;
                      world_.Crash(nodes_[i], how);
                    },
                    [this, i] { StartMachine(i); }};
    machine.zone = i % 3;
    if (!options_.has_roles) return machine;
    const size_t primaries = options_.machines / 2;
    machine.is_primary = [i, primaries] { return i < primaries; };
    machine.follows = [i, primaries]() -> std::optional<size_t> {
      return i < primaries ? std::nullopt : std::optional(i - primaries);
    };
    return machine;
  }

  void StartMachine(size_t i) {
    ++lives[i].lives;
    world_.Start(nodes_[i], [this, i](env::Env& env) {
      if (options_.keeps_files) Identify(env, i);
      if (options_.talks) AskAll(env, i);
      Serve(env, i);
    });
  }

  void Identify(env::Env& env, size_t i) {
    auto file = env.disk().Open("id", env::OpenMode::kCreate);
    ASSERT_TRUE(file.ok()) << file.status();
    char found = 0;
    const auto size = (*file)->Size();
    ASSERT_TRUE(size.ok());
    if (*size > 0) {
      ASSERT_TRUE((*file)->Read(0, {&found, 1}).ok());
      lives[i].ids.emplace_back(1, found);
      return;
    }
    lives[i].ids.emplace_back();
    ASSERT_TRUE((*file)->Write(0, std::to_string(i)).ok());
    ASSERT_TRUE((*file)->Sync().ok() && env.disk().SyncDir("/").ok());
  }

  void Serve(env::Env& env, size_t i) {
    auto listener = env.network().Listen("*:80", {});
    ASSERT_TRUE(listener.ok()) << listener.status();
    serving_[i] = 1;
    for (;;) {
      auto stream = (*listener)->Accept();
      if (!stream.ok()) return;
      SpawnFiber(env.executor(), [this, &env, i, held = *std::move(stream)]() mutable {
        char byte;
        while (held->Read({&byte, 1}, Instant::Never()).ok()) {
          if (byte != '?') ++lives[i].strange;
          LookAtClocks(env, i);
          if (!held->Write({&byte, 1}, Instant::Never()).ok()) return;
        }
      });
    }
  }

  void LookAtClocks(env::Env& env, size_t i) {
    const int64_t now_ns = world_.now().ns;
    const Duration date = Duration::Micros(env.clock().Wall().us - wall_offset_us_ - now_ns / 1000);
    const Duration clock = Duration::Nanos(env.clock().Now().ns - local_offset_ns_ - now_ns);
    Life& life = lives[i];
    life.date_ahead = std::max(life.date_ahead, date);
    life.date_behind = std::max(life.date_behind, date * -1);
    life.clock_ahead = std::max(life.clock_ahead, clock);
    life.clock_behind = std::max(life.clock_behind, clock * -1);
  }

  void AskAll(env::Env& env, size_t from) {
    if (!options_.talks) return;
    for (size_t to = 0; to < options_.machines; ++to) {
      if (to == from) continue;
      SpawnFiber(env.executor(), [this, &env, from, to] {
        for (;;) {
          AskWhileConnected(env, nodes_[to]->ip(), talks_[{from, to}]);
          env.executor().Park(env.clock().Now() + kThink);
        }
      });
    }
  }

  void AskWhileConnected(env::Env& env, const std::string& ip, Talk& talk) {
    auto stream = env.network().Connect(ip + ":80", env.clock().Now() + kPatience);
    if (absl::IsUnavailable(stream.status())) ++talk.refused;
    while (stream.ok()) {
      const Instant asked = world_.now();
      const Instant deadline = env.clock().Now() + kPatience;
      char byte = '?';
      if (!(*stream)->Write({&byte, 1}, deadline).ok()) return;
      if (!(*stream)->Read({&byte, 1}, deadline).ok()) return;
      const Instant now = world_.now();
      ++talk.answers;
      talk.longest_answer = std::max(talk.longest_answer, now - asked);
      talk.longest_gap = std::max(talk.longest_gap, now - talk.last);
      talk.last = now;
      if (options_.reconnects) return;
      env.executor().Park(env.clock().Now() + kThink);
    }
  }

  const RoomOptions options_;
  sim::World world_;
  std::vector<sim::Node*> nodes_;  // machines, then clients
  std::vector<char> serving_;
  std::map<std::pair<size_t, size_t>, Talk> talks_;
  int64_t wall_offset_us_ = 0;
  int64_t local_offset_ns_ = 0;
  std::unique_ptr<Injector> injector_;
};

inline void ExpectOneEffect(const FaultCount& count) {
  EXPECT_EQ(count.armed, 1u);
  EXPECT_EQ(count.fired, 1u);
  EXPECT_EQ(count.effect, 1u);
}

}  // namespace norn::faults
