// What a crash leaves of a disk, and what each of its faults does. The plain behaviour of files is
// the env contract's.

#include "sim/sim_disk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "sim/room_testing.h"

namespace norn::sim {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Status WriteAt(env::File& file, uint64_t offset, std::string_view data) {
  return file.Write(offset, std::span<const char>(data.data(), data.size()));
}

struct SimDiskTest : RoomTest {
  // Runs `work` on node a to its end.
  void OnA(const std::function<void(env::Disk&)>& work) {
    bool done = false;
    world_.Start(a_, [&](env::Env& env) {
      work(env.disk());
      done = true;
      env.executor().Park(Instant::Never());
    });
    ASSERT_TRUE(world_.RunUntil([&] { return done; }, world_.now() + Duration::Seconds(100)));
  }
  void CrashA(UnsyncedFate fate) { world_.Crash(a_, {.host_alive = false, .unsynced = fate}); }

  SimDisk& disk() { return a_->sim_disk(); }
};

TEST_F(SimDiskTest, SyncedBytesSurviveAndUnsyncedOnesNeedNot) {
  OnA([](env::Disk& disk) {
    auto file = *disk.Open("log", env::OpenMode::kCreate);
    EXPECT_TRUE(WriteAt(*file, 0, "synced").ok());
    EXPECT_TRUE(file->Sync().ok());
    EXPECT_TRUE(disk.SyncDir(".").ok());
    EXPECT_TRUE(WriteAt(*file, 6, " lost").ok());
  });
  EXPECT_EQ(disk().Contents("log"), "synced lost");
  CrashA(UnsyncedFate::kNone);
  EXPECT_EQ(disk().Contents("log"), "synced");
  EXPECT_EQ(disk().counters().sectors_lost, 1u);
}

TEST_F(SimDiskTest, ADeadProcessLosesNothing) {
  OnA([](env::Disk& disk) {
    auto file = *disk.Open("log", env::OpenMode::kCreate);
    EXPECT_TRUE(WriteAt(*file, 0, "all of it").ok());
  });
  CrashA(UnsyncedFate::kAll);
  EXPECT_EQ(disk().Contents("log"), "all of it");
  CrashA(UnsyncedFate::kNone);
  EXPECT_FALSE(disk().Exists("log")) << "it was in the machine's memory only";
}

TEST_F(SimDiskTest, ANameNeedsTheSyncOfItsDirectory) {
  OnA([](env::Disk& disk) {
    EXPECT_TRUE(disk.MakeDir("dir").ok());
    EXPECT_TRUE(disk.SyncDir("/").ok());
    for (const char* path : {"dir/kept", "lost"}) {
      auto file = *disk.Open(path, env::OpenMode::kCreate);
      EXPECT_TRUE(WriteAt(*file, 0, "x").ok());
      EXPECT_TRUE(file->Sync().ok());
    }
    EXPECT_TRUE(disk.SyncDir("dir").ok());
  });
  CrashA(UnsyncedFate::kNone);
  EXPECT_TRUE(disk().Exists("dir/kept"));
  EXPECT_FALSE(disk().Exists("lost"));
  EXPECT_EQ(disk().counters().names_lost, 1u);
}

TEST_F(SimDiskTest, AnUnsyncedRemoveMayComeBack) {
  OnA([](env::Disk& disk) {
    auto file = *disk.Open("f", env::OpenMode::kCreate);
    EXPECT_TRUE(WriteAt(*file, 0, "x").ok());
    EXPECT_TRUE(file->Sync().ok());
    EXPECT_TRUE(disk.SyncDir("/").ok());
    EXPECT_TRUE(disk.Remove("f").ok());
  });
  EXPECT_FALSE(disk().Exists("f"));
  CrashA(UnsyncedFate::kNone);
  EXPECT_EQ(disk().Contents("f"), "x");
}

// ---- the crash point ----

// Writes and syncs "1", "2", ... until the disk crashes it at operation `at`; what each step told.
struct CrashedWriter {
  std::string steps;  // w: a write returned, s: a sync returned
  std::string left;
  uint64_t crash_points = 0;
  NodeState state = NodeState::kRunning;
};

CrashedWriter CrashAt(uint64_t at, CrashSide side) {
  CrashedWriter told;
  World world({.seed = 3});
  Node* node = world.AddNode({});
  SimDisk& disk = node->sim_disk();
  disk.CrashAtOperation(at, side, [&] {
    world.After(Duration{0}, [&] { world.Crash(node, {.unsynced = UnsyncedFate::kNone}); });
  });
  world.Start(node, [&](env::Env& env) {
    auto file = *env.disk().Open("f", env::OpenMode::kCreate);  // operation 1
    EXPECT_TRUE(env.disk().SyncDir("/").ok());                  // operation 2
    for (uint64_t i = 0;; ++i) {
      const char digit = static_cast<char>('1' + i);
      EXPECT_TRUE(WriteAt(*file, i, std::string(1, digit)).ok());
      told.steps += 'w';
      EXPECT_TRUE(file->Sync().ok());
      told.steps += 's';
    }
  });
  world.RunFor(Duration::Seconds(1));
  told.left = disk.Contents("f");
  told.crash_points = disk.counters().crash_points;
  told.state = node->state();
  return told;
}

TEST(SimDiskCrashPoint, BeforeAnOperationItHasNoEffect) {
  const CrashedWriter at_sync = CrashAt(4, CrashSide::kBefore);
  EXPECT_EQ(at_sync.steps, "w");
  EXPECT_EQ(at_sync.left, "");
  const CrashedWriter at_next_write = CrashAt(5, CrashSide::kBefore);
  EXPECT_EQ(at_next_write.steps, "ws");
  EXPECT_EQ(at_next_write.left, "1");
  EXPECT_EQ(at_next_write.crash_points, 1u);
  EXPECT_EQ(at_next_write.state, NodeState::kDown);
}

TEST(SimDiskCrashPoint, AfterAnOperationItHadItsEffectAndDidNotReturn) {
  const CrashedWriter at_sync = CrashAt(4, CrashSide::kAfter);
  EXPECT_EQ(at_sync.steps, "w") << "nobody was told";
  EXPECT_EQ(at_sync.left, "1") << "and yet it is there";
  EXPECT_EQ(at_sync.crash_points, 1u);
}

TEST_F(SimDiskTest, OtherFibersDoNothingOnADiskThatDies) {
  int writes = 0;
  disk().CrashAtOperation(3, CrashSide::kBefore,
                          [this] { world_.After(Duration{0}, [this] { world_.Crash(a_); }); });
  world_.Start(a_, [&](env::Env& env) {
    for (const char* name : {"f", "g"}) {
      SpawnFiber(env.executor(), [&env, &writes, name] {
        auto file = *env.disk().Open(name, env::OpenMode::kCreate);
        for (;;) {
          EXPECT_TRUE(WriteAt(*file, 0, "x").ok());
          ++writes;
        }
      });
    }
    env.executor().Park(Instant::Never());
  });
  world_.RunFor(Duration::Seconds(1));
  EXPECT_EQ(disk().counters().operations, 3u);
  EXPECT_LE(writes, 1);
  OnA([](env::Disk& disk) { EXPECT_TRUE(disk.Open("h", env::OpenMode::kCreate).ok()); });
  EXPECT_TRUE(disk().Exists("h")) << "the next incarnation has a disk that works";
}

// ---- random fates, over many seeds ----

// Writes 8 sectors, syncs the first 4, overwrites sectors 2..5 unsynced; returns what a crash left.
std::string CrashedFile(uint64_t seed, UnsyncedFate fate) {
  World world({.seed = seed});
  Node* node = world.AddNode({});
  bool done = false;
  world.Start(node, [&](env::Env& env) {
    auto file = *env.disk().Open("f", env::OpenMode::kCreate);
    EXPECT_TRUE(WriteAt(*file, 0, std::string(2048, 'o')).ok());
    EXPECT_TRUE(file->Sync().ok());
    EXPECT_TRUE(env.disk().SyncDir("/").ok());
    // Not aligned: the first piece ends at the sector's end.
    EXPECT_TRUE(WriteAt(*file, 1100, std::string(2000, 'n')).ok());
    done = true;
    env.executor().Park(Instant::Never());
  });
  world.RunUntil([&] { return done; }, Instant{0} + Duration::Seconds(10));
  world.Crash(node, {.host_alive = false, .unsynced = fate});
  return node->sim_disk().Contents("f");
}

// Which of the five pieces (1100-1535, 1536-, 2048-, 2560-, 3072-3099) are new, as "10110";
// every piece must be wholly new or wholly as before.
std::string Pieces(std::string file) {
  const size_t bounds[] = {1100, 1536, 2048, 2560, 3072, 3100};
  file.resize(3100, '\0');
  EXPECT_EQ(file.substr(0, 1100), std::string(1100, 'o'));
  std::string pieces;
  for (int i = 0; i < 5; ++i) {
    const size_t length = bounds[i + 1] - bounds[i];
    const std::string piece = file.substr(bounds[i], length);
    const std::string before(length, bounds[i] < 2048 ? 'o' : '\0');
    const bool is_new = piece == std::string(length, 'n');
    EXPECT_TRUE(is_new || piece == before) << "torn within a sector at " << bounds[i];
    pieces += is_new ? '1' : '0';
  }
  return pieces;
}

TEST(SimDiskCrash, RandomFateKeepsAnySubsetOfSectors) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    seen.insert(Pieces(CrashedFile(seed, UnsyncedFate::kRandom)));
  }
  EXPECT_GT(seen.size(), 24u) << "of 32 subsets";
  EXPECT_TRUE(seen.contains("00000"));
  EXPECT_TRUE(seen.contains("11111"));
}

