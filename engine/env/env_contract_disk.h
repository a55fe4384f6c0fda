#pragma once
// Claims about files (disk.h). What a crash leaves is the simulator's to test.

#include "engine/env/env_contract_fixture.h"

#include <string>

namespace norn::env {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

inline std::string ReadFile(File& file, uint64_t offset, size_t count) {
  std::string buf(count, '?');
  auto got = file.Read(offset, std::span<char>(buf.data(), buf.size()));
  EXPECT_TRUE(got.ok()) << got.status();
  buf.resize(got.ok() ? *got : 0);
  return buf;
}

inline std::string Contents(Disk& disk, std::string_view path) {
  auto file = disk.Open(path, OpenMode::kRead);
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) return "";
  auto size = (*file)->Size();
  EXPECT_TRUE(size.ok()) << size.status();
  return ReadFile(**file, 0, size.ok() ? static_cast<size_t>(*size) : 0);
}

inline void PutFile(Disk& disk, std::string_view path, std::string_view data) {
  auto file = disk.Open(path, OpenMode::kCreateOrTrim);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write(0, std::span<const char>(data.data(), data.size())).ok());
}

TEST_P(EnvContract, AFileReadsBackWhatWasWritten) {
  Run(1, [&](Env& env) {
    auto file = env.disk().Open(Path("a"), OpenMode::kCreate);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE((*file)->Write(0, std::string("hello ")).ok());
    EXPECT_TRUE((*file)->Write(6, std::string("world")).ok());
    EXPECT_TRUE((*file)->Sync().ok());
    EXPECT_TRUE((*file)->Write(0, std::string("J")).ok());
    EXPECT_EQ(*(*file)->Size(), 11u);
    EXPECT_EQ(ReadFile(**file, 0, 11), "Jello world");
    EXPECT_EQ(ReadFile(**file, 6, 100), "world") << "fewer only at the end";
    EXPECT_EQ(ReadFile(**file, 11, 10), "");
    EXPECT_EQ(ReadFile(**file, 1000, 10), "");
    EXPECT_EQ(Contents(env.disk(), Path("a")), "Jello world");
  });
}

TEST_P(EnvContract, AGapReadsAsZeros) {
  Run(1, [&](Env& env) {
    auto file = env.disk().Open(Path("gap"), OpenMode::kCreate);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE((*file)->Write(4, std::string("x")).ok());
    EXPECT_EQ(ReadFile(**file, 0, 5), std::string("\0\0\0\0x", 5));
  });
}

TEST_P(EnvContract, TruncateCutsAndGrows) {
  Run(1, [&](Env& env) {
    auto file = env.disk().Open(Path("t"), OpenMode::kCreate);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE((*file)->Write(0, std::string("abcdef")).ok());
    EXPECT_TRUE((*file)->Truncate(3).ok());
    EXPECT_EQ(*(*file)->Size(), 3u);
    EXPECT_TRUE((*file)->Truncate(5).ok());
    EXPECT_EQ(ReadFile(**file, 0, 10), std::string("abc\0\0", 5));
  });
}

