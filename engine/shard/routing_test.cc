// Which shards a command needs: exactly those that its handler may touch, or a shard is read while its owner writes.

#include "engine/shard/routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/words.h"
#include "engine/commands/table.h"

namespace norn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kHashSeed = 42;
constexpr uint32_t kShards = 4;

class Routing : public ::testing::Test {
 protected:
  // The command of a line; its words live as long as the test.
  CommandRef Parse(std::string_view line) {
    storage_.clear();
    EXPECT_TRUE(SplitWords(line, &storage_));
    words_.assign(storage_.begin(), storage_.end());
    CommandRef command;
    command.spec = ResolveCommand(words_).spec;
    command.words = words_.data();
    command.word_count = static_cast<uint32_t>(words_.size());
    return command;
  }
  static KeyspaceView View(uint32_t shards = kShards) {
    return {nullptr, KeyMap{.hash_seed = kHashSeed, .shard_count = shards}};
  }
  static KeyspaceView SlotView() {
    return {nullptr, KeyMap{.hash_seed = kHashSeed, .shard_count = kShards, .slots = true}};
  }
  static uint32_t HomeOf(std::string_view key) { return View().ShardOf(View().MakeKey(key)); }
  static std::vector<uint32_t> HomesOf(std::vector<std::string> keys) {
    std::vector<uint32_t> homes;
    for (const std::string& key : keys) homes.push_back(HomeOf(key));
    std::sort(homes.begin(), homes.end());
    homes.erase(std::unique(homes.begin(), homes.end()), homes.end());
    return homes;
  }

 private:
  std::vector<std::string> storage_;
  std::vector<std::string_view> words_;
};

TEST_F(Routing, KeysNameTheirShards) {
  EXPECT_THAT(ShardsOf(Parse("GET a"), View()), ElementsAre(HomeOf("a")));
  EXPECT_EQ(ShardsOf(Parse("MSET a 1 b 2 c 3 d 4"), View()), HomesOf({"a", "b", "c", "d"}));
  EXPECT_EQ(ShardsOf(Parse("RENAME a b"), View()), HomesOf({"a", "b"}));
}

TEST_F(Routing, WatchNeedsTheShardsOfWhatItWatches) {
  EXPECT_THAT(ShardsOf(Parse("WATCH a"), View()), ElementsAre(HomeOf("a")));
  EXPECT_EQ(ShardsOf(Parse("WATCH a b c d"), View()), HomesOf({"a", "b", "c", "d"}));
}

TEST_F(Routing, CommandsWithoutKeysNeedNoneOrAll) {
  EXPECT_THAT(ShardsOf(Parse("PING"), View()), IsEmpty());
  EXPECT_THAT(ShardsOf(Parse("MULTI"), View()), IsEmpty());
  EXPECT_THAT(ShardsOf(Parse("UNWATCH"), View()), IsEmpty());
  EXPECT_THAT(ShardsOf(Parse("FLUSHALL"), View()), SizeIs(kShards));
  EXPECT_THAT(ShardsOf(Parse("DBSIZE"), View()), SizeIs(kShards));
}

TEST_F(Routing, PatternsOfSortReachEveryShard) {
  EXPECT_THAT(ShardsOf(Parse("SORT a"), View()), ElementsAre(HomeOf("a")));
  EXPECT_EQ(ShardsOf(Parse("SORT a STORE b"), View()), HomesOf({"a", "b"}));
  EXPECT_THAT(ShardsOf(Parse("SORT a BY w*"), View()), SizeIs(kShards));
  EXPECT_THAT(ShardsOf(Parse("SORT_RO a GET h*->f"), View()), SizeIs(kShards));
  EXPECT_THAT(ShardsOf(Parse("SORT a GET #"), View()), ElementsAre(HomeOf("a")));
  // In cluster mode what they reach is in the slot of the key.
  EXPECT_THAT(ShardsOf(Parse("SORT {foo}a BY {foo}w*"), SlotView()), ElementsAre(12182 % 4));
}

TEST_F(Routing, OneShardIsFoundWhereOneHoldsEveryKey) {
  CommandRef get = Parse("GET a");
  EXPECT_TRUE(RouteToOneShard(get, View()));
  EXPECT_EQ(get.shard, HomeOf("a"));

  std::string other = "b";
  while (HomeOf(other) == HomeOf("a")) other += "b";
  CommandRef across = Parse("MGET a " + other);
  EXPECT_FALSE(RouteToOneShard(across, View()));
  CommandRef alone = Parse("MGET a " + other);
  EXPECT_TRUE(RouteToOneShard(alone, View(1)));

  // WATCH is no part of a wave: the dispatcher itself collects its tokens.
  CommandRef watch = Parse("WATCH a");
  EXPECT_FALSE(RouteToOneShard(watch, View()));
}

TEST_F(Routing, InClusterModeTheSlotDecides) {
  // Slots 12182, 5061, 866.
  for (const auto& [key, slot] : {std::pair("foo", 12182), {"bar", 5061}, {"hello", 866}}) {
    CommandRef get = Parse(std::string("GET ") + key);
    EXPECT_TRUE(RouteToOneShard(get, SlotView()));
    EXPECT_EQ(get.first_key_slot.value, slot);
    EXPECT_EQ(get.shard, slot % kShards);
    EXPECT_EQ(get.FirstKey().hash, HashBytes(key, kHashSeed));
  }
  EXPECT_THAT(ShardsOf(Parse("MGET foo bar"), SlotView()), ElementsAre(5061 % 4, 12182 % 4));
  // One slot, one shard, whatever the keys' hashes are.
  CommandRef tagged = Parse("MGET {tag}a {tag}b {tag}c {tag}d {tag}e {tag}f");
  EXPECT_TRUE(RouteToOneShard(tagged, SlotView()));
  EXPECT_EQ(tagged.shard, KeySlot("tag").value % kShards);
}

TEST_F(Routing, AScanGoesToTheShardOfItsPlace) {
  const std::string slot_5062 = std::to_string(5062 + kSlotCount * 77);
  EXPECT_THAT(ShardsOf(Parse("SCAN 1"), View()), ElementsAre(1));
  EXPECT_THAT(ShardsOf(Parse("SCAN 1"), SlotView()), ElementsAre(1));
  EXPECT_THAT(ShardsOf(Parse("SCAN 18446744073709551615"), View()), ElementsAre(0));  // no cursor
  EXPECT_THAT(ShardsOf(Parse("SCAN " + slot_5062), SlotView()), ElementsAre(5062 % 4));
}

}  // namespace
}  // namespace norn
