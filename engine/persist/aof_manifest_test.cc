// The manifest's text: what servers write is read and comes back the same; what they would not is refused with its line.

#include "engine/persist/aof_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/status.h"

namespace norn::persist {
namespace {

using ::testing::HasSubstr;

std::string Error(std::string_view text) {
  const absl::StatusOr<AofManifest> manifest = AofManifest::Parse(text, "dir/m");
  return manifest.ok() ? "(ok)" : std::string(MessageOf(manifest.status()));
}

TEST(AofManifest, ReadsWhatServersWriteAndWritesItBack) {
  const std::string text =
      "file appendonly.aof.2.base.rdb seq 2 type b\n"
      "file appendonly.aof.1.incr.aof seq 1 type h\n"
      "file appendonly.aof.4.incr.aof seq 4 type i\n"
      "file appendonly.aof.5.incr.aof seq 5 type i\n";
  const absl::StatusOr<AofManifest> manifest = AofManifest::Parse(text, "m");
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->base->name, "appendonly.aof.2.base.rdb");
  EXPECT_EQ(manifest->history.size(), 1u);
  EXPECT_EQ(manifest->incrs.back(), (AofManifest::FileEntry{"appendonly.aof.5.incr.aof", 5}));
  EXPECT_EQ(manifest->last_base_seq, 2);
  EXPECT_EQ(manifest->last_incr_seq, 5);
  EXPECT_EQ(manifest->Format(), text);
}

TEST(AofManifest, SkipsCommentsAndUnknownKeysAndTakesAnyOrderAndCase) {
  const absl::StatusOr<AofManifest> manifest = AofManifest::Parse(
      "# a comment\n  TYPE i startoffset 17 Seq 3 file \"my log.3.incr.aof\"\r\n", "m");
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->incrs[0].name, "my log.3.incr.aof");
  EXPECT_EQ(manifest->Format(), "file \"my log.3.incr.aof\" seq 3 type i\n");
}

TEST(AofManifest, NamesTheLineOfAnError) {
  EXPECT_EQ(Error(""), "dir/m: the file is empty");
  EXPECT_EQ(Error("file a seq 1 type b"), "dir/m: line 1: the line does not end");
  EXPECT_EQ(Error("file a seq 1 type b\n\n"),
            "dir/m: line 2: expected: file NAME seq NUMBER type b|h|i");
  EXPECT_THAT(Error("file a seq 1 type b\nfile b seq 2 type b\n"),
              HasSubstr("line 2: a second base"));
  EXPECT_THAT(Error("file a seq 2 type i\nfile b seq 2 type i\n"), HasSubstr("must grow"));
  EXPECT_THAT(Error("file a seq 1 type x\n"), HasSubstr("unknown file type"));
  EXPECT_THAT(Error("file ../a seq 1 type i\n"), HasSubstr("not a path"));
  EXPECT_THAT(Error("file .. seq 1 type i\n"), HasSubstr("not a path"));
  EXPECT_THAT(Error("file a seq 0 type i\n"), HasSubstr("positive"));
  EXPECT_THAT(Error("file a seq 9223372036854775807 type i\n"), HasSubstr("positive"));
  EXPECT_THAT(Error("file \"a seq 1 type i\n"), HasSubstr("unbalanced quotes"));
  EXPECT_THAT(Error("file " + std::string(2000, 'a') + " seq 1 type i\n"), HasSubstr("too long"));
}

TEST(AofManifest, NumbersNewFilesOnwards) {
  AofManifest manifest;
  EXPECT_EQ(manifest.AddIncr("a.aof"), "a.aof.1.incr.aof");
  EXPECT_EQ(manifest.AddIncr("a.aof"), "a.aof.2.incr.aof");
  EXPECT_EQ(manifest.NextBaseName("a.aof", AofBaseKind::kSnapshot), "a.aof.1.base.rdb");
  EXPECT_EQ(manifest.ReplaceBase("a.aof", AofBaseKind::kSnapshot, 2), "a.aof.1.base.rdb");
  EXPECT_EQ(manifest.AddIncr("a.aof"), "a.aof.3.incr.aof");
  EXPECT_EQ(manifest.ReplaceBase("a.aof", AofBaseKind::kCommands, 3), "a.aof.2.base.aof");
  EXPECT_EQ(manifest.Format(),
            "file a.aof.2.base.aof seq 2 type b\n"
            "file a.aof.1.incr.aof seq 1 type h\n"
            "file a.aof.1.base.rdb seq 1 type h\n"
            "file a.aof.2.incr.aof seq 2 type h\n"
            "file a.aof.3.incr.aof seq 3 type i\n");
}

RC_GTEST_PROP(AofManifestProperty, AnyNameComesBack, (std::string name)) {
  RC_PRE(!name.empty() && name.size() < 200 && name != "." && name != "..");
  RC_PRE(name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos);
  AofManifest manifest;
  manifest.incrs.push_back({name, 1});
  manifest.last_incr_seq = 1;
  const absl::StatusOr<AofManifest> back = AofManifest::Parse(manifest.Format(), "m");
  RC_ASSERT(back.ok());
  RC_ASSERT(*back == manifest);
}

}  // namespace
}  // namespace norn::persist
