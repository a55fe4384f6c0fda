// CLIENT and its subcommands.

#include "engine/commands/client_filter.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ClientCommands : public CommandTest {
 protected:
  ClientCommands() {
    session().id = ClientId{1};
    node().clients = {Client(1, "127.0.0.1:1001", 10), Client(2, "127.0.0.1:1002", 20),
                      Client(3, "127.0.0.1:1003", 30)};
  }

  static ClientInfo Client(uint64_t id, std::string peer, int64_t age_s) {
    ClientInfo info;
    info.session.id = ClientId{id};
    info.session.peer_address = std::move(peer);
    info.session.local_address = "127.0.0.1:6379";
    info.age_s = age_s;
    return info;
  }

  // The ids of the lines that CLIENT LIST replies.
  std::vector<std::string> Ids(const ReplyValue& list) {
    std::vector<std::string> ids;
    for (size_t at = 0; (at = list.text.find("id=", at)) != std::string::npos; ++at) {
      if (at == 0 || list.text[at - 1] == '\n') {
        ids.push_back(list.text.substr(at + 3, list.text.find(' ', at) - at - 3));
      }
    }
    return ids;
  }
  std::vector<uint64_t> Left() {
    std::vector<uint64_t> ids;
    for (const ClientInfo& client : node().clients) ids.push_back(client.session.id.value);
    return ids;
  }
};

TEST_F(ClientCommands, LineHasEveryField) {
  ClientInfo client = Client(5, "127.0.0.1:50000", 7);
  client.idle_s = 2;
  client.session.name = "me";
  client.session.file_descriptor = 9;
  client.session.db = DbIndex{3};
  client.session.transaction.open = true;
  client.session.no_touch = true;
  client.session.resp = Resp::k3;
  client.session.last_command = FindByFullName("client|list");
  client.session.library_name = "lib";
  client.session.library_version = "1.0";
  client.session.output_pending_bytes = 4;
  client.session.output_buffer_bytes = 512;
  client.session.output_buffer_peak_bytes = 100;
  client.session.query_buffer_bytes = 11;
  client.session.query_buffer_free_bytes = 12;
  client.session.memory_bytes = 2000;
  client.session.net_input_bytes = 21;
  client.session.net_output_bytes = 22;
  client.session.commands_processed = 23;
  client.queued_commands = 2;
  client.queued_bytes = 40;
  client.watched_keys = 1;
  EXPECT_EQ(ClientLine(client),
            "id=5 addr=127.0.0.1:50000 laddr=127.0.0.1:6379 fd=9 name=me age=7 idle=2 flags=xT "
            "db=3 sub=0 psub=0 ssub=0 multi=2 watch=1 qbuf=11 qbuf-free=12 argv-mem=0 multi-mem=40 "
            "rbs=512 rbp=100 obl=4 oll=0 omem=512 tot-mem=2000 events=rw cmd=client|list "
            "user=default redir=-1 resp=3 lib-name=lib lib-ver=1.0 tot-net-in=21 tot-net-out=22 "
            "tot-cmds=23");
}

TEST_F(ClientCommands, InfoIsTheOwnLine) {
  EXPECT_THAT(Ids(Run("CLIENT INFO")), ElementsAre("1"));
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr(" argv-mem=10 "));
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr(" cmd=client|info "));
  EXPECT_THAT(Run("CLIENT ID"), IsInt(1));
}

TEST_F(ClientCommands, ListFilters) {
  EXPECT_THAT(Ids(Run("CLIENT LIST")), ElementsAre("1", "2", "3"));
  EXPECT_THAT(Ids(Run("CLIENT LIST ID 3 1 99")), ElementsAre("1", "3"));
  EXPECT_THAT(Ids(Run("CLIENT LIST ID 3 1 SKIPME yes")), ElementsAre("3"));
  EXPECT_THAT(Ids(Run("CLIENT LIST ADDR 127.0.0.1:1002")), ElementsAre("2"));
  EXPECT_THAT(Ids(Run("CLIENT LIST LADDR 127.0.0.1:1002")), IsEmpty());
  EXPECT_THAT(Ids(Run("CLIENT LIST MAXAGE 20")), ElementsAre("2", "3"));
  EXPECT_THAT(Ids(Run("CLIENT LIST TYPE normal")), ElementsAre("1", "2", "3"));
  EXPECT_THAT(Ids(Run("CLIENT LIST TYPE primary")), IsEmpty());
  EXPECT_THAT(Ids(Run("CLIENT LIST TYPE Replica")), IsEmpty());
  EXPECT_THAT(Ids(Run("CLIENT LIST USER default MAXAGE 25 SKIPME no")), ElementsAre("3"));
}

