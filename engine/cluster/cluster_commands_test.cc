// CLUSTER as tools say it: replies and refusals of one node, whose cluster is what its nodes.conf says. What an order leads to
// among several nodes is the scenarios' matter.

#include "engine/cluster/cluster_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/words.h"
#include "engine/cluster/key_slot.h"
#include "engine/cluster/slot_tags.h"
#include "engine/cluster/topology_testing.h"
#include "engine/commands/reply_value.h"

namespace norn::cluster {
namespace {

using testing::At;
using ::testing::HasSubstr;
using testing::IdText;
using ::testing::IsEmpty;
using testing::Node;
using testing::Shard;

class FakeHost : public ClusterHost {
 public:
  uint64_t KeysInSlot(SlotId slot, std::optional<DbIndex> db) override {
    uint64_t count = 0;
    for (const auto& [at, keys] : keys) {
      if (at.first == slot && (!db || at.second == *db)) count += keys.size();
    }
    return count;
  }
  void VisitKeys(SlotId slot, DbIndex db, size_t count_max,
                 absl::FunctionRef<void(std::string_view)> visit) override {
    for (const std::string& key : keys[{slot, db}]) {
      if (count_max-- == 0) return;
      visit(key);
    }
  }
  uint64_t KeyCount() override {
    uint64_t count = 0;
    for (const auto& [at, keys] : keys) count += keys.size();
    return count;
  }
  // Stops behind each position once: two calls a slot.
  uint64_t ScanSlot(SlotId slot, DbIndex, uint64_t position, size_t,
                    absl::FunctionRef<void(const Entry&)>) override {
    scanned.push_back({slot.value, position});
    return position == 0 ? 7 : 0;
  }
  uint64_t ScanFingerprint() override { return 0xabcdef01; }
  std::optional<std::vector<SlotUsage>> SlotUsages() override { return usages; }
  SendBuffer SendBufferOf(LinkId) override { return {.allocated_bytes = 100, .used_bytes = 7}; }
  uint64_t links_over_limit() override { return 3; }

  void Add(SlotId slot, std::string key, uint32_t db = 0) {
    keys[{slot, DbIndex{db}}].push_back(std::move(key));
  }
  std::map<std::pair<SlotId, DbIndex>, std::vector<std::string>> keys;
  std::vector<std::pair<uint16_t, uint64_t>> scanned;
  std::optional<std::vector<SlotUsage>> usages;
};

class CountingEntropy : public env::Entropy {
  uint64_t Next() override { return ++drawn_; }
  uint64_t drawn_ = 0;
};

constexpr int kSelf = 1;

NodeLine Line(int id, int shard, std::initializer_list<SlotRange> ranges, int primary = 0) {
  NodeLine line{.id = Node(id),
                .ip = *IpText::Parse("10.0.0." + std::to_string(id)),
                .tcp_port = 7000,
                .bus_port = 17000,
                .shard_id = Shard(shard),
                .flags = primary == 0 ? node_flag::kPrimary : node_flag::kReplica,
                .config_epoch = static_cast<uint64_t>(id)};
  if (primary != 0) line.replica_of = Node(primary);
  for (const SlotRange range : ranges) line.slots.SetRange(range);
  if (id == kSelf) line.flags |= node_flag::kMyself;
  return line;
}

SlotRange Range(uint16_t first, uint16_t last) { return {SlotId{first}, SlotId{last}}; }

class ClusterCommands : public ::testing::Test {
 protected:
  ClusterCommands() {
    options_.announced = {.ip = "10.0.0.1", .port = 7000, .bus_port = 17000};
    Start({Line(kSelf, 1, {})});
  }

  void Start(std::vector<NodeLine> lines) {
    NodesFile file{.nodes = std::move(lines), .current_epoch = 9};
    member_ = std::make_unique<Member>(options_, std::move(file), Node(8), Shard(8), 1, Prng(5),
                                       now_, wall_);
    Step();
  }
  // This node has the lower half of the slots and a replica, node 3; node 2 the upper half.
  void StartPair() {
    Start({Line(1, 1, {Range(0, 8191)}), Line(2, 2, {Range(8192, 16383)}), Line(3, 1, {}, 1)});
  }
  void StartReplica() { Start({Line(1, 2, {}, 2), Line(2, 2, {Range(0, 16383)}), Line(3, 3, {})}); }
  void Step() {
    DataFacts data;
    data.has_data = true;
    data.offset = 50;
    member_->Step(data, now_, wall_);
  }

