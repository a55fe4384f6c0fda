#include "engine/commands/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/commands/acl_category.h"
#include "engine/commands/name_index.h"

namespace norn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kFacts =
#include "engine/commands/testdata/commands.inc"
    ;

std::vector<std::string> Split(std::string_view text, char by) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == by) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

std::set<std::string> Set(std::string_view text) {
  std::set<std::string> parts;
  for (const std::string& part : Split(text, ',')) {
    if (!part.empty()) parts.insert(part);
  }
  return parts;
}

// In the words of the facts.
std::set<std::string> FlagNames(uint32_t flags) {
  static const std::map<uint32_t, std::string> kNames = {
      {kWrite, "WRITE"},
      {kReadonly, "READONLY"},
      {kDenyOom, "DENYOOM"},
      {kAdmin, "ADMIN"},
      {kPubSub, "PUBSUB"},
      {kNoScript, "NOSCRIPT"},
      {kBlocking, "BLOCKING"},
      {kLoading, "LOADING"},
      {kStale, "STALE"},
      {kAsking, "ASKING"},
      {kMayReplicate, "MAY_REPLICATE"},
      {kSkipCommandLog, "SKIP_COMMANDLOG"},
      {kFast, "FAST"},
      {kNoAuth, "NO_AUTH"},
      {kSentinel, "SENTINEL"},
      {kProtected, "PROTECTED"},
      {kNoAsyncLoading, "NO_ASYNC_LOADING"},
      {kNoMulti, "NO_MULTI"},
      {kAllowBusy, "ALLOW_BUSY"},
      {kTouchesArbitraryKeys, "TOUCHES_ARBITRARY_KEYS"},
  };
  std::set<std::string> names;
  for (int bit = 0; bit < 32; ++bit) {
    const auto name = kNames.find(flags & (1u << bit));
    if (name != kNames.end()) names.insert(name->second);
  }
  return names;
}

using Row = std::vector<std::string>;  // the columns of the facts

std::vector<Row> Facts() {
  std::vector<Row> rows;
  for (const std::string& line : Split(kFacts, '\n')) {
    if (!line.empty()) rows.push_back(Split(line, '\t'));
  }
  return rows;
}

std::set<std::string> Categories(const CommandSpec& spec) {
  std::set<std::string> names;
  for (size_t i = 0; i < kAclCategoryNames.size(); ++i) {
    if (spec.acl_bits & (1u << i)) names.emplace(kAclCategoryNames[i]);
  }
  return names;
}

std::vector<size_t> KeysOf(std::vector<std::string_view> words) {
  std::vector<size_t> positions;
  const auto keys = FindKeys(*ResolveCommand(words).spec, words);
  if (!keys) return {999};
  for (const KeyPosition& key : *keys) positions.push_back(key.word);
  return positions;
}

uint32_t FirstKeyFlags(std::vector<std::string_view> words) {
  return FindKeys(*ResolveCommand(words).spec, words).value().at(0).flags;
}

TEST(Table, EveryRowAgreesWithTheFacts) {
  const std::vector<Row> facts = Facts();
  // Valkey 9's, of which there are no facts.
  const std::set<std::string_view> later = {"cluster|cancelslotmigrations",
                                            "cluster|getslotmigrations", "cluster|migrateslots",
                                            "cluster|syncslots"};
  EXPECT_EQ(facts.size() + later.size(), CommandIdCount());
  for (const Row& row : facts) {
    SCOPED_TRACE(row.at(1));
    const CommandSpec* spec = FindByFullName(row.at(1));
    ASSERT_NE(spec, nullptr);
    EXPECT_EQ(spec->group, row.at(0));
    EXPECT_EQ(spec->full_name, Lower(row.at(1)));
    EXPECT_EQ(std::to_string(spec->arity), row.at(2));
    EXPECT_EQ(spec->since, row.at(3));
    EXPECT_EQ(FlagNames(spec->flags), Set(row.at(4)));
    EXPECT_EQ(Set(spec->acl), Set(Lower(row.at(5))));
    EXPECT_EQ(spec->keys, row.at(6));
  }
}

TEST(Table, IdsAreTheOrderOfTheSpecs) {
  for (uint32_t id = 0; id < CommandIdCount(); ++id) EXPECT_EQ(CommandById(id).id, id);
  EXPECT_EQ(&AllCommands()[5], &CommandById(5));
}