TEST(SimDiskCrash, PrefixFateKeepsSectorsInOrder) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    seen.insert(Pieces(CrashedFile(seed, UnsyncedFate::kPrefix)));
  }
  EXPECT_THAT(seen, ElementsAre("00000", "10000", "11000", "11100", "11110", "11111"));
}

TEST(SimDiskCrash, ARenameSurvivesWholeOrNotAtAll) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    World world({.seed = seed});
    Node* node = world.AddNode({});
    bool done = false;
    world.Start(node, [&](env::Env& env) {
      for (const auto& [name, data] : {std::pair("f", "old"), std::pair("f.tmp", "new")}) {
        auto file = *env.disk().Open(name, env::OpenMode::kCreate);
        EXPECT_TRUE(WriteAt(*file, 0, data).ok());
        EXPECT_TRUE(file->Sync().ok());
        EXPECT_TRUE(env.disk().SyncDir("/").ok());
      }
      EXPECT_TRUE(env.disk().Rename("f.tmp", "f").ok());
      done = true;
      env.executor().Park(Instant::Never());
    });
    world.RunUntil([&] { return done; }, Instant{0} + Duration::Seconds(10));
    world.Crash(node, {.host_alive = false});
    SimDisk& disk = node->sim_disk();
    seen.insert(disk.Contents("f") + (disk.Exists("f.tmp") ? "+tmp" : ""));
  }
  EXPECT_THAT(seen, ElementsAre("new", "old+tmp"));
}

