#include <string>

#include "engine/commands/testing.h"

namespace norn {
namespace {

class GeoCommands : public CommandTest {
 protected:
  GeoCommands() : CommandTest(2) {
    Run("GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania");
    TakeEffects();
  }
};

TEST_F(GeoCommands, Add) {
  Session({{"GEOADD g 1 2 a", ":1"},
           {"GEOADD g 1 2 a", ":0"},
           {"GEOADD g CH 1 3 a", ":1"},
           {"GEOADD g NX 5 5 a 5 5 b", ":1"},
           {"GEOADD g XX CH 6 6 b 6 6 c", ":1"},
           {"ZCARD g", ":2"},
           {"ZSCORE Sicily Palermo", "$3479099956230698"},
           {"GEOADD g 181 0 a", "-ERR invalid longitude,latitude pair 181.000000,0.000000"},
           {"GEOADD g 0 -85.06 a", "-ERR invalid longitude,latitude pair 0.000000,-85.060000"},
           {"GEOADD g x 0 a", "-ERR value is not a valid float"},
           {"GEOADD g 1 2 a 3", "-ERR syntax error"},
           {"GEOADD g NX XX 1 2 a", "-ERR syntax error"},
           {"GEOADD g NX CH XX", "-ERR syntax error"},
           {"GEOADD g CH CH CH", "-ERR syntax error"}});
}

TEST_F(GeoCommands, AddIsRepeatedAsZadd) {
  Run("GEOADD g CH 13.361389 38.115556 Palermo");
  EXPECT_EQ(TakeEffects(), "ZADD g CH 3479099956230698 Palermo");
  Run("GEOADD g 13.361389 38.115556 Palermo");
  EXPECT_EQ(TakeEffects(), "");
}

TEST_F(GeoCommands, WhereMembersAre) {
  Session({{"GEOPOS Sicily Palermo none", "[[$13.36138933897018433, $38.11555639549629859], nil]"},
           {"GEOHASH Sicily Palermo Catania none", "[$sqc8b49rny0, $sqdtr74hyu0, nil]"},
           {"GEOPOS none a", "[nil]"},
           {"GEOHASH none", "[]"},
           {"GEODIST Sicily Palermo Catania", "$166274.1516"},
           {"GEODIST Sicily Palermo Catania km", "$166.2742"},
           {"GEODIST Sicily Palermo Catania MI", "$103.3182"},
           {"GEODIST Sicily Palermo none", "nil"},
           {"GEODIST Sicily Palermo Palermo", "$0.0000"},
           {"GEODIST none a b", "nil"},
           {"GEODIST Sicily Palermo Catania yd",
            "-ERR unsupported unit provided. please use M, KM, FT, MI"}});
}

TEST_F(GeoCommands, Search) {
  Run("GEOADD Sicily 12.758489 38.788135 edge1 17.241510 38.788135 edge2");
  Session({{"GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km ASC", "[$Catania, $Palermo]"},
           {"GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km DESC COUNT 1", "[$Palermo]"},
           {"GEOSEARCH Sicily FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST WITHHASH "
            "COUNT 1",
            "[[$Catania, $56.4413, :3479447370796909, [$15.08726745843887329, "
            "$37.50266842333162032]]]"},
           {"GEOSEARCH Sicily FROMMEMBER Catania BYBOX 400 400 km DESC",
            "[$edge2, $Palermo, $Catania]"},
           {"GEORADIUS Sicily 15 37 200 km WITHDIST DESC",
            "[[$Palermo, $190.4424], [$Catania, $56.4413]]"},
           {"GEORADIUSBYMEMBER Sicily Palermo 10 m", "[$Palermo]"},
           {"GEORADIUS_RO none 15 37 200 km", "[]"},
           {"GEORADIUSBYMEMBER_RO none a x y", "[]"},
           {"GEOSEARCH Sicily FROMMEMBER none BYRADIUS 1 m",
            "-ERR could not decode requested zset member"},
           {"GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS -1 m", "-ERR radius cannot be negative"},
           {"GEOSEARCH Sicily FROMLONLAT 15 37 ASC DESC ANY",
            "-ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH"},
           {"GEOSEARCH Sicily FROMLONLAT 1 1 FROMMEMBER a BYRADIUS 1 m", "-ERR syntax error"},
           {"GEOSEARCH Sicily BYRADIUS 1 m ASC ASC ASC",
            "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH"},
           {"GEORADIUS_RO Sicily 15 37 200 km STORE d", "-ERR syntax error"},
           {"GEORADIUS Sicily 15 37 200 km COUNT 0", "-ERR COUNT must be > 0"},
           {"GEORADIUS Sicily 15 37 200 km ANY", "-ERR the ANY argument requires COUNT argument"}});
}

TEST_F(GeoCommands, Store) {
  Session(
      {{"GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 200 km", ":2"},
       {"ZRANGE d 0 -1 WITHSCORES", "[$Palermo, $3479099956230698, $Catania, $3479447370796909]"},
       {"GEORADIUS Sicily 15 37 200 km COUNT 1 STOREDIST d", ":1"},
       {"ZRANGE d 0 -1", "[$Catania]"},
       {"GEORADIUS Sicily 15 37 1 km STORE d", ":0"},
       {"EXISTS d", ":0"},
       {"GEORADIUSBYMEMBER Sicily Catania 1 km STORE Sicily", ":1"},
       {"ZRANGE Sicily 0 -1", "[$Catania]"},
       {"GEORADIUS none 15 37 1 km STORE Sicily", ":0"},
       {"EXISTS Sicily", ":0"},
       {"GEORADIUS none 15 37 1 km STORE Sicily WITHDIST",
        "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and "
        "WITHCOORD options"}});
}

// Opposite ends of the earth, where rounding passes the longest distance there is.
TEST_F(GeoCommands, DistancesAreNumbersEverywhere) {
  for (int i = -90; i < 90; ++i) {
    const std::string place = std::to_string(i) + " 41.7";
    const std::string opposite = std::to_string(i + (i < 0 ? 180 : -180)) + " -41.7";
    Run("GEOADD g " + place + " a " + opposite + " b");
    EXPECT_EQ(Run("GEODIST g a b km").text.substr(0, 5), "20020") << place;
  }
}

}  // namespace
}  // namespace norn
