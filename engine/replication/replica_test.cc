#include "engine/replication/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace norn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string_view>;

TEST(StreamProgressTest, EveryByteCounts) {
  StreamProgress progress(DbIndex{0});
  EXPECT_TRUE(progress.OnCommand(Words{"PING"}, 14));
  EXPECT_TRUE(progress.OnCommand(Words{"REPLCONF", "GETACK", "*"}, 37));
  EXPECT_TRUE(progress.OnCommand(Words{"SELECT", "3"}, 23));
  EXPECT_EQ(progress.applied_bytes(), 74u);
  EXPECT_EQ(progress.applied_db(), DbIndex{3});
}

TEST(StreamProgressTest, ATransactionCountsAtItsEnd) {
  StreamProgress progress(DbIndex{0});
  EXPECT_FALSE(progress.OnCommand(Words{"multi"}, 10));
  EXPECT_FALSE(progress.OnCommand(Words{"SELECT", "1"}, 20));
  EXPECT_FALSE(progress.OnCommand(Words{"SET", "a", "b"}, 30));
  EXPECT_EQ(progress.applied_bytes(), 0u);
  EXPECT_EQ(progress.open_bytes(), 60u);
  EXPECT_EQ(progress.applied_db(), DbIndex{0});
  EXPECT_TRUE(progress.OnCommand(Words{"exec"}, 5));
  EXPECT_EQ(progress.applied_bytes(), 65u);
  EXPECT_EQ(progress.applied_db(), DbIndex{1});
  progress.TakeApplied();
  EXPECT_EQ(progress.applied_bytes(), 0u);
}

TEST(ReplicaTest, Acknowledges) {
  EXPECT_TRUE(IsGetAck(Words{"REPLCONF", "GETACK", "*"}));
  EXPECT_FALSE(IsGetAck(Words{"REPLCONF", "ACK", "1"}));
  EXPECT_EQ(AckCommand(12, -1), "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$2\r\n12\r\n");
  EXPECT_EQ(AckCommand(12, 7),
            "*5\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$2\r\n12\r\n$4\r\nFACK\r\n$1\r\n7\r\n");
}

TEST(LinkStatusTest, DescribesTheLink) {
  const Instant now = Instant{} + Duration::Seconds(100);
  LinkStatus status{.state = LinkState::kTransfer, .host = "10.0.0.1", .port = 6379};
  status.last_io = Instant{} + Duration::Seconds(97);
  status.transfer_total_bytes = 200;
  status.transfer_read_bytes = 50;
  EXPECT_THAT(status.InfoLines(7, now),
              HasSubstr("master_link_status:down\r\nmaster_last_io_seconds_ago:-1\r\n"
                        "master_sync_in_progress:1\r\nslave_read_repl_offset:7\r\n"
                        "slave_repl_offset:7\r\n"));
  EXPECT_THAT(status.InfoLines(7, now),
              HasSubstr("master_sync_total_bytes:200\r\nmaster_sync_read_bytes:50\r\n"
                        "master_sync_left_bytes:150\r\nmaster_sync_perc:25.00\r\n"
                        "master_sync_last_io_seconds_ago:3\r\n"
                        "master_link_down_since_seconds:-1\r\n"));
  status.state = LinkState::kConnected;
  EXPECT_THAT(status.InfoLines(7, now), HasSubstr("master_last_io_seconds_ago:3\r\n"));
  EXPECT_THAT(status.InfoLines(7, now), Not(HasSubstr("down_since")));
  EXPECT_EQ(status.RoleName(), "connected");
}

TEST(ReconnectPolicyTest, CopiesThatFailComeEverMoreSeldom) {
  ReconnectPolicy policy;
  policy.OnEnd(false, false, Duration{});
  EXPECT_EQ(policy.delay(), Duration::Seconds(1));
  policy.OnEnd(true, false, Duration::Seconds(2));
  EXPECT_EQ(policy.delay(), Duration{});
  Duration waited;
  for (int i = 0; i < 10; ++i) {
    policy.OnEnd(true, true, Duration::Millis(1));
    EXPECT_GE(policy.delay(), waited);
    waited = policy.delay();
  }
  EXPECT_EQ(waited, Duration::Seconds(30));
  policy.OnEnd(true, true, Duration::Seconds(31));
  EXPECT_EQ(policy.failed_copies(), 0);
  EXPECT_EQ(policy.delay(), Duration{});
}

TEST(ReplicaTest, DescribesTransfers) {
  EXPECT_EQ(DescribeTransfer(17 << 20, 40 << 20, Duration::Seconds(2)),
            "42.50% (17.0 MB of 40.0 MB), 8.5 MB/s, 3 s left");
  EXPECT_EQ(DescribeTransfer(1 << 20, 0, Duration::Seconds(2)), "1.0 MB, 0.5 MB/s");
}

}  // namespace
}  // namespace norn
