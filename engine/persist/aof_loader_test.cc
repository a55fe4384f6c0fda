// Loading a log: order of files, whole transactions, the cut of a torn tail, and what stops a start.

#include "engine/persist/aof_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/persist/aof_block.h"
#include "engine/persist/disk_testing.h"

namespace norn::persist {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string Command(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

const std::string kMulti = Command({"MULTI"});
const std::string kExec = Command({"exec"});
const std::string kA = Command({"SET", "a", "1"});
const std::string kB = Command({"SET", "b", "2"});
const std::string kC = Command({"SET", "c", "3"});

class Target : public AofLoadTarget {
 public:
  absl::StatusOr<uint64_t> LoadBase(ByteSource& source) override {
    std::string bytes;
    char piece[64];
    for (;;) {
      const absl::StatusOr<size_t> read = source.Read(piece);
      if (!read.ok()) return read.status();
      if (*read == 0) break;
      bytes.append(piece, *read);
    }
    const size_t end = bytes.find('.');
    if (end == std::string::npos) return absl::DataLossError("snapshot ends at offset 7");
    applied.push_back(bytes.substr(0, end + 1));
    return end + 1;
  }
  absl::Status Apply(std::span<const std::string_view> words) override {
    if (words[0] == "BAD") return absl::InvalidArgumentError("unknown command 'BAD'");
    std::string line(words[0]);
    for (const std::string_view word : words.subspan(1)) line += " " + std::string(word);
    applied.push_back(line);
    return absl::OkStatus();
  }
  void Progress(uint64_t done, uint64_t total) override {
    EXPECT_LE(done, total);
    last_progress = done;
  }
  std::vector<std::string> applied;
  uint64_t last_progress = 0;
};

struct AofLoaderTest : ::testing::Test {
  AofLoaderTest() { disk.dirs.insert("./appendonlydir"); }

  void Manifest(std::string_view text) { disk.Put(names.ManifestPath(), text); }
  void OneIncr(std::string_view bytes) {
    Manifest("file i1 seq 1 type i\n");
    disk.Put(names.Path("i1"), bytes);
  }
  void BaseAndTwoIncrs(std::string_view base, std::string_view first, std::string_view second) {
    Manifest("file b.rdb seq 1 type b\nfile i1 seq 1 type i\nfile i2 seq 2 type i\n");
    disk.Put(names.Path("b.rdb"), base);
    disk.Put(names.Path("i1"), first);
    disk.Put(names.Path("i2"), second);
  }
  absl::StatusOr<AofLoadResult> Load() {
    target = Target();
    disk.calls.clear();
    return LoadAof(disk, names, options, target);
  }
  std::string Error() {
    const absl::StatusOr<AofLoadResult> result = Load();
    return result.ok() ? "(ok)" : std::string(MessageOf(result.status()));
  }

  MemoryDisk disk;
  AofNames names;
  AofLoadOptions options;
  Target target;
};

TEST_F(AofLoaderTest, NoLogIsNoError) {
  const absl::StatusOr<AofLoadResult> result = Load();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->manifest.empty());
  EXPECT_THAT(disk.calls, IsEmpty());
}

TEST_F(AofLoaderTest, BaseThenIncrementsInOrder) {
  BaseAndTwoIncrs("REDIS0011.", kA + kB, kC);
  const absl::StatusOr<AofLoadResult> result = Load();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(target.applied, ElementsAre("REDIS0011.", "SET a 1", "SET b 2", "SET c 3"));
  EXPECT_EQ(result->base_bytes, 10u);
  EXPECT_EQ(result->total_bytes, 10 + 3 * kA.size());
  EXPECT_EQ(target.last_progress, result->total_bytes);
  EXPECT_EQ(result->commands, 3u);
  EXPECT_THAT(disk.calls, IsEmpty()) << "a whole log is only read";
}

TEST_F(AofLoaderTest, CommandsMayFollowTheSnapshotInOneFile) {
  BaseAndTwoIncrs("VALKEY080." + kA, "", kB);
  ASSERT_TRUE(Load().ok());
  EXPECT_THAT(target.applied, ElementsAre("VALKEY080.", "SET a 1", "SET b 2"));
}

TEST_F(AofLoaderTest, ABaseMayBeCommandsButNotUnderTheNameOfASnapshot) {
  Manifest("file b.aof seq 1 type b\n");
  disk.Put(names.Path("b.aof"), kA);
  ASSERT_TRUE(Load().ok());
  EXPECT_THAT(target.applied, ElementsAre("SET a 1"));
  BaseAndTwoIncrs(kA, "", "");
  EXPECT_THAT(Error(), HasSubstr("b.rdb: damaged at offset 0: not a snapshot"));
}

TEST_F(AofLoaderTest, TransactionsComeWhole) {
  OneIncr(kA + kMulti + kB + kC + kExec);
  const absl::StatusOr<AofLoadResult> result = Load();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(target.applied, ElementsAre("SET a 1", "SET b 2", "SET c 3"));
  EXPECT_EQ(result->transactions, 1u);
}

TEST_F(AofLoaderTest, AnOpenTransactionIsCutBeforeItsMulti) {
  const std::string bytes = kA + kMulti + kB + kC + kExec;
  for (size_t size = kA.size(); size < bytes.size(); ++size) {
    OneIncr(bytes.substr(0, size));
    const absl::StatusOr<AofLoadResult> result = Load();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_THAT(target.applied, ElementsAre("SET a 1")) << size;
    EXPECT_EQ(result->cut_bytes, size - kA.size());
    EXPECT_EQ(disk.Get(names.Path("i1")), kA) << size;
    if (size > kA.size()) {
      EXPECT_THAT(disk.calls,
                  ElementsAre(StartsWith("open"), StartsWith("truncate"), StartsWith("sync")));
    }
    // What is appended next is found by the load after that.
    disk.Append(names.Path("i1"), kC);
    ASSERT_TRUE(Load().ok());
    EXPECT_THAT(target.applied, ElementsAre("SET a 1", "SET c 3"));
  }
}

std::string Block(const std::string& payload, uint64_t offset, uint64_t safe) {
  return AofBlockLine::For(payload, offset, safe).Format(offset) + payload;
}

// Whatever the load cuts, what is appended behind is found by the next load, and no line stays that speaks of bytes cut.
TEST_F(AofLoaderTest, ACutInsideOfABlockLeavesALineOfWhatStays) {
  const std::string first = Block(kA + kMulti + kB, 0, 0);
  const std::string second = Block(kC + kExec, first.size(), 0);
  for (size_t size = 0; size < second.size(); ++size) {
    OneIncr(first + second.substr(0, size));
    const absl::StatusOr<AofLoadResult> result = Load();
    ASSERT_TRUE(result.ok()) << result.status();
    const std::string kept = Block(kA, 0, 0);
    EXPECT_EQ(disk.Get(names.Path("i1")), kept) << size;
    EXPECT_EQ(result->cut_offset, kept.size());
    EXPECT_EQ(result->cut_bytes + kept.size(), first.size() + size);
    disk.Append(names.Path("i1"), Block(kC, kept.size(), kept.size()));
    ASSERT_TRUE(Load().ok());
    EXPECT_THAT(target.applied, ElementsAre("SET a 1", "SET c 3"));
  }
}

TEST_F(AofLoaderTest, ABlockOfWhichNothingStaysGoesWithItsLine) {
  const std::string first = Block(kA, 0, 0);
  const std::string second = Block(kMulti + kB, first.size(), first.size());
  OneIncr(first + second);
  ASSERT_TRUE(Load().ok());
  EXPECT_EQ(disk.Get(names.Path("i1")), first);
}

TEST_F(AofLoaderTest, ACutThatStopsHalfwayIsDoneAgain) {
  const std::string torn = Block(kA + kMulti + kB, 0, 0);
  OneIncr(torn);
  disk.calls.clear();
  ASSERT_TRUE(Load().ok());
  const size_t calls = disk.calls.size();
  ASSERT_GT(calls, 8u);
  for (size_t call = 0; call < calls; ++call) {
    OneIncr(torn);
    disk.calls_left = call;
    ASSERT_FALSE(Load().ok());
    disk.calls_left.reset();
    ASSERT_TRUE(Load().ok()) << call;
    EXPECT_THAT(target.applied, ElementsAre("SET a 1"));
    EXPECT_EQ(disk.Get(names.Path("i1")).size(), Block(kA, 0, 0).size()) << call;
  }
}

TEST_F(AofLoaderTest, ATornTailIsRefusedWhenTheOperatorWantsThat) {
  options.load_truncated = false;
  OneIncr(kA + kMulti + kB);
  EXPECT_THAT(Error(), AllOf(HasSubstr("i1: the file ends inside"), HasSubstr("at offset 27 of 69"),
                             HasSubstr("aof-load-truncated"), HasSubstr("--fix")));
  EXPECT_EQ(disk.Get(names.Path("i1")), kA + kMulti + kB);
}

TEST_F(AofLoaderTest, OnlyTheEndOfTheLogMayBeTorn) {
  BaseAndTwoIncrs("REDIS.", kA + kB.substr(0, 9), kC);
  EXPECT_THAT(Error(),
              AllOf(HasSubstr("i1: damaged at offset 27"), HasSubstr("not the last file")));
  EXPECT_EQ(disk.Get(names.Path("i1")).size(), kA.size() + 9);
  // Files that are empty do not count: nothing was ever behind the torn one.
  BaseAndTwoIncrs("REDIS.", kA + kB.substr(0, 9), "");
  ASSERT_TRUE(Load().ok());
  EXPECT_EQ(disk.Get(names.Path("i1")), kA);
}

TEST_F(AofLoaderTest, DamageStopsTheLoadAndTouchesNothing) {
  OneIncr(kA + "xx" + kB);
  EXPECT_THAT(Error(), AllOf(StartsWith("./appendonlydir/i1: damaged at offset 27: expected '*'"),
                             HasSubstr("redis-check-aof --fix")));
  OneIncr(kA + kExec);
  EXPECT_THAT(Error(), HasSubstr("EXEC without MULTI"));
  OneIncr(kMulti + kMulti);
  EXPECT_THAT(Error(), HasSubstr("offset 15: MULTI inside of MULTI"));
  EXPECT_THAT(disk.calls, IsEmpty());
}

TEST_F(AofLoaderTest, ZerosAtTheEndAreATornTail) {
  OneIncr(kA + kMulti + kB + std::string(5000, '\0'));
  ASSERT_TRUE(Load().ok());
  EXPECT_EQ(disk.Get(names.Path("i1")), kA);
  OneIncr(kA + std::string(5000, '\0') + kB);
  EXPECT_THAT(Error(), HasSubstr("found byte 0x00"));
}

TEST_F(AofLoaderTest, ErrorsOfTheTargetNameFileAndOffset) {
  OneIncr(kA + Command({"BAD", "x"}));
  EXPECT_EQ(Error(), "./appendonlydir/i1: offset 27: unknown command 'BAD'");
  BaseAndTwoIncrs("REDIS", "", "");
  EXPECT_EQ(Error(), "./appendonlydir/b.rdb: snapshot ends at offset 7");
}

TEST_F(AofLoaderTest, MissingFilesAndManifestsStopTheStart) {
  Manifest("file i1 seq 1 type i\n");
  EXPECT_THAT(Error(), HasSubstr("i1: the manifest names this file, but it is missing"));
  Manifest("what\n");
  EXPECT_THAT(Error(), StartsWith("./appendonlydir/appendonly.aof.manifest: line 1: "));
  disk.RemoveAll();
  disk.Put(names.Path("appendonly.aof.3.incr.aof"), kA);
  EXPECT_THAT(Error(), HasSubstr("there is no manifest, but appendonly.aof.3.incr.aof holds data"));
  disk.Put(names.Path("appendonly.aof.3.incr.aof"), "");
  EXPECT_EQ(Error(), "(ok)") << "a crash at the very beginning leaves that";
}

// ---- upgrade from one file ----

TEST_F(AofLoaderTest, TheOneFileOfOldServersMovesIntoTheDirectory) {
  disk.dirs.erase("./appendonlydir");
  disk.Put(names.OldStylePath(), kA);
  const absl::StatusOr<AofLoadResult> result = Load();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->upgraded);
  EXPECT_THAT(target.applied, ElementsAre("SET a 1"));
  EXPECT_EQ(disk.Get(names.ManifestPath()), "file appendonly.aof seq 1 type b\n");
  EXPECT_EQ(disk.Get(names.Path("appendonly.aof")), kA);
  EXPECT_EQ(disk.Get(names.OldStylePath()), "(none)");
  ASSERT_TRUE(Load().ok());
  EXPECT_THAT(target.applied, ElementsAre("SET a 1"));
}

