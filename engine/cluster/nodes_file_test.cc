#include "engine/cluster/nodes_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/base/status.h"
#include "engine/persist/disk_testing.h"

namespace norn::cluster {
namespace {

using persist::MemoryDisk;
using ::testing::HasSubstr;

// As a redis-server 7.0.15 left it, killed in the middle of a reshard.
constexpr std::string_view kRedis7 =
    "cdc00661604504ce9a82873e5383fa2f562a5f1b 127.0.0.1:7900@27900 slave "
    "8dafb97fe90b9625953e4443a08d5feb39c4f441 0 1795262095919 6 connected\n"
    "8dafb97fe90b9625953e4443a08d5feb39c4f441 127.0.0.1:7903@27903,host-3.example.com master - 0 "
    "1795262095716 6 connected 0-5460\n"
    "2933c24a12c83c112768545cabfbddccf803ce30 127.0.0.1:7902@27902 myself,master - 0 "
    "1795262095000 4 connected 10923-16383 [12182->-cdc00661604504ce9a82873e5383fa2f562a5f1b]\n"
    "c189344ba3851ed25fd5e7bda66a9ce6017add52 127.0.0.1:7904@27904 master - 0 1795262095613 5 "
    "connected 5461-10922\n"
    "ddfd2d0ad85a8d3a183f5aae6a3e43cd89d6239d 127.0.0.1:7901@27901,host-1.example.com slave "
    "c189344ba3851ed25fd5e7bda66a9ce6017add52 0 1795262095614 5 connected\n"
    "vars currentEpoch 6 lastVoteEpoch 6\n";

std::string Name(char c) { return std::string(kNodeIdChars, c); }

NodesFile Parsed(std::string_view text) {
  const absl::StatusOr<NodesFile> file = ParseNodesFile(text, false);
  EXPECT_TRUE(file.ok()) << MessageOf(file.status());
  return file.value_or(NodesFile());
}

std::string ErrorOf(std::string_view text) {
  return std::string(MessageOf(ParseNodesFile(text, false).status()));
}

std::string Without(std::string text, std::string_view what) {
  for (size_t at = 0; (at = text.find(what)) != std::string::npos;) text.erase(at, what.size());
  return text;
}

TEST(NodesFile, RedisSevensIsReadAndAllThatIsAddedIsTheOtherPort) {
  const NodesFile file = Parsed(kRedis7);
  ASSERT_EQ(file.nodes.size(), 5u);
  EXPECT_EQ(file.Myself().id.view(), "2933c24a12c83c112768545cabfbddccf803ce30");
  EXPECT_EQ(file.Myself().slots.count(), 5461u);
  EXPECT_EQ(file.Myself().open_slots.size(), 1u);
  EXPECT_EQ(file.nodes[0].replica_of, file.nodes[1].id);
  EXPECT_EQ(file.nodes[1].hostname, "host-3.example.com");
  EXPECT_EQ(file.current_epoch, 6u);
  EXPECT_EQ(file.last_vote_epoch, 6u);
  EXPECT_EQ(Without(Without(NodesFileText(file), ",,tls-port=0"), ",tls-port=0"), kRedis7);
}

TEST(NodesFile, BlankLinesAndUnknownVarsAreSkippedTheOrderIsFree) {
  const std::string text = "\nvars lastVoteEpoch 3 mood good currentEpoch 9\n\n" + Name('a') +
                           " :0@0 myself,master - 0 0 2 connected\n\n\n";
  const NodesFile file = Parsed(text);
  EXPECT_EQ(file.current_epoch, 9u);
  EXPECT_EQ(file.last_vote_epoch, 3u);
}

TEST(NodesFile, TheCurrentEpochIsNoneBehindAPrimarys) {
  const std::string myself = Name('a') + " :0@0 myself,master - 0 0 12 connected\n";
  EXPECT_EQ(Parsed(myself + "vars currentEpoch 9 lastVoteEpoch 0\n").current_epoch, 12u);
}

TEST(NodesFile, OfTwoOwnersTheFirstHasTheSlot) {
  const NodesFile file =
      Parsed(Name('a') + " :0@0 myself,master - 0 0 1 connected 0-10\n" + Name('b') +
             " :0@0 master - 0 0 2 connected 5-20\n" + "vars currentEpoch 9 lastVoteEpoch 0\n");
  EXPECT_EQ(file.nodes[0].slots.count(), 11u);
  EXPECT_EQ(file.nodes[1].slots, SlotSet::OfRange({SlotId{11}, SlotId{20}}));
}

TEST(NodesFile, AReplicaIsOfItsPrimarysShard) {
  const NodesFile file =
      Parsed(Name('a') + " :0@0,,shard-id=" + Name('1') + " myself,slave " + Name('b') +
             " 0 0 0 connected\n" + Name('b') + " :0@0,,shard-id=" + Name('2') +
             " master - 0 0 2 connected\n" + "vars currentEpoch 9 lastVoteEpoch 0\n");
  EXPECT_EQ(file.nodes[0].shard_id.view(), Name('2'));
}

TEST(NodesFile, NodesInHandshakeAreNotWritten) {
  NodesFile file = Parsed(kRedis7);
  const std::string text = NodesFileText(file);
  NodeLine stranger;
  stranger.id = *NodeId::Parse(Name('e'));
  stranger.flags = node_flag::kHandshake;
  file.nodes.push_back(stranger);
  EXPECT_EQ(NodesFileText(file), text);
}

TEST(NodesFile, ErrorsNameTheLine) {
  const std::string myself = Name('a') + " :0@0 myself,master - 0 0 1 connected\n";
  const std::string vars = "vars currentEpoch 1 lastVoteEpoch 0\n";
  EXPECT_EQ(ErrorOf(""), "no node is marked \"myself\"");
  EXPECT_EQ(ErrorOf(vars), "no node is marked \"myself\"");
  EXPECT_EQ(ErrorOf(myself), "no line \"vars\"");
  EXPECT_EQ(ErrorOf(myself + myself + vars), "line 2, a node that was there already");
  EXPECT_EQ(ErrorOf(myself + Name('b') + " :0@0 myself - 0 0 1 connected\n" + vars),
            "line 2, a second \"myself\"");
  EXPECT_EQ(ErrorOf(myself + "\"open\n" + vars), "line 2, quotes that do not match");
  EXPECT_EQ(ErrorOf(myself + "vars currentEpoch\n"), "line 2, \"currentEpoch\" has no value");
  EXPECT_EQ(ErrorOf(myself + "vars currentEpoch x\n"), "line 2, word 3 \"x\": not an epoch");
  EXPECT_EQ(ErrorOf("\n" + Name('a') + " :0@0 master - 0 0 1 connected 16384\n"),
            "line 2, word 9 \"16384\": not a slot");
}

const NodesFileName kName = {.path = "/data/nodes.conf", .temporary_name = "nodes.conf.tmp-7"};

struct DataDisk : MemoryDisk {
  DataDisk() { dirs.insert("/data"); }
};

TEST(NodesFile, WhatIsSavedIsLoaded) {
  DataDisk disk;
  const NodesFile file = Parsed(kRedis7);
  ASSERT_TRUE(SaveNodesFile(disk, kName, file).ok());
  EXPECT_EQ(LoadNodesFile(disk, kName.path, false).value_or(NodesFile()), file);
  EXPECT_EQ(disk.Get("/data/nodes.conf.tmp-7"), "(none)");
}

TEST(NodesFile, ANewNodeHasNoneOrAnEmptyOne) {
  DataDisk disk;
  const auto code = [&] { return LoadNodesFile(disk, kName.path, false).status().code(); };
  EXPECT_EQ(code(), absl::StatusCode::kNotFound);
  disk.Put(kName.path, "");
  EXPECT_EQ(code(), absl::StatusCode::kNotFound);
  disk.Put(kName.path, "rubbish");
  EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(LoadNodesFile(disk, kName.path, false).status())),
              HasSubstr("/data/nodes.conf: line 1, 1 words"));
}

TEST(NodesFile, ACrashAtAnyPointLeavesTheVoteOfBeforeOrTheNewOne) {
  NodesFile before = Parsed(kRedis7), after = before;
  after.current_epoch = after.last_vote_epoch = 77;
  DataDisk untroubled;
  ASSERT_TRUE(SaveNodesFile(untroubled, kName, after).ok());
  for (size_t die_at = 1; die_at <= untroubled.calls.size() + 1; ++die_at) {
    DataDisk disk;
    disk.Put(kName.path, NodesFileText(before));
    disk.calls_left = die_at - 1;
    const bool saved = SaveNodesFile(disk, kName, after).ok();
    EXPECT_EQ(saved, die_at > untroubled.calls.size());
    for (const auto names : {MemoryDisk::Kept::kSynced, MemoryDisk::Kept::kAll}) {
      for (const auto data : {MemoryDisk::Kept::kSynced, MemoryDisk::Kept::kAll}) {
        const NodesFile left = Parsed(disk.AfterCrash(kName.path, names, data));
        EXPECT_TRUE(left == after || (left == before && !saved)) << die_at;
      }
    }
  }
}

}  // namespace
}  // namespace norn::cluster
