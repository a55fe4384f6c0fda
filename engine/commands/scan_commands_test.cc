#include "engine/commands/scan_commands.h"

#include <map>
#include <set>

#include "engine/commands/testing.h"

namespace norn {
namespace {

using ::testing::UnorderedElementsAre;

class ScanCommands : public CommandTest {
 protected:
  explicit ScanCommands(uint32_t shards = 1, bool slots = false) : CommandTest(shards, slots) {}

  // How often each key comes up in a whole scan.
  std::map<std::string, int> ScanAll(std::string_view options) {
    std::map<std::string, int> seen;
    std::string cursor = "0";
    do {
      const ReplyValue reply = Run(fmt::format("SCAN {} {}", cursor, options));
      cursor = reply.items.at(0).text;
      for (const ReplyValue& key : reply.items.at(1).items) ++seen[key.text];
    } while (cursor != "0");
    return seen;
  }

  std::vector<std::string> KeysMatching(std::string_view pattern) {
    std::vector<std::string> keys;
    for (const ReplyValue& key : RunWords({"KEYS", pattern}).items) keys.push_back(key.text);
    return keys;
  }
};

TEST_F(ScanCommands, DeletesTheExpiredKeysThatItNames) {
  Session(
      {{"SET k v PX 10", "+OK"}, {"RPUSH l v", ":1"}, {"PEXPIRE l 10", ":1"}, {"SET s v", "+OK"}});
  Advance(Duration::Millis(10));
  EXPECT_EQ(ScanAll("TYPE string").size(), 1u);
  Session({{"DBSIZE", ":2"}});
  EXPECT_EQ(ScanAll("").size(), 1u);
  Session({{"DBSIZE", ":1"}});
}

TEST_F(ScanCommands, WrongWords) {
  Session({
      {"SCAN 0", "[$0, []]"},
      {"SCAN x", "-ERR invalid cursor"},
      {"SCAN -1", "-ERR invalid cursor"},
      {"SCAN 18446744073709551616", "-ERR invalid cursor"},
      {"SCAN 18446744073709551615", "[$0, []]"},
      {"SCAN 0 COUNT 0", "-ERR syntax error"},
      {"SCAN 0 COUNT -1", "-ERR syntax error"},
      {"SCAN 0 COUNT x", "-ERR value is not an integer or out of range"},
      {"SCAN 0 COUNT", "-ERR syntax error"},
      {"SCAN 0 MATCH", "-ERR syntax error"},
      {"SCAN 0 TYPE", "-ERR syntax error"},
      {"SCAN 0 TYPE foo", "-ERR unknown type name 'foo'"},
      {"SCAN 0 FOO bar", "-ERR syntax error"},
      {"SCAN 0 NOVALUES", "-ERR NOVALUES option can only be used in HSCAN"},
      {"SCAN 0 NOSCORES", "-ERR NOSCORES option can only be used in ZSCAN"},
      {"SET k v", "+OK"},
      {"SCAN 0", "[$0, [$k]]"},
      {"SCAN 0 COUNT 9223372036854775807", "[$0, [$k]]"},
      {"SCAN 0 TYPE STRING", "[$0, [$k]]"},
      {"SCAN 0 TYPE list", "[$0, []]"},
      {"SCAN 0 MATCH k* COUNT 5 MATCH x*", "[$0, []]"},
  });
}

TEST_F(ScanCommands, FindsEveryKeyOnce) {
  for (int i = 0; i < 1000; ++i) Run(fmt::format("SET key:{} v", i));
  for (const std::string_view options : {"", "COUNT 1", "COUNT 100", "COUNT 5000"}) {
    const std::map<std::string, int> seen = ScanAll(options);
    EXPECT_EQ(seen.size(), 1000u);
    for (const auto& [key, times] : seen) EXPECT_EQ(times, 1) << key;
  }
}

TEST_F(ScanCommands, FiltersByPatternTypeAndDeadline) {
  for (int i = 0; i < 100; ++i) Run(fmt::format("SET key:{} v", i));
  Run("SET key:gone v PX 10");
  Advance(Duration::Millis(10));
  EXPECT_EQ(ScanAll("MATCH key:1?").size(), 10u);
  EXPECT_EQ(ScanAll("MATCH key:g*").size(), 0u);
  EXPECT_EQ(ScanAll("TYPE string").size(), 100u);
  EXPECT_EQ(ScanAll("TYPE hash").size(), 0u);
  EXPECT_EQ(ScanAll("MATCH *").size(), 100u);
}

TEST_F(ScanCommands, KeysByPattern) {
  Session({{"MSET one 1 two 2 three 3 t? 4", "+OK"}, {"SET gone v PX 10", "+OK"}});
  Advance(Duration::Millis(10));
  EXPECT_THAT(KeysMatching("t*"), UnorderedElementsAre("two", "three", "t?"));
  EXPECT_THAT(KeysMatching("t\\?"), UnorderedElementsAre("t?"));
  EXPECT_THAT(KeysMatching("*"), UnorderedElementsAre("one", "two", "three", "t?"));
  EXPECT_THAT(KeysMatching("[^t]*"), UnorderedElementsAre("one"));
  Session({{"KEYS none", "[]"}});
}

class ScanOnShards : public ScanCommands {
 protected:
  ScanOnShards() : ScanCommands(4) {}
};

TEST_F(ScanOnShards, WalksTheShards) {
  std::set<std::string> expected;
  for (int i = 0; i < 500; ++i) {
    Run(fmt::format("SET key:{} v", i));
    expected.insert(fmt::format("key:{}", i));
  }
  const std::map<std::string, int> seen = ScanAll("COUNT 7");
  EXPECT_EQ(seen.size(), 500u);
  for (const auto& [key, times] : seen) EXPECT_EQ(times, 1) << key;
  EXPECT_EQ(KeysMatching("*").size(), 500u);
}

TEST_F(ScanOnShards, FindsKeysOfTheLastShardOnly) {
  std::string name;
  for (int i = 0; name.empty(); ++i) {
    const std::string candidate = fmt::format("key:{}", i);
    if (keys().ShardOf(keys().MakeKey(candidate)) == 3) name = candidate;
  }
  Run(fmt::format("SET {} v", name));
  EXPECT_EQ(ScanAll("").size(), 1u);
}

TEST_F(ScanOnShards, TheCursorNamesItsShard) {
  const KeyMap map = keys().map();
  EXPECT_EQ(ScanShard("0", map), 0u);
  EXPECT_EQ(ScanShard("1", map), 1u);
  EXPECT_EQ(ScanShard("3", map), 3u);
  EXPECT_EQ(ScanShard("4003", map), 3u);
  EXPECT_EQ(ScanShard("1125899906842625", map), 0u);  // 1 << 50 and more: no cursor
  EXPECT_EQ(ScanShard("18446744073709551615", map), 0u);
  EXPECT_EQ(ScanShard("none", map), 0u);
}

// Cluster mode: a table a slot.
class ScanOnSlots : public ScanCommands {
 protected:
  explicit ScanOnSlots(uint32_t shards = 1) : ScanCommands(shards, true) {}
  void FindsEveryKeyOnce() {
    for (int i = 0; i < 600; ++i) Run(fmt::format("SET key:{} v", i));
    for (int i = 0; i < 400; ++i) Run(fmt::format("SET {{tag{}}}:{} v", i % 3, i));
    for (const std::string_view options : {"", "COUNT 1", "COUNT 100", "COUNT 5000"}) {
      const std::map<std::string, int> seen = ScanAll(options);
      EXPECT_EQ(seen.size(), 1000u);
      for (const auto& [key, times] : seen) EXPECT_EQ(times, 1) << key;
    }
    EXPECT_EQ(KeysMatching("*").size(), 1000u);
  }
};

TEST_F(ScanOnSlots, FindsEveryKeyOnce) { FindsEveryKeyOnce(); }

TEST_F(ScanOnSlots, TakesAnyCursor) {
  Session({
      {"SET foo v", "+OK"},  // slot 12182
      {"SCAN 0", "[$0, [$foo]]"},
      {"SCAN 18446744073709551615", "[$0, []]"},
      {"SCAN 4611686018427387904", "[$0, []]"},  // 1 << 62: no position
      {"SCAN 16383", "[$0, []]"},                // the last slot
      {"SCAN 12181", "[$0, [$foo]]"},
      {"SCAN 12182", "[$0, [$foo]]"},
      {"SCAN 12183", "[$0, []]"},
  });
}

class ScanOnSlotsOfShards : public ScanOnSlots {
 protected:
  ScanOnSlotsOfShards() : ScanOnSlots(3) {}
};

TEST_F(ScanOnSlotsOfShards, FindsEveryKeyOnce) { FindsEveryKeyOnce(); }

TEST_F(ScanOnSlotsOfShards, TheCursorNamesItsShard) {
  const KeyMap map = keys().map();
  EXPECT_EQ(ScanShard("0", map), 0u);
  EXPECT_EQ(ScanShard(std::to_string(12182 + 16384 * 5), map), 12182u % 3);
  EXPECT_EQ(ScanShard("18446744073709551615", map), 0u);
}

TEST_F(ScanCommands, CursorsFit31Bits) {
  for (int i = 0; i < 20000; ++i) RunWords({"SET", fmt::format("key:{}", i), "v"});
  std::string cursor = "0";
  size_t seen = 0;
  do {
    const ReplyValue reply = Run(fmt::format("SCAN {} COUNT 7", cursor));
    cursor = reply.items.at(0).text;
    seen += reply.items.at(1).items.size();
    EXPECT_LT(std::stoull(cursor), uint64_t{1} << 31);
  } while (cursor != "0");
  EXPECT_EQ(seen, 20000u);
}

}  // namespace
}  // namespace norn
