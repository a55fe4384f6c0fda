// Reading snapshots: files that redis-server 7.0 wrote (as hexadecimal text), what norn writes itself, damage of every kind.

#include "engine/persist/rdb_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/keyspace/keyspace.h"
#include "engine/persist/rdb_encoder.h"
#include "engine/persist/rdb_loader.h"
#include "engine/persist/rdb_stream.h"
#include "engine/persist/testing.h"

namespace norn::persist {
namespace {

using ::testing::HasSubstr;

// Strings: short, empty, integers of every width, compressed, with a deadline; a key that is a number; two databases.
constexpr std::string_view kPlain =
    "524544495330303130fa0972656469732d76657206372e302e3135fa0a72656469732d62697473c0"
    "40fa056374696d65c2c24e016bfa08757365642d6d656dc2d01a0f00fa08616f662d62617365c000"
    "fe00fb0a01000372756ec3094041016161e03400016161fc7bd8c32cbb0300000004646561640561"
    "6c69766500056d696e7573c1d4fe00046c6f6e67c31f41901454686520717569636b2062726f776e"
    "20666f782054e0ff13e1681701782000c139300a6b65792d69732d696e7400036269671339323233"
    "3337323033363835343737353830370005736d616c6cc0070005656d707479000005706c61696e05"
    "68656c6c6f00036d6964c2a0860100fe03fb010000056f7468657203646233ff3adc91c3164ff05c";

// A key under allkeys-lfu, one under allkeys-lru that was idle for two seconds, a list, a function library.
constexpr std::string_view kFrequency =
    "524544495330303130fa0972656469732d76657206372e302e3135fa0a72656469732d62697473c0"
    "40fa056374696d65c2c24e016bfa08757365642d6d656dc260971000fa08616f662d62617365c000"
    "fe00fb0100f900000166c001ffeaddf40465d1e1c6";
constexpr std::string_view kIdle =
    "524544495330303130fa0972656469732d76657206372e302e3135fa0a72656469732d62697473c0"
    "40fa056374696d65c2c24e016bfa08757365642d6d656dc2b0f71000fa08616f662d62617365c000"
    "fe00fb0100f802000166c001fff4eff904649f0942";
constexpr std::string_view kList =
    "524544495330303130fa0972656469732d76657206372e302e3135fa0a72656469732d62697473c0"
    "40fa056374696d65c2c24e016bfa08757365642d6d656dc2a0581100fa08616f662d62617365c000"
    "fe00fb0100f80012016c01020d0d0000000200816102816202ffff3b258b619bf083cd";
constexpr std::string_view kFunctions =
    "524544495330303130fa0972656469732d76657206372e302e3135fa0a72656469732d62697473c0"
    "40fa056374696d65c2c24e016bfa08757365642d6d656dc218ba1100fa08616f662d62617365c000"
    "f5404223216c7561206e616d653d6d0a72656469732e72656769737465725f66756e6374696f6e28"
    "2766272c2066756e6374696f6e28292072657475726e203120656e6429ff4b32faf86baed6b4";

constexpr int64_t kNowMs = 1'800'000'000'000;

class RdbReading : public ::testing::Test {
 protected:
  explicit RdbReading(uint32_t shards = 3) {
    for (uint32_t i = 0; i < shards; ++i) {
      keyspaces_.push_back(std::make_unique<Keyspace>(
          KeyspaceOptions{.hash_seed = 5, .prng_seed = i, .databases = 4}));
      pointers_.push_back(keyspaces_.back().get());
    }
    load_.now_ms = kNowMs;
    load_.warn = [this](std::string_view text) { warnings_.emplace_back(text); };
  }

  absl::Status Load(std::string bytes, size_t piece_bytes = SIZE_MAX) {
    StringSource source(std::move(bytes), piece_bytes);
    read_.name = "dump.rdb";
    RdbReader reader(source, read_);
    RdbLoader loader(pointers_, load_);
    absl::Status status = reader.Read(loader);
    unread_ = reader.unread();
    consumed_ = reader.consumed_bytes();
    info_ = loader.info();
    expired_ = loader.keys_expired();
    return status;
  }
  std::string LoadError(std::string bytes) {
    const absl::Status status = Load(std::move(bytes));
    EXPECT_FALSE(status.ok());
    return std::string(MessageOf(status));
  }
  EntryRef Find(std::string_view name, uint32_t db = 0) {
    const Key key = pointers_[0]->MakeKey(name);
    for (Keyspace* shard : pointers_) {
      if (const EntryRef found = shard->db(DbIndex{db}).FindAny(key)) return found;
    }
    return {};
  }
  std::string Get(std::string_view name, uint32_t db = 0) {
    const EntryRef found = Find(name, db);
    if (!found) return "(none)";
    StringScratch scratch;
    return std::string(found->String(scratch));
  }
  size_t KeyCount() const {
    size_t count = 0;
    for (const Keyspace* shard : pointers_) count += shard->KeyCount();
    return count;
  }
  // A file of this body, without a checksum.
  static std::string File(std::string_view body_hex, std::string_view magic = "REDIS0011") {
    return std::string(magic) + FromHex(body_hex) + FromHex("ff 0000000000000000");
  }

