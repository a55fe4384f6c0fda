#include "engine/commands/effect_testing.h"

namespace norn {
namespace {

TEST_F(EffectTest, Geo) {
  Repeat({{"GEOADD g 0 0 a", "ZADD g 3377699720527872 a"},
          {"GEOADD g 0 0 a", ""},
          {"GEOADD g 0 0", ""},
          {"GEOADD g XX CH 0 0 b", ""},
          {"GEORADIUS g 1 1 9 km", ""},
          {"GEORADIUS g 0 0 9 km STORE d", "GEORADIUS g 0 0 9 km STORE d"},
          {"GEORADIUS none 0 0 9 km STORE d", "GEORADIUS none 0 0 9 km STORE d"},
          {"GEORADIUS none 0 0 9 km STORE d", ""},
          {"GEORADIUSBYMEMBER g a 9 km STOREDIST d", "GEORADIUSBYMEMBER g a 9 km STOREDIST d"},
          {"GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 9 km",
           "GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 9 km"}});
  MakeExpired("k");
  Repeat({{"GEOADD k 0 0 a", "DEL k; ZADD k 3377699720527872 a"}});
}

}  // namespace
}  // namespace norn
