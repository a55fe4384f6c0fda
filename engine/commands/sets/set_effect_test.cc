#include "engine/commands/effect_testing.h"

namespace norn {
namespace {

TEST_F(EffectTest, Sets) {
  Repeat({{"SADD s a b c", "SADD s a b c"},
          {"SADD s a", ""},
          {"SREM s a x", "SREM s a x"},
          {"SREM s x", ""},
          {"SMOVE s t b", "SMOVE s t b"},
          {"SMOVE s t x", ""},
          {"SADD u b c", "SADD u b c"},
          {"SUNIONSTORE d s u", "SUNIONSTORE d s u"},
          {"SINTERSTORE d s u", "SINTERSTORE d s u"},
          {"SDIFFSTORE d s s", "SDIFFSTORE d s s"},
          {"SDIFFSTORE d s s", ""},
          {"SUNIONSTORE d none", ""},
          {"SADD one x", "SADD one x"},
          {"SPOP one", "SREM one x"},
          {"SPOP one", ""},
          {"SADD one x", "SADD one x"},
          {"SPOP one 5", "UNLINK one"},
          {"SPOP one 0", ""},
          {"SADD two 1", "SADD two 1"},
          {"SPOP two 1", "UNLINK two"}});
}

}  // namespace
}  // namespace norn