TEST_F(ClientCommands, FilterErrors) {
  EXPECT_THAT(Run("CLIENT LIST TYPE"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT LIST ID"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT LIST ID x"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT LIST ID 1 2 abc"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT LIST TYPE normal FOO"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT LIST SKIPME maybe"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT LIST MAXAGE 0"), IsError("ERR maxage should be greater than 0"));
  EXPECT_THAT(Run("CLIENT LIST MAXAGE x"), IsError("ERR maxage is not an integer or out of range"));
  EXPECT_THAT(Run("CLIENT KILL TYPE foo"), IsError("ERR Unknown client type 'foo'"));
  EXPECT_THAT(Run("CLIENT KILL USER bob"), IsError("ERR No such user 'bob'"));
  EXPECT_THAT(Run("CLIENT KILL ID 0"), IsError("ERR client-id should be greater than 0"));
  EXPECT_THAT(Left(), ElementsAre(1, 2, 3));
}

TEST_F(ClientCommands, KillSparesItselfUnlessTold) {
  EXPECT_THAT(Run("CLIENT KILL MAXAGE 25"), IsInt(1));
  EXPECT_THAT(Left(), ElementsAre(1, 2));
  EXPECT_THAT(Run("CLIENT KILL TYPE normal"), IsInt(1));
  EXPECT_THAT(Left(), ElementsAre(1));
  EXPECT_FALSE(session().close_after_reply);
  EXPECT_THAT(Run("CLIENT KILL TYPE normal SKIPME no"), IsInt(1));
  EXPECT_TRUE(session().close_after_reply);
}

TEST_F(ClientCommands, KillByAddressAlone) {
  EXPECT_THAT(Run("CLIENT KILL 1.2.3.4:5"), IsError("ERR No such client"));
  EXPECT_THAT(Run("CLIENT KILL 127.0.0.1:1002"), IsOk());
  EXPECT_THAT(Left(), ElementsAre(1, 3));
  EXPECT_THAT(Run("CLIENT KILL 127.0.0.1:1001"), IsOk());
  EXPECT_TRUE(session().close_after_reply);
}

TEST_F(ClientCommands, NamesArePrintableWithoutBlanks) {
  EXPECT_THAT(Run("CLIENT GETNAME"), IsNil());
  EXPECT_THAT(Run("CLIENT SETNAME me"), IsOk());
  EXPECT_THAT(Run("CLIENT GETNAME"), IsBulk("me"));
  EXPECT_EQ(Run("CLIENT SETNAME 'a b'").text.substr(0, 23), "ERR Client names cannot");
  EXPECT_THAT(Run("CLIENT GETNAME"), IsBulk("me"));
  EXPECT_THAT(Run("CLIENT SETNAME ''"), IsOk());
  EXPECT_THAT(Run("CLIENT GETNAME"), IsNil());
}

TEST_F(ClientCommands, SetInfo) {
  EXPECT_THAT(Run("CLIENT SETINFO lib-name jedis"), IsOk());
  EXPECT_THAT(Run("CLIENT SETINFO LIB-VER 1.2"), IsOk());
  EXPECT_EQ(session().library_name, "jedis");
  EXPECT_EQ(session().library_version, "1.2");
  EXPECT_THAT(Run("CLIENT SETINFO foo bar"), IsError("ERR Unrecognized option 'foo'"));
  EXPECT_THAT(Run("CLIENT SETINFO lib-Name 'a b'"),
              IsError("ERR lib-Name cannot contain spaces, newlines or special characters."));
}

TEST_F(ClientCommands, ReplyModes) {
  EXPECT_EQ(RunBytes({"CLIENT", "REPLY", "SKIP"}), "");
  EXPECT_EQ(session().reply_mode, ReplyMode::kSkipNext);
  EXPECT_EQ(RunBytes({"CLIENT", "REPLY", "OFF"}), "");
  EXPECT_EQ(session().reply_mode, ReplyMode::kOff);
  EXPECT_EQ(RunBytes({"CLIENT", "REPLY", "SKIP"}), "");
  EXPECT_EQ(session().reply_mode, ReplyMode::kOff);
  EXPECT_THAT(Run("CLIENT REPLY on"), IsOk());
  EXPECT_EQ(session().reply_mode, ReplyMode::kOn);
  EXPECT_THAT(Run("CLIENT REPLY foo"), IsError("ERR syntax error"));
}

