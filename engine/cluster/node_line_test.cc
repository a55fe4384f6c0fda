#include "engine/cluster/node_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/words.h"

namespace norn::cluster {
namespace {

using ::testing::ElementsAre;

constexpr char kId[] = "07c37dfeb235213a872192d90877d0cd55635b91";
constexpr char kOther[] = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1";

std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  EXPECT_TRUE(SplitWords(line, &words));
  return words;
}

NodeLine Parsed(std::string_view line, bool is_tls_cluster = false) {
  NodeLine node;
  const absl::Status parsed = ParseNodeLine(Words(line), is_tls_cluster, node);
  EXPECT_TRUE(parsed.ok()) << MessageOf(parsed);
  return node;
}

std::string ErrorOf(std::string_view line) {
  NodeLine node;
  return std::string(MessageOf(ParseNodeLine(Words(line), false, node)));
}

std::string Text(const NodeLine& node, NodeLineForm form = NodeLineForm::kFile) {
  std::string text;
  AppendNodeLine(node, form, text);
  return text;
}

// A line with another address word, or other slots, than usual.
std::string WithAddress(const std::string& address) {
  return std::string(kId) + " " + address + " master - 0 0 1 connected";
}
std::string WithSlots(const std::string& slots) {
  return std::string(kId) + " 10.0.0.1:7000@17000 master - 0 0 1 connected " + slots;
}

TEST(NodeLine, ALineOfValkey8IsReadAndWrittenBackTheSame) {
  const std::string line =
      std::string(kId) +
      " 10.0.0.1:7000@17000,n1.example.com,client-ipv6=2001:db8::1,client-ipv4=198.51.100.7"
      ",tls-port=7001,nodename=red,shard-id=" +
      kOther + " myself,master,nofailover - 12 1426238316232 2 connected 0-3 5 7-16383 [5->-" +
      kOther + "] [6-<-" + kOther + "]";
  const NodeLine node = Parsed(line);
  EXPECT_EQ(Text(node), line);
  EXPECT_EQ(node.id.view(), kId);
  EXPECT_EQ(node.ip.view(), "10.0.0.1");
  EXPECT_EQ(node.tcp_port, 7000);
  EXPECT_EQ(node.tls_port, 7001);
  EXPECT_EQ(node.bus_port, 17000);
  EXPECT_EQ(node.hostname, "n1.example.com");
  EXPECT_EQ(node.human_nodename, "red");
  EXPECT_EQ(node.client_ipv4, "198.51.100.7");
  EXPECT_EQ(node.client_ipv6, "2001:db8::1");
  EXPECT_EQ(node.shard_id.view(), kOther);
  EXPECT_EQ(node.flags, node_flag::kMyself | node_flag::kPrimary | node_flag::kNoFailover);
  EXPECT_EQ(node.ping_sent_ms, 12);
  EXPECT_EQ(node.pong_received_ms, 1426238316232);
  EXPECT_EQ(node.config_epoch, 2u);
  EXPECT_TRUE(node.connected);
  EXPECT_EQ(node.slots.count(), 16382u);
  const NodeId other = *NodeId::Parse(kOther);
  EXPECT_THAT(node.open_slots,
              ElementsAre(OpenSlot{SlotId{5}, OpenSlot::Way::kMigratingTo, other},
                          OpenSlot{SlotId{6}, OpenSlot::Way::kImportingFrom, other}));
}

TEST(NodeLine, ClientsSeeTheirPortAndNoOtherFacts) {
  const NodeLine node = Parsed(WithAddress("10.0.0.1:7000@17000,h.example,tls-port=7001"));
  EXPECT_EQ(Text(node, NodeLineForm::kTcpClient), WithAddress("10.0.0.1:7000@17000,h.example"));
  EXPECT_EQ(Text(node, NodeLineForm::kTlsClient), WithAddress("10.0.0.1:7001@17000,h.example"));
  EXPECT_EQ(Text(Parsed(WithAddress("10.0.0.1:7000@17000")), NodeLineForm::kTcpClient),
            WithAddress("10.0.0.1:7000@17000"));
}

TEST(NodeLine, TheOnePortOfAnOldFileIsThatOfTheCluster) {
  EXPECT_EQ(Parsed(WithAddress("::1:7000@17000"), false).tcp_port, 7000);
  EXPECT_EQ(Parsed(WithAddress("::1:7000@17000"), true).tls_port, 7000);
  EXPECT_EQ(Parsed(WithAddress("::1:7000@17000"), true).tcp_port, 0);
  EXPECT_EQ(Parsed(WithAddress("::1:7000@17000"), true).ip.view(), "::1");
  EXPECT_EQ(Parsed(WithAddress("10.0.0.1:7000")).bus_port, 17000);
}

TEST(NodeLine, APortThatIsNamedIsNotTheOneBeforeTheBusPort) {
  const NodeLine tls = Parsed(WithAddress(":1@2,,tcp-port=3"));
  EXPECT_EQ(tls.tcp_port, 3);
  EXPECT_EQ(tls.tls_port, 1);
  const NodeLine both = Parsed(WithAddress(":1@2,,tcp-port=3,tls-port=4"), true);
  EXPECT_EQ(both.tcp_port, 3);
  EXPECT_EQ(both.tls_port, 4);
}

TEST(NodeLine, FactsOfLaterVersionsAreKept) {
  const std::string line = WithAddress("10.0.0.1:1@2,,tls-port=0,zone=eu-1a,x=");
  EXPECT_THAT(Parsed(line).other_facts, ElementsAre("zone=eu-1a", "x="));
  EXPECT_EQ(Text(Parsed(line)), line);
}

TEST(NodeLine, FlagsHaveValkeysWordsAndOrder) {
  EXPECT_EQ(FlagWords(0), "noflags");
  EXPECT_EQ(FlagWords(0xffff), "myself,master,slave,fail?,fail,handshake,noaddr,nofailover");
  EXPECT_EQ(FlagWords(node_flag::kExtensions), "noflags");
  const std::string noaddr = std::string(kId) + " :0@0 Replica,NOADDR " + kOther + " 0 0 0 x";
  EXPECT_EQ(Parsed(noaddr).flags, node_flag::kReplica | node_flag::kNoAddress | node_flag::kFailed);
}

TEST(NodeLine, TextThatCouldNotBeReadBackIsNotWritten) {
  NodeLine node = Parsed(WithAddress("10.0.0.1:1@2,,tls-port=0"));
  const std::string plain = Text(node);
  node.hostname = "two words";
  node.human_nodename = "line\nbreak";
  EXPECT_EQ(Text(node), plain);
}

TEST(NodeLine, ErrorsNameTheWord) {
  EXPECT_EQ(ErrorOf("one two"), "2 words, of at least 8");
  EXPECT_EQ(ErrorOf("x y z - 0 0 1 connected"), "word 1 \"x\": not a node's name");
  EXPECT_EQ(ErrorOf(WithAddress("7000")), "word 2 \"7000\": no ip:port");
  EXPECT_EQ(ErrorOf(WithAddress(":70000@1")), "word 2 \":70000@1\": not a port");
  EXPECT_EQ(ErrorOf(WithAddress(":1@70000")), "word 2 \":1@70000\": not a bus port");
  EXPECT_EQ(ErrorOf(WithAddress(":60000")), "word 2 \":60000\": no bus port");
  EXPECT_EQ(ErrorOf(WithAddress(":1@2,,x")), "word 2 \":1@2,,x\": not name=value");
  EXPECT_EQ(ErrorOf(WithAddress(":1@2,,shard-id=1")),
            "word 2 \":1@2,,shard-id=1\": not a shard's name");
  EXPECT_EQ(ErrorOf(WithSlots("16384")), "word 9 \"16384\": not a slot");
  EXPECT_EQ(ErrorOf(WithSlots("1 5-3")), "word 10 \"5-3\": a range that ends before it begins");
  EXPECT_EQ(ErrorOf(WithSlots("[5->-x]")), "word 9 \"[5->-x]\": not a node's name");
  EXPECT_EQ(ErrorOf(WithSlots("[5]")), "word 9 \"[5]\": not an open slot");
  EXPECT_EQ(ErrorOf(std::string(kId) + " :1@2 master,tall - 0 0 1 connected"),
            "word 3 \"master,tall\": an unknown flag");
  EXPECT_EQ(ErrorOf(std::string(kId) + " :1@2 master - now 0 1 connected"),
            "word 5 \"now\": not a time");
  EXPECT_EQ(ErrorOf(std::string(kId) + " :1@2 master - 0 0 -1 connected"),
            "word 7 \"-1\": not an epoch");
}

}  // namespace
}  // namespace norn::cluster
