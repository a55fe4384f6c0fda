#include "engine/commands/effect_testing.h"

namespace norn {
namespace {

TEST_F(EffectTest, Hashes) {
  Repeat({{"HSET h a 1 b 2", "HSET h a 1 b 2"},
          {"HSET h a 1", "HSET h a 1"},
          {"HSETNX h a 5", ""},
          {"HSETNX h c 5", "HSETNX h c 5"},
          {"HINCRBY h a 4", "HINCRBY h a 4"},
          {"HINCRBY h x y", ""},
          {"HINCRBYFLOAT h a 0.5", "HSET h a 5.5"},
          {"HMSET h d 1 e 2", "HMSET h d 1 e 2"},
          {"HDEL h d none", "HDEL h d none"},
          {"HDEL h none", ""},
          {"HDEL h a b c e", "HDEL h a b c e"},
          {"HDEL h a", ""}});
}

}  // namespace
}  // namespace norn
