#include "engine/commands/effect_testing.h"

namespace norn {
namespace {

TEST_F(EffectTest, HyperLogLogs) {
  Repeat({{"PFADD k a b", "PFADD k a b"},
          {"PFADD k a", ""},
          {"PFADD new", "PFADD new"},
          {"PFADD new", ""},
          {"PFCOUNT k", "PFCOUNT k"},
          {"PFCOUNT k", ""},
          {"PFCOUNT k new", ""},
          {"PFMERGE m k new", "PFMERGE m k new"},
          {"PFDEBUG ENCODING k", ""},
          {"PFDEBUG TODENSE k", "PFDEBUG TODENSE k"},
          {"PFDEBUG TODENSE k", ""},
          {"PFADD k c", "PFADD k c"},
          {"PFADD k c", ""}});
  MakeExpired("k");
  Repeat({{"PFADD k a", "DEL k; PFADD k a"}});
}

}  // namespace
}  // namespace norn
