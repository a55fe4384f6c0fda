#include "engine/commands/testing.h"
#include "engine/persist/testing.h"

namespace norn {
namespace {

using persist::FromHex;

// What DUMP of redis-server 7.0 replies for "hello", 7, the largest integer, and "a" 65 times.
const std::string kHello = FromHex("000568656c6c6f0a0063 72df766534200a");
const std::string kSeven = FromHex("00c0070a0074cd48a283abce92");
const std::string kRun = FromHex("00c309404101 6161e034000161610a004bb41cd1dee2017a");

class DumpCommands : public CommandTest {
 protected:
  ReplyValue Restore(std::string_view key, std::string_view ttl, std::string_view payload,
                     std::vector<std::string_view> options = {}) {
    std::vector<std::string_view> words = {"RESTORE", key, ttl, payload};
    words.insert(words.end(), options.begin(), options.end());
    return RunWords(words);
  }
};

TEST_F(DumpCommands, DumpsAreThoseOfRedisServer) {
  options().rdb_write_version = 10;
  Run("SET hello hello");
  Run("SET seven 7");
  EXPECT_THAT(Run("DUMP hello"), IsBulk(kHello));
  EXPECT_THAT(Run("DUMP seven"), IsBulk(kSeven));
  EXPECT_THAT(Run("DUMP none"), IsNil());
}

// Compressed, they need not be the same bytes, only the same value.
TEST_F(DumpCommands, LongStringsAreCompressedWhereConfigured) {
  Run("SET k " + std::string(1000, 'a'));
  options().rdbcompression = false;
  EXPECT_GT(Run("DUMP k").text.size(), 1000u);
  options().rdbcompression = true;
  const std::string payload = Run("DUMP k").text;
  EXPECT_LT(payload.size(), 50u);
  EXPECT_THAT(Restore("copy", "0", payload), IsOk());
  EXPECT_THAT(Run("GET copy"), IsBulk(std::string(1000, 'a')));
}

TEST_F(DumpCommands, DumpHasTheVersionThatIsConfigured) {
  Run("SET k v");
  EXPECT_EQ(Run("DUMP k").text.substr(3, 2), std::string("\x0b\0", 2));
  options().rdb_write_version = 9;
  EXPECT_EQ(Run("DUMP k").text.substr(3, 2), std::string("\x09\0", 2));
}

TEST_F(DumpCommands, RestoreReadsWhatRedisServerDumped) {
  EXPECT_THAT(Restore("hello", "0", kHello), IsOk());
  EXPECT_THAT(Restore("seven", "0", kSeven), IsOk());
  EXPECT_THAT(Restore("run", "0", kRun), IsOk());
  Session(
      {{"GET hello", "$hello"}, {"INCR seven", ":8"}, {"STRLEN run", ":65"}, {"TTL hello", ":-1"}});
}

TEST_F(DumpCommands, ATakenKeyIsBusyUnlessReplaced) {
  Run("SET k old EX 100");
  EXPECT_THAT(Restore("k", "0", kHello), IsError("BUSYKEY Target key name already exists."));
  EXPECT_THAT(Restore("k", "junk", kHello), IsError("BUSYKEY Target key name already exists."));
  EXPECT_THAT(Restore("k", "0", kHello, {"replace"}), IsOk());
  Session({{"GET k", "$hello"}, {"TTL k", ":-1"}});
}

TEST_F(DumpCommands, TimesToLive) {
  EXPECT_THAT(Restore("k", "5000", kHello), IsOk());
  EXPECT_THAT(Run("PTTL k"), IsInt(5000));
  const std::string absolute = std::to_string(now_ms() + 7000), past = std::to_string(now_ms());
  EXPECT_THAT(Restore("k", absolute, kHello, {"REPLACE", "ABSTTL"}), IsOk());
  EXPECT_THAT(Run("PTTL k"), IsInt(7000));
  EXPECT_THAT(Restore("k", past, kHello, {"REPLACE", "ABSTTL"}), IsOk());
  EXPECT_THAT(Run("EXISTS k"), IsInt(0));
  EXPECT_THAT(Restore("k", "0", kHello, {"ABSTTL"}), IsOk());
  EXPECT_THAT(Run("PTTL k"), IsInt(-1));
}

TEST_F(DumpCommands, IdleTimeAndFrequency) {
  EXPECT_THAT(Restore("k", "0", kHello, {"IDLETIME", "1000"}), IsOk());
  EXPECT_THAT(Run("OBJECT IDLETIME k"), IsInt(1000));
  EXPECT_THAT(Restore("k", "0", kHello, {"FREQ", "9", "REPLACE"}), IsOk());
  EXPECT_THAT(Run("OBJECT IDLETIME k"), IsInt(0));
  options().maxmemory_policy = config::MaxmemoryPolicy::kAllKeysLfu;
  EXPECT_THAT(Restore("k", "0", kHello, {"FREQ", "200", "REPLACE"}), IsOk());
  EXPECT_THAT(Run("OBJECT FREQ k"), IsInt(200));
}

TEST_F(DumpCommands, WrongOptions) {
  EXPECT_THAT(Restore("k", "0", kHello, {"IDLETIME", "-1"}),
              IsError("ERR Invalid IDLETIME value, must be >= 0"));
  EXPECT_THAT(Restore("k", "0", kHello, {"IDLETIME", "x"}),
              IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Restore("k", "0", kHello, {"FREQ", "256"}),
              IsError("ERR Invalid FREQ value, must be >= 0 and <= 255"));
  EXPECT_THAT(Restore("k", "0", kHello, {"FREQ", "1", "IDLETIME", "1"}),
              IsError("ERR syntax error"));
  EXPECT_THAT(Restore("k", "0", kHello, {"FREQ"}), IsError("ERR syntax error"));
  EXPECT_THAT(Restore("k", "0", kHello, {"BOGUS"}), IsError("ERR syntax error"));
  EXPECT_THAT(Restore("k", "-1", kHello), IsError("ERR Invalid TTL value, must be >= 0"));
  EXPECT_THAT(Restore("k", "9223372036854775807", kHello),
              IsError("ERR Invalid TTL value, must be >= 0"));
  EXPECT_THAT(Restore("k", "x", kHello), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("EXISTS k"), IsInt(0));
}

TEST_F(DumpCommands, DamagedAndForeignPayloads) {
  const char* const kWrong = "ERR DUMP payload version or checksum are wrong";
  std::string damaged = kHello;
  damaged[3] ^= 1;
  EXPECT_THAT(Restore("k", "0", damaged), IsError(kWrong));
  EXPECT_THAT(Restore("k", "0", ""), IsError(kWrong));
  // Well-formed footers around no value, an unknown type, and version 12.
  EXPECT_THAT(Restore("k", "0", FromHex("0b003444e133f2e04b53")), IsError("ERR Bad data format"));
  EXPECT_THAT(Restore("k", "0", FromHex("c80b00610512f9917b0e0f")), IsError("ERR Bad data format"));
  const std::string foreign = FromHex("0001760c005a7efa72e3121487");
  EXPECT_THAT(Restore("k", "0", foreign), IsError(kWrong));
  options().rdb_version_check = config::RdbVersionCheck::kRelaxed;
  EXPECT_THAT(Restore("k", "0", foreign), IsOk());
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
}

TEST_F(DumpCommands, RestoringIsOneChange) {
  const uint64_t before = keyspace().stats().changes;
  EXPECT_THAT(Restore("k", "5000", kHello), IsOk());
  EXPECT_EQ(keyspace().stats().changes, before + 1);
}

}  // namespace
}  // namespace norn
