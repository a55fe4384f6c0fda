#include "engine/config/table.h"

#include "engine/config/config.h"
#include "engine/config/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace norn::config {
namespace {

// As norn defines them: the 226 names of Valkey 8.1 that CONFIG GET * lists there, Valkey 9's
// rdb-version-check and cluster-databases, and norn's own threads, fiber-stack-size, client-output-buffer-ceiling and rdb-write-version.
constexpr size_t kVisibleNames = 235;
constexpr size_t kHiddenNames = 11;

// The words of a file for what CONFIG GET prints.
std::vector<std::string> FileWords(const Row& row, const std::string& value) {
  if (!row.Has(kMulti)) return {value};
  return value.empty() ? std::vector<std::string>{""} : SplitAtBlanks(value);
}

Reason AssignText(std::string_view name, const std::string& value, Options& options) {
  const Row* row = FindOption(name);
  EXPECT_NE(row, nullptr) << name;
  return Assign(*row, FileWords(*row, value), options);
}

std::string FormatOf(std::string_view name, const Options& options) {
  return Format(*FindOption(name), options);
}

TEST(OptionTable, HasEveryNameOnce) {
  std::set<std::string> visible, hidden;
  for (const Row& row : OptionTable()) {
    auto& names = row.Has(kHidden) ? hidden : visible;
    EXPECT_TRUE(names.emplace(row.name).second) << row.name;
    if (row.alias.empty()) continue;
    EXPECT_TRUE(names.emplace(row.alias).second) << row.alias;
  }
  EXPECT_EQ(visible.size(), kVisibleNames);
  EXPECT_EQ(hidden.size(), kHiddenNames);
}

TEST(OptionTable, EveryRowHasADocThatEndsInAFullStop) {
  for (const Row& row : OptionTable()) {
    ASSERT_FALSE(row.doc.empty()) << row.name;
    EXPECT_EQ(row.doc.back(), '.') << row.name;
    EXPECT_EQ(Lower(row.name), row.name);
    EXPECT_EQ(Lower(row.alias), row.alias);
  }
}

TEST(OptionTable, RowsStandTogetherByGroup) {
  std::set<Group> seen;
  const Row* before = nullptr;
  for (const Row& row : OptionTable()) {
    if (before == nullptr || row.group != before->group) {
      EXPECT_TRUE(seen.insert(row.group).second) << row.name;
    }
    before = &row;
  }
  EXPECT_EQ(seen.size(), kGroupCount);
}

// Two rows bound to one field would overwrite each other.
TEST(OptionTable, NoTwoRowsShareAField) {
  for (const Row& row : OptionTable()) {
    Options options;
    Options changed = options;
    if (const auto* kind = std::get_if<BoolKind>(&row.kind)) changed.*kind->field ^= true;
    if (const auto* kind = std::get_if<IntKind>(&row.kind)) changed.*kind->field += 1;
    if (const auto* kind = std::get_if<UintKind>(&row.kind)) changed.*kind->field += 1;
    if (const auto* kind = std::get_if<TextKind>(&row.kind)) changed.*kind->field += "x";
    if (const auto* kind = std::get_if<EnumKind>(&row.kind)) {
      kind->store(changed, kind->names[kind->load(options) == kind->names[0].value ? 1 : 0].value);
    }
    if (std::holds_alternative<SpecialKind>(row.kind)) continue;
    for (const Row& other : OptionTable()) {
      const bool differs = Format(other, changed) != Format(other, options);
      EXPECT_EQ(differs, &other == &row) << row.name << " and " << other.name;
    }
  }
}

TEST(OptionTable, FindsNamesAndAliasesInAnyCase) {
  EXPECT_EQ(FindOption("MaxMemory"), FindOption("maxmemory"));
  EXPECT_EQ(FindOption("slave-priority"), FindOption("replica-priority"));
  EXPECT_EQ(FindOption("IO-Threads"), FindOption("threads"));
  EXPECT_EQ(FindOption(""), nullptr);
  EXPECT_EQ(FindOption("maxmemor"), nullptr);
  EXPECT_EQ(FindOption("maxmemoryy"), nullptr);
}

TEST(OptionTable, EveryDefaultCanBeSetToItself) {
  const Options defaults;
  for (const Row& row : OptionTable()) {
    if (row.name == "dir" || row.name == "replicaof") continue;  // no word says "not set"
    Options options;
    const std::string value = Format(row, options);
    EXPECT_EQ(Assign(row, FileWords(row, value), options), "") << row.name << " " << value;
    EXPECT_EQ(options, defaults) << row.name;
  }
}

TEST(OptionTable, IntegersTakeTheirBoundsAndNothingBeyond) {
  for (const Row& row : OptionTable()) {
    const auto* kind = std::get_if<IntKind>(&row.kind);
    if (kind == nullptr || kind->unit == Unit::kOctal || kind->unit == Unit::kBytesOrPercent) {
      continue;
    }
    EXPECT_LE(kind->min, kind->initial) << row.name;
    EXPECT_LE(kind->initial, kind->max) << row.name;
    Options options;
    for (const int64_t bound : {kind->min, kind->max}) {
      const std::string value = std::to_string(bound);
      EXPECT_EQ(Assign(row, FileWords(row, value), options), "") << row.name << " " << value;
      EXPECT_EQ(Format(row, options), value) << row.name;
    }
    const bool negative_bytes = kind->unit == Unit::kBytes && kind->min == 0;
    const std::string below = std::to_string(kind->min - 1);
    const Reason expected = "argument must be between " + std::to_string(kind->min) + " and " +
                            std::to_string(kind->max) + " inclusive";
    EXPECT_EQ(Assign(row, FileWords(row, below), options),
              negative_bytes ? "argument must be a memory value" : expected)
        << row.name;
    if (kind->max == INT64_MAX) continue;
    const std::string above = std::to_string(kind->max + 1);
    EXPECT_EQ(Assign(row, FileWords(row, above), options), expected) << row.name;
    EXPECT_EQ(Format(row, options), std::to_string(kind->max)) << "refused, yet changed";
  }
}

TEST(OptionTable, BoolsTakeYesAndNoInAnyCase) {
  for (const Row& row : OptionTable()) {
    if (!std::holds_alternative<BoolKind>(row.kind)) continue;
    Options options;
    EXPECT_EQ(AssignText(row.name, "YES", options), "");
    EXPECT_EQ(Format(row, options), "yes") << row.name;
    EXPECT_EQ(AssignText(row.name, "no", options), "");
    EXPECT_EQ(Format(row, options), "no") << row.name;
    for (const char* wrong : {"", "true", "1", "yes ", "maybe"}) {
      EXPECT_EQ(AssignText(row.name, wrong, options), "argument must be 'yes' or 'no'");
    }
    EXPECT_EQ(Format(row, options), "no") << row.name;
  }
}

TEST(OptionTable, EnumsTakeEveryNameOfTheirs) {
  for (const Row& row : OptionTable()) {
    const auto* kind = std::get_if<EnumKind>(&row.kind);
    if (kind == nullptr) continue;
    for (const EnumName& name : kind->names) {
      Options options;
      EXPECT_EQ(AssignText(row.name, std::string(name.name), options), "") << row.name;
      EXPECT_EQ(kind->load(options), name.value) << row.name << " " << name.name;
      const std::string_view shown = name.name == "relative" ? "yes" : name.name;
      EXPECT_EQ(Format(row, options), shown);
    }
    Options options;
    EXPECT_THAT(AssignText(row.name, "nosuch", options),
                testing::StartsWith("argument(s) must be one of the following: "));
    EXPECT_EQ(options, Options()) << row.name;
  }
}

TEST(OptionTable, TextsKeepAnyBytesUnlessARuleSpeaksAgainst) {
  const std::string odd("a b\"'\\\n\x00\xff", 10);
  for (const Row& row : OptionTable()) {
    const auto* kind = std::get_if<TextKind>(&row.kind);
    if (kind == nullptr || kind->check != nullptr) continue;
    Options options;
    EXPECT_EQ(AssignText(row.name, odd, options), "") << row.name;
    EXPECT_EQ(Format(row, options), odd) << row.name;
  }
}

TEST(OptionTable, OneWordWhereOneIsAsked) {
  for (const Row& row : OptionTable()) {
    if (row.Has(kMulti)) continue;
    Options options;
    const std::vector<std::string> two = {"1", "2"};
    EXPECT_EQ(Assign(row, two, options), "wrong number of arguments") << row.name;
    EXPECT_EQ(Assign(row, {}, options), "wrong number of arguments") << row.name;
  }
}

struct ValueCase {
  const char* name;
  const char* value;
  const char* reason;  // "": accepted
  const char* shown;   // then what CONFIG GET prints
};

class OptionValue : public testing::TestWithParam<ValueCase> {};

TEST_P(OptionValue, IsTakenOrRefused) {
  const ValueCase& c = GetParam();
  Options options;
  EXPECT_EQ(AssignText(c.name, c.value, options), c.reason) << c.name << " " << c.value;
  if (*c.reason == '\0') {
    EXPECT_EQ(FormatOf(c.name, options), c.shown) << c.name << " " << c.value;
  } else {
    EXPECT_EQ(options, Options()) << c.name << " " << c.value;
  }
}

constexpr char kMemory[] = "argument must be a memory value";
constexpr char kMemoryOrPercent[] = "argument must be a memory or percent value";
constexpr char kInteger[] = "argument couldn't be parsed into an integer";
constexpr char kOctal[] = "argument couldn't be parsed as an octal number";
constexpr char kTitle[] = "template format is invalid or contains unknown variables";
constexpr char kLimit[] =
    "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
constexpr char kHost[] = "Hostnames may only contain alphanumeric characters, hyphens or dots";
constexpr char kV4[] = "Invalid IPv4 address";
constexpr char kV6[] = "Invalid IPv6 address";

INSTANTIATE_TEST_SUITE_P(
    Numbers, OptionValue,
    testing::Values(
        ValueCase{"port", "70000", "argument must be between 0 and 65535 inclusive", ""},
        ValueCase{"port", "x", kInteger, ""}, ValueCase{"port", "", kInteger, ""},
        ValueCase{"port", "07", kInteger, ""}, ValueCase{"port", "1kb", kInteger, ""},
        ValueCase{"maxmemory", "1GB", "", "1073741824"},
        ValueCase{"maxmemory", "1g", "", "1000000000"}, ValueCase{"maxmemory", "0100", "", "100"},
        ValueCase{"maxmemory", "18446744073709551615", "", "18446744073709551615"},
        ValueCase{"maxmemory", "18446744073709551616", kMemory, ""},
        ValueCase{"maxmemory", "99999999999999gb", kMemory, ""},
        ValueCase{"maxmemory", "-1", kMemory, ""}, ValueCase{"maxmemory", "1.5gb", kMemory, ""},
        ValueCase{"maxmemory", "", "", "0"}, ValueCase{"maxmemory", "gb", kMemory, ""},
        ValueCase{"repl-backlog-size", "9223372036854775808",
                  "argument must be between 1 and 9223372036854775807 inclusive", ""},
        ValueCase{"maxmemory-clients", "5%", "", "5%"},
        ValueCase{"maxmemory-clients", "0%", "", "0"},
        ValueCase{"maxmemory-clients", "100mb", "", "104857600"},
        ValueCase{"maxmemory-clients", "101%", "percentage argument must be less or equal to 100",
                  ""},
        ValueCase{"maxmemory-clients", "%", kMemoryOrPercent, ""},
        ValueCase{"maxmemory-clients", "-5%", kMemoryOrPercent, ""},
        ValueCase{"maxmemory-clients", "-5", kMemoryOrPercent, ""},
        ValueCase{"unixsocketperm", "777", "", "777"},
        ValueCase{"unixsocketperm", "0700", "", "700"},
        ValueCase{"unixsocketperm", "1000", "argument must be between 0 and 777 inclusive", ""},
        ValueCase{"unixsocketperm", "9", kOctal, ""}, ValueCase{"unixsocketperm", "", kOctal, ""},
        ValueCase{"cluster-blacklist-ttl", "0", "", "0"},
        ValueCase{"cluster-blacklist-ttl", "-1",
                  "argument must be between 0 and 18446744073709551615 inclusive", ""},
        ValueCase{"io-threads", "4", "", "4"},
        ValueCase{"fiber-stack-size", "16kb",
                  "argument must be between 32768 and 1073741824 inclusive", ""}));

INSTANTIATE_TEST_SUITE_P(
    Texts, OptionValue,
    testing::Values(
        ValueCase{"dbfilename", "", "dbfilename can't be empty", ""},
        ValueCase{"dbfilename", "a/b", "dbfilename can't be a path, just a filename", ""},
        ValueCase{"dbfilename", "a.rdb", "", "a.rdb"},
        ValueCase{"appendfilename", "a\\b", "appendfilename can't be a path, just a filename", ""},
        ValueCase{"appenddirname", "a/b", "appenddirname can't be a path, just a dirname", ""},
        ValueCase{"cluster-config-file", "", "cluster-config-file can't be empty", ""},
        ValueCase{"cluster-announce-hostname", "a-1.example", "", "a-1.example"},
        ValueCase{"cluster-announce-hostname", "a_b", kHost, ""},
        ValueCase{"cluster-announce-human-nodename", "a:b-c", "", "a:b-c"},
        ValueCase{"cluster-announce-human-nodename", "a b!",
                  "Announced human node name contained invalid character", ""},
        ValueCase{"cluster-announce-client-ipv4", "10.0.0.255", "", "10.0.0.255"},
        ValueCase{"cluster-announce-client-ipv4", "10.0.0.256", kV4, ""},
        ValueCase{"cluster-announce-client-ipv4", "10.0.0", kV4, ""},
        ValueCase{"cluster-announce-client-ipv4", "10.0.0.01", kV4, ""},
        ValueCase{"cluster-announce-client-ipv4", "1.2.3.4.5", kV4, ""},
        ValueCase{"cluster-announce-client-ipv6", "::", "", "::"},
        ValueCase{"cluster-announce-client-ipv6", "fe80::1:2", "", "fe80::1:2"},
        ValueCase{"cluster-announce-client-ipv6", "1:2:3:4:5:6:7:8", "", "1:2:3:4:5:6:7:8"},
        ValueCase{"cluster-announce-client-ipv6", "::ffff:1.2.3.4", "", "::ffff:1.2.3.4"},
        ValueCase{"cluster-announce-client-ipv6", "1:2:3:4:5:6:1.2.3.4", "", "1:2:3:4:5:6:1.2.3.4"},
        ValueCase{"cluster-announce-client-ipv6", "1:2:3:4:5:6:7", kV6, ""},
        ValueCase{"cluster-announce-client-ipv6", "1:2:3:4:5:6:7:8:9", kV6, ""},
        ValueCase{"cluster-announce-client-ipv6", "1:2:3:4::5:6:7:8", kV6, ""},
        ValueCase{"cluster-announce-client-ipv6", "1::2::3", kV6, ""},
        ValueCase{"cluster-announce-client-ipv6", ":1::2", kV6, ""},
        ValueCase{"cluster-announce-client-ipv6", "12345::", kV6, ""},
        ValueCase{"cluster-announce-client-ipv6", "fe80::1%eth0", kV6, ""},
        ValueCase{"proc-title-template", "{title} x", "", "{title} x"},
        ValueCase{"proc-title-template", "{{", "", "{{"},
        ValueCase{"proc-title-template", "{title}", kTitle, ""},
        ValueCase{"proc-title-template", "{nosuch}", kTitle, ""},
        ValueCase{"proc-title-template", "{port", kTitle, ""},
        ValueCase{"proc-title-template", "", kTitle, ""},
        ValueCase{"dir", "/data/./x", "", "/data/x"},
        ValueCase{"dir", "", "dir can't be empty", ""}));

INSTANTIATE_TEST_SUITE_P(
    Forms, OptionValue,
    testing::Values(
        ValueCase{"save", "900 1 60 10", "", "900 1 60 10"}, ValueCase{"save", "", "", ""},
        ValueCase{"save", "900", "Invalid save parameters", ""},
        ValueCase{"save", "0 1", "Invalid save parameters", ""},
        ValueCase{"save", "1 -1", "Invalid save parameters", ""},
        ValueCase{"save", "1 x", "Invalid save parameters", ""}, ValueCase{"bind", "", "", ""},
        ValueCase{"bind", "127.0.0.1 -::1", "", "127.0.0.1 -::1"},
        ValueCase{"bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
                  "Too many bind addresses specified.", ""},
        ValueCase{"oom-score-adj-values", "1 2", "wrong number of arguments", ""},
        ValueCase{"oom-score-adj-values", "-2000 0 2000", "", "-2000 0 2000"},
        ValueCase{"oom-score-adj-values", "1 2 2001",
                  "Invalid oom-score-adj-values, elements must be between -2000 and 2000.", ""},
        ValueCase{"client-output-buffer-limit", "REPLICA 1mb 512kb 5", "",
                  "normal 0 0 0 slave 1048576 524288 5 pubsub 33554432 8388608 60"},
        ValueCase{"client-output-buffer-limit", "normal 1 1",
                  "Wrong number of arguments in buffer limit configuration.", ""},
        ValueCase{"client-output-buffer-limit", "master 1 1 1",
                  "Invalid client class specified in buffer limit configuration.", ""},
        ValueCase{"client-output-buffer-limit", "normal x 1 1", kLimit, ""},
        ValueCase{"client-output-buffer-limit", "normal 1 1 -1", kLimit, ""},
        ValueCase{"notify-keyspace-events", "KEA", "", "AKE"},
        ValueCase{"notify-keyspace-events", "g$lshzxetd", "", "A"},
        ValueCase{"notify-keyspace-events", "mnlK", "", "lnKm"},
        ValueCase{"notify-keyspace-events", "Kq",
                  "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.", ""},
        ValueCase{"replicaof", "10.0.0.1 6379", "", "10.0.0.1 6379"},
        ValueCase{"replicaof", "NO ONE", "", ""},
        ValueCase{"replicaof", "h abc", "Invalid primary port", ""},
        ValueCase{"replicaof", "h 65536", "Invalid primary port", ""},
        ValueCase{"replicaof", "h", "wrong number of arguments", ""},
        ValueCase{"latency-tracking-info-percentiles", "0 99.90 100.0", "", "0 99.9 100"},
        ValueCase{"latency-tracking-info-percentiles", "", "", ""},
        ValueCase{"latency-tracking-info-percentiles", "101",
                  "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
                  ""},
        ValueCase{"latency-tracking-info-percentiles", "x",
                  "Invalid latency-tracking-info-percentiles parameters", ""},
        ValueCase{"shutdown-on-sigterm", "force NOW", "", "now force"},
        ValueCase{"shutdown-on-sigterm", "default", "", "default"},
        ValueCase{"shutdown-on-sigterm", "save nosave",
                  "shutdown options SAVE and NOSAVE can't be used simultaneously", ""},
        ValueCase{"shutdown-on-sigint", "",
                  "argument(s) must be one of the following: default, save, nosave, now, force",
                  ""},
        ValueCase{"oom-score-adj", "relative", "", "yes"}));

}  // namespace
}  // namespace norn::config