// A file under any changes, syncs and crashes against a list of versions: each byte after a crash
// is one that was there at the last sync or after it.
RC_GTEST_PROP(DiskFile, NoByteOlderThanTheLastSyncComesBack,
              (uint64_t seed, const std::vector<std::pair<uint8_t, uint16_t>>& moves)) {
  DiskFile file(1);
  Prng prng(seed);
  std::vector<std::string> versions = {""};
  char next = 'a';
  for (const auto& [kind, at] : moves) {
    const uint64_t offset = at % 3000;
    std::string live = versions.back();
    if (kind % 8 == 0) {
      file.Sync(file.Mark());
      versions = {live};
      continue;
    }
    if (kind % 8 == 1) {
      live.resize(offset);
      file.Truncate(offset);
    } else {
      const std::string data(1 + kind * 7u, next);
      next = next == 'z' ? 'a' : static_cast<char>(next + 1);
      live.resize(std::max(live.size(), offset + data.size()));
      live.replace(offset, data.size(), data);
      file.Write(offset, data);
    }
    versions.push_back(live);
  }
  file.Crash(UnsyncedFate::kRandom, prng);
  std::string left(file.size(), '\0');
  file.Read(0, std::span<char>(left.data(), left.size()));
  for (size_t i = 0; i < left.size(); ++i) {
    const bool known = std::any_of(versions.begin(), versions.end(), [&](const std::string& v) {
      return (i < v.size() ? v[i] : '\0') == left[i];
    });
    RC_ASSERT(known);
  }
  if (versions.size() == 1) RC_ASSERT(left == versions[0]);
}

// ---- faults ----

TEST_F(SimDiskTest, AFailingDeviceReportsDataLoss) {
  OnA([this](env::Disk& disk) {
    auto file = *disk.Open("f", env::OpenMode::kCreate);
    this->disk().FailNext(2);
    EXPECT_EQ(WriteAt(*file, 0, "x").code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(disk.Remove("f").code(), absl::StatusCode::kDataLoss);
    EXPECT_TRUE(WriteAt(*file, 0, "x").ok());
  });
  EXPECT_EQ(disk().counters().errors, 2u);
  EXPECT_EQ(disk().Contents("f"), "x");
}

TEST(SimDiskSync, ASyncThatFailedMayLoseWhatALaterOneReports) {
  int lost = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    World world({.seed = seed});
    Node* node = world.AddNode({});
    world.Start(node, [&](env::Env& env) {
      auto file = *env.disk().Open("f", env::OpenMode::kCreate);
      EXPECT_TRUE(env.disk().SyncDir("/").ok());
      EXPECT_TRUE(WriteAt(*file, 0, "bytes").ok());
      node->sim_disk().FailNextSyncs(1);
      EXPECT_EQ(file->Sync().code(), absl::StatusCode::kDataLoss);
      EXPECT_TRUE(file->Sync().ok());
      env.executor().Park(Instant::Never());
    });
    world.RunFor(Duration::Seconds(1));
    EXPECT_EQ(node->sim_disk().Contents("f"), "bytes");
    world.Crash(node, {.host_alive = false, .unsynced = UnsyncedFate::kNone});
    EXPECT_THAT(node->sim_disk().Contents("f"), AnyOf("bytes", ""));
    lost += node->sim_disk().Contents("f").empty() ? 1 : 0;
  }
  EXPECT_GT(lost, 5);
  EXPECT_LT(lost, 35);
}