TEST(Table, SubcommandsHangOffTheirContainer) {
  size_t subcommands = 0;
  for (const CommandSpec& command : AllCommands()) {
    EXPECT_EQ(command.parent, nullptr);
    for (const CommandSpec& spec : command.subcommands) {
      EXPECT_EQ(spec.parent, &command);
      EXPECT_EQ(spec.full_name, std::string(command.name) + "|" + std::string(spec.name));
      EXPECT_EQ(&CommandById(spec.id), &spec);
    }
    subcommands += command.subcommands.size();
  }
  EXPECT_EQ(AllCommands().size() + subcommands, CommandIdCount());
}

TEST(Table, EveryCommandHasItsTextsAndOneWayToRun) {
  for (uint32_t id = 0; id < CommandIdCount(); ++id) {
    const CommandSpec& spec = CommandById(id);
    SCOPED_TRACE(spec.full_name);
    EXPECT_FALSE(spec.summary.empty());
    EXPECT_FALSE(spec.since.empty());
    const bool runs = spec.handler != nullptr;
    const bool contains = !spec.subcommands.empty();
    EXPECT_TRUE(runs || contains || spec.placement == Placement::kDispatcher);
    EXPECT_TRUE(spec.placement != Placement::kKeys || spec.key_spec_count > 0);
  }
}

TEST(Table, NamesAreFoundInAnyCase) {
  ASSERT_NE(FindCommand("get"), nullptr);
  EXPECT_EQ(FindCommand("GeT"), FindCommand("get"));
  EXPECT_EQ(FindCommand("INCRBYFLOAT")->name, "incrbyfloat");
  EXPECT_EQ(FindCommand("ge"), nullptr);
  EXPECT_EQ(FindCommand("getx"), nullptr);
  EXPECT_EQ(FindCommand(""), nullptr);
  EXPECT_EQ(FindCommand(std::string_view("get\0", 4)), nullptr);
  EXPECT_EQ(FindCommand(std::string(1000, 'g')), nullptr);
}

TEST(Table, OnlyLettersHaveACase) {
  NameIndex<8> index;
  index.Add("a[b", 1);
  EXPECT_EQ(index.Find("A[B"), 1);
  EXPECT_EQ(index.Find("a{b"), NameIndex<8>::kNone);
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const char lower = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
    const std::string name(9, byte);
    EXPECT_EQ(WordsOfName(name), WordsOfName(std::string(9, lower))) << c;
    EXPECT_EQ(WordsOfName(name).head & 0xff, static_cast<unsigned char>(lower)) << c;
  }
}

TEST(Table, ResolvesContainers) {
  const auto resolve = [](std::vector<std::string_view> words) { return ResolveCommand(words); };
  EXPECT_EQ(resolve({"CLIENT", "Kill", "x"}).spec->full_name, "client|kill");
  EXPECT_EQ(resolve({"client"}).spec->full_name, "client");
  EXPECT_FALSE(resolve({"client"}).unknown_subcommand);
  EXPECT_TRUE(resolve({"client", "nosuch"}).unknown_subcommand);
  EXPECT_EQ(resolve({"client", "nosuch"}).spec->full_name, "client");
  EXPECT_EQ(resolve({"nosuch"}).spec, nullptr);
  EXPECT_FALSE(resolve({"nosuch"}).unknown_subcommand);
  EXPECT_EQ(resolve({}).spec, nullptr);
  EXPECT_EQ(FindByFullName("config|GET")->name, "get");
  EXPECT_EQ(FindByFullName("config|nosuch"), nullptr);
  EXPECT_EQ(FindByFullName("get|get"), nullptr);
}

TEST(Table, FlagsImplyCategories) {
  using Names = std::set<std::string>;
  EXPECT_EQ(Categories(*FindCommand("get")), (Names{"read", "string", "fast"}));
  EXPECT_EQ(Categories(*FindCommand("set")), (Names{"write", "string", "slow"}));
  EXPECT_EQ(Categories(*FindCommand("keys")), (Names{"keyspace", "read", "slow", "dangerous"}));
  EXPECT_EQ(Categories(*FindByFullName("client|kill")),
            (Names{"admin", "slow", "dangerous", "connection"}));
  EXPECT_EQ(Categories(*FindCommand("debug")), (Names{"admin", "slow", "dangerous"}));
}

