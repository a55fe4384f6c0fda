#include "engine/config/help.h"

#include "engine/config/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(HelpText, ListsEveryVisibleOption) {
  const std::string help = HelpText();
  for (const Row& row : OptionTable()) {
    const std::string entry = "\n  " + std::string(row.name) + " ";
    if (row.Has(kHidden)) {
      EXPECT_THAT(help, Not(HasSubstr(entry)));
    } else {
      EXPECT_THAT(help, HasSubstr(entry));
    }
  }
  EXPECT_THAT(help, HasSubstr("Usage: norn-server"));
  EXPECT_THAT(help, HasSubstr("RDMA port; 0: none. (accepted for compatibility)\n"));
}

TEST(DefaultFile, LoadsToTheDefaults) {
  CommandLine command_line;
  command_line.from_stdin = true;
  const auto config = Load(command_line, DefaultFile(), FileAccess{});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(*config, Config());
}

TEST(DefaultFile, ShowsEveryVisibleOptionWithLinesOfReadableLength) {
  const std::string file = DefaultFile();
  for (const Row& row : OptionTable()) {
    if (row.Has(kHidden)) continue;
    const std::string name(row.name);
    EXPECT_TRUE(file.find("\n" + name + " ") != std::string::npos ||
                file.find("\n# " + name + " ") != std::string::npos)
        << name;
  }
  size_t from = 0;
  while (from < file.size()) {
    const size_t end = file.find('\n', from);
    EXPECT_LE(end - from, 100u) << file.substr(from, end - from);
    from = end + 1;
  }
}

}  // namespace
}  // namespace norn::config