TEST_F(SimDiskTest, ALyingSyncSavesNothing) {
  OnA([this](env::Disk& disk) {
    auto file = *disk.Open("f", env::OpenMode::kCreate);
    EXPECT_TRUE(disk.SyncDir("/").ok());
    this->disk().LieOnSync(true);
    EXPECT_TRUE(WriteAt(*file, 0, "believed safe").ok());
    EXPECT_TRUE(file->Sync().ok());
  });
  EXPECT_EQ(disk().counters().lies, 1u);
  CrashA(UnsyncedFate::kNone);
  EXPECT_EQ(disk().Contents("f"), "");
}

TEST_F(SimDiskTest, AFullDiskTakesWhatFits) {
  OnA([this](env::Disk& disk) {
    this->disk().SetCapacity(10);
    auto file = *disk.Open("f", env::OpenMode::kCreate);
    EXPECT_TRUE(WriteAt(*file, 0, "12345678").ok());
    EXPECT_EQ(WriteAt(*file, 8, "9abc").code(), absl::StatusCode::kResourceExhausted);
    EXPECT_TRUE(WriteAt(*file, 0, "overwrite").ok()) << "needs no room";
    this->disk().SetCapacity(SimDisk::kUnlimited);
    EXPECT_TRUE(WriteAt(*file, 10, "!").ok());
  });
  EXPECT_EQ(disk().Contents("f"), "overwritea!");
  EXPECT_EQ(disk().counters().full, 1u);
}

TEST(SimDiskCrash, TornAndReorderedWritesAreCounted) {
  uint64_t torn = 0, reordered = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    World world({.seed = seed});
    Node* node = world.AddNode({});
    world.Start(node, [&](env::Env& env) {
      auto file = *env.disk().Open("f", env::OpenMode::kCreate);
      EXPECT_TRUE(env.disk().SyncDir("/").ok());
      EXPECT_TRUE(WriteAt(*file, 0, std::string(512, 'a')).ok());
      EXPECT_TRUE(WriteAt(*file, 512, std::string(512, 'b')).ok());
      env.executor().Park(Instant::Never());
    });
    world.RunFor(Duration::Seconds(1));
    world.Crash(node, {.host_alive = false});
    const std::string left = node->sim_disk().Contents("f");
    const bool hole = left == std::string(512, '\0') + std::string(512, 'b');
    EXPECT_EQ(node->sim_disk().counters().writes_reordered, hole ? 1u : 0u);
    EXPECT_EQ(node->sim_disk().counters().sectors_reordered, hole ? 1u : 0u);
    reordered += hole ? 1 : 0;
    torn += node->sim_disk().counters().writes_torn;
  }
  EXPECT_GT(reordered, 5u);
  EXPECT_EQ(torn, 0u) << "a write of one sector is whole or not";
  for (uint64_t seed = 0; seed < 20; ++seed) {
    DiskFile file(1);
    Prng prng(seed);
    const std::string data(5000, 'x');
    file.Write(0, std::span<const char>(data.data(), data.size()));
    torn += file.Crash(UnsyncedFate::kRandom, prng).torn;
  }
  EXPECT_GT(torn, 5u);
}

TEST_F(SimDiskTest, ASlowDiskTakesItsTime) {
  disk().SetOptions(DiskOptions{.latency = {Duration::Seconds(2), Duration::Seconds(2)}});
  const Instant start = world_.now();
  OnA([](env::Disk& disk) { EXPECT_TRUE(disk.Open("f", env::OpenMode::kCreate).ok()); });
  EXPECT_GE(world_.now() - start, Duration::Seconds(2));
  EXPECT_LT(world_.now() - start, Duration::Seconds(3));
}

