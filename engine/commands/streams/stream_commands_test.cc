#include <string>
#include <vector>

#include "engine/commands/testing.h"
#include "engine/persist/testing.h"

namespace norn {
namespace {

class StreamCommands : public CommandTest {
 protected:
  StreamCommands() : CommandTest(2) {}

  std::string Wire(std::vector<std::string_view> words) { return RunBytes(words); }
};

TEST_F(StreamCommands, AddAndRange) {
  Session({{"XADD s 1-1 a 1 b 2", "$1-1"},
           {"XADD s 1-* a x", "$1-2"},
           {"XADD s 3 f v", "$3-0"},
           {"XADD s 3 f v",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item"},
           {"XADD s 0-0 f v", "-ERR The ID specified in XADD must be greater than 0-0"},
           {"XADD s x f v", "-ERR Invalid stream ID specified as stream command argument"},
           {"XADD s * f", "-ERR wrong number of arguments for 'xadd' command"},
           {"XADD none NOMKSTREAM * f v", "nil"},
           {"EXISTS none", ":0"},
           {"XLEN s", ":3"},
           {"XRANGE s - +", "[[$1-1, [$a, $1, $b, $2]], [$1-2, [$a, $x]], [$3-0, [$f, $v]]]"},
           {"XRANGE s (1-1 2", "[[$1-2, [$a, $x]]]"},
           {"XREVRANGE s + - COUNT 1", "[[$3-0, [$f, $v]]]"},
           {"XRANGE s - + COUNT 0", "nil"},
           {"XRANGE nosuch - +", "[]"},
           {"TYPE s", "+stream"},
           {"OBJECT ENCODING s", "$stream"}});
}

TEST_F(StreamCommands, GeneratedIdsAreTheTimeAndOnlyGrow) {
  const std::string now = std::to_string(now_ms());
  EXPECT_THAT(Run("XADD s * f v"), IsBulk(now + "-0"));
  EXPECT_THAT(Run("XADD s * f v"), IsBulk(now + "-1"));
  Run("XADD s 9999999999999-5 f v");
  EXPECT_THAT(Run("XADD s * f v"), IsBulk("9999999999999-6"));
  Run("XADD s 18446744073709551615-18446744073709551615 f v");
  Session({{"XADD s * f v",
            "-ERR The stream has exhausted the last possible ID, unable to add more items"}});
}

TEST_F(StreamCommands, ErasedEntriesAreRemembered) {
  Session({{"XADD s 1-1 f v", "$1-1"},
           {"XADD s 2-1 f v", "$2-1"},
           {"XDEL s 2-1 2-1 7-7", ":1"},
           {"XLEN s", ":1"},
           {"XADD s 2-1 f v",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item"},
           {"XDEL s 1-1", ":1"},
           {"EXISTS s", ":1"},
           {"XRANGE s - +", "[]"},
           {"XINFO STREAM s",
            "[$length, :0, $radix-tree-keys, :0, $radix-tree-nodes, :1, $last-generated-id, $2-1, "
            "$max-deleted-entry-id, $2-1, $entries-added, :2, $recorded-first-entry-id, $0-0, "
            "$groups, :0, $first-entry, nil, $last-entry, nil]"},
           {"XSETID s 1-5",
            "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"},
           {"XSETID s 5 ENTRIESADDED 9 MAXDELETEDID 4", "+OK"},
           {"XADD s 4-9 f v",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item"}});
}

TEST_F(StreamCommands, Trims) {
  options().stream_node_max_entries = 2;
  for (const char* id : {"1-0", "2-0", "3-0", "4-0", "5-0"}) {
    Run("XADD s " + std::string(id) + " f v");
  }
  Session({{"XTRIM s MAXLEN ~ 4", ":0"},
           {"XTRIM s MAXLEN ~ 3", ":2"},
           {"XTRIM s MINID 4", ":1"},
           {"XADD s MAXLEN 1 6-0 f v", "$6-0"},
           {"XRANGE s - +", "[[$6-0, [$f, $v]]]"},
           {"XTRIM s MAXLEN 0 LIMIT 3",
            "-ERR syntax error, LIMIT cannot be used without the special ~ option"},
           {"XTRIM s MAXLEN 0 MINID 3",
            "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible"},
           {"XTRIM s LIMIT 3",
            "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"},
           {"XTRIM s MAXLEN 0", ":1"},
           {"XTRIM nosuch MAXLEN 0", ":0"}});
}

TEST_F(StreamCommands, ReadsBehindIds) {
  Run("XADD a 1-1 f 1");
  Run("XADD a 2-1 f 2");
  Run("XADD b 1-1 g 1");
  Session({{"XREAD COUNT 1 STREAMS a b nosuch 1 1 0",
            "[[$a, [[$1-1, [$f, $1]]]], [$b, [[$1-1, [$g, $1]]]]]"},
           {"XREAD STREAMS a b 1-1 1-1", "[[$a, [[$2-1, [$f, $2]]]]]"},
           {"XREAD STREAMS a $", "nil"},
           {"XREAD STREAMS a +", "[[$a, [[$2-1, [$f, $2]]]]]"},
           {"XREAD BLOCK 10 STREAMS a $", "nil"},
           {"XREAD STREAMS a b 0",
            "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be "
            "specified."},
           {"XREAD NOACK STREAMS a 0",
            "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."}});
  session().resp = Resp::k3;
  EXPECT_EQ(Wire({"XREAD", "STREAMS", "b", "0"}),
            "%1\r\n$1\r\nb\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\ng\r\n$1\r\n1\r\n");
}

TEST_F(StreamCommands, GroupsDeliverEachEntryOnce) {
  for (const char* id : {"1-0", "2-0", "3-0"}) Run("XADD s " + std::string(id) + " f v");
  Session(
      {{"XGROUP CREATE s g 0", "+OK"},
       {"XGROUP CREATE s g 0", "-BUSYGROUP Consumer Group name already exists"},
       {"XREADGROUP GROUP g a COUNT 2 STREAMS s >", "[[$s, [[$1-0, [$f, $v]], [$2-0, [$f, $v]]]]]"},
       {"XREADGROUP GROUP g b STREAMS s >", "[[$s, [[$3-0, [$f, $v]]]]]"},
       {"XREADGROUP GROUP g b STREAMS s >", "nil"},
       {"XREADGROUP GROUP g b STREAMS s 0", "[[$s, [[$3-0, [$f, $v]]]]]"},
       {"XPENDING s g", "[:3, $1-0, $3-0, [[$a, $2], [$b, $1]]]"},
       {"XPENDING s g - + 5 b", "[[$3-0, $b, :0, :2]]"},
       {"XACK s g 1-0 1-0 9-0", ":1"},
       {"XDEL s 2-0", ":1"},
       {"XREADGROUP GROUP g a STREAMS s 0", "[[$s, [[$2-0, nil]]]]"},
       {"XGROUP DELCONSUMER s g a", ":1"},
       {"XPENDING s g", "[:1, $3-0, $3-0, [[$b, $1]]]"},
       {"XINFO GROUPS s",
        "[[$name, $g, $consumers, :1, $pending, :1, $last-delivered-id, $3-0, $entries-read, "
        ":3, $lag, :0]]"},
       {"XREADGROUP GROUP none a STREAMS s >",
        "-NOGROUP No such key 's' or consumer group 'none' in XREADGROUP with GROUP option"},
       {"XGROUP DESTROY s g", ":1"},
       {"XGROUP DESTROY s g", ":0"},
       {"XACK s g 3-0", ":0"}});
}

TEST_F(StreamCommands, ClaimsMoveWhatIsIdle) {
  for (const char* id : {"1-0", "2-0", "3-0"}) Run("XADD s " + std::string(id) + " f v");
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g a STREAMS s >");
  Advance(Duration::Seconds(5));
  Session({{"XPENDING s g IDLE 5000 - + 1", "[[$1-0, $a, :5000, :1]]"},
           {"XPENDING s g IDLE 5001 - + 1", "[]"},
           {"XCLAIM s g b 5001 1-0", "[]"},
           {"XCLAIM s g b 5000 1-0", "[[$1-0, [$f, $v]]]"},
           {"XCLAIM s g b 0 1-0 JUSTID RETRYCOUNT 9 IDLE 70", "[$1-0]"},
           {"XPENDING s g - + 1", "[[$1-0, $b, :70, :9]]"},
           {"XDEL s 2-0", ":1"},
           {"XAUTOCLAIM s g c 1000 0 COUNT 1", "[$3-0, [], [$2-0]]"},
           {"XAUTOCLAIM s g c 1000 - JUSTID", "[$0-0, [$3-0], []]"},
           {"XPENDING s g", "[:2, $1-0, $3-0, [[$b, $1], [$c, $1]]]"},
           {"XINFO CONSUMERS s g",
            "[[$name, $a, $pending, :0, $idle, :5000, $inactive, :5000], [$name, $b, $pending, :1, "
            "$idle, :0, $inactive, :0], [$name, $c, $pending, :1, $idle, :0, $inactive, :0]]"},
           {"XCLAIM s g b 0 9-0 FORCE", "[]"},
           {"XCLAIM s g b 0 1-0 BOGUS", "-ERR Unrecognized XCLAIM option 'BOGUS'"},
           {"XAUTOCLAIM s g c 0 0 COUNT 0", "-ERR COUNT must be > 0"}});
}

TEST_F(StreamCommands, TheWholeIsDescribed) {
  Run("XADD s 1-0 f v");
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g a STREAMS s >");
  const std::string now = std::to_string(now_ms());
  Session({{"XINFO STREAM s FULL",
            "[$length, :1, $radix-tree-keys, :1, $radix-tree-nodes, :2, $last-generated-id, $1-0, "
            "$max-deleted-entry-id, $0-0, $entries-added, :1, $recorded-first-entry-id, $1-0, "
            "$entries, [[$1-0, [$f, $v]]], $groups, [[$name, $g, $last-delivered-id, $1-0, "
            "$entries-read, :1, $lag, :0, $pel-count, :1, $pending, [[$1-0, $a, :" +
                now + ", :1]], $consumers, [[$name, $a, $seen-time, :" + now + ", $active-time, :" +
                now + ", $pel-count, :1, $pending, [[$1-0, :" + now + ", :1]]]]]]]"},
           {"XINFO STREAM s BOGUS",
            "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP."},
           {"XINFO STREAM nosuch", "-ERR no such key"}});
}

TEST_F(StreamCommands, WrongTypesAreRefused) {
  Run("SET k v");
  const std::string wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
  for (const std::string line :
       {"XADD k * f v", "XLEN k", "XRANGE k - +", "XDEL k 1-1", "XTRIM k MAXLEN 1", "XSETID k 1-1",
        "XREAD STREAMS k 0", "XREADGROUP GROUP g c STREAMS k >", "XGROUP CREATE k g 0",
        "XGROUP DESTROY k g", "XACK k g 1-1", "XPENDING k g", "XCLAIM k g c 0 1-1",
        "XAUTOCLAIM k g c 0 0", "XINFO STREAM k", "XINFO GROUPS k", "XINFO CONSUMERS k g"}) {
    EXPECT_EQ(Show(Run(line)), wrong) << line;
  }
}

// What DUMP of redis-server 7.0 replies for a stream with an erased entry, a group, a consumer and a pending entry.
TEST_F(StreamCommands, RestoresWhatRedisDumped) {
  const std::string payload = persist::FromHex(
      "130110000000000000000100000000000000013f3f00000019000201010102018161028162020001020100010001"
      "0101"
      "817802050103010101dfff0202018179020501000101010401010181630203010601ff0202050101020003010167"
      "0101"
      "81ffffffffffffffff0100000000000000010000000000000001143a2400a20100000101026d65143a2400a20100"
      "0001"
      "000000000000000100000000000000010a00fa67de28bd741b0a");
  EXPECT_THAT(RunWords({"RESTORE", "s", "0", payload}), IsOk());
  Session(
      {{"XRANGE s - +", "[[$1-1, [$a, $1, $b, $x]], [$2-5, [$c, $3]]]"},
       {"XPENDING s g", "[:1, $1-1, $1-1, [[$me, $1]]]"},
       {"XINFO GROUPS s",
        "[[$name, $g, $consumers, :1, $pending, :1, $last-delivered-id, $1-1, $entries-read, nil, "
        "$lag, nil]]"},
       {"XADD s 2-5 f v",
        "-ERR The ID specified in XADD is equal or smaller than the target stream top item"}});
  options().rdb_write_version = 10;
  EXPECT_EQ(Run("DUMP s").text, payload);
}

// Entries, groups and what is pending come back from a payload of each version, and a copy is the original's equal.
TEST_F(StreamCommands, DumpRestoreAndCopy) {
  options().stream_node_max_entries = 2;
  for (const char* id : {"1-0", "2-0", "3-0", "4-0"}) Run("XADD s " + std::string(id) + " f v");
  Run("XADD s 5-0 other 12345");
  Run("XGROUP CREATE s g 0");
  Run("XGROUP CREATE s h 3-0 ENTRIESREAD 3");
  Run("XREADGROUP GROUP g a COUNT 3 STREAMS s >");
  Run("XREADGROUP GROUP g b COUNT 1 STREAMS s >");
  Run("XACK s g 2-0");
  const std::string whole = Show(Run("XINFO STREAM s FULL COUNT 0"));
  const std::string digest = Show(Run("DEBUG DIGEST-VALUE s"));
  for (const int version : {9, 10, 11}) {
    options().rdb_write_version = version;
    const std::string payload = Run("DUMP s").text;
    EXPECT_THAT(RunWords({"RESTORE", "copy", "0", payload, "REPLACE"}), IsOk());
    EXPECT_EQ(Show(Run("DEBUG DIGEST-VALUE copy")), digest);
    EXPECT_EQ(Show(Run("XPENDING copy g")), Show(Run("XPENDING s g")));
    // Version 9 says nothing of entries read.
    if (version > 9) {
      EXPECT_EQ(Show(Run("XINFO STREAM copy FULL COUNT 0")), whole);
    }
    for (size_t at = 1; at + 10 < payload.size(); at += 7) {
      std::string damaged = payload;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
      RunWords({"RESTORE", "copy", "0", damaged, "REPLACE"});
    }
  }
  EXPECT_THAT(Run("COPY s t"), IsInt(1));
  EXPECT_EQ(Show(Run("XINFO STREAM t FULL COUNT 0")), whole);
  EXPECT_GT(Run("MEMORY USAGE t").integer, 500);
  Run("XACK t g 1-0");
  EXPECT_EQ(Show(Run("XINFO STREAM s FULL COUNT 0")), whole);
}

}  // namespace
}  // namespace norn