  std::vector<std::unique_ptr<Keyspace>> keyspaces_;
  std::vector<Keyspace*> pointers_;
  RdbReadOptions read_;
  RdbLoadOptions load_;
  std::vector<std::string> warnings_;
  std::string unread_;
  uint64_t consumed_ = 0;
  RdbInfo info_;
  uint64_t expired_ = 0;
};

TEST_F(RdbReading, LoadsWhatRedisServerWrote) {
  for (const size_t piece_bytes : {size_t{1}, size_t{7}, SIZE_MAX}) {
    for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
    ASSERT_TRUE(Load(FromHex(kPlain), piece_bytes).ok());
    EXPECT_EQ(KeyCount(), 11u);
    EXPECT_EQ(Get("plain"), "hello");
    EXPECT_EQ(Get("empty"), "");
    EXPECT_EQ(Get("small"), "7");
    EXPECT_EQ(Get("minus"), "-300");
    EXPECT_EQ(Get("mid"), "100000");
    EXPECT_EQ(Get("big"), "9223372036854775807");
    EXPECT_EQ(Get("12345"), "key-is-int");
    EXPECT_EQ(Get("run"), std::string(65, 'a'));
    EXPECT_EQ(Get("long").size(), 400u);
    EXPECT_EQ(Get("other", 3), "db3");
    EXPECT_EQ(Find("dead")->deadline_ms(), 4102444800123);
    EXPECT_FALSE(Find("plain")->has_deadline());
    EXPECT_EQ(consumed_, FromHex(kPlain).size());
  }
  EXPECT_EQ(info_.server_version, "7.0.15");
  EXPECT_FALSE(info_.aof_base);
}

TEST_F(RdbReading, LoadingIsNoChange) {
  ASSERT_TRUE(Load(FromHex(kPlain)).ok());
  for (const Keyspace* shard : pointers_) {
    EXPECT_EQ(shard->stats().changes, 0u);
    EXPECT_EQ(shard->stats().hits + shard->stats().misses, 0u);
  }
}

TEST_F(RdbReading, FrequencyAndIdleTimeComeBackUnderTheirPolicy) {
  ASSERT_TRUE(Load(FromHex(kIdle)).ok());
  EXPECT_EQ(LruIdleMs(Find("f")->access(), kNowMs), 2000u);
  for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
  for (Keyspace* shard : pointers_) shard->set_access_policy({.lfu = true});
  ASSERT_TRUE(Load(FromHex(kFrequency)).ok());
  EXPECT_EQ(LfuCount(Find("f")->access(), kNowMs, {.lfu = true}), 0u);
  for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
  ASSERT_TRUE(Load(FromHex(kIdle)).ok());
  EXPECT_EQ(LfuCount(Find("f")->access(), kNowMs, {.lfu = true}), kLfuInitialCount);
}

TEST_F(RdbReading, ATypeThatThisBuildLacksIsNamedWithItsOffset) {
  std::string dump = FromHex(kList);
  const size_t type_at = 87;
  ASSERT_EQ(dump[type_at], 18);
  dump[type_at] = 6;  // a module of the first format
  const absl::Status status = Load(dump);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(MessageOf(status),
            "dump.rdb: value of type 6 (module), which this build does not support at offset 87");
}

TEST_F(RdbReading, FunctionLibrariesAreLeftOutWithAWarning) {
  ASSERT_TRUE(Load(FromHex(kFunctions)).ok());
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("function"));
}

TEST_F(RdbReading, WhatFollowsTheSnapshotIsNotConsumed) {
  ASSERT_TRUE(Load(FromHex(kPlain) + "*1\r\n$4\r\nPING\r\n").ok());
  EXPECT_EQ(consumed_, FromHex(kPlain).size());
  EXPECT_EQ(unread_, "*1\r\n$4\r\nPING\r\n");
}

// ---- damage ----

TEST_F(RdbReading, EveryTruncationIsAnErrorWithAnOffset) {
  const std::string whole = FromHex(kPlain);
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
    const absl::Status status = Load(whole.substr(0, cut));
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(MessageOf(status), "dump.rdb: unexpected end at offset " + std::to_string(cut));
  }
}