TEST_F(ClientCommands, PauseNeverShortensNorSoftens) {
  const Instant now{now_ms() * 1000000};
  EXPECT_THAT(Run("CLIENT PAUSE 1000 WRITE"), IsOk());
  EXPECT_EQ(node().pause.mode, PauseMode::kWrite);
  EXPECT_EQ(node().pause.until, now + Duration::Millis(1000));
  EXPECT_THAT(Run("CLIENT PAUSE 500"), IsOk());
  EXPECT_EQ(node().pause.mode, PauseMode::kAll);
  EXPECT_EQ(node().pause.until, now + Duration::Millis(1000));
  EXPECT_THAT(Run("CLIENT PAUSE 2000 WRITE"), IsOk());
  EXPECT_EQ(node().pause.mode, PauseMode::kAll);
  EXPECT_EQ(node().pause.until, now + Duration::Millis(2000));
  Advance(Duration::Seconds(3));
  EXPECT_THAT(Run("CLIENT PAUSE 10 WRITE"), IsOk());
  EXPECT_EQ(node().pause.mode, PauseMode::kWrite);
  EXPECT_THAT(Run("CLIENT UNPAUSE"), IsOk());
  EXPECT_EQ(node().pause.mode, PauseMode::kNone);
}

TEST_F(ClientCommands, PauseErrors) {
  EXPECT_THAT(Run("CLIENT PAUSE x"), IsError("ERR timeout is not an integer or out of range"));
  EXPECT_THAT(Run("CLIENT PAUSE -1"), IsError("ERR timeout is negative"));
  EXPECT_THAT(Run("CLIENT PAUSE 9223372036854775807"), IsError("ERR timeout is out of range"));
  EXPECT_THAT(Run("CLIENT PAUSE x foo"), IsError("ERR CLIENT PAUSE mode must be WRITE or ALL"));
  EXPECT_EQ(node().pause.mode, PauseMode::kNone);
  EXPECT_THAT(Run("CLIENT PAUSE 9000000000000000000"), IsOk());
  EXPECT_EQ(node().pause.until, Instant::Never());
}

TEST_F(ClientCommands, Unblock) {
  node().blocked_client = ClientId{2};
  EXPECT_THAT(Run("CLIENT UNBLOCK 2 ERROR"), IsInt(1));
  EXPECT_THAT(Run("CLIENT UNBLOCK 3"), IsInt(0));
  EXPECT_THAT(Run("CLIENT UNBLOCK 3 x"),
              IsError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
  EXPECT_THAT(Run("CLIENT UNBLOCK x"), IsError("ERR value is not an integer or out of range"));
}

TEST_F(ClientCommands, SwitchesTakeOnAndOff) {
  EXPECT_THAT(Run("CLIENT NO-EVICT On"), IsOk());
  EXPECT_TRUE(session().no_evict);
  EXPECT_THAT(Run("CLIENT NO-EVICT off"), IsOk());
  EXPECT_FALSE(session().no_evict);
  EXPECT_THAT(Run("CLIENT NO-TOUCH ON"), IsOk());
  EXPECT_TRUE(session().no_touch);
  EXPECT_THAT(Run("CLIENT NO-TOUCH maybe"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT CAPA redirect whatever"), IsOk());
}

TEST_F(ClientCommands, ImportSourceNeedsImportMode) {
  EXPECT_THAT(Run("CLIENT IMPORT-SOURCE ON"), IsError("ERR Server is not in import mode"));
  EXPECT_THAT(Run("CLIENT IMPORT-SOURCE OFF"), IsOk());
  EXPECT_THAT(Run("CONFIG SET import-mode yes"), IsOk());
  EXPECT_THAT(Run("CLIENT IMPORT-SOURCE maybe"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT IMPORT-SOURCE ON"), IsOk());
  EXPECT_TRUE(session().import_source);
}

TEST_F(ClientCommands, TrackingIsOff) {
  EXPECT_EQ(Run("CLIENT CACHING yes").text.substr(0, 36), "ERR CLIENT CACHING can be called onl");
  EXPECT_THAT(Run("CLIENT GETREDIR"), IsInt(-1));
  EXPECT_THAT(Run("CLIENT TRACKINGINFO"),
              IsMap(IsBulk("flags"), IsArray(IsBulk("off")), IsBulk("redirect"), IsInt(-1),
                    IsBulk("prefixes"), IsArray()));
}

TEST_F(ClientCommands, HelpNamesEverySubcommand) {
  const ReplyValue help = Run("client HELP");
  EXPECT_EQ(help.items.front().text,
            "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  std::string all;
  for (const ReplyValue& line : help.items) all += line.text + "\n";
  for (const CommandSpec& subcommand : FindCommand("client")->subcommands) {
    std::string name(subcommand.name);
    for (char& c : name) c = static_cast<char>(toupper(c));
    EXPECT_THAT(all, HasSubstr("\n" + name));
  }
  EXPECT_THAT(all, Not(HasSubstr("\nTRACKING (")));
}

TEST_F(ClientCommands, KillOfTypePrimaryDropsTheLink) {
  EXPECT_THAT(Run("CLIENT KILL TYPE master"), IsInt(0));
  node().replication_value.view.following = true;
  EXPECT_THAT(Run("CLIENT KILL TYPE primary"), IsInt(1));
  EXPECT_THAT(Left(), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace norn
