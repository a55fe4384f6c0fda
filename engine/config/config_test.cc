#include "engine/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace norn::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Pairs = std::vector<std::string_view>;

std::string Error(const absl::StatusOr<Change>& change) {
  return change.ok() ? "" : std::string(change.status().message());
}

std::vector<Effect> EffectsOf(const absl::StatusOr<Change>& change) {
  std::vector<Effect> effects;
  for (const PendingEffect& pending : change->effects) effects.push_back(pending.effect);
  return effects;
}

TEST(ConfigGet, NameIsPrintedAsTheClientWroteIt) {
  EXPECT_THAT(Get({}, Pairs{"PORT"}), ElementsAre(Pair("PORT", "6379")));
  EXPECT_THAT(Get({}, Pairs{"nosuch"}), IsEmpty());
}

TEST(ConfigGet, PatternsMatchNamesAndAliasesButNoneTwice) {
  EXPECT_THAT(Get({}, Pairs{"HZ", "hz", "h?"}), ElementsAre(Pair("HZ", "10")));
  EXPECT_THAT(Get({}, Pairs{"*-priority", "replica-priorit[y]"}),
              ElementsAre(Pair("replica-priority", "100"), Pair("slave-priority", "100")));
  EXPECT_THAT(Get({}, Pairs{"io-thr*"}), ElementsAre(Pair("io-threads", "0")));
}

TEST(ConfigGet, HiddenOptionsNeedTheirExactName) {
  EXPECT_THAT(Get({}, Pairs{"key-load-dela*"}), IsEmpty());
  EXPECT_THAT(Get({}, Pairs{"key-load-delay"}), ElementsAre(Pair("key-load-delay", "0")));
}

TEST(ConfigGet, StarListsEverythingInTheOrderOfTheTable) {
  const auto all = Get({}, Pairs{"*"});
  EXPECT_EQ(all.size(), 235u);
  EXPECT_THAT(all.front(), Pair("bind", "* -::*"));
}

TEST(ConfigSet, ChangesACopy) {
  const Config before;
  const auto change = Set(before, Pairs{"MaxMemory", "1mb", "hz", "20"}, {});
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->after.options.maxmemory, 1u << 20);
  EXPECT_EQ(change->after.options.hz, 20);
  EXPECT_EQ(before, Config());
}

TEST(ConfigSet, IsAllOrNothingAndNamesTheOneAtFault) {
  EXPECT_EQ(
      Error(Set({}, Pairs{"maxmemory", "1mb", "PORT", "70000"}, {})),
      "CONFIG SET failed (possibly related to argument 'port') - argument must be between 0 and "
      "65535 inclusive");
  EXPECT_EQ(
      Error(Set({}, Pairs{"slave-priority", "x"}, {})),
      "CONFIG SET failed (possibly related to argument 'slave-priority') - argument couldn't be "
      "parsed into an integer");
}

TEST(ConfigSet, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Error(Set({}, Pairs{"hz", "3", "NoSuch", "1", "databases", "3"}, {})),
            "Unknown option or number of arguments for CONFIG SET - 'NoSuch'");
}

TEST(ConfigSet, RefusesImmutableOptions) {
  EXPECT_EQ(Error(Set({}, Pairs{"Databases", "3"}, {})),
            "CONFIG SET failed (possibly related to argument 'Databases') - can't set immutable "
            "config");
}

TEST(ConfigSet, RefusesTheSameNameTwiceButNotItsAlias) {
  EXPECT_EQ(Error(Set({}, Pairs{"HZ", "1", "hz", "2"}, {})),
            "CONFIG SET failed (possibly related to argument 'hz') - duplicate parameter");
  const auto change = Set({}, Pairs{"slave-priority", "1", "replica-priority", "2"}, {});
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->after.options.replica_priority, 2);
}

TEST(ConfigSet, ProtectedOptionsNeedLeave) {
  Config config;
  const auto set_dir = [&](bool local) {
    return Error(Set(config, Pairs{"dir", "/x"}, {false, local}));
  };
  const std::string refused =
      "CONFIG SET failed (possibly related to argument 'dir') - can't set protected config";
  EXPECT_EQ(set_dir(true), refused);
  config.options.enable_protected_configs = ProtectedAction::kLocal;
  EXPECT_EQ(set_dir(true), "");
  EXPECT_EQ(set_dir(false), refused);
  config.options.enable_protected_configs = ProtectedAction::kYes;
  EXPECT_EQ(set_dir(false), "");
}

TEST(ConfigSet, SomeOptionsWaitForLoading) {
  const auto change = Set({}, Pairs{"appendonly", "yes"}, {.loading = true});
  EXPECT_EQ(change.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Set({}, Pairs{"hz", "5"}, {.loading = true}).ok());
}

TEST(ConfigSet, ListsEachEffectOnceInOrder) {
  const auto change = Set(
      {}, Pairs{"loglevel", "debug", "port", "1", "bind", "::1", "timeout", "3", "maxclients", "5"},
      {});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(EffectsOf(change),
              ElementsAre(Effect::kLog, Effect::kListeners, Effect::kMaxClients));
  EXPECT_EQ(change->effects[1].option, "port");
}

TEST(ConfigSet, SameValueHasNoEffectUnlessItNamesAFile) {
  EXPECT_THAT(EffectsOf(Set({}, Pairs{"port", "6379"}, {})), IsEmpty());
  EXPECT_THAT(EffectsOf(Set({}, Pairs{"tls-cert-file", ""}, {})), ElementsAre(Effect::kTls));
}

TEST(ConfigSet, HzIsAHint) {
  EXPECT_EQ(Set({}, Pairs{"hz", "0"}, {})->after.options.hz, 1);
  EXPECT_EQ(Set({}, Pairs{"hz", "1000"}, {})->after.options.hz, 500);
}

TEST(ConfigSet, EmptyValueClearsLists) {
  const auto change = Set({}, Pairs{"save", "", "bind", "", "notify-keyspace-events", ""}, {});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(change->after.options.save, IsEmpty());
  EXPECT_THAT(change->after.options.bind, IsEmpty());
}

TEST(ConfigSet, DirIsSeenFromTheOldOne) {
  Config config;
  config.options.dir = "/var/lib";
  config.options.enable_protected_configs = ProtectedAction::kYes;
  EXPECT_EQ(Set(config, Pairs{"dir", "norn"}, {})->after.options.dir, "/var/lib/norn");
}

TEST(Sensitive, PasswordsStayOutOfLogs) {
  EXPECT_TRUE(IsSensitive("RequirePass"));
  EXPECT_TRUE(IsSensitive("masterauth"));
  EXPECT_FALSE(IsSensitive("port"));
  EXPECT_FALSE(IsSensitive("nosuch"));
}

TEST(UnusedButSet, NamesWhatWouldSurprise) {
  Options options;
  EXPECT_THAT(UnusedButSet(options), IsEmpty());
  options.rdma_port = 7;
  options.port = 1;
  EXPECT_THAT(UnusedButSet(options), ElementsAre("rdma-port"));
}

}  // namespace
}  // namespace norn::config