TEST_F(SimDiskTest, ABurstOfSlownessPassesAndIsCounted) {
  disk().SlowDown(Duration::Seconds(2));
  const Instant start = world_.now();
  OnA([this](env::Disk& disk) {
    EXPECT_TRUE(disk.Open("f", env::OpenMode::kCreate).ok());
    this->disk().SlowDown(Duration{0});
    EXPECT_TRUE(disk.Open("g", env::OpenMode::kCreate).ok());
  });
  EXPECT_GE(world_.now() - start, Duration::Seconds(2));
  EXPECT_LT(world_.now() - start, Duration::Seconds(3));
  EXPECT_EQ(disk().counters().slowed, 1u);
}

TEST_F(SimDiskTest, DecayOfATailSparesTheRest) {
  OnA([](env::Disk& disk) {
    auto file = *disk.Open("f", env::OpenMode::kCreate);
    EXPECT_TRUE(WriteAt(*file, 0, std::string(100, 'a')).ok());
  });
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(disk().RotTail(10));
  EXPECT_EQ(disk().Contents("f").substr(0, 90), std::string(90, 'a'));
  EXPECT_NE(disk().Contents("f").substr(90), std::string(10, 'a'));
  EXPECT_EQ(disk().counters().bits_flipped, 50u);
}

TEST_F(SimDiskTest, DecayFlipsOneBit) {
  EXPECT_FALSE(disk().RotRandomBit()) << "nothing there to decay";
  OnA([](env::Disk& disk) {
    auto file = *disk.Open("f", env::OpenMode::kCreate);
    EXPECT_TRUE(WriteAt(*file, 0, std::string(100, 'a')).ok());
    EXPECT_TRUE(file->Sync().ok());
    EXPECT_TRUE(disk.SyncDir("/").ok());
  });
  EXPECT_TRUE(disk().FlipBit("f", 3, 0));
  EXPECT_EQ(disk().Contents("f")[3], 'a' ^ 1);
  EXPECT_TRUE(disk().FlipBit("f", 3, 0));
  EXPECT_TRUE(disk().RotRandomBit());
  const std::string rotten = disk().Contents("f");
  EXPECT_EQ(std::count(rotten.begin(), rotten.end(), 'a'), 99);
  CrashA(UnsyncedFate::kNone);
  EXPECT_EQ(disk().Contents("f"), rotten) << "on the medium, not in the cache";
  EXPECT_FALSE(disk().FlipBit("f", 100, 0));
  EXPECT_FALSE(disk().FlipBit("nosuch", 0, 0));
}

TEST_F(SimDiskTest, ShortReadsReturnLessThanIsThere) {
  OnA([this](env::Disk& disk) {
    auto file = *disk.Open("f", env::OpenMode::kCreate);
    EXPECT_TRUE(WriteAt(*file, 0, std::string(1000, 'x')).ok());
    this->disk().ShortReads(1);
    char buf[1000];
    auto got = file->Read(0, std::span<char>(buf));
    EXPECT_TRUE(got.ok());
    EXPECT_LT(*got, 1000u);
    EXPECT_GE(*got, 1u);
  });
  EXPECT_EQ(disk().counters().short_reads, 1u);
}

TEST_F(SimDiskTest, AWipeLeavesAnEmptyDisk) {
  OnA([](env::Disk& disk) { EXPECT_TRUE(disk.Open("f", env::OpenMode::kCreate).ok()); });
  world_.Stop(a_);
  EXPECT_TRUE(disk().Exists("f"));
  disk().Wipe();
  OnA([](env::Disk& disk) { EXPECT_THAT(*disk.List("/"), IsEmpty()); });
}

TEST_F(SimDiskTest, TwoMachinesExchangeTheirDisks) {
  OnA([](env::Disk& disk) {
    auto file = *disk.Open("log", env::OpenMode::kCreate);
    EXPECT_TRUE(WriteAt(*file, 0, "synced").ok());
    EXPECT_TRUE(file->Sync().ok() && disk.SyncDir(".").ok());
    EXPECT_TRUE(WriteAt(*file, 6, " not").ok());
  });
  CrashA(UnsyncedFate::kAll);
  SimDisk& other = b_->sim_disk();
  disk().Swap(other);
  EXPECT_FALSE(disk().Exists("log"));
  EXPECT_EQ(disk().UsedBytes(), 0u);
  EXPECT_EQ(other.Contents("log"), "synced not");
  world_.Crash(b_, {.host_alive = false, .unsynced = UnsyncedFate::kNone});
  EXPECT_EQ(other.Contents("log"), "synced") << "what was not synced moved as such";
}

}  // namespace
}  // namespace norn::sim
