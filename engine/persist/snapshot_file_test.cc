#include "engine/persist/snapshot_file.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/persist/disk_testing.h"

namespace norn::persist {
namespace {

constexpr char kPath[] = "/data/dump.rdb";
constexpr char kTemporaryPath[] = "/data/temp-7.rdb";

SnapshotFileOptions Options(uint64_t sync_every_bytes = 0) {
  return {.path = kPath, .temporary_name = "temp-7.rdb", .sync_every_bytes = sync_every_bytes};
}

struct DataDisk : MemoryDisk {
  DataDisk() { dirs.insert("/data"); }
};

// Writes `contents` in pieces and commits.
absl::Status WriteWhole(MemoryDisk& disk, const std::string& contents, uint64_t sync_every_bytes) {
  absl::StatusOr<std::unique_ptr<SnapshotFile>> file =
      SnapshotFile::Create(disk, Options(sync_every_bytes));
  if (!file.ok()) return file.status();
  constexpr size_t kPieceBytes = 100'000;
  for (size_t at = 0; at < contents.size(); at += kPieceBytes) {
    absl::Status written = (*file)->Write(std::string_view(contents).substr(at, kPieceBytes));
    if (written.ok()) continue;
    (*file)->Abandon();
    return written;
  }
  return (*file)->Commit();
}

TEST(SnapshotFile, IsAtItsPathOnceCommitted) {
  DataDisk disk;
  ASSERT_TRUE(WriteWhole(disk, "contents", 0).ok());
  EXPECT_EQ(disk.Get(kPath), "contents");
  EXPECT_EQ(disk.Get(kTemporaryPath), "(none)");
  EXPECT_EQ(disk.calls.back(), "syncdir /data");
}

TEST(SnapshotFile, ACrashAtAnyPointLeavesTheOldOrTheNewOneWhole) {
  const std::string old_contents = "old", new_contents(1'500'000, 'n');
  DataDisk untroubled;
  ASSERT_TRUE(WriteWhole(untroubled, new_contents, 300'000).ok());
  ASSERT_GT(untroubled.calls.size(), 8u);
  for (size_t die_at = 1; die_at <= untroubled.calls.size() + 1; ++die_at) {
    DataDisk disk;
    disk.Put(kPath, old_contents);
    disk.Put(kTemporaryPath, "of a crash before");
    disk.calls_left = die_at - 1;
    const bool committed = WriteWhole(disk, new_contents, 300'000).ok();
    EXPECT_EQ(committed, die_at > untroubled.calls.size());
    for (const auto names : {MemoryDisk::Kept::kSynced, MemoryDisk::Kept::kAll}) {
      for (const auto data : {MemoryDisk::Kept::kSynced, MemoryDisk::Kept::kAll}) {
        const std::string left = disk.AfterCrash(kPath, names, data);
        EXPECT_TRUE(left == new_contents || (left == old_contents && !committed)) << die_at;
      }
    }
  }
}

TEST(SnapshotFile, AFailureLeavesTheOldFileAndNoTemporaryOne) {
  for (const char* change : {"write", "sync", "rename"}) {
    DataDisk disk;
    disk.Put(kPath, "old");
    disk.FailNext(change);
    EXPECT_FALSE(WriteWhole(disk, std::string(1'000'000, 'n'), 300'000).ok()) << change;
    EXPECT_EQ(disk.Get(kPath), "old");
    EXPECT_EQ(disk.Get(kTemporaryPath), "(none)");
  }
}

TEST(SnapshotFile, AFailedSyncIsNeverForgotten) {
  DataDisk disk;
  auto file = SnapshotFile::Create(disk, Options(300'000));
  ASSERT_TRUE(file.ok());
  disk.FailNext("sync");
  EXPECT_FALSE((*file)->Write(std::string(400'000, 'n')).ok());
  EXPECT_FALSE((*file)->Write("more").ok());
  EXPECT_FALSE((*file)->Commit().ok());
  EXPECT_EQ(disk.Get(kPath), "(none)");
}

TEST(SnapshotFile, AbandonRemovesTheTemporaryFile) {
  DataDisk disk;
  auto file = SnapshotFile::Create(disk, Options());
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Write("contents").ok());
  EXPECT_EQ((*file)->bytes_written(), 8u);
  (*file)->Abandon();
  EXPECT_EQ(disk.Get(kTemporaryPath), "(none)");
  EXPECT_EQ(disk.Get(kPath), "(none)");
}

TEST(SnapshotFile, APathWithoutFolderIsInTheWorkingDirectory) {
  DataDisk disk;
  auto file = SnapshotFile::Create(disk, {.path = "dump.rdb", .temporary_name = "temp-7.rdb"});
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Commit().ok());
  EXPECT_NE(disk.Get("dump.rdb"), "(none)");
  EXPECT_EQ(disk.calls.back(), "syncdir .");
}

}  // namespace
}  // namespace norn::persist