  std::string Run(std::string_view line) { return Show(Ask(line)); }
  ReplyValue Ask(std::string_view line) {
    std::vector<std::string> storage;
    CHECK(SplitWords("CLUSTER " + std::string(line), &storage));
    const std::vector<std::string_view> words(storage.begin(), storage.end());
    ByteBuffer out;
    ReplyWriter reply(out, session_.resp);
    RunClusterCommand({.member = *member_,
                       .entropy = entropy_,
                       .host = host_,
                       .session = session_,
                       .words = words,
                       .now = now_,
                       .wall = wall_,
                       .reply = reply});
    return ParseReply(out.view());
  }
  struct Said {
    std::string line;
    std::string reply;
  };
  void Session(std::initializer_list<Said> steps) {
    for (const Said& step : steps) EXPECT_EQ(Run(step.line), step.reply) << step.line;
  }
  const ClusterNode& self() { return member_->view().self(); }
  NodeId OwnerOf(uint16_t slot) {
    const ClusterNode* owner = member_->view().OwnerOf(SlotId{slot});
    return owner == nullptr ? NodeId() : owner->id;
  }

  MemberOptions options_;
  FakeHost host_;
  CountingEntropy entropy_;
  norn::Session session_;
  Instant now_ = At(1000);
  WallTime wall_{1'700'000'000'000'000};
  std::unique_ptr<Member> member_;
};

TEST_F(ClusterCommands, WrongWordsAreRefused) {
  for (const std::string line : {"NOSUCH", "NODES x", "FORGET", "MEET a", "FAILOVER FORCE x"}) {
    const std::string name = line.substr(0, line.find(' '));
    EXPECT_EQ(Run(line), "-ERR unknown subcommand or wrong number of arguments for '" + name +
                             "'. Try CLUSTER HELP.");
  }
}

TEST_F(ClusterCommands, SlotsAreAddedAndDeleted) {
  Session({{"ADDSLOTS 1 2 3", "+OK"},
           {"ADDSLOTS 4 3", "-ERR Slot 3 is already busy"},
           {"ADDSLOTS 5 5", "-ERR Slot 5 specified multiple times"},
           {"ADDSLOTS 5 16384", "-ERR Invalid or out of range slot"},
           {"ADDSLOTS 5 x", "-ERR Invalid or out of range slot"},
           {"ADDSLOTSRANGE 10 20 30 30", "+OK"},
           {"ADDSLOTSRANGE 10",
            "-ERR unknown subcommand or wrong number of arguments for "
            "'ADDSLOTSRANGE'. Try CLUSTER HELP."},
           {"ADDSLOTSRANGE 40 41 42",
            "-ERR wrong number of arguments for 'cluster|addslotsrange' command"},
           {"ADDSLOTSRANGE 50 49", "-ERR start slot number 50 is greater than end slot number 49"},
           {"DELSLOTS 2", "+OK"},
           {"DELSLOTS 2", "-ERR Slot 2 is already unassigned"},
           {"DELSLOTSRANGE 10 15 17 17", "+OK"},
           {"DELSLOTSRANGE 9 9", "-ERR Slot 9 is already unassigned"},
           {"DELSLOTSRANGE 18 18 18 18", "-ERR Slot 18 specified multiple times"}});
  EXPECT_EQ(ToSet(self().slots).Ranges(),
            (std::vector{Range(1, 1), Range(3, 3), Range(16, 16), Range(18, 20), Range(30, 30)}));
  EXPECT_EQ(OwnerOf(4), NodeId());
}

TEST_F(ClusterCommands, ReplicaTakesNoSlots) {
  StartReplica();
  Run("DELSLOTS 5");
  EXPECT_EQ(Run("ADDSLOTS 5"), "-ERR Please use ADDSLOTS only with masters.");
}

TEST_F(ClusterCommands, FlushSlotsNeedsAnEmptyNode) {
  Run("ADDSLOTSRANGE 0 100");
  host_.Add(SlotId{7}, "k", 3);
  EXPECT_EQ(Run("FLUSHSLOTS"), "-ERR DB must be empty to perform CLUSTER FLUSHSLOTS.");
  host_.keys.clear();
  Session({{"FLUSHSLOTS", "+OK"}, {"FLUSHSLOTS", "+OK"}});
  EXPECT_FALSE(self().owns_slots());
}

TEST_F(ClusterCommands, Epochs) {
  Session({{"SET-CONFIG-EPOCH x", "-ERR value is not an integer or out of range"},
           {"SET-CONFIG-EPOCH -1", "-ERR Invalid config epoch specified: -1"},
           {"SET-CONFIG-EPOCH 5", "-ERR Node config epoch is already non-zero"},
           {"BUMPEPOCH", "+BUMPED 10"},
           {"BUMPEPOCH", "+STILL 10"}});
  StartPair();
  EXPECT_EQ(Run("SET-CONFIG-EPOCH 5"),
            "-ERR The user can assign a config epoch only when the node does not know any other "
            "node.");
  member_ =
      std::make_unique<Member>(options_, std::nullopt, Node(8), Shard(8), 1, Prng(5), now_, wall_);
  EXPECT_EQ(Run("SET-CONFIG-EPOCH 5"), "+OK");
  EXPECT_EQ(self().config_epoch, 5u);
}

TEST_F(ClusterCommands, MeetChecksTheAddress) {
  Session({{"MEET 10.0.0.9 x", "-ERR Invalid base port specified: x"},
           {"MEET 10.0.0.9 7000 y", "-ERR Invalid bus port specified: y"},
           {"MEET host 7000", "-ERR Invalid node address specified: host:7000"},
           {"MEET 10.0.0.256 7000", "-ERR Invalid node address specified: 10.0.0.256:7000"},
           {"MEET 10.0.0.9 0", "-ERR Invalid node address specified: 10.0.0.9:0"},
           {"MEET 10.0.0.9 60000", "-ERR Invalid node address specified: 10.0.0.9:60000"},
           {"MEET 10.0.0.9 9223372036854775807",
            "-ERR Invalid node address specified: 10.0.0.9:9223372036854775807"},
           {"MEET 10.0.0.9 7000", "+OK"},
           {"MEET 10.0.0.9 7000", "+OK"},
           {"MEET ::1 7000 60000", "+OK"}});
  EXPECT_EQ(member_->Lines().size(), 3u);
}

TEST_F(ClusterCommands, Forget) {
  StartPair();
  const std::string other = IdText(2);
  Session({{"FORGET nosuch", "-ERR Unknown node nosuch"},
           {"FORGET " + IdText(9), "-ERR Unknown node " + IdText(9)},
           {"FORGET " + IdText(1), "-ERR I tried hard but I can't forget myself..."},
           {"FORGET " + other, "+OK"},
           {"FORGET " + other, "+OK"}});
  EXPECT_EQ(OwnerOf(9000), NodeId());
  StartReplica();
  EXPECT_EQ(Run("FORGET " + IdText(2)), "-ERR Can't forget my master!");
}

TEST_F(ClusterCommands, Replicate) {
  StartPair();
  Session({{"REPLICATE nosuch", "-ERR Unknown node nosuch"},
           {"REPLICATE " + IdText(1), "-ERR Can't replicate myself"},
           {"REPLICATE " + IdText(3), "-ERR I can only replicate a master, not a replica."},
           {"REPLICATE " + IdText(2),
            "-ERR To set a master the node must be empty and without assigned slots."}});
  Run("DELSLOTSRANGE 0 8191");
  host_.Add(SlotId{1}, "k");
  EXPECT_THAT(Run("REPLICATE " + IdText(2)), HasSubstr("must be empty"));
  host_.keys.clear();
  EXPECT_EQ(Run("REPLICATE " + IdText(2)), "+OK");
  EXPECT_EQ(self().primary, Node(2));
  // A replica may change its primary, with all that it has.
  StartReplica();
  host_.Add(SlotId{1}, "k");
  Session({{"REPLICATE " + IdText(2), "+OK"}, {"REPLICATE " + IdText(3), "+OK"}});
  EXPECT_EQ(self().primary, Node(3));
}

TEST_F(ClusterCommands, FailoverIsForReplicas) {
  Session({{"FAILOVER", "-ERR You should send CLUSTER FAILOVER to a replica"},
           {"FAILOVER SOON", "-ERR syntax error"}});
  StartReplica();
  const std::string down = "-ERR Master is down or failed, please use CLUSTER FAILOVER FORCE";
  EXPECT_EQ(Run("FAILOVER"), down);  // no link
  member_->OnLinkUp(Node(2), LinkId{1}, {}, now_);
  EXPECT_EQ(Run("FAILOVER"), "+OK");
  EXPECT_EQ(Run("FAILOVER TAKEOVER"), "+OK");
  EXPECT_TRUE(self().is_primary());
  EXPECT_EQ(OwnerOf(0), Node(1));
}

TEST_F(ClusterCommands, ResetForgetsEverybody) {
  StartPair();
  host_.Add(SlotId{1}, "k");
  Session({{"RESET", "-ERR CLUSTER RESET can't be called with master nodes containing keys"},
           {"RESET GENTLE", "-ERR syntax error"}});
  host_.keys.clear();
  EXPECT_EQ(Run("RESET"), "+OK");
  EXPECT_EQ(self().id, Node(1));
  EXPECT_EQ(member_->view().nodes().size(), 1u);
  EXPECT_FALSE(self().owns_slots());
  EXPECT_EQ(Run("RESET HARD"), "+OK");
  EXPECT_NE(self().id, Node(1));
  StartReplica();
  host_.Add(SlotId{1}, "k");
  EXPECT_EQ(Run("RESET SOFT"), "+OK");
}

TEST_F(ClusterCommands, SetSlotOpensAndCloses) {
  StartPair();
  const std::string other = IdText(2);
  Session({{"SETSLOT 9000 MIGRATING " + other, "-ERR I'm not the owner of hash slot 9000"},
           {"SETSLOT 7 IMPORTING " + other, "-ERR I'm already the owner of hash slot 7"},
           {"SETSLOT 7 MIGRATING nosuch", "-ERR I don't know about node nosuch"},
           {"SETSLOT 9000 IMPORTING nosuch", "-ERR I don't know about node nosuch"},
           {"SETSLOT 7 MIGRATING " + IdText(3), "-ERR Target node is not a master"},
           {"SETSLOT 7 NODE nosuch", "-ERR Unknown node nosuch"},
           {"SETSLOT 7 NODE " + IdText(3), "-ERR Target node is not a master"},
           {"SETSLOT 7 MIGRATING",
            "-ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP"},
           {"SETSLOT x STABLE", "-ERR Invalid or out of range slot"},
           {"SETSLOT 7 STABLE TIMEOUT", "-ERR Missing timeout value"},
           {"SETSLOT 7 STABLE TIMEOUT -1", "-ERR timeout is negative"},
           {"SETSLOT 7 STABLE TIMEOUT x", "-ERR timeout is not an integer or out of range"},
           {"SETSLOT 7 MIGRATING " + other + " TIMEOUT 100", "+OK"},
           {"SETSLOT 9000 IMPORTING " + other, "+OK"}});
  EXPECT_EQ(member_->migrating().at(SlotId{7}), Node(2));
  EXPECT_EQ(member_->importing().at(SlotId{9000}), Node(2));
  EXPECT_THAT(Run("NODES"), HasSubstr(" [7->-" + other + "] [9000-<-" + other + "]\n"));
  Session({{"SETSLOT 7 STABLE", "+OK"}, {"SETSLOT 9000 STABLE", "+OK"}});
  EXPECT_THAT(member_->migrating(), IsEmpty());
  EXPECT_THAT(member_->importing(), IsEmpty());
}

TEST_F(ClusterCommands, SlotIsHandedOverOnceItIsEmpty) {
  StartPair();
  const std::string other = IdText(2);
  Run("SETSLOT 7 MIGRATING " + other);
  host_.Add(SlotId{7}, "k", 5);
  EXPECT_EQ(Run("SETSLOT 7 NODE " + other),
            "-ERR Can't assign hashslot 7 to a different node while I still hold keys for this "
            "hash slot.");
  host_.keys.clear();
  EXPECT_EQ(Run("SETSLOT 7 NODE " + other), "+OK");
  EXPECT_EQ(OwnerOf(7), Node(2));
  EXPECT_THAT(member_->migrating(), IsEmpty());
}

TEST_F(ClusterCommands, ImportedSlotIsClaimedWithALaterEpoch) {
  StartPair();
  Run("SETSLOT 9000 IMPORTING " + IdText(2));
  EXPECT_EQ(Run("SETSLOT 9000 NODE " + IdText(1)), "+OK");
  EXPECT_EQ(OwnerOf(9000), Node(1));
  EXPECT_THAT(member_->importing(), IsEmpty());
  const uint64_t claimed_with = self().config_epoch;
  EXPECT_GT(claimed_with, 10u);  // above the ballots that may be under way too
  // Not imported: only what others decided is repeated.
  Run("SETSLOT 9001 NODE " + IdText(1));
  EXPECT_EQ(self().config_epoch, claimed_with);
}

TEST_F(ClusterCommands, NodeWithoutItsLastSlotFollowsIt) {
  Start({Line(1, 1, {Range(7, 7)}), Line(2, 2, {Range(8, 8)})});
  EXPECT_EQ(Run("SETSLOT 7 NODE " + IdText(2)), "+OK");
  EXPECT_EQ(self().primary, Node(2));
  options_.allow_replica_migration = false;
  Start({Line(1, 1, {Range(7, 7)}), Line(2, 2, {Range(8, 8)})});
  EXPECT_EQ(Run("SETSLOT 7 NODE " + IdText(2)), "+OK");
  EXPECT_TRUE(self().is_primary());
}

TEST_F(ClusterCommands, ReplicaRepeatsItsPrimarysSetSlot) {
  StartReplica();
  const std::string line = "SETSLOT 7 MIGRATING " + IdText(3);
  EXPECT_EQ(Run(line), "-ERR Please use SETSLOT only with masters.");
  session_.from_primary = true;
  EXPECT_EQ(Run(line), "+OK");
  EXPECT_EQ(member_->migrating().at(SlotId{7}), Node(3));
  EXPECT_EQ(Run("SETSLOT 7 NODE " + IdText(3)), "+OK");
  EXPECT_EQ(OwnerOf(7), Node(3));
  EXPECT_EQ(self().primary, Node(2));
}

TEST_F(ClusterCommands, KeysOfSlots) {
  host_.Add(SlotId{7}, "a");
  host_.Add(SlotId{7}, "b");
  host_.Add(SlotId{7}, "c", 1);
  Session({{"KEYSLOT foo", ":12182"},
           {"KEYSLOT {foo}.bar", ":12182"},
           {"COUNTKEYSINSLOT 7", ":2"},
           {"COUNTKEYSINSLOT 8", ":0"},
           {"COUNTKEYSINSLOT x", "-ERR value is not an integer or out of range"},
           {"COUNTKEYSINSLOT 16384", "-ERR Invalid slot"},
           {"GETKEYSINSLOT 7 10", "[$a, $b]"},
           {"GETKEYSINSLOT 7 1", "[$a]"},
           {"GETKEYSINSLOT 7 0", "[]"},
           {"GETKEYSINSLOT 7 -1", "-ERR Invalid slot or number of keys"},
           {"GETKEYSINSLOT -1 1", "-ERR Invalid slot or number of keys"},
           {"GETKEYSINSLOT 7 x", "-ERR value is not an integer or out of range"}});
  session_.db = DbIndex{1};
  Session({{"COUNTKEYSINSLOT 7", ":1"}, {"GETKEYSINSLOT 7 10", "[$c]"}});
}

TEST_F(ClusterCommands, SlotStats) {
  Start({Line(1, 1, {Range(5, 7)})});
  host_.Add(SlotId{5}, "a");
  host_.Add(SlotId{7}, "b");
  host_.Add(SlotId{7}, "c", 1);
  session_.resp = Resp::k3;
  Session(
      {{"SLOT-STATS SLOTSRANGE 6 100", "[[:6, {$key-count: :0}], [:7, {$key-count: :2}]]"},
       {"SLOT-STATS SLOTSRANGE 8 7", "-ERR Start slot number 8 is greater than end slot number 7"},
       {"SLOT-STATS ORDERBY KEY-COUNT LIMIT 2", "[[:7, {$key-count: :2}], [:5, {$key-count: :1}]]"},
       {"SLOT-STATS ORDERBY key-count ASC LIMIT 1", "[[:6, {$key-count: :0}]]"},
       {"SLOT-STATS ORDERBY cpu-usec", "-ERR Unrecognized sort metric for ORDERBY."},
       {"SLOT-STATS ORDERBY key-count LIMIT 0",
        "-ERR Limit has to lie in between 1 and 16384 (maximum number of slots)."},
       {"SLOT-STATS ORDERBY key-count ASC DESC",
        "-ERR Multiple filters of the same type are disallowed."},
       {"SLOT-STATS ORDERBY key-count UP", "-ERR syntax error"},
       {"SLOT-STATS BY 1 2",
        "-ERR unknown subcommand or wrong number of arguments for "
        "'SLOT-STATS'. Try CLUSTER HELP."}});
}

TEST_F(ClusterCommands, SlotStatsOfWhatIsCounted) {
  Start({Line(1, 1, {Range(5, 6)})});
  host_.usages.emplace(kSlotCount);
  (*host_.usages)[5] = {.cpu_us = 3, .input_bytes = 20, .output_bytes = 7};
  (*host_.usages)[6] = {.cpu_us = 4, .input_bytes = 10, .output_bytes = 7};
  session_.resp = Resp::k3;
  const std::string five =
      "[:5, {$key-count: :0, $cpu-usec: :3, $network-bytes-in: :20, $network-bytes-out: :7}]";
  const std::string six =
      "[:6, {$key-count: :0, $cpu-usec: :4, $network-bytes-in: :10, $network-bytes-out: :7}]";
  Session({{"SLOT-STATS SLOTSRANGE 5 5", "[" + five + "]"},
           {"SLOT-STATS ORDERBY cpu-usec", "[" + six + ", " + five + "]"},
           {"SLOT-STATS ORDERBY network-bytes-in", "[" + five + ", " + six + "]"},
           {"SLOT-STATS ORDERBY network-bytes-out ASC", "[" + five + ", " + six + "]"}});
}

// The table's row of CLUSTERSCAN arrives as a subcommand.
TEST_F(ClusterCommands, ScanGoesFromSlotToSlotAndNamesTheNext) {
  Start({Line(1, 1, {Range(0, 1)}), Line(2, 2, {Range(2, 16383)})});
  const std::string next = "abcdef01-{" + std::string(TagOfSlot(SlotId{2})) + "}-0";
  EXPECT_EQ(Run("clusterscan 0"), "[$" + next + ", []]");
  EXPECT_THAT(host_.scanned, ::testing::ElementsAre(std::pair(0, 0), std::pair(0, 7),
                                                    std::pair(1, 0), std::pair(1, 7)));
  host_.scanned.clear();
  EXPECT_EQ(Run("clusterscan " + next), "[$" + next + ", []]");  // not here
  EXPECT_THAT(host_.scanned, IsEmpty());
}

TEST_F(ClusterCommands, ScanTrustsOnlyPositionsOfItsOwn) {
  Start({Line(1, 1, {Range(0, 16383)})});
  const std::string last = "-{" + std::string(TagOfSlot(SlotId{16383})) + "}-5";
  EXPECT_EQ(Run("clusterscan abcdef01" + last), "[$0, []]");
  EXPECT_THAT(host_.scanned, ::testing::ElementsAre(std::pair(16383, 5)));
  host_.scanned.clear();
  EXPECT_EQ(Run("clusterscan 00000000" + last), "[$0, []]");
  EXPECT_THAT(host_.scanned, ::testing::ElementsAre(std::pair(16383, 0), std::pair(16383, 7)));
}

TEST_F(ClusterCommands, ScanOfOneSlotEndsBehindIt) {
  Start({Line(1, 1, {Range(0, 16383)})});
  Session({{"clusterscan 0 SLOT 12", "[$0, []]"},
           {"clusterscan 7", "-ERR invalid cursor"},
           {"clusterscan x-{0}-y", "-ERR invalid cursor"},
           {"clusterscan 0 SLOT x", "-ERR Invalid or out of range slot"},
           {"clusterscan 0 COUNT 0", "-ERR syntax error"},
           {"clusterscan 0 COUNT x", "-ERR value is not an integer or out of range"},
           {"clusterscan 0 TYPE nosuch", "-ERR unknown type name 'nosuch'"},
           {"clusterscan 0 MATCH", "-ERR syntax error"}});
  EXPECT_THAT(host_.scanned, ::testing::ElementsAre(std::pair(12, 0), std::pair(12, 7)));
}

TEST(SlotTags, LieInTheirSlots) {
  for (uint16_t slot = 0; slot < kSlotCount; ++slot) {
    const std::string_view tag = TagOfSlot(SlotId{slot});
    ASSERT_EQ(norn::KeySlot("a{" + std::string(tag) + "}b"), SlotId{slot});
    ASSERT_LE(tag.size(), 4u);
  }
}

TEST_F(ClusterCommands, NodesAndReplicas) {
  StartPair();
  EXPECT_EQ(Run("MYID"), "$" + IdText(1));
  EXPECT_EQ(Run("MYSHARDID"), "$" + IdText(1));
  const std::string replica =
      IdText(3) + " 10.0.0.3:7000@17000 slave " + IdText(1) + " 0 0 1 disconnected";
  EXPECT_EQ(Run("NODES"),
            "$" + IdText(1) + " 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191\n" +
                IdText(2) + " 10.0.0.2:7000@17000 master - 0 0 2 disconnected 8192-16383\n" +
                replica + "\n");
  Session({{"REPLICAS " + IdText(1), "[$" + replica + "]"},
           {"SLAVES " + IdText(2), "[]"},
           {"REPLICAS " + IdText(3), "-ERR The specified node is not a master"},
           {"REPLICAS nosuch", "-ERR Unknown node nosuch"},
           {"COUNT-FAILURE-REPORTS " + IdText(2), ":0"},
           {"COUNT-FAILURE-REPORTS nosuch", "-ERR Unknown node nosuch"},
           {"SAVECONFIG", "+OK"}});
  Run("MEET 10.0.0.9 7009");
  EXPECT_THAT(Run("NODES"), HasSubstr(" 10.0.0.9:7009@17009 handshake - 0 0 0 disconnected\n"));
}

TEST_F(ClusterCommands, ClientsAreToldTheAddressOfTheirFamily) {
  options_.client_ipv4 = "1.2.3.4";
  options_.client_ipv6 = "fe80::1";
  StartPair();
  session_.peer_address = "[::1]:9";
  EXPECT_THAT(Run("NODES"), HasSubstr(IdText(1) + " fe80::1:7000@17000"));
  session_.peer_address = "127.0.0.1:9";
  EXPECT_THAT(Run("SLOTS"), HasSubstr("$1.2.3.4, :7000"));
}

std::string SlotsEntry(const std::string& endpoint, int id, const std::string& facts) {
  return "[" + endpoint + ", :7000, $" + IdText(id) + ", " + facts + "]";
}

TEST_F(ClusterCommands, SlotsInAllKindsOfEndpoints) {
  options_.hostname = "me.example";
  StartPair();
  Run("DELSLOTS 5");
  session_.resp = Resp::k3;
  const std::string second = "[:8192, :16383, " + SlotsEntry("$10.0.0.2", 2, "{}") + "]";
  const auto mine = [](const std::string& node) {
    return "[[:0, :4, " + node + "], [:6, :8191, " + node + "], ";
  };
  EXPECT_EQ(Run("SLOTS"),
            mine(SlotsEntry("$10.0.0.1", 1, "{$hostname: $me.example}")) + second + "]");
  options_.preferred_endpoint = MemberOptions::Endpoint::kHostname;
  StartPair();
  EXPECT_THAT(Run("SLOTS"), HasSubstr(SlotsEntry("$me.example", 1, "{$ip: $10.0.0.1}")));
  EXPECT_THAT(Run("SLOTS"), HasSubstr(SlotsEntry("$?", 2, "{$ip: $10.0.0.2}")));
  options_.preferred_endpoint = MemberOptions::Endpoint::kUnknown;
  StartPair();
  EXPECT_THAT(Run("SLOTS"),
              HasSubstr(SlotsEntry("nil", 1, "{$ip: $10.0.0.1, $hostname: $me.example}")));
  session_.resp = Resp::k2;
  EXPECT_THAT(Run("SLOTS"), HasSubstr(SlotsEntry("nil", 2, "[$ip, $10.0.0.2]")));
}

TEST_F(ClusterCommands, ShardsTellHealthAndRoles) {
  options_.announced.tls_port = 7001;
  StartPair();
  session_.resp = Resp::k3;
  const auto node = [](int id, const std::string& port, const std::string& rest) {
    const std::string ip = "10.0.0." + std::to_string(id);
    return "{$id: $" + IdText(id) + ", $port: :7000, " + port + "$ip: $" + ip + ", $endpoint: $" +
           ip + ", " + rest + "}";
  };
  EXPECT_EQ(Run("SHARDS"),
            "[{$slots: [:0, :8191], $nodes: [" +
                node(1, "$tls-port: :7001, ",
                     "$role: $master, $replication-offset: :50, $health: $online") +
                ", " + node(3, "", "$role: $replica, $replication-offset: :0, $health: $loading") +
                "]}, {$slots: [:8192, :16383], $nodes: [" +
                node(2, "", "$role: $master, $replication-offset: :0, $health: $online") + "]}]");
  session_.resp = Resp::k2;
  EXPECT_THAT(Run("SHARDS"), HasSubstr("[$slots, [:0, :8191], $nodes, [[$id, $"));
}

TEST_F(ClusterCommands, Info) {
  StartPair();
  EXPECT_EQ(Ask("INFO").text,
            "cluster_state:fail\r\n"
            "cluster_slots_assigned:16384\r\n"
            "cluster_slots_ok:16384\r\n"
            "cluster_slots_pfail:0\r\n"
            "cluster_slots_fail:0\r\n"
            "cluster_known_nodes:3\r\n"
            "cluster_size:2\r\n"
            "cluster_current_epoch:9\r\n"
            "cluster_my_epoch:1\r\n"
            "cluster_stats_messages_sent:0\r\n"
            "cluster_stats_messages_received:0\r\n"
            "total_cluster_links_buffer_limit_exceeded:3\r\n");
  member_->OnLinkUp(Node(2), LinkId{1}, {}, now_);
  EXPECT_THAT(Ask("INFO").text, HasSubstr("cluster_stats_messages_ping_sent:1\r\n"
                                          "cluster_stats_messages_sent:1\r\n"));
}

TEST_F(ClusterCommands, Links) {
  StartPair();
  session_.resp = Resp::k3;
  EXPECT_EQ(Run("LINKS"), "[]");
  member_->OnLinkUp(Node(3), LinkId{1}, {}, now_);
  member_->OnLinkUp(Node(2), LinkId{2}, {}, now_);
  const auto row = [](int id) {
    return "{$direction: $to, $node: $" + IdText(id) +
           ", $create-time: :1700000000000, $events: $rw, $send-buffer-allocated: :100, "
           "$send-buffer-used: :7}";
  };
  EXPECT_EQ(Run("LINKS"), "[" + row(2) + ", " + row(3) + "]");
}

}  // namespace
}  // namespace norn::cluster
