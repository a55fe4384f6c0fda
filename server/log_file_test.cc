#include "server/log_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/temp_dir_test.h"

namespace norn::server {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(LogFile, LinesHaveValkeysForm) {
  setenv("TZ", "UTC", 1);
  tzset();
  const WallTime now{1795169534123456};
  EXPECT_EQ(LogFile::Format(4711, 'M', now, env::LogLevel::kNotice, "Ready"),
            "4711:M 20 Nov 2026 10:12:14.123 * Ready\n");
  EXPECT_EQ(LogFile::Format(1, 'S', WallTime{7}, env::LogLevel::kWarning, ""),
            "1:S 01 Jan 1970 00:00:00.000 # \n");
  EXPECT_THAT(LogFile::Format(1, 'M', now, env::LogLevel::kDebug, "x"), HasSubstr(" . x"));
  EXPECT_THAT(LogFile::Format(1, 'M', now, env::LogLevel::kVerbose, "x"), HasSubstr(" - x"));
}

TEST(LogFile, AppendsAndSurvivesRotation) {
  TempDir dir;
  LogFile log(dir / "log");
  ASSERT_TRUE(log.Check().ok());
  log.Write(env::LogLevel::kNotice, WallTime{0}, "one");
  log.SetRole('S');
  log.Write(env::LogLevel::kNotice, WallTime{0}, "two");
  std::filesystem::rename(dir / "log", dir / "log.1");
  log.Write(env::LogLevel::kNotice, WallTime{0}, "three");
  const std::string old = ReadAll(dir / "log.1");
  EXPECT_THAT(old, HasSubstr(":M "));
  EXPECT_THAT(old, HasSubstr("* one\n"));
  EXPECT_THAT(old, HasSubstr(":S "));
  EXPECT_THAT(old, HasSubstr("* two\n"));
  EXPECT_THAT(ReadAll(dir / "log"), HasSubstr("* three\n"));
}

TEST(LogFile, SignalsHaveTheirOwnForm) {
  TempDir dir;
  LogFile log(dir / "log");
  log.WriteOfSignal("Received SIGTERM scheduling shutdown...");
  EXPECT_THAT(ReadAll(dir / "log"),
              MatchesRegex("[0-9]+:signal-handler \\([0-9]+\\) Received SIGTERM scheduling "
                           "shutdown\\.\\.\\.\n"));
}

TEST(LogFile, SaysWhatIsWrongWithThePath) {
  const absl::Status status = LogFile("/nonexistent/dir/log").Check();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "Can't open the log file /nonexistent/dir/log: No such file or directory");
}

}  // namespace
}  // namespace norn::server