TEST_F(AofLoaderTest, AnUpgradeThatWasInterruptedIsFinished) {
  for (const char* step : {"mkdir", "syncdir .", "open", "write", "sync .",
                           "rename ./appendonlydir", "syncdir ./a", "rename ./appendonly.aof"}) {
    disk = MemoryDisk();
    disk.Put(names.OldStylePath(), kA);
    disk.fail_call = step;
    EXPECT_THAT(Error(), HasSubstr("Input/output error")) << step;
    disk.fail_call = "";
    ASSERT_TRUE(Load().ok()) << step;
    EXPECT_THAT(target.applied, ElementsAre("SET a 1")) << step;
    EXPECT_EQ(disk.Get(names.OldStylePath()), "(none)") << step;
  }
}

TEST_F(AofLoaderTest, AnOldFileBesideALogInUseIsLeftAlone) {
  OneIncr(kA);
  disk.Put(names.OldStylePath(), kB);
  ASSERT_TRUE(Load().ok());
  EXPECT_THAT(target.applied, ElementsAre("SET a 1"));
  EXPECT_EQ(disk.Get(names.OldStylePath()), kB);
}

TEST_F(AofLoaderTest, HistoryIsRemovedAndThenForgotten) {
  Manifest("file h1 seq 1 type h\nfile h2 seq 2 type h\nfile i3 seq 3 type i\n");
  disk.Put(names.Path("h1"), kA);
  disk.Put(names.Path("i3"), kC);
  absl::StatusOr<AofLoadResult> result = Load();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(target.applied, ElementsAre("SET c 3"));
  ASSERT_TRUE(RemoveHistory(disk, names, &result->manifest).ok());
  EXPECT_EQ(disk.Get(names.Path("h1")), "(none)");
  EXPECT_EQ(disk.Get(names.ManifestPath()), "file i3 seq 3 type i\n");
}

TEST_F(AofLoaderTest, HistoryThatCannotBeRemovedStaysInTheManifest) {
  Manifest("file h1 seq 1 type h\nfile i3 seq 3 type i\n");
  disk.Put(names.Path("h1"), kA);
  disk.Put(names.Path("i3"), kC);
  absl::StatusOr<AofLoadResult> result = Load();
  ASSERT_TRUE(result.ok()) << result.status();
  disk.fail_call = "remove";
  EXPECT_TRUE(RemoveHistory(disk, names, &result->manifest).ok());
  EXPECT_EQ(result->manifest.history.size(), 1u);
}

}  // namespace
}  // namespace norn::persist
