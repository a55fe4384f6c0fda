// HELLO, AUTH, PING, ECHO, SELECT, QUIT and RESET as a client sees them.

#include "engine/base/version.h"
#include "engine/commands/authentication.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

class ConnectionCommands : public CommandTest {
 protected:
  // RESP3 replies a map, RESP2 the same in an array.
  std::string Field(const ReplyValue& map, std::string_view name) {
    for (size_t i = 0; i + 1 < map.items.size(); i += 2) {
      if (map.items[i].text == name) {
        return map.items[i + 1].kind == ':' ? std::to_string(map.items[i + 1].integer)
                                            : map.items[i + 1].text;
      }
    }
    return "(none)";
  }
};

TEST_F(ConnectionCommands, PingAnswersPongOrItsWord) {
  EXPECT_THAT(Run("PING"), IsSimple("PONG"));
  EXPECT_THAT(Run("PING hello"), IsBulk("hello"));
  EXPECT_THAT(Run("PING a b"), IsError("ERR wrong number of arguments for 'ping' command"));
  EXPECT_THAT(Run("ECHO ''"), IsBulk(""));
}

TEST_F(ConnectionCommands, HelloDescribesTheServerInTheProtocolThatItSwitchesTo) {
  session().id = ClientId{7};
  const ReplyValue two = Run("HELLO");
  EXPECT_EQ(two.kind, '*');
  EXPECT_EQ(two.items.size(), 14u);
  const ReplyValue three = Run("HELLO 3");
  EXPECT_EQ(three.kind, '%');
  EXPECT_EQ(session().resp, Resp::k3);
  EXPECT_EQ(Field(three, "server"), "norn");
  EXPECT_EQ(Field(three, "version"), kVersion);
  EXPECT_EQ(Field(three, "proto"), "3");
  EXPECT_EQ(Field(three, "id"), "7");
  EXPECT_EQ(Field(three, "mode"), "standalone");
  EXPECT_EQ(Field(three, "role"), "master");
  EXPECT_EQ(Field(three, "availability_zone"), "(none)");
}

TEST_F(ConnectionCommands, HelloSaysRedisWhereAskedTo) {
  options().extended_redis_compatibility = true;
  options().availability_zone = "zone-1";
  const ReplyValue hello = Run("HELLO 2");
  EXPECT_EQ(Field(hello, "server"), "redis");
  EXPECT_EQ(Field(hello, "version"), "7.2.4");
  EXPECT_EQ(Field(hello, "availability_zone"), "zone-1");
}

TEST_F(ConnectionCommands, HelloRefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Run("HELLO x"), IsError("ERR Protocol version is not an integer or out of range"));
  EXPECT_THAT(Run("HELLO 4"), IsError("NOPROTO unsupported protocol version"));
  EXPECT_THAT(Run("HELLO 1"), IsError("NOPROTO unsupported protocol version"));
  EXPECT_THAT(Run("HELLO 3 FOO"), IsError("ERR Syntax error in HELLO option 'FOO'"));
  EXPECT_THAT(Run("HELLO 3 AUTH a"), IsError("ERR Syntax error in HELLO option 'AUTH'"));
  EXPECT_THAT(Run("HELLO 3 SETNAME 'a b'"), IsError(kBadClientName));
  EXPECT_EQ(session().resp, Resp::k2);
}

TEST_F(ConnectionCommands, HelloNeedsAuthenticationAndCanBringIt) {
  options().requirepass = "secret";
  session().authenticated = false;
  EXPECT_EQ(Run("HELLO 3").text.substr(0, 13), "NOAUTH HELLO ");
  EXPECT_THAT(Run("HELLO 3 AUTH default wrong SETNAME me"), IsError(kWrongPassword));
  EXPECT_EQ(node().denied_auths, 1);
  EXPECT_EQ(session().name, "");
  EXPECT_EQ(Run("HELLO 3 AUTH default secret SETNAME me").kind, '%');
  EXPECT_TRUE(session().authenticated);
  EXPECT_EQ(session().name, "me");
}

TEST_F(ConnectionCommands, AuthWithoutAPasswordSet) {
  EXPECT_EQ(Run("AUTH x").text.substr(0, 40), "ERR AUTH <password> called without any p");
  EXPECT_THAT(Run("AUTH default anything"), IsOk());
  EXPECT_THAT(Run("AUTH nobody x"), IsError(kWrongPassword));
  EXPECT_THAT(Run("AUTH a b c"), IsError("ERR syntax error"));
}

TEST_F(ConnectionCommands, AuthChecksThePassword) {
  options().requirepass = "secret";
  session().authenticated = false;
  EXPECT_THAT(Run("AUTH secreT"), IsError(kWrongPassword));
  EXPECT_THAT(Run("AUTH secretsecret"), IsError(kWrongPassword));
  EXPECT_THAT(Run("AUTH ''"), IsError(kWrongPassword));
  EXPECT_FALSE(session().authenticated);
  EXPECT_THAT(Run("AUTH secret"), IsOk());
  EXPECT_TRUE(session().authenticated);
}

TEST_F(ConnectionCommands, SelectStaysBelowDatabases) {
  EXPECT_THAT(Run("SELECT 15"), IsOk());
  EXPECT_EQ(session().db.value, 15u);
  EXPECT_THAT(Run("SELECT 16"), IsError("ERR DB index is out of range"));
  EXPECT_THAT(Run("SELECT -1"), IsError("ERR DB index is out of range"));
  EXPECT_THAT(Run("SELECT x"), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("SELECT 99999999999"),
              IsError("ERR value is out of range, value must between -2147483648 and 2147483647"));
  EXPECT_EQ(session().db.value, 15u);
}

TEST_F(ConnectionCommands, ClusterHasDatabasesTooIfToldSo) {
  options().cluster_enabled = true;
  options().databases = 2;
  EXPECT_THAT(Run("SELECT 1"), IsOk());
  EXPECT_THAT(Run("SELECT 2"), IsError("ERR DB index is out of range"));
}

TEST_F(ConnectionCommands, QuitAnswersAndCloses) {
  EXPECT_THAT(Run("QUIT"), IsOk());
  EXPECT_TRUE(session().close_after_reply);
}

TEST_F(ConnectionCommands, ResetMakesAFreshConnectionButKeepsTheLibrary) {
  Run("HELLO 3 SETNAME me");
  Run("CLIENT SETINFO LIB-NAME lib");
  Run("CLIENT NO-TOUCH on");
  Run("CLIENT NO-EVICT on");
  Run("SELECT 3");
  session().transaction.open = true;
  options().requirepass = "secret";
  EXPECT_THAT(Run("RESET"), IsSimple("RESET"));
  EXPECT_EQ(session().resp, Resp::k2);
  EXPECT_EQ(session().db.value, 0u);
  EXPECT_EQ(session().name, "");
  EXPECT_EQ(session().library_name, "lib");
  EXPECT_FALSE(session().no_touch);
  EXPECT_FALSE(session().no_evict);
  EXPECT_FALSE(session().transaction.open);
  EXPECT_FALSE(session().authenticated);
}

TEST(SameSecret, ComparesAllBytesAndTheLength) {
  EXPECT_TRUE(SameSecret("abc", "abc"));
  EXPECT_TRUE(SameSecret("", ""));
  EXPECT_FALSE(SameSecret("abcabc", "abc"));
  EXPECT_FALSE(SameSecret("ab", "abc"));
  EXPECT_FALSE(SameSecret("abd", "abc"));
  EXPECT_FALSE(SameSecret("a", ""));
}

}  // namespace
}  // namespace norn
