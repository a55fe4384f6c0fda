#include "engine/commands/effect_testing.h"

namespace norn {
namespace {

TEST_F(EffectTest, Zsets) {
  Repeat({{"ZADD z 1 a 2 b 3 c", "ZADD z 1 a 2 b 3 c"},
          {"ZADD z 1 a", ""},
          {"ZADD z NX 5 a", ""},
          {"ZADD z XX GT CH 5 a", "ZADD z XX GT CH 5 a"},
          {"ZADD z GT 1 a", ""},
          {"ZADD z INCR 2 a", "ZADD z INCR 2 a"},
          {"ZINCRBY z 1.5 a", "ZINCRBY z 1.5 a"},
          {"ZINCRBY z x a", ""},
          {"ZREM z none", ""},
          {"ZREM z a none", "ZREM z a none"},
          {"ZADD z 1 a 4 d 5 e", "ZADD z 1 a 4 d 5 e"},
          {"ZPOPMIN z", "ZPOPMIN z"},
          {"ZPOPMAX z 1", "ZPOPMAX z 1"},
          {"ZPOPMIN none", ""},
          {"ZMPOP 2 none z MIN", "ZPOPMIN z 1"},
          {"ZRANGESTORE d z 0 -1", "ZRANGESTORE d z 0 -1"},
          {"ZUNIONSTORE d 2 z d", "ZUNIONSTORE d 2 z d"},
          {"ZINTERSTORE d 2 z d WEIGHTS 1 2", "ZINTERSTORE d 2 z d WEIGHTS 1 2"},
          {"ZDIFFSTORE d 2 d z", "ZDIFFSTORE d 2 d z"},
          {"ZDIFFSTORE d 2 d z", ""},
          {"ZADD z 1 a 2 b 3 c 4 d", "ZADD z 1 a 2 b 3 c 4 d"},
          {"ZREMRANGEBYRANK z 0 0", "ZREMRANGEBYRANK z 0 0"},
          {"ZREMRANGEBYRANK z 50 60", ""},
          {"ZREMRANGEBYSCORE z 2 2", "ZREMRANGEBYSCORE z 2 2"},
          {"ZREMRANGEBYSCORE z 2 2", ""},
          {"ZREMRANGEBYLEX z - +", "ZREMRANGEBYLEX z - +"},
          {"ZREMRANGEBYLEX z - +", ""}});
}

}  // namespace
}  // namespace norn
