#include "engine/commands/effect_testing.h"

namespace norn {
namespace {

TEST_F(EffectTest, Bitmaps) {
  Repeat({{"SETBIT k 5 1", "SETBIT k 5 1"},
          {"SETBIT k 5 1", ""},
          {"SETBIT k 50 0", "SETBIT k 50 0"},
          {"BITOP NOT d k", "BITOP NOT d k"},
          {"BITOP AND d none", "BITOP AND d none"},
          {"BITOP AND d none", ""},
          {"BITFIELD k GET u8 900", ""},
          {"BITFIELD k INCRBY u8 0 1", "BITFIELD k INCRBY u8 0 1"},
          {"BITFIELD k INCRBY u8 0 0", ""},
          {"BITFIELD k OVERFLOW FAIL SET u8 0 999", ""},
          {"BITFIELD k OVERFLOW FAIL SET u8 100 999", "BITFIELD k OVERFLOW FAIL SET u8 100 999"}});
  MakeExpired("k");
  Repeat({{"SETBIT k 1 1", "DEL k; SETBIT k 1 1"}});
}

}  // namespace
}  // namespace norn