TEST_F(RdbReading, AFlippedBitAnywhereIsNoticed) {
  const std::string whole = FromHex(kPlain);
  for (size_t at = 0; at < whole.size(); ++at) {
    for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_FALSE(Load(damaged).ok()) << at;
  }
}

TEST_F(RdbReading, AChecksumOfZeroOrTheOptionTurnsTheCheckOff) {
  std::string unchecked = FromHex(kPlain);
  unchecked.replace(unchecked.size() - 8, 8, std::string(8, '\0'));
  EXPECT_TRUE(Load(unchecked).ok());
  for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
  std::string wrong = FromHex(kPlain);
  wrong.back() = 1;
  EXPECT_THAT(LoadError(wrong), HasSubstr("wrong checksum"));
  for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
  read_.verify_checksum = false;
  EXPECT_TRUE(Load(wrong).ok());
}

TEST_F(RdbReading, ALyingLengthAllocatesNothing) {
  EXPECT_THAT(LoadError("REDIS0011" + FromHex("fe00 00 01 6b 81 7fffffffffffffff 61")),
              HasSubstr("unexpected end at offset 24"));
  EXPECT_THAT(LoadError("REDIS0011" + FromHex("fe00 00 01 6b c3 02 81 7fffffffffffffff 0061")),
              HasSubstr("2 compressed bytes cannot make 9223372036854775807 at offset 15"));
}

TEST_F(RdbReading, UnknownFormsAreNamed) {
  EXPECT_EQ(LoadError(File("fe00 c8 01 6b 01 76")), "dump.rdb: unknown opcode 200 at offset 11");
  EXPECT_EQ(LoadError(File("fe00 08 01 6b 01 76")), "dump.rdb: unknown opcode 8 at offset 11");
  EXPECT_EQ(LoadError(File("f3 00")), "dump.rdb: opcode 243 (unfinished slot import) at offset 9");
  EXPECT_EQ(LoadError(File("f6 00")),
            "dump.rdb: opcode 246 (function in the form of a release candidate) at offset 9");
  EXPECT_EQ(LoadError(File("fe 82")), "dump.rdb: unknown length form 0x82 at offset 10");
  EXPECT_EQ(LoadError(File("fe00 00 c4")), "dump.rdb: unknown string encoding 4 at offset 12");
  EXPECT_EQ(LoadError(File("fe c0 01")),
            "dump.rdb: an encoded string where a length must stand at offset 10");
}

TEST_F(RdbReading, ADatabaseBeyondTheOptionIsRefused) {
  EXPECT_THAT(LoadError(File("fe04")), HasSubstr("raise the option `databases`"));
}

TEST_F(RdbReading, AKeyThatComesTwiceIsRefusedUnlessAllowed) {
  const std::string twice = File("fe00 00016b0161 00016b0162");
  EXPECT_THAT(LoadError(twice),
              HasSubstr("dump.rdb: the snapshot has the key 'k' twice in database 0 at offset"));
  for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
  load_.allow_duplicates = true;
  ASSERT_TRUE(Load(twice).ok());
  EXPECT_EQ(Get("k"), "b");
}

// ---- versions ----

TEST_F(RdbReading, ReadsTheVersionsOfItsHouse) {
  for (const std::string_view magic : {"REDIS0006", "REDIS0009", "REDIS0011", "VALKEY080"}) {
    for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
    ASSERT_TRUE(Load(File("fe00 00016b0161", magic)).ok()) << magic;
    EXPECT_EQ(Get("k"), "a");
  }
}

TEST_F(RdbReading, RefusesForeignVersionsUnlessRelaxed) {
  for (const std::string_view magic : {"REDIS0012", "REDIS0079", "VALKEY081"}) {
    EXPECT_THAT(LoadError(File("fe00 00016b0161", magic)),
                HasSubstr("Can't handle RDB format version"))
        << magic;
  }
  read_.relaxed_version = true;
  EXPECT_TRUE(Load(File("fe00 00016b0161", "REDIS0012")).ok());
}

TEST_F(RdbReading, RefusesWhatIsNoSnapshot) {
  for (const std::string_view magic :
       {"REDIS00x1", "REDIS0000", "REDIS0080", "RADIS0011", "VALKEY011", "*2\r\n$3\r\nG"}) {
    EXPECT_THAT(LoadError(File("fe00", magic)), HasSubstr("no snapshot"));
  }
}

