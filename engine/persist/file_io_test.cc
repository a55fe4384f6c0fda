// File sources and sinks, which are each other's opposite.

#include <gtest/gtest.h>

#include <string>

#include "engine/persist/disk_testing.h"
#include "engine/persist/file_sink.h"
#include "engine/persist/file_source.h"

namespace norn::persist {
namespace {

std::string Pattern(size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * 7 + i / 256);
  return text;
}

TEST(FileIo, WhatASinkWroteASourceReads) {
  const std::string contents = Pattern(1'000'000);
  for (const size_t piece_bytes : {size_t{1000}, size_t{300'000}}) {
    MemoryDisk disk;
    auto file = disk.Open("f", env::OpenMode::kCreate);
    FileSink sink(**file);
    for (size_t at = 0; at < contents.size(); at += piece_bytes) {
      ASSERT_TRUE(sink.Write(std::string_view(contents).substr(at, piece_bytes)).ok());
    }
    EXPECT_EQ(sink.end(), contents.size());
    ASSERT_TRUE(sink.Flush().ok());
    EXPECT_EQ(sink.flushed_end(), contents.size());
    EXPECT_EQ(disk.Get("f"), contents);

    FileSource source(**file);
    std::string read, buffer(piece_bytes, '\0');
    for (;;) {
      const absl::StatusOr<size_t> count = source.Read(buffer);
      ASSERT_TRUE(count.ok());
      if (*count == 0) break;
      read.append(buffer, 0, *count);
      EXPECT_EQ(source.offset(), read.size());
    }
    EXPECT_EQ(read, contents);
  }
}

TEST(FileIo, SmallWritesAreCollected) {
  MemoryDisk disk;
  auto file = disk.Open("f", env::OpenMode::kCreate);
  FileSink sink(**file);
  const size_t before = disk.calls.size();
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(sink.Write("0123456789").ok());
  ASSERT_TRUE(sink.Flush().ok());
  EXPECT_EQ(disk.calls.size(), before + 1);
}

TEST(FileIo, AFailedWriteStaysFailed) {
  MemoryDisk disk;
  auto file = disk.Open("f", env::OpenMode::kCreate);
  FileSink sink(**file);
  disk.FailNext("write");
  ASSERT_TRUE(sink.Write("a").ok());
  EXPECT_FALSE(sink.Flush().ok());
  EXPECT_FALSE(sink.Write("b").ok());
  EXPECT_FALSE(sink.Flush().ok());
}

TEST(FileIo, ASinkGoesOnAtItsOffset) {
  MemoryDisk disk;
  disk.Put("f", "head");
  auto file = disk.Open("f", env::OpenMode::kReadWrite);
  FileSink sink(**file, 4);
  ASSERT_TRUE(sink.Write("tail").ok());
  ASSERT_TRUE(sink.Flush().ok());
  EXPECT_EQ(disk.Get("f"), "headtail");
}

}  // namespace
}  // namespace norn::persist
