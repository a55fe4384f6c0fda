// Each kind of fault alone, in a room with one server and one client: it fires, is counted as noticed, and does what its row
// says. The server writes and syncs a record for every question; the client asks again and again.

#include "faults/injector.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "sim/room_testing.h"

namespace norn::faults {
namespace {

constexpr Duration kPatience = Duration::Millis(200);
constexpr size_t kRecordBytes = 3000;

class Room {
 public:
  explicit Room(uint64_t seed = 5) : world_(Options(seed)) {
    server_ = world_.AddNode({.name = "server"});
    client_ = world_.AddNode({.name = "client"});
  }
  ~Room() {
    for (sim::Node* node : {server_, client_}) {
      if (node->state() != sim::NodeState::kDown) world_.Stop(node);
    }
  }

  // Plays one fault 100 ms after the start; its counts.
  FaultCount Play(PlannedFault fault, Duration span = Duration::Seconds(4)) {
    fault.at = Duration::Millis(100);
    Begin({fault});
    world_.RunFor(span);
    return injector_->counts()[static_cast<size_t>(fault.kind)];
  }

  void Begin(const FaultPlan& plan) {
    StartServer();
    world_.Start(client_, [this](env::Env& env) { Ask(env); });
    Targets targets;
    targets.world = &world_;
    targets.machines.push_back({server_, [this] { return serving_; },
                                [this](const sim::CrashOptions& how) {
                                  serving_ = false;
                                  world_.Crash(server_, how);
                                },
                                [this] { StartServer(); }});
    targets.clients.push_back({client_, [this] { return answers; }, [this] { return lost; },
                               [this] { return waiting_; }});
    targets.client_patience = kPatience;
    targets.command = [this](FaultKind kind, Prng& prng, std::function<void()> effect) {
      commands.emplace(kind, prng.Next());
      effect();
      return true;
    };
    targets.told = [this](size_t index, bool fired, const std::vector<size_t>& aimed_at) {
      told.push_back({index, fired, aimed_at});
    };
    injector_ = std::make_unique<Injector>(std::move(targets), plan, KindsOf(plan));
    injector_->Arm();
  }

  sim::World& world() { return world_; }
  sim::Node& server() { return *server_; }
  Injector& injector() { return *injector_; }
  const sim::DiskCounters& disk() { return server_->sim_disk().counters(); }

  uint64_t answers = 0;
  uint64_t lost = 0;
  uint64_t lives = 0;
  uint64_t failures = 0;  // writes and syncs that did
  Duration longest_answer;
  Duration longest_write;
  Duration longest_gap;  // between two answers
  std::set<std::pair<FaultKind, uint64_t>> commands;
  struct Told {
    size_t index = 0;
    bool fired = false;
    std::vector<size_t> aimed_at;
    bool operator==(const Told&) const = default;
  };
  std::vector<Told> told;

 private:
  static sim::WorldOptions Options(uint64_t seed) {
    sim::WorldOptions options;
    options.seed = seed;
    return options;
  }

  void StartServer() {
    ++lives;
    world_.Start(server_, [this](env::Env& env) { Serve(env); });
  }

  void Serve(env::Env& env) {
    auto listener = env.network().Listen("*:80", {});
    serving_ = true;
    for (;;) {
      auto stream = (*listener)->Accept();
      if (!stream.ok()) return;
      SpawnFiber(env.executor(), [this, &env, held = *std::move(stream)]() mutable {
        char byte;
        while (held->Read({&byte, 1}, Instant::Never()).ok()) {
          const Instant begun = env.clock().Now();
          if (!Remember(env)) ++failures;
          longest_write = std::max(longest_write, env.clock().Now() - begun);
          if (!held->Write({&byte, 1}, Instant::Never()).ok()) return;
        }
      });
    }
  }

  static bool Remember(env::Env& env) {
    auto file = env.disk().Open("log", env::OpenMode::kCreate);
    if (!file.ok() || !env.disk().SyncDir("/").ok()) return false;
    const auto size = (*file)->Size();
    const std::string record(kRecordBytes, 'r');
    return size.ok() && (*file)->Write(*size, record).ok() && (*file)->Sync().ok();
  }

  void Ask(env::Env& env) {
    Instant last = env.clock().Now();
    for (;;) {
      env.executor().Park(env.clock().Now() + Duration::Millis(1));
      auto stream = env.network().Connect(server_->ip() + ":80", env.clock().Now() + kPatience);
      if (!stream.ok()) continue;
      for (;;) {
        const Instant asked = env.clock().Now();
        waiting_ = true;
        char byte = '?';
        const bool answered = (*stream)->Write({&byte, 1}, asked + kPatience).ok() &&
                              (*stream)->Read({&byte, 1}, asked + kPatience).ok();
        waiting_ = false;
        if (!answered) break;
        ++answers;
        const Instant now = env.clock().Now();
        longest_answer = std::max(longest_answer, now - asked);
        longest_gap = std::max(longest_gap, now - last);
        last = now;
        env.executor().Park(now + Duration::Micros(300));
      }
      ++lost;
    }
  }