// ---- opcodes ----

TEST_F(RdbReading, DeadlinesInSecondsAndMilliseconds) {
  ASSERT_TRUE(
      Load(File("fe00 fd 00e1f57a 00016b0161 fc 7bd8c32cbb030000 00016c0161 00016d0161")).ok());
  EXPECT_EQ(Find("k")->deadline_ms(), 2'062'934'272'000);
  EXPECT_EQ(Find("l")->deadline_ms(), 4'102'444'800'123);
  EXPECT_FALSE(Find("m")->has_deadline());
}

TEST_F(RdbReading, APrimaryLeavesOutWhatHasExpired) {
  const std::string file = File("fe00 fc 0100000000000000 00016b0161 00016c0161");
  ASSERT_TRUE(Load(file).ok());
  EXPECT_EQ(KeyCount(), 1u);
  EXPECT_EQ(expired_, 1u);
  for (Keyspace* shard : pointers_) shard->Flush(Db::Free::kNow);
  load_.drop_expired = false;
  ASSERT_TRUE(Load(file).ok());
  EXPECT_EQ(Find("k")->deadline_ms(), 1);
}

TEST_F(RdbReading, APrimaryKeepsWhatItsReplicasWaitToSeeDeleted) {
  const std::string repl_id = "fa 07 7265706c2d6964 01 66";
  ASSERT_TRUE(Load(File(repl_id + "fe00 fc 0100000000000000 00016b0161 00016c0161")).ok());
  EXPECT_EQ(KeyCount(), 2u);
  EXPECT_EQ(expired_, 0u);
}

TEST_F(RdbReading, SkipsModuleDataAndSlotSizes) {
  // The id of a module "test-modu" of version 1; then unsigned 2, a string, a double, a signed, the end.
  const std::string id = "81 b5eb2dfa6a1db801";
  ASSERT_TRUE(Load(File("f4 0a 05 00 f7" + id +
                        "02 02 05 03616263 04 0000000000000000 01 07 00 fe00 00016b0161"))
                  .ok());
  EXPECT_EQ(Get("k"), "a");
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("test-modu"));
}

TEST_F(RdbReading, AuxFieldsTellTheReplicationState) {
  RdbEncoder encoder({});
  ByteBuffer out;
  encoder.Header(out);
  encoder.Aux("valkey-ver", "9.0.0", out);
  encoder.Aux("from-the-future", "whatever", out);
  encoder.AuxInteger("repl-stream-db", 2, out);
  encoder.Aux("repl-id", std::string(40, 'f'), out);
  encoder.AuxInteger("repl-offset", 12'345'678'901, out);
  encoder.Aux("norn-shard", std::string(40, 'a'), out);
  encoder.AuxInteger("aof-base", 1, out);
  StringSink sink;
  RdbStream stream(sink, true);
  ASSERT_TRUE(stream.Write(out.view()).ok());
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_EQ(stream.bytes_written(), sink.text.size());
  ASSERT_TRUE(Load(sink.text).ok());
  EXPECT_EQ(info_.server_version, "9.0.0");
  EXPECT_EQ(info_.replication_id, std::string(40, 'f'));
  EXPECT_EQ(info_.replication_offset, 12'345'678'901);
  EXPECT_EQ(info_.replication_db, 2);
  EXPECT_EQ(info_.cluster_shard, std::string(40, 'a'));
  EXPECT_TRUE(info_.aof_base);
}

TEST_F(RdbReading, StringsOfAnySizeComeBack) {
  Keyspace from({.hash_seed = 5, .prng_seed = 9, .databases = 1});
  const std::string huge(3 * 1024 * 1024, 'h'), large(1024 * 1024, 'l');
  for (const std::string& value : {huge, large}) {
    from.db(DbIndex{0}).SetString(from.MakeKey(value.substr(0, 1)), value, {}, {.now_ms = kNowMs});
  }
  RdbEncoder encoder({});
  ByteBuffer out;
  encoder.Header(out);
  encoder.SelectDb(DbIndex{0}, out);
  from.db(DbIndex{0}).ForEach([&](const Entry& entry) { encoder.AddEntry(entry, out); });
  // The large one is compressed to next to nothing, the huge one stands as it is.
  EXPECT_GT(out.size(), huge.size());
  EXPECT_LT(out.size(), huge.size() + 20'000);
  ASSERT_TRUE(Load(std::string(out.view()) + FromHex("ff 0000000000000000")).ok());
  EXPECT_EQ(Get("h"), huge);
  EXPECT_EQ(Get("l"), large);
}

}  // namespace
}  // namespace norn::persist
