#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/commands/client_filter.h"
#include "engine/commands/one_executor_env.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

using ::testing::HasSubstr;

constexpr const char* kOff = "ERR This instance has cluster support disabled";

// Says which words came to it.
class EchoCluster : public ClusterControl {
 public:
  void Run(std::span<const std::string_view> words, norn::Session&, ReplyWriter& reply) override {
    reply.Simple(fmt::format("{}", fmt::join(words, " ")));
  }
  std::string Info() override { return "lines:1\r\n"; }
  void Publish(bool, std::string_view, std::string_view) override {}
};

class ClusterWords : public CommandTest {
 protected:
  void Enable() {
    options().cluster_enabled = true;
    node().cluster_value = &cluster_;
  }
  EchoCluster cluster_;
};

TEST_F(ClusterWords, InfoTellsWhatTheClusterAdds) {
  OneExecutorEnv env;
  node().env_value = &env;
  Enable();
  EXPECT_EQ(Run("INFO cluster").text, "# Cluster\r\ncluster_enabled:1\r\nlines:1\r\n");
}

TEST_F(ClusterWords, WithoutAClusterThereIsNothingToSay) {
  EXPECT_THAT(Run("CLUSTER INFO"), IsError(kOff));
  EXPECT_THAT(Run("CLUSTER HELP"), IsError(kOff));
  EXPECT_THAT(Run("ASKING"), IsError(kOff));
  EXPECT_THAT(Run("READONLY"), IsOk());
  EXPECT_THAT(Run("READWRITE"), IsOk());
  EXPECT_FALSE(session().asking);
}

TEST_F(ClusterWords, SubcommandsGoOnToTheCluster) {
  Enable();
  EXPECT_THAT(Run("CLUSTER MEET a 1"), IsSimple("CLUSTER MEET a 1"));
  EXPECT_THAT(Run("CLUSTER SETSLOT 1 STABLE"), IsSimple("CLUSTER SETSLOT 1 STABLE"));
  EXPECT_EQ(Run("CLUSTER HELP").items.at(0).text,
            "CLUSTER <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
}

TEST_F(ClusterWords, ClientsSayWhatTheyWant) {
  Enable();
  EXPECT_THAT(Run("ASKING"), IsOk());
  EXPECT_THAT(Run("READONLY"), IsOk());
  EXPECT_TRUE(session().asking);
  EXPECT_TRUE(session().readonly);
  ClientInfo client;
  client.session = session();
  EXPECT_THAT(ClientLine(client), HasSubstr(" flags=r "));
  EXPECT_THAT(Run("READWRITE"), IsOk());
  EXPECT_FALSE(session().readonly);
}

TEST_F(ClusterWords, HelloTellsTheModeAndTheRole) {
  Enable();
  node().replication_value.view.following = true;
  const std::string hello = Show(Run("HELLO 3"));
  EXPECT_THAT(hello, HasSubstr("$mode: $cluster"));
  EXPECT_THAT(hello, HasSubstr("$role: $replica"));
}

}  // namespace
}  // namespace norn
