#include <string>

#include "engine/commands/testing.h"

namespace norn {
namespace {

class BitmapCommands : public CommandTest {
 protected:
  BitmapCommands() : CommandTest(2) {}
};

TEST_F(BitmapCommands, SetAndGetBits) {
  Session({{"GETBIT k 7", ":0"},
           {"SETBIT k 7 1", ":0"},
           {"SETBIT k 7 1", ":1"},
           {"GET k", "$\x01"},
           {"GETBIT k 7", ":1"},
           {"GETBIT k 4294967295", ":0"},
           {"SETBIT k 7 0", ":1"},
           {"SETBIT k 100 0", ":0"},
           {"STRLEN k", ":13"},
           {"SET n 1", "+OK"},
           {"SETBIT n 6 1", ":0"},
           {"GET n", "$3"},
           {"SETBIT k 4294967296 1", "-ERR bit offset is not an integer or out of range"},
           {"SETBIT k -1 1", "-ERR bit offset is not an integer or out of range"},
           {"GETBIT k x", "-ERR bit offset is not an integer or out of range"},
           {"SETBIT k 1 2", "-ERR bit is not an integer or out of range"},
           {"SADD s a", ":1"},
           {"SETBIT s 1 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"}});
}

TEST_F(BitmapCommands, SettingABitToWhatItIsChangesNothing) {
  Run("SETBIT k 9 1");
  TakeEffects();
  Run("SETBIT k 9 1");
  EXPECT_EQ(TakeEffects(), "");
  Run("SETBIT k 16 0");  // one byte more
  EXPECT_EQ(TakeEffects(), "SETBIT k 16 0");
}

TEST_F(BitmapCommands, CountOfRanges) {
  Run("SET k foobar");
  Session({{"BITCOUNT k", ":26"},
           {"BITCOUNT none", ":0"},
           {"BITCOUNT k 0 0", ":4"},
           {"BITCOUNT k 1 1 BYTE", ":6"},
           {"BITCOUNT k 5 30 BIT", ":17"},
           {"BITCOUNT k -2", ":7"},
           {"BITCOUNT k -1 -2", ":0"},
           {"BITCOUNT k -8 -7 BIT", ":1"},
           {"BITCOUNT k 0 0 NIBBLE", "-ERR syntax error"},
           {"BITCOUNT none 0 x", "-ERR value is not an integer or out of range"}});
}

TEST_F(BitmapCommands, PositionOfTheFirstBit) {
  RunWords({"SET", "k", std::string_view("\xff\xf0\x00", 3)});
  RunWords({"SET", "ones", "\xff\xff"});
  Session({{"BITPOS k 0", ":12"},
           {"BITPOS k 1 2", ":-1"},
           {"BITPOS k 0 -1", ":16"},
           {"BITPOS k 1 7 15 BIT", ":7"},
           {"BITPOS ones 0", ":16"},
           {"BITPOS ones 0 0 -1", ":-1"},
           {"BITPOS ones 0 5", ":-1"},
           {"BITPOS none 0", ":0"},
           {"BITPOS none 1", ":-1"},
           {"BITPOS k 2", "-ERR The bit argument must be 1 or 0."}});
}

TEST_F(BitmapCommands, Combining) {
  Run("MSET a abc b ab n 12");
  Session({{"BITOP AND d a b", ":3"},
           {"GETRANGE d 0 1", "$ab"},
           {"GETBIT d 23", ":0"},
           {"BITOP OR d a b none", ":3"},
           {"GET d", "$abc"},
           {"BITOP not a a", ":3"},
           {"BITOP NOT a a", ":3"},
           {"GET a", "$abc"},
           {"BITOP OR d n", ":2"},
           {"GET d", "$12"},
           {"OBJECT ENCODING d", "$raw"},
           {"BITOP XOR d d d", ":2"},
           {"BITOP XOR d none", ":0"},
           {"EXISTS d", ":0"},
           {"BITOP NOT d a b", "-ERR BITOP NOT must be called with a single source key."},
           {"BITOP NAND d a b", "-ERR syntax error"}});
}

TEST_F(BitmapCommands, Fields) {
  Session({{"BITFIELD k", "[]"},
           {"BITFIELD k GET u8 0", "[:0]"},
           {"EXISTS k", ":0"},
           {"BITFIELD k SET i8 0 -100 GET u8 0 INCRBY u8 #0 200", "[:0, :156, :100]"},
           {"BITFIELD k OVERFLOW SAT INCRBY u8 0 200 OVERFLOW FAIL INCRBY u8 0 1 GET u4 4",
            "[:255, nil, :15]"},
           {"BITFIELD k SET i64 3 -1 GET i64 3", "[:-576460752303423488, :-1]"},
           {"STRLEN k", ":9"},
           {"BITFIELD_RO k GET u2 #1", "[:3]"},
           {"BITFIELD_RO k SET u2 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"},
           {"BITFIELD k GET u64 0",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported "
            "but i64 is."},
           {"BITFIELD k OVERFLOW x", "-ERR Invalid OVERFLOW type specified"},
           {"BITFIELD k GET u8", "-ERR syntax error"},
           {"BITFIELD k GET u8 #x", "-ERR bit offset is not an integer or out of range"},
           {"BITFIELD k GET u63 #9223372036854775807",
            "-ERR bit offset is not an integer or out of range"}});
}

}  // namespace
}  // namespace norn
