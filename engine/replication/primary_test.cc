#include "engine/replication/primary.h"

#include <gtest/gtest.h>

#include <string>

namespace norn {
namespace {

constexpr std::string_view kIncr = "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n";
constexpr std::string_view kSelect0 = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n";
constexpr std::string_view kSelect12 = "*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n";

std::string ReadAll(PrimaryStream& stream, ClientId id) {
  std::string out(stream.Unread(id), '\0');
  EXPECT_EQ(stream.ReadFeed(id, out), out.size());
  return out;
}

SyncRequest Resume(const PrimaryStream& stream, StreamOffset at) {
  return {.psync = true, .id = stream.lineage().id(), .at = at};
}

class PrimaryStreamTest : public ::testing::Test {
 protected:
  PrimaryStream stream_{1000, Prng(7)};
  const ClientId replica_{1};
};

TEST_F(PrimaryStreamTest, SelectsWhenTheDatabaseChanges) {
  stream_.Activate();
  stream_.StartFeed(replica_, stream_.offset());
  stream_.Append(DbIndex{0}, kIncr);
  stream_.Append(DbIndex{0}, kIncr);
  stream_.AppendPing();
  stream_.Append(DbIndex{12}, kIncr);
  EXPECT_EQ(ReadAll(stream_, replica_), std::string(kSelect0) + std::string(kIncr) +
                                            std::string(kIncr) + "*1\r\n$4\r\nPING\r\n" +
                                            std::string(kSelect12) + std::string(kIncr));
}

TEST_F(PrimaryStreamTest, AFullCopyForcesSelect) {
  stream_.Activate();
  stream_.Append(DbIndex{0}, kIncr);
  const StreamOffset at = stream_.offset();
  EXPECT_EQ(stream_.FullSyncLine(),
            "+FULLRESYNC " + stream_.lineage().id() + " " + std::to_string(at) + "\r\n");
  stream_.StartFeed(replica_, at);
  stream_.Append(DbIndex{0}, kIncr);
  EXPECT_EQ(ReadAll(stream_, replica_), std::string(kSelect0) + std::string(kIncr));
}

TEST_F(PrimaryStreamTest, NobodyResumesAnInactiveStream) {
  const SyncRequest request = Resume(stream_, 0);
  EXPECT_EQ(stream_.Answer(request, {}).kind, SyncAnswer::Kind::kFull);
  stream_.Append(DbIndex{0}, kIncr);
  EXPECT_EQ(stream_.offset(), static_cast<StreamOffset>(kIncr.size()));
  stream_.Activate();
  EXPECT_EQ(stream_.Answer(request, {}).kind, SyncAnswer::Kind::kFull);
}

TEST_F(PrimaryStreamTest, ContinuesWhereTheBacklogReaches) {
  stream_.Activate();
  stream_.Append(DbIndex{0}, std::string(3000, 'x'));
  const StreamOffset end = stream_.offset();
  ReplicaFacts facts;
  EXPECT_EQ(stream_.Answer(Resume(stream_, end), facts).line, "+CONTINUE\r\n");
  facts.capa_psync2 = true;
  EXPECT_EQ(stream_.Answer(Resume(stream_, end - 1000), facts).line,
            "+CONTINUE " + stream_.lineage().id() + "\r\n");
  EXPECT_EQ(stream_.Answer(Resume(stream_, end - 1001), facts).kind, SyncAnswer::Kind::kFull);
  EXPECT_EQ(stream_.Answer(Resume(stream_, end + 1), facts).kind, SyncAnswer::Kind::kFull);
  EXPECT_EQ(stream_.Answer({true, "?", -1}, facts).kind, SyncAnswer::Kind::kFull);
  facts.capa_dual_channel = true;
  EXPECT_EQ(stream_.Answer({true, "?", -1}, facts).kind, SyncAnswer::Kind::kDualChannel);
}

TEST_F(PrimaryStreamTest, APromotedReplicaServesTheOldHistory) {
  stream_.Demote();
  stream_.AdoptFullCopy(std::string(40, 'a'), 500, DbIndex{3});
  stream_.Append(DbIndex{0}, kIncr);  // a local write of a writable replica
  EXPECT_EQ(stream_.offset(), 500);
  stream_.AppendFromPrimary("0123456789", DbIndex{3});
  stream_.Promote();
  EXPECT_EQ(stream_.Answer({true, std::string(40, 'a'), 505}, {}).kind,
            SyncAnswer::Kind::kContinue);
  EXPECT_EQ(stream_.Answer({true, std::string(40, 'a'), 511}, {}).kind, SyncAnswer::Kind::kFull);
  stream_.StartFeed(replica_, 505);
  stream_.Append(DbIndex{3}, kIncr);
  EXPECT_EQ(ReadAll(stream_, replica_),
            "56789*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n" + std::string(kIncr));
}

TEST_F(PrimaryStreamTest, AFeedKeepsItsBytesAndMayBeHandedOver) {
  stream_.Activate();
  stream_.StartFeed(replica_, 0);
  stream_.Append(DbIndex{0}, std::string(5000, 'x'));
  EXPECT_EQ(stream_.Unread(replica_), 5000 + kSelect0.size());
  stream_.HandFeed(replica_, ClientId{2});
  EXPECT_FALSE(stream_.HasFeed(replica_));
  EXPECT_EQ(ReadAll(stream_, ClientId{2}).size(), 5000 + kSelect0.size());
  stream_.StopFeed(ClientId{2});
  EXPECT_EQ(stream_.backlog().size(), 1000u);
}

TEST_F(PrimaryStreamTest, WakesOnceForEachArming) {
  int wakes = 0;
  stream_.SetWake([&] { ++wakes; });
  stream_.Activate();
  stream_.Append(DbIndex{0}, kIncr);
  EXPECT_EQ(wakes, 0);
  stream_.ArmWake();
  stream_.Append(DbIndex{0}, kIncr);
  stream_.Append(DbIndex{0}, kIncr);
  EXPECT_EQ(wakes, 1);
}

TEST_F(PrimaryStreamTest, TheBacklogExpires) {
  stream_.Activate();
  stream_.replicas().Add(replica_, {}, ReplicaState::kOnline, Instant{});
  const Instant later = Instant{} + Duration::Seconds(100);
  EXPECT_FALSE(stream_.BacklogExpired(Duration::Seconds(10), later));
  stream_.replicas().Remove(replica_, Instant{} + Duration::Seconds(50));
  EXPECT_TRUE(stream_.BacklogExpired(Duration::Seconds(10), later));
  EXPECT_FALSE(stream_.BacklogExpired(Duration::Seconds(50), later));
  EXPECT_FALSE(stream_.BacklogExpired(Duration{}, later));
  const std::string id = stream_.lineage().id();
  stream_.Deactivate();
  EXPECT_NE(stream_.lineage().id(), id);
}

}  // namespace
}  // namespace norn
