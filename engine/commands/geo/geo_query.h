#pragma once
// What a search asks for: the words of GEOSEARCH, GEORADIUS and their kin.

#include <cstdint>
#include <optional>

#include "engine/commands/command.h"
#include "engine/commands/geo/geohash.h"
#include "engine/keyspace/db.h"

namespace norn {

// Which words a command takes.
struct GeoSyntax {
  enum class Center : uint8_t {
    kPlace,
    kMember,
    kOptions
  };  // kOptions: GEOSEARCH and GEOSEARCHSTORE
  Center center = Center::kOptions;
  size_t source_at = 1;       // the word with the key that is searched
  bool stores = false;        // GEOSEARCHSTORE: under word 1
  bool store_option = false;  // STORE, STOREDIST
};

struct GeoQuery {
  geo::Shape shape;
  bool with_distance = false;
  bool with_score = false;
  bool with_place = false;
  enum class Order : uint8_t { kNone, kNearest, kFarthest } order = Order::kNone;
  size_t count = 0;     // 0: all
  bool any = false;     // the first ones found will do
  size_t store_at = 0;  // the word with the key to store under; 0: reply
  bool store_distances = false;
};

// Reads all words. `source` is the sorted set to be searched, or nothing. nullopt: the error is replied.
std::optional<GeoQuery> ReadGeoQuery(CommandContext& c, const GeoSyntax& syntax, EntryRef source);

}  // namespace norn
