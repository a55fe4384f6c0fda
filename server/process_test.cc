#include "server/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "server/temp_dir_test.h"

namespace norn::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Puts the limit of open files back when the test ends.
class LimitGuard {
 public:
  LimitGuard() { getrlimit(RLIMIT_NOFILE, &old_); }
  ~LimitGuard() { setrlimit(RLIMIT_NOFILE, &old_); }
  void SetSoft(rlim_t soft) {
    rlimit limit = old_;
    limit.rlim_cur = soft;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

 private:
  rlimit old_;
};

TEST(OpenFiles, ALimitThatIsHighEnoughIsLeftAlone) {
  LimitGuard guard;
  guard.SetSoft(256);
  const OpenFilesLimit result = AdjustOpenFilesLimit(100);
  EXPECT_TRUE(result.enough);
  EXPECT_EQ(result.maxclients, 100u);
  EXPECT_EQ(result.open_files, 256u);
  EXPECT_THAT(result.lines, IsEmpty());
}

TEST(OpenFiles, ALowSoftLimitIsRaised) {
  LimitGuard guard;
  guard.SetSoft(128);
  const OpenFilesLimit result = AdjustOpenFilesLimit(200);
  EXPECT_TRUE(result.enough);
  EXPECT_EQ(result.maxclients, 200u);
  EXPECT_EQ(result.open_files, 232u);
  ASSERT_THAT(result.lines, SizeIs(1));
  EXPECT_EQ(result.lines[0].text,
            "Increased maximum number of open files to 232 (it was originally set to 128).");
  rlimit now;
  getrlimit(RLIMIT_NOFILE, &now);
  EXPECT_EQ(now.rlim_cur, 232u);
}

// More than any kernel grants, so that it fails for root as well.
TEST(OpenFiles, WhatTheSystemRefusesReducesMaxclients) {
  LimitGuard guard;
  guard.SetSoft(128);
  constexpr uint64_t kTooMany = uint64_t{1} << 40;
  const OpenFilesLimit result = AdjustOpenFilesLimit(kTooMany);
  EXPECT_TRUE(result.enough);
  EXPECT_GE(result.open_files, 128u);
  EXPECT_EQ(result.maxclients, result.open_files - kReservedFiles);
  ASSERT_THAT(result.lines, SizeIs(3));
  EXPECT_EQ(result.lines[0].text,
            "You requested maxclients of 1099511627776 requiring at least 1099511627808 max file "
            "descriptors.");
  EXPECT_THAT(result.lines[1].text, HasSubstr("because of OS error: Operation not permitted."));
  EXPECT_THAT(result.lines[2].text, HasSubstr("maxclients has been reduced to"));
}

TEST(OpenFiles, TooFewForOneClientIsSaid) {
  const OpenFilesLimit result = AdjustOpenFilesLimit(10, uint64_t{1} << 40);
  EXPECT_FALSE(result.enough);
  ASSERT_THAT(result.lines, SizeIs(1));
  EXPECT_THAT(result.lines[0].text, HasSubstr("is not enough for the server to start"));
}

TEST(PidFile, HoldsThePid) {
  TempDir dir;
  const std::string path = dir / "pid";
  ASSERT_TRUE(WritePidFile(path).ok());
  std::ifstream file(path);
  int64_t pid = 0;
  file >> pid;
  EXPECT_EQ(pid, getpid());
  RemovePidFile(path);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(WritePidFile(dir / "no/such").message(),
              HasSubstr("Failed to write PID file " + (dir / "no/such")));
}

TEST(Daemonize, LeavesTheParentAndTheTerminal) {
  int news[2];
  ASSERT_EQ(pipe(news), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool ok = Daemonize().ok() && getsid(0) == getpid();
    const char answer = ok ? 'y' : 'n';
    _exit(write(news[1], &answer, 1) == 1 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the parent ends with 0";
  char answer = 0;
  ASSERT_EQ(read(news[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  close(news[0]);
  close(news[1]);
}

TEST(SupervisorTest, SystemdIsToldThroughItsSocket) {
  TempDir dir;
  const int systemd = socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (dir / "notify").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(systemd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  setenv("NOTIFY_SOCKET", address.sun_path, 1);
  EXPECT_EQ(DetectSupervisor(), Supervisor::kSystemd);
  EXPECT_TRUE(NotifySystemd(Supervisor::kSystemd, "READY=1"));
  char got[64];
  const ssize_t n = recv(systemd, got, sizeof(got), 0);
  EXPECT_EQ(std::string(got, static_cast<size_t>(std::max<ssize_t>(n, 0))), "READY=1");
  EXPECT_TRUE(NotifySystemd(Supervisor::kNone, "READY=1")) << "nobody to tell";
  close(systemd);
  EXPECT_FALSE(NotifySystemd(Supervisor::kSystemd, "READY=1")) << "nobody listens";
  unsetenv("NOTIFY_SOCKET");
  EXPECT_FALSE(NotifySystemd(Supervisor::kSystemd, "READY=1"));
  EXPECT_EQ(DetectSupervisor(), Supervisor::kNone);
}

}  // namespace
}  // namespace norn::server