TEST(Table, LegacyRanges) {
  const auto range = [](std::string_view name) {
    const CommandSpec& spec = *FindByFullName(name);
    return std::vector<int>{spec.first_key, spec.last_key, spec.key_step};
  };
  EXPECT_THAT(range("get"), ElementsAre(1, 1, 1));
  EXPECT_THAT(range("mset"), ElementsAre(1, -1, 2));
  EXPECT_THAT(range("del"), ElementsAre(1, -1, 1));
  EXPECT_THAT(range("rename"), ElementsAre(1, 2, 1));
  EXPECT_THAT(range("lcs"), ElementsAre(1, 2, 1));
  EXPECT_THAT(range("object|encoding"), ElementsAre(2, 2, 1));
  EXPECT_THAT(range("ping"), ElementsAre(0, 0, 0));
  EXPECT_THAT(range("msetex"), ElementsAre(0, 0, 0));
  EXPECT_TRUE(FindCommand("rename")->simple_keys);
  EXPECT_FALSE(FindCommand("rename")->movable_keys);
  EXPECT_TRUE(FindCommand("msetex")->movable_keys);
  EXPECT_FALSE(FindCommand("msetex")->simple_keys);
  EXPECT_FALSE(FindCommand("ping")->simple_keys);
}

TEST(FindKeys, FollowsTheSpecifications) {
  EXPECT_THAT(KeysOf({"get", "k"}), ElementsAre(1));
  EXPECT_THAT(KeysOf({"mset", "a", "1", "b", "2"}), ElementsAre(1, 3));
  EXPECT_THAT(KeysOf({"rename", "a", "b"}), ElementsAre(1, 2));
  EXPECT_THAT(KeysOf({"copy", "a", "b", "db", "3"}), ElementsAre(1, 2));
  EXPECT_THAT(KeysOf({"lcs", "a", "b", "len"}), ElementsAre(1, 2));
  EXPECT_THAT(KeysOf({"object", "encoding", "k"}), ElementsAre(2));
  EXPECT_THAT(KeysOf({"memory", "usage", "k"}), ElementsAre(2));
  EXPECT_THAT(KeysOf({"ping"}), IsEmpty());
  EXPECT_THAT(KeysOf({"msetex", "2", "a", "1", "b", "2", "nx"}), ElementsAre(2, 4));
}

TEST(FindKeys, RefusesWordsThatDoNotFollow) {
  EXPECT_THAT(KeysOf({"msetex", "x", "a", "1"}), ElementsAre(999));
  EXPECT_THAT(KeysOf({"msetex", "-1", "a", "1"}), ElementsAre(999));
  EXPECT_THAT(KeysOf({"msetex", "3", "a", "1", "b", "2"}), ElementsAre(999));
  EXPECT_THAT(KeysOf({"msetex", "9223372036854775807", "a", "1"}), ElementsAre(999));
  EXPECT_THAT(KeysOf({"get"}), ElementsAre(999));
}

TEST(FindKeys, SetReadsItsKeyOnlyForGet) {
  EXPECT_EQ(FirstKeyFlags({"set", "k", "v"}), kKeyOw | kKeyUpdate);
  EXPECT_EQ(FirstKeyFlags({"set", "k", "v", "GET"}), kKeyRw | kKeyAccess | kKeyUpdate);
  EXPECT_EQ(FirstKeyFlags({"getdel", "k"}), kKeyRw | kKeyAccess | kKeyDelete);
}

TEST(FindKeys, SearchesForKeywords) {
  CommandSpec spec = *FindCommand("ping");
  spec.key_spec_count = 1;
  spec.key_specs[0] = {
      .begin = KeySpec::Begin::kKeyword, .index = 1, .keyword = "STREAMS", .last = -1};
  const auto keys = [&](std::vector<std::string_view> words) {
    std::vector<size_t> positions;
    const auto found = FindKeys(spec, words);
    for (const KeyPosition& key : found.value()) positions.push_back(key.word);
    return positions;
  };
  EXPECT_THAT(keys({"x", "count", "streams", "a", "b"}), ElementsAre(3, 4));
  EXPECT_THAT(keys({"x", "count", "1"}), IsEmpty());
  spec.key_specs[0].index = -2;
  EXPECT_THAT(keys({"x", "streams", "a", "Streams", "b"}), ElementsAre(4));
}

}  // namespace
}  // namespace norn
