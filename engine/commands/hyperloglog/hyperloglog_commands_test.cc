#include <string>

#include "engine/commands/testing.h"

namespace norn {
namespace {

class HyperLogLogCommands : public CommandTest {
 protected:
  HyperLogLogCommands() : CommandTest(2) {}

  void AddMany(const std::string& key, int elements) {
    for (int i = 0; i < elements; i += 50) {
      std::string line = "PFADD " + key;
      for (int j = i; j < i + 50; ++j) line += " " + std::to_string(j);
      Run(line);
    }
  }
};

TEST_F(HyperLogLogCommands, AddAndCount) {
  Session({{"PFCOUNT k", ":0"},
           {"PFADD k a b c d e f g", ":1"},
           {"PFADD k a b", ":0"},
           {"PFCOUNT k", ":7"},
           {"PFADD k h", ":1"},
           {"PFCOUNT k", ":8"},
           {"PFADD empty", ":1"},
           {"PFADD empty", ":0"},
           {"PFCOUNT empty", ":0"},
           {"PFCOUNT k empty none", ":8"},
           {"PFDEBUG ENCODING k", "+sparse"},
           {"STRLEN empty", ":18"},
           {"TYPE k", "+string"}});
}

TEST_F(HyperLogLogCommands, Merge) {
  Session({{"PFADD a 1 2 3", ":1"},
           {"PFADD b 3 4 5", ":1"},
           {"PFCOUNT a b", ":5"},
           {"PFMERGE d a b", "+OK"},
           {"PFCOUNT d", ":5"},
           {"PFMERGE d", "+OK"},
           {"PFMERGE new", "+OK"},
           {"PFCOUNT new", ":0"},
           {"PFDEBUG TODENSE b", ":1"},
           {"PFMERGE d b", "+OK"},
           {"PFDEBUG ENCODING d", "+dense"},
           {"PFCOUNT d", ":5"}});
}

TEST_F(HyperLogLogCommands, DenseWhereTheOptionSaysSo) {
  options().hll_sparse_max_bytes = 60;
  AddMany("k", 100);
  Session({{"PFDEBUG ENCODING k", "+dense"},
           {"STRLEN k", ":12304"},
           {"PFADD k 1 2 3", ":0"},
           {"PFCOUNT k", ":100"},
           {"PFADD k more", ":1"},
           {"PFCOUNT k", ":101"}});
}

TEST_F(HyperLogLogCommands, NotOne) {
  constexpr std::string_view kNotOne = "-WRONGTYPE Key is not a valid HyperLogLog string value.";
  constexpr std::string_view kCorrupt = "-INVALIDOBJ Corrupted HLL object detected";
  Run("MSET text hello number 123 short HYLL");
  Run("RPUSH l a");
  Run("PFADD k a");
  Run("APPEND k x");
  Session({{"PFADD text a", kNotOne},
           {"PFCOUNT number", kNotOne},
           {"PFMERGE d short", kNotOne},
           {"PFADD l a", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
           {"PFCOUNT k", kCorrupt},
           {"PFCOUNT k none", kCorrupt},
           {"PFMERGE d k", kCorrupt},
           {"PFDEBUG TODENSE k", kCorrupt},
           {"PFDEBUG GETREG k", kCorrupt},
           {"EXISTS d", ":0"}});
}

TEST_F(HyperLogLogCommands, Debugging) {
  Run("PFADD k a");
  EXPECT_EQ(Run("PFDEBUG GETREG k").items.size(), 16384u);
  Session({{"PFDEBUG DECODE k", "-ERR HLL encoding is not sparse"},
           {"PFDEBUG ENCODING none", "-ERR The specified key does not exist"},
           {"PFDEBUG BOGUS k", "-ERR Unknown PFDEBUG subcommand 'BOGUS'"},
           {"PFDEBUG SIMD on", "+disabled"},
           {"PFDEBUG SIMD x", "-ERR Argument must be ON or OFF"},
           {"PFSELFTEST", "+OK"}});
}

TEST_F(HyperLogLogCommands, CountIsKeptInTheString) {
  Run("PFADD k a");
  const std::string before = Run("GET k").text;
  EXPECT_EQ(before[15], '\x80');
  EXPECT_THAT(Run("PFCOUNT k"), IsInt(1));
  const std::string after = Run("GET k").text;
  EXPECT_EQ(after.substr(8, 8), std::string("\x01\0\0\0\0\0\0\0", 8));
}

}  // namespace
}  // namespace norn
