#include "engine/config/path.h"

#include <gtest/gtest.h>

namespace norn::config {
namespace {

TEST(PathFrom, JoinsAndCleans) {
  EXPECT_EQ(PathFrom("/var/lib", "norn"), "/var/lib/norn");
  EXPECT_EQ(PathFrom("/var/lib", "./norn/../x//y/"), "/var/lib/x/y");
  EXPECT_EQ(PathFrom("/var/lib", "../../../.."), "/");
  EXPECT_EQ(PathFrom("/var", "/etc/norn.conf"), "/etc/norn.conf");
  EXPECT_EQ(PathFrom("/var", "."), "/var");
}

TEST(PathFrom, StaysRelativeWithoutABase) {
  EXPECT_EQ(PathFrom("", "a/./b"), "a/b");
  EXPECT_EQ(PathFrom("", "../a"), "../a");
  EXPECT_EQ(PathFrom("", "a/.."), ".");
}

}  // namespace
}  // namespace norn::config
