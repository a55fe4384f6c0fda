#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/commands/testing.h"

namespace norn {
namespace {

class ReplicationCommandsTest : public CommandTest {
 protected:
  FakeReplication& replication() { return node().replication_value; }
  ReplicaFacts& facts() { return session().replica->facts; }
};

TEST_F(ReplicationCommandsTest, RoleOfAPrimary) {
  replication().view.offset = 42;
  replication().view.replicas = {{"10.0.0.2", 6379, 40}};
  Session({{"ROLE", "[$master, :42, [[$10.0.0.2, $6379, $40]]]"}});
}

TEST_F(ReplicationCommandsTest, RoleOfAReplica) {
  replication().view = {.following = true,
                        .primary_host = "10.0.0.1",
                        .primary_port = 6379,
                        .link_state = "connected",
                        .offset = 7,
                        .replicas = {},
                        .info = {}};
  Session({{"ROLE", "[$slave, $10.0.0.1, :6379, $connected, :7]"}});
}

TEST_F(ReplicationCommandsTest, ReplicaOf) {
  Session({{"REPLICAOF 10.0.0.1 6379", "+OK"},
           {"SLAVEOF No One", "+OK"},
           {"REPLICAOF h x", "-ERR Invalid master port"},
           {"REPLICAOF h 65536", "-ERR Invalid master port"}});
  using Target = std::pair<std::string, int64_t>;
  EXPECT_THAT(replication().followed,
              ::testing::ElementsAre(Target("10.0.0.1", 6379), Target("", 0)));
}

TEST_F(ReplicationCommandsTest, WaitChecksItsWords) {
  replication().counts.replicas = 2;
  replication().counts.local = 1;
  Session({{"WAIT 1 100", ":2"},
           {"WAIT x 100", "-ERR value is not an integer or out of range"},
           {"WAIT 1 x", "-ERR timeout is not an integer or out of range"},
           {"WAIT 1 -1", "-ERR timeout is negative"},
           {"WAITAOF 0 1 0", "[:1, :2]"},
           {"WAITAOF 2 1 0", "-ERR value is out of range, value must between 0 and 1"},
           {"WAITAOF 0 -1 0", "-ERR value is out of range, must be positive"},
           {"WAITAOF 1 1 0",
            "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."}});
  ASSERT_EQ(replication().waits.size(), 2u);
  EXPECT_TRUE(replication().waits[0].may_wait);
  EXPECT_FALSE(replication().waits[0].on_disk);
  EXPECT_TRUE(replication().waits[1].on_disk);
  session().executing = true;
  Run("WAIT 1 100");
  EXPECT_FALSE(replication().waits[2].may_wait);
}

TEST_F(ReplicationCommandsTest, ReplConfTellsAboutTheReplica) {
  replication().copy_client = ClientId{9};
  Session({{"REPLCONF listening-port 7000 ip-address 1.2.3.4", "+OK"},
           {"REPLCONF capa eof capa psync2 capa dual-channel capa other", "+OK"},
           {"REPLCONF version 8.1.3", "+OK"},
           {"REPLCONF version 8.1", "-ERR Unrecognized version format: 8.1"},
           {"REPLCONF rdb-only 2", "-ERR value is out of range, value must between 0 and 1"},
           {"REPLCONF set-rdb-client-id 8", "-ERR Unrecognized RDB client id 8"},
           {"REPLCONF set-rdb-client-id 9", "+OK"},
           {"REPLCONF what 8", "-ERR Unrecognized REPLCONF option: what"},
           {"REPLCONF one", "-ERR syntax error"}});
  EXPECT_EQ(facts().listening_port, 7000);
  EXPECT_EQ(facts().ip(), "1.2.3.4");
  EXPECT_TRUE(facts().capa_eof && facts().capa_psync2);
  EXPECT_FALSE(facts().capa_dual_channel);  // the option is off
  EXPECT_EQ(facts().version, 8 << 16 | 1 << 8 | 3);
  EXPECT_EQ(facts().copy_client, ClientId{9});
  EXPECT_EQ(RunBytes({"REPLCONF", "ACK", "1"}), "");
}

TEST_F(ReplicationCommandsTest, PSyncAndSyncAreOnlyNoted) {
  session().peer_address = "[::1]:5000";
  EXPECT_EQ(RunBytes({"PSYNC", "?", "-1"}), "");
  EXPECT_EQ(session().replica->request->at, -1);
  EXPECT_EQ(facts().peer_ip, "::1");
  EXPECT_EQ(RunBytes({"PSYNC", "abc", "101", "FAILOVER"}), "");
  EXPECT_EQ(session().replica->request->at, 100);
  EXPECT_TRUE(session().replica->request->failover);
  EXPECT_TRUE(facts().acknowledges);
  EXPECT_EQ(RunBytes({"SYNC"}), "");
  EXPECT_FALSE(session().replica->request->psync);
  EXPECT_FALSE(facts().acknowledges);
  Session({{"PSYNC ? x", "-ERR value is not an integer or out of range"}});
}

TEST_F(ReplicationCommandsTest, Failover) {
  Session({{"FAILOVER TO 10.0.0.2 6379 FORCE TIMEOUT 500", "+OK"},
           {"FAILOVER ABORT", "+OK"},
           {"FAILOVER TIMEOUT 0", "-ERR FAILOVER timeout must be greater than 0"},
           {"FAILOVER TO 10.0.0.2", "-ERR syntax error"},
           {"FAILOVER ABORT FORCE", "-ERR syntax error"}});
  ASSERT_EQ(replication().failovers.size(), 2u);
  EXPECT_EQ(replication().failovers[0].host, "10.0.0.2");
  EXPECT_EQ(replication().failovers[0].timeout_ms, 500);
  EXPECT_TRUE(replication().failovers[0].force);
  EXPECT_TRUE(replication().failovers[1].abort);
}

}  // namespace
}  // namespace norn