TEST_P(EnvContract, OpenModesSayWhatMustBeThere) {
  Run(1, [&](Env& env) {
    Disk& disk = env.disk();
    const std::string path = Path("modes");
    EXPECT_EQ(disk.Open(path, OpenMode::kRead).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(disk.Open(path, OpenMode::kReadWrite).status().code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(disk.Open(path, OpenMode::kRead).status().message()), HasSubstr(path));
    PutFile(disk, path, "0123456789");
    EXPECT_EQ(disk.Open(path, OpenMode::kCreateNew).status().code(),
              absl::StatusCode::kAlreadyExists);
    EXPECT_TRUE(disk.Open(path, OpenMode::kCreate).ok());
    EXPECT_TRUE(disk.Open(path, OpenMode::kReadWrite).ok());
    EXPECT_EQ(Contents(disk, path), "0123456789") << "opening alone changes nothing";
    EXPECT_TRUE(disk.Open(path, OpenMode::kCreateOrTrim).ok());
    EXPECT_EQ(Contents(disk, path), "");
    EXPECT_TRUE(disk.Open(Path("new"), OpenMode::kCreateNew).ok());
    EXPECT_EQ(disk.Open(Path("nodir/file"), OpenMode::kCreate).status().code(),
              absl::StatusCode::kNotFound);
  });
}

TEST_P(EnvContract, RenameReplacesWholeFiles) {
  Run(1, [&](Env& env) {
    Disk& disk = env.disk();
    PutFile(disk, Path("old"), "old");
    PutFile(disk, Path("new"), "brand new");
    auto open = disk.Open(Path("old"), OpenMode::kRead);
    ASSERT_TRUE(open.ok()) << open.status();
    EXPECT_TRUE(disk.Rename(Path("new"), Path("old")).ok());
    EXPECT_TRUE(disk.SyncDir(world_->Directory()).ok());
    EXPECT_EQ(Contents(disk, Path("old")), "brand new");
    EXPECT_EQ(ReadFile(**open, 0, 10), "old") << "an open file keeps its bytes";
    EXPECT_EQ(disk.Open(Path("new"), OpenMode::kRead).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(disk.Rename(Path("nosuch"), Path("x")).code(), absl::StatusCode::kNotFound);
  });
}

TEST_P(EnvContract, RemoveTakesTheNameOnly) {
  Run(1, [&](Env& env) {
    Disk& disk = env.disk();
    PutFile(disk, Path("gone"), "bytes");
    auto open = disk.Open(Path("gone"), OpenMode::kRead);
    ASSERT_TRUE(open.ok()) << open.status();
    EXPECT_TRUE(disk.Remove(Path("gone")).ok());
    EXPECT_EQ(disk.Remove(Path("gone")).code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(disk.Open(Path("gone"), OpenMode::kRead).status().code(),
              absl::StatusCode::kNotFound);
    EXPECT_EQ(ReadFile(**open, 0, 10), "bytes");
  });
}

TEST_P(EnvContract, ListingsAreSortedNames) {
  Run(1, [&](Env& env) {
    Disk& disk = env.disk();
    const std::string root = world_->Directory();
    ASSERT_THAT(*disk.List(root), IsEmpty());
    for (const char* name : {"b", "a", "B", "a.1"}) PutFile(disk, Path(name), "");
    EXPECT_TRUE(disk.MakeDir(Path("dir")).ok());
    EXPECT_TRUE(disk.MakeDir(Path("dir")).ok()) << "Ok when it is there already";
    PutFile(disk, Path("dir/inner"), "deep");
    EXPECT_TRUE(disk.SyncDir(Path("dir")).ok());
    EXPECT_THAT(*disk.List(root), ElementsAre("B", "a", "a.1", "b", "dir"));
    EXPECT_THAT(*disk.List(Path("dir")), ElementsAre("inner"));
    EXPECT_EQ(Contents(disk, Path("dir/inner")), "deep");
    EXPECT_TRUE(disk.Rename(Path("dir/inner"), Path("outer")).ok());
    EXPECT_THAT(*disk.List(Path("dir")), IsEmpty());
    EXPECT_EQ(disk.List(Path("nodir")).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(disk.MakeDir(Path("nodir/sub")).code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(disk.SyncDir(Path("nodir")).code(), absl::StatusCode::kNotFound);
  });
}

// That others are refused takes a second process.
TEST_P(EnvContract, ALockIsHadAsOftenAsItIsAskedFor) {
  Run(1, [&](Env& env) {
    EXPECT_TRUE(env.disk().Lock(Path("lock")).ok());
    EXPECT_TRUE(env.disk().Lock(Path("lock")).ok());
    EXPECT_TRUE(env.disk().Lock(Path("other")).ok());
  });
}

TEST_P(EnvContract, FilesAreSharedByAllExecutors) {
  Run(2, [&](Env& env) {
    Countdown done(env.executor(), 1);
    GoOn(env.executor(), 1, [&] {
      PutFile(env.disk(), Path("shared"), "from one");
      done.Done();
    });
    done.Wait();
    EXPECT_EQ(Contents(env.disk(), Path("shared")), "from one");
  });
}

TEST_P(EnvContract, ALargeFileKeepsItsBytes) {
  Run(1, [&](Env& env) {
    std::string data(3 << 20, '\0');
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 2654435761u >> 24);
    PutFile(env.disk(), Path("large"), data);
    EXPECT_TRUE(Contents(env.disk(), Path("large")) == data);
  });
}

}  // namespace norn::env
