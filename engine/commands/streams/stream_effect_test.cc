#include "engine/commands/effect_testing.h"

namespace norn {
namespace {

TEST_F(EffectTest, StreamsAreAddedToUnderTheIdsTheyGot) {
  Repeat({{"XADD s 1-1 f v", "XADD s 1-1 f v"},
          {"XADD s 1-1 f v", ""},
          {"XADD s 1-* f v", "XADD s 1-2 f v"},
          {"XADD s NOMKSTREAM * f v", "XADD s NOMKSTREAM {now+0}-0 f v"},
          {"XADD s * f v", "XADD s {now+0}-1 f v"},
          {"XADD s MAXLEN 3 * f v", "XADD s MAXLEN 3 {now+0}-2 f v"},
          {"XADD s MAXLEN ~ 2 LIMIT 9 * f v", "XADD s MAXLEN = 4 LIMIT 9 {now+0}-3 f v"},
          {"XADD s MINID ~ 2 9999999999999 f v", "XADD s MINID = {now+0}-0 9999999999999-0 f v"},
          {"XDEL s 7-7", ""},
          {"XDEL s {now+0}-1 7-7", "XDEL s {now+0}-1 7-7"},
          {"XTRIM s MAXLEN ~ 1", ""},
          {"XTRIM s MAXLEN 2", "XTRIM s MAXLEN 2"},
          {"XTRIM s MAXLEN ~ 0", "XTRIM s MAXLEN = 0"},
          {"XSETID s 9999999999999-9", "XSETID s 9999999999999-9"},
          {"XSETID s 1-1", ""}});
}

TEST_F(EffectTest, GroupsOfStreams) {
  Repeat({{"XGROUP CREATE s g $", ""},
          {"XGROUP CREATE s g $ MKSTREAM", "XGROUP CREATE s g $ MKSTREAM"},
          {"XGROUP CREATE s g $ MKSTREAM", ""},
          {"XGROUP SETID s g 0", "XGROUP SETID s g 0"},
          {"XGROUP CREATECONSUMER s g c", "XGROUP CREATECONSUMER s g c"},
          {"XGROUP CREATECONSUMER s g c", ""},
          {"XGROUP DELCONSUMER s g c", "XGROUP DELCONSUMER s g c"},
          {"XGROUP DELCONSUMER s g c", ""},
          {"XGROUP DESTROY s g", "XGROUP DESTROY s g"},
          {"XGROUP DESTROY s g", ""}});
}

TEST_F(EffectTest, WhatStreamsHandOut) {
  Run("XADD s 1-1 f v");
  Run("XADD s 2-1 f v");
  Run("XADD s 3-1 f v");
  Run("XGROUP CREATE s g 0");
  TakeEffects();
  const std::string_view claim =
      "XCLAIM s g a 0 1-1 TIME {now+0} RETRYCOUNT 1 FORCE JUSTID LASTID 1-1";
  Repeat({{"XREADGROUP GROUP g a COUNT 1 STREAMS s >",
           "MULTI; " + std::string(claim) + "; XGROUP SETID s g 1-1 ENTRIESREAD 1; EXEC"},
          {"XREADGROUP GROUP g a STREAMS s 0", ""},
          {"XREADGROUP GROUP g b NOACK COUNT 1 STREAMS s >",
           "MULTI; XGROUP CREATECONSUMER s g b; XGROUP SETID s g 2-1 ENTRIESREAD 2; EXEC"},
          {"XREADGROUP GROUP g c STREAMS s 0", "XGROUP CREATECONSUMER s g c"},
          {"XCLAIM s g b 100 1-1", ""},
          {"XCLAIM s g d 100 1-1", "XGROUP CREATECONSUMER s g d"},
          {"XCLAIM s g b 0 1-1",
           "XCLAIM s g b 0 1-1 TIME {now+0} RETRYCOUNT 3 FORCE JUSTID LASTID 2-1"},
          {"XCLAIM s g b 0 9-9 LASTID 2-5", "XGROUP SETID s g 2-5 ENTRIESREAD 2"},
          {"XAUTOCLAIM s g c 0 0 JUSTID",
           "XCLAIM s g c 0 1-1 TIME {now+0} RETRYCOUNT 3 FORCE JUSTID LASTID 2-5"},
          {"XDEL s 1-1", "XDEL s 1-1"},
          {"XAUTOCLAIM s g a 0 0",
           "XCLAIM s g c 0 1-1 TIME {now+0} RETRYCOUNT 3 FORCE JUSTID LASTID 2-5"},
          {"XACK s g 1-1", ""},
          {"XREAD STREAMS s 0", ""},
          {"XCLAIM s g c 0 3-1 FORCE JUSTID",
           "XCLAIM s g c 0 3-1 TIME {now+0} RETRYCOUNT 1 FORCE JUSTID LASTID 2-5"},
          {"XACK s g 3-1", "XACK s g 3-1"}});
}

// The oldest version of payloads leaves that away.
TEST_F(EffectTest, RestoredStreamsKeepWhatTheyAndTheirGroupsCounted) {
  for (const std::string_view line : {"XADD s 1-1 f v", "XADD s 2-1 f v", "XADD s 3-1 f v",
                                      "XDEL s 2-1", "XGROUP CREATE s g 1-1"}) {
    Run(line);
  }
  const ReplyValue dumped = Run("DUMP s");
  TakeEffects();
  RunWords({"RESTORE", "copy", "0", dumped.text});
  std::vector<Repeated> repeated = TakeRepeated();
  ASSERT_EQ(repeated.size(), 1u);
  repeated[0].words[1] = "again";
  RunWords({repeated[0].words.begin(), repeated[0].words.end()});
  for (const std::string line : {"XINFO STREAM ", "XINFO GROUPS "}) {
    EXPECT_EQ(Show(Run(line + "again")), Show(Run(line + "s")));
  }
  EXPECT_EQ(Show(Run("XINFO STREAM again")).find("$max-deleted-entry-id, $0-0"), std::string::npos);
}

}  // namespace
}  // namespace norn