  sim::World world_;
  sim::Node* server_;
  sim::Node* client_;
  bool serving_ = false;
  bool waiting_ = false;
  std::unique_ptr<Injector> injector_;
};

void ExpectOneEffect(const FaultCount& count) {
  EXPECT_EQ(count.armed, 1u);
  EXPECT_EQ(count.fired, 1u);
  EXPECT_EQ(count.effect, 1u);
}

TEST(Injector, NothingHappensWithoutAPlan) {
  Room room;
  room.Begin({});
  room.world().RunFor(Duration::Seconds(4));
  EXPECT_FALSE(room.injector().any_armed());
  EXPECT_GT(room.answers, 100u);
  EXPECT_EQ(room.lost, 0u);
  EXPECT_EQ(room.lives, 1u);
  EXPECT_EQ(room.failures, 0u);
  EXPECT_LT(room.longest_answer, Duration::Millis(50));
  EXPECT_LT(room.longest_gap, Duration::Millis(50));
}

TEST(Injector, AResetEndsTheConnection) {
  Room room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kReset}));
  EXPECT_EQ(room.lost, 1u);
}

TEST(Injector, ASlowLinkDelaysAnswersForAWhile) {
  Room room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kSlowLink,
                             .lasts = Duration::Seconds(1),
                             .latency = Duration::Millis(90)}));
  EXPECT_GE(room.longest_answer, Duration::Millis(90));
  const uint64_t before = room.answers;
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_GT(room.answers, before + 100) << "it is over";
}

TEST(Injector, AHalfOpenConnectionSwallowsQuestions) {
  for (const bool other : {false, true}) {
    Room room;
    ExpectOneEffect(room.Play({.kind = FaultKind::kHalfOpen, .other = other}));
    EXPECT_EQ(room.lost, 1u) << other;
    EXPECT_GT(room.world().fabric().counters().bytes_swallowed, 0u);
  }
}

TEST(Injector, APartitionHoldsOneDirection) {
  for (const bool other : {false, true}) {
    Room room;
    ExpectOneEffect(
        room.Play({.kind = FaultKind::kPartition, .other = other, .lasts = Duration::Seconds(1)}));
    EXPECT_GE(room.longest_gap, Duration::Millis(990)) << other;
    EXPECT_GT(room.world().fabric().counters().segments_held, 0u);
  }
}

TEST(Injector, ACrashEndsOneLife) {
  Room room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kCrash, .lasts = Duration::Millis(500)}));
  EXPECT_EQ(room.lives, 2u);
  EXPECT_GE(room.longest_gap, Duration::Millis(490));
}

TEST(Injector, APausedNodeAnswersLater) {
  Room room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kPause, .lasts = Duration::Millis(150)}));
  EXPECT_EQ(room.lives, 1u);
  EXPECT_GE(room.longest_gap, Duration::Millis(140));
}

TEST(Injector, AKilledProcessLosesNothingThatItWrote) {
  Room room;
  ExpectOneEffect(
      room.Play({.kind = FaultKind::kKill, .lasts = Duration::Millis(10), .amount = 5}));
  EXPECT_EQ(room.lives, 2u);
  EXPECT_EQ(room.disk().crash_points, 1u);
  EXPECT_EQ(room.disk().sectors_lost, 0u);
}

// Which operation it is decides whether there are bytes to lose: the write, before its sync.
TEST(Injector, MachinesDieWithUnsyncedBytes) {
  for (const FaultKind kind :
       {FaultKind::kPowerLoss, FaultKind::kTornWrites, FaultKind::kReorderedWrites}) {
    uint64_t effects = 0, lost = 0, torn = 0, reordered = 0;
    for (int64_t operations = 1; operations <= 24; ++operations) {
      Room room(static_cast<uint64_t>(operations));
      const FaultCount count = room.Play(
          {.kind = kind, .other = true, .lasts = Duration::Millis(10), .amount = operations});
      EXPECT_EQ(count.fired, 1u);
      EXPECT_EQ(room.lives, 2u);
      effects += count.effect;
      lost += room.disk().sectors_lost + room.disk().names_lost;
      torn += room.disk().writes_torn;
      reordered += room.disk().sectors_reordered;
    }
    SCOPED_TRACE(std::string(NameOf(kind)));
    EXPECT_GT(effects, 0u);
    EXPECT_GT(lost, 0u);
    EXPECT_EQ(torn > 0, kind != FaultKind::kPowerLoss);
    EXPECT_EQ(reordered > 0, kind == FaultKind::kReorderedWrites);
  }
}

