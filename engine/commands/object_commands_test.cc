#include "engine/commands/testing.h"

namespace norn {
namespace {

class ObjectCommands : public CommandTest {};

TEST_F(ObjectCommands, Encodings) {
  Session({
      {"OBJECT ENCODING k", "nil"},
      {"SET k 123", "+OK"},
      {"OBJECT ENCODING k", "$int"},
      {"SET k -9223372036854775808", "+OK"},
      {"OBJECT ENCODING k", "$int"},
      {"SET k 9223372036854775808", "+OK"},
      {"OBJECT ENCODING k", "$embstr"},
      {"SET k 007", "+OK"},
      {"OBJECT ENCODING k", "$embstr"},
      {"SET k 1234567890123456789012345678901234567890", "+OK"},
      {"OBJECT ENCODING k", "$embstr"},
      {"SET k 123456789012345678901234567890123456789012345", "+OK"},
      {"OBJECT ENCODING k", "$raw"},
      {"SET k foo", "+OK"},
      {"APPEND k bar", ":6"},
      {"OBJECT ENCODING k", "$raw"},
      {"COPY k l", ":1"},
      {"RENAME k m", "+OK"},
      {"OBJECT ENCODING m", "$raw"},
      {"SET m foo", "+OK"},
      {"OBJECT ENCODING m", "$embstr"},
      {"OBJECT REFCOUNT m", ":1"},
      {"OBJECT REFCOUNT none", "nil"},
      {"OBJECT ENCODING", "-ERR wrong number of arguments for 'object|encoding' command"},
      {"OBJECT", "-ERR wrong number of arguments for 'object' command"},
  });
}

TEST_F(ObjectCommands, IdleTime) {
  Session({{"SET k v", "+OK"}, {"OBJECT IDLETIME none", "nil"}, {"OBJECT IDLETIME k", ":0"}});
  Advance(Duration::Seconds(10));
  Session({
      {"OBJECT IDLETIME k", ":10"},
      {"TTL k", ":-1"},
      {"TYPE k", "+string"},
      {"EXISTS k", ":1"},
      {"OBJECT IDLETIME k", ":10"},
      {"TOUCH k", ":1"},
      {"OBJECT IDLETIME k", ":0"},
  });
  Advance(Duration::Seconds(5));
  session().no_touch = true;
  Session({{"GET k", "$v"}, {"OBJECT IDLETIME k", ":5"}});
  session().no_touch = false;
  Session({{"GET k", "$v"}, {"OBJECT IDLETIME k", ":0"}});
}

constexpr std::string_view kNoLfu =
    "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust.";
constexpr std::string_view kLfu =
    "-ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
    "switching between policies at runtime LRU and LFU data will take some time to adjust.";

TEST_F(ObjectCommands, FrequencyAsksForAnLfuPolicy) {
  Session({{"SET k v", "+OK"}, {"OBJECT FREQ none", "nil"}, {"OBJECT FREQ k", kNoLfu}});
  options().maxmemory_policy = config::MaxmemoryPolicy::kAllKeysLfu;
  Session({{"OBJECT IDLETIME k", kLfu}, {"OBJECT IDLETIME none", "nil"}});
}

TEST_F(ObjectCommands, Help) {
  const ReplyValue help = Run("OBJECT HELP");
  ASSERT_EQ(help.items.size(), 11u);
  EXPECT_THAT(help.items[0],
              IsSimple("OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
  EXPECT_THAT(help.items[1], IsSimple("ENCODING <key>"));
}

}  // namespace
}  // namespace norn
