#include "engine/replication/replica_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn {
namespace {

using ::testing::ElementsAre;

Instant At(int64_t ms) { return Instant{} + Duration::Millis(ms); }

class ReplicaTableTest : public ::testing::Test {
 protected:
  ClientId AddOnline(uint64_t id, std::string ip, int64_t port) {
    table_.Add(ClientId{id}, {.peer_ip = std::move(ip), .listening_port = port},
               ReplicaState::kWaitSnapshot, At(0));
    table_.SetState(ClientId{id}, ReplicaState::kOnline, At(0));
    return ClientId{id};
  }
  ReplicaTable table_;
};

TEST_F(ReplicaTableTest, CountsOnlyOnlineReplicas) {
  const ClientId a = AddOnline(1, "10.0.0.1", 6379);
  table_.Add(ClientId{2}, {}, ReplicaState::kSendSnapshot, At(0));
  table_.RecordAck(a, 100, 80, 200, At(10));
  table_.RecordAck(ClientId{2}, 150, 150, 200, At(10));
  EXPECT_EQ(table_.CountAcked(100), 1u);
  EXPECT_EQ(table_.CountAcked(101), 0u);
  EXPECT_EQ(table_.CountAckedOnDisk(80), 1u);
  EXPECT_EQ(table_.CountAckedOnDisk(81), 0u);
  EXPECT_THAT(table_.CaughtUp(100), ElementsAre(a));
}

TEST_F(ReplicaTableTest, AcksNeverFallAndNeverPassTheEnd) {
  const ClientId a = AddOnline(1, "10.0.0.1", 6379);
  table_.RecordAck(a, 100, -1, 200, At(10));
  table_.RecordAck(a, 50, -1, 200, At(20));
  table_.RecordAck(a, 1000, 1000, 200, At(30));
  EXPECT_EQ(table_.Find(a)->acked, 100);
  EXPECT_EQ(table_.Find(a)->acked_on_disk, -1);
}

TEST_F(ReplicaTableTest, WhoHasAcknowledgedNothingHasNotEvenTheBeginning) {
  const ClientId a = AddOnline(1, "10.0.0.1", 6379);
  EXPECT_EQ(table_.CountAcked(0), 0u);
  EXPECT_EQ(table_.CountAckedOnDisk(0), 0u);
  EXPECT_THAT(table_.CaughtUp(0), ElementsAre());
  table_.RecordAck(a, 0, -1, 0, At(10));
  EXPECT_EQ(table_.CountAcked(0), 1u);
  EXPECT_EQ(table_.CountAckedOnDisk(0), 0u);
  EXPECT_THAT(table_.CaughtUp(0), ElementsAre(a));
}

TEST_F(ReplicaTableTest, GoodOnesAcknowledgedLately) {
  AddOnline(1, "10.0.0.1", 6379);
  const ClientId b = AddOnline(2, "10.0.0.2", 6379);
  table_.RecordAck(b, 5, -1, 5, At(9000));
  EXPECT_EQ(table_.CountGood(10, At(10500)), 2u);
  EXPECT_EQ(table_.CountGood(10, At(11500)), 1u);
  EXPECT_THAT(table_.TimedOut(Duration::Seconds(5), At(10000)), ElementsAre(ClientId{1}));
}

TEST_F(ReplicaTableTest, DescribesReplicasAsInfoDoes) {
  AddOnline(1, "10.0.0.1", 6379);
  table_.Add(ClientId{2}, {.peer_ip = "10.0.0.2", .announced_ip = "far", .listening_port = 7},
             ReplicaState::kSendSnapshot, At(0));
  table_.RecordAck(ClientId{1}, 12, -1, 12, At(1000));
  EXPECT_EQ(table_.InfoLines(At(3000)),
            "slave0:ip=10.0.0.1,port=6379,state=online,offset=12,lag=2,type=replica\r\n"
            "slave1:ip=far,port=7,state=send_bulk,offset=0,lag=0,type=replica\r\n");
  EXPECT_NE(table_.FindByAddress("far", 7), nullptr);
  EXPECT_EQ(table_.FindByAddress("10.0.0.2", 7), nullptr);
}

TEST_F(ReplicaTableTest, RemembersSinceWhenItIsEmpty) {
  AddOnline(1, "10.0.0.1", 6379);
  AddOnline(2, "10.0.0.1", 6380);
  table_.Remove(ClientId{1}, At(5));
  table_.Remove(ClientId{2}, At(7));
  table_.Remove(ClientId{2}, At(9));
  EXPECT_TRUE(table_.empty());
  EXPECT_EQ(table_.empty_since(), At(7));
}

}  // namespace
}  // namespace norn