TEST(Injector, FailingCallsAreSeenByTheServer) {
  Room errors;
  ExpectOneEffect(errors.Play({.kind = FaultKind::kIoError, .amount = 3}));
  EXPECT_EQ(errors.disk().errors, 3u);
  EXPECT_GT(errors.failures, 0u);
  Room syncs;
  ExpectOneEffect(syncs.Play({.kind = FaultKind::kFailingSync, .amount = 2}));
  EXPECT_EQ(syncs.disk().failed_syncs, 2u);
  EXPECT_EQ(syncs.failures, 2u);
}

TEST(Injector, ALyingDiskSaysThatItSynced) {
  Room room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kLyingSync, .lasts = Duration::Millis(100)}));
  EXPECT_GT(room.disk().lies, 0u);
  EXPECT_EQ(room.failures, 0u);
  const uint64_t lies = room.disk().lies;
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_EQ(room.disk().lies, lies) << "it is over";
}

TEST(Injector, AFullDiskRefusesUntilThereIsRoomAgain) {
  Room room;
  ExpectOneEffect(
      room.Play({.kind = FaultKind::kDiskFull, .lasts = Duration::Millis(100), .amount = 1000}));
  EXPECT_GT(room.disk().full, 0u);
  const uint64_t failures = room.failures;
  EXPECT_GT(failures, 0u);
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_EQ(room.failures, failures) << "it is over";
}

TEST(Injector, ABitFlips) {
  Room room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kBitRot, .amount = 100}));
  EXPECT_EQ(room.disk().bits_flipped, 1u);
}

TEST(Injector, ASlowDiskTakesLonger) {
  Room room;
  ExpectOneEffect(room.Play({.kind = FaultKind::kSlowDisk,
                             .lasts = Duration::Millis(200),
                             .latency = Duration::Millis(20)}));
  EXPECT_GE(room.longest_write, Duration::Millis(20));
}

TEST(Injector, CommandsAreForOthersToGive) {
  Room room;
  const auto command = [](FaultKind kind, uint32_t target) {
    return PlannedFault{.at = Duration::Millis(1), .kind = kind, .target = target};
  };
  room.Begin({command(FaultKind::kPromote, 1), command(FaultKind::kPromote, 1),
              command(FaultKind::kRefollow, 1), command(FaultKind::kLinkKill, 2)});
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_EQ(room.injector().counts()[static_cast<size_t>(FaultKind::kPromote)].effect, 2u);
  EXPECT_EQ(room.commands.size(), 3u) << "the same target means the same choice";
}

TEST(Injector, WhatIsIllAlreadyIsLeftAlone) {
  Room room;
  const auto pause = [](int64_t at_ms) {
    return PlannedFault{
        .at = Duration::Millis(at_ms), .kind = FaultKind::kPause, .lasts = Duration::Millis(100)};
  };
  room.Begin({pause(100), pause(150), pause(400)});
  room.world().RunFor(Duration::Seconds(2));
  EXPECT_EQ(room.injector().counts()[static_cast<size_t>(FaultKind::kPause)].fired, 2u);
}

TEST(Injector, HealingEndsWhatLasts) {
  Room room;
  const auto lasting = [](FaultKind kind) {
    return PlannedFault{.at = Duration::Millis(100),
                        .kind = kind,
                        .lasts = Duration::Seconds(3600),
                        .latency = Duration::Millis(50),
                        .amount = 10};
  };
  room.Begin({lasting(FaultKind::kPartition), lasting(FaultKind::kDiskFull),
              lasting(FaultKind::kSlowDisk), lasting(FaultKind::kLyingSync),
              lasting(FaultKind::kCrash)});
  room.world().RunFor(Duration::Seconds(3));
  const uint64_t before = room.answers;
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_EQ(room.answers, before);
  EXPECT_EQ(room.server().state(), sim::NodeState::kDown);
  room.injector().Heal();
  const uint64_t failures = room.failures;
  const uint64_t lies = room.disk().lies;
  room.world().RunFor(Duration::Seconds(1));
  EXPECT_GT(room.answers, before + 100);
  EXPECT_EQ(room.failures, failures);
  EXPECT_EQ(room.disk().lies, lies);
  EXPECT_EQ(room.lives, 2u);
}

TEST(Injector, TellsOfEachFaultWhetherItStruckAndWhom) {
  Room room;
  room.Begin(
      {{.at = Duration::Millis(100), .kind = FaultKind::kPause, .lasts = Duration::Millis(50)},
       {.at = Duration::Millis(110), .kind = FaultKind::kPause, .lasts = Duration::Millis(50)}});
  room.world().RunFor(Duration::Millis(300));
  ASSERT_EQ(room.told.size(), 2u);
  EXPECT_EQ(room.told[0], (Room::Told{0, true, {0}}));
  EXPECT_FALSE(room.told[1].fired) << "it stands still already";
}

}  // namespace
}  // namespace norn::faults
