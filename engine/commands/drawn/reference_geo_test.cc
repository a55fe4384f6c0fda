// The model: places. They are scores of sorted sets; what is searched is measured, member by member.

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "engine/commands/drawn/testing_model.h"
#include "engine/commands/drawn/testing_places.h"

namespace norn::reference {
namespace {

// Column and row of 2^26 either way, their bits in turn, the column's first.
double ScoreOf(Place place) {
  const auto column = static_cast<uint64_t>((place.longitude + 180) / 360 * kSteps);
  const auto row = static_cast<uint64_t>((place.latitude + kNorth) / (2 * kNorth) * kSteps);
  uint64_t score = 0;
  for (int bit = 26; bit >= 0; --bit) {
    score = 2 * score + (column >> bit & 1);
    score = 2 * score + (row >> bit & 1);
  }
  return static_cast<double>(score);
}

std::string ShowDistance(double distance) {
  const int64_t scaled = std::llrint(distance * 10000);
  return Bulk(fmt::format("{}.{:04}", scaled / 10000, scaled % 10000));
}

std::string DegreesText(double degrees) {
  char text[100];
  std::snprintf(text, sizeof text, "%.17f", degrees);
  std::string digits = text;
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return Bulk(digits == "-0" ? "0" : digits);
}

std::string ShowPlace(Place place) {
  return Array({DegreesText(place.longitude), DegreesText(place.latitude)});
}

// Five bits a letter, of a map whose latitudes go to 90. The eleventh letter would need three more bits than there are.
std::string Geohash(Place place) {
  const std::string letters = "0123456789bcdefghjkmnpqrstuvwxyz";
  const auto column = static_cast<uint64_t>((place.longitude + 180) / 360 * kSteps);
  const auto row = static_cast<uint64_t>((place.latitude + 90) / 180 * kSteps);
  std::string bits;
  for (int bit = 25; bit >= 0; --bit) {
    bits += (column >> bit & 1) != 0 ? '1' : '0';
    bits += (row >> bit & 1) != 0 ? '1' : '0';
  }
  std::string text;
  for (size_t i = 0; i < 50; i += 5) text += letters[std::stoul(bits.substr(i, 5), nullptr, 2)];
  return text + '0';
}

double MetersOf(const std::string& unit) {
  return unit == "km" ? 1000 : unit == "ft" ? 0.3048 : unit == "mi" ? 1609.34 : 1;
}

size_t WordAt(const Words& w, std::string_view word) {
  return static_cast<size_t>(std::find(w.begin() + 2, w.end(), word) - w.begin());
}

// What a search is for. A circle has a radius, a box has sides; all in meters.
struct Area {
  Place center;
  double radius = -1, width = 0, height = 0;
  double unit_m = 1;
  bool Contains(Place place) const {
    if (radius >= 0) return MetersBetween(center, place) <= radius;
    // A box is as wide as it is on the member's parallel.
    const Place below = {center.longitude, place.latitude};
    return MetersNorth(center, place) <= height / 2 && MetersBetween(below, place) <= width / 2;
  }
};

// GEORADIUS and BYMEMBER, from the word behind the center on, and GEOSEARCH.
Area AreaOf(const Words& w, Place center) {
  Area area;
  area.center = center;
  const bool box = WordAt(w, "BYBOX") != w.size();
  size_t at = w[0].starts_with("GEORADIUSBYMEMBER") ? 3 : 4;
  if (w[0].starts_with("GEOSEARCH")) at = WordAt(w, box ? "BYBOX" : "BYRADIUS") + 1;
  area.unit_m = MetersOf(w[at + (box ? 2 : 1)]);
  if (box) {
    area.width = *ParseDouble(w[at]) * area.unit_m;
    area.height = *ParseDouble(w[at + 1]) * area.unit_m;
  } else {
    area.radius = *ParseDouble(w[at]) * area.unit_m;
  }
  return area;
}

struct Hit {
  double meters;
  std::string member;
  double score;
};

std::string ShowHits(const Words& w, const std::vector<Hit>& hits, double unit_m) {
  std::vector<std::string> items;
  const auto has = [&](std::string_view word) { return WordAt(w, word) != w.size(); };
  for (const Hit& hit : hits) {
    std::vector<std::string> parts = {Bulk(hit.member)};
    if (has("WITHDIST")) parts.push_back(ShowDistance(hit.meters / unit_m));
    if (has("WITHHASH")) parts.push_back(Int(static_cast<int64_t>(hit.score)));
    if (has("WITHCOORD")) parts.push_back(ShowPlace(PlaceOf(hit.score)));
    items.push_back(parts.size() == 1 ? parts[0] : Array(parts));
  }
  return Array(items);
}

}  // namespace

void Model::AddPlaces() {
  commands_["GEOADD"] = [this](const Words& w) -> std::string {
    Words zadd = {"ZADD", w[1]};
    size_t i = 2;
    while (w[i] == "NX" || w[i] == "XX" || w[i] == "CH") zadd.push_back(w[i++]);
    for (; i < w.size(); i += 3) {
      const Place place = {*ParseDouble(w[i]), *ParseDouble(w[i + 1])};
      if (std::abs(place.latitude) > kNorth) {
        return fmt::format("-ERR invalid longitude,latitude pair {:f},{:f}", place.longitude,
                           place.latitude);
      }
      zadd.push_back(fmt::format("{:.0f}", ScoreOf(place)));
      zadd.push_back(w[i + 2]);
    }
    return Add(zadd);
  };
  const auto place_of = [this](const Words& w, size_t member_at) -> std::optional<Place> {
    const Zset* zset = Find<Zset>(w[1]);
    if (zset == nullptr || !zset->contains(w[member_at])) return std::nullopt;
    return PlaceOf(zset->at(w[member_at]));
  };
  commands_["GEOPOS"] = [=](const Words& w) {
    std::vector<std::string> items;
    for (size_t i = 2; i < w.size(); ++i) {
      const auto place = place_of(w, i);
      items.push_back(place ? ShowPlace(*place) : "nil");
    }
    return Array(items);
  };
  commands_["GEOHASH"] = [=](const Words& w) {
    std::vector<std::string> items;
    for (size_t i = 2; i < w.size(); ++i) {
      const auto place = place_of(w, i);
      items.push_back(place ? Bulk(Geohash(*place)) : "nil");
    }
    return Array(items);
  };
  commands_["GEODIST"] = [=](const Words& w) -> std::string {
    const auto from = place_of(w, 2), to = place_of(w, 3);
    if (!from || !to) return "nil";
    return ShowDistance(MetersBetween(*from, *to) / MetersOf(w.size() > 4 ? w[4] : "m"));
  };
}

std::string Model::SearchOf(const Words& w, size_t source_at) {
  const Zset* zset = Find<Zset>(w[source_at]);
  // Where to store, and whether distances.
  size_t store_at = source_at == 2 ? 1 : std::min(WordAt(w, "STORE"), WordAt(w, "STOREDIST")) + 1;
  if (store_at > w.size()) store_at = 0;
  const bool stores_distances = WordAt(w, "STOREDIST") != w.size();

  std::vector<Hit> hits;
  Area area;
  if (zset != nullptr) {
    const bool by_options = w[0].starts_with("GEOSEARCH");
    size_t member_at = w[0].starts_with("GEORADIUSBYMEMBER") ? 2 : 0;
    if (by_options && WordAt(w, "FROMMEMBER") != w.size()) member_at = WordAt(w, "FROMMEMBER") + 1;
    const size_t place_at = by_options ? WordAt(w, "FROMLONLAT") + 1 : 2;
    if (member_at != 0 && !zset->contains(w[member_at])) {
      return "-ERR could not decode requested zset member";
    }
    const Place center = member_at != 0
                             ? PlaceOf(zset->at(w[member_at]))
                             : Place{*ParseDouble(w[place_at]), *ParseDouble(w[place_at + 1])};
    area = AreaOf(w, center);
    for (const auto& [member, score] : *zset) {
      const Place place = PlaceOf(score);
      if (area.Contains(place)) hits.push_back({MetersBetween(center, place), member, score});
    }
  }
  const size_t count_at = WordAt(w, "COUNT");
  const size_t count =
      count_at == w.size() ? hits.size() : static_cast<size_t>(Number(w[count_at + 1]));
  std::sort(hits.begin(), hits.end(),
            [](const Hit& a, const Hit& b) { return a.meters < b.meters; });
  if (WordAt(w, "DESC") != w.size()) std::reverse(hits.begin(), hits.end());
  if (WordAt(w, "ANY") != w.size()) {
    // The first so many that are found: those that the server found.
    Set found;
    for (const ReplyValue& item : said_->items) found.insert(item.text);
    if (found.size() != std::min(hits.size(), count)) return "as many as were asked for";
    std::erase_if(hits, [&](const Hit& hit) { return !found.contains(hit.member); });
  }
  hits.resize(std::min(hits.size(), count));
  if (store_at == 0) return ShowHits(w, hits, area.unit_m);

  Zset result;
  for (const Hit& hit : hits) {
    result[hit.member] = stores_distances ? hit.meters / area.unit_m : hit.score;
  }
  keys_[w[store_at]] = {result, {}};
  return Int(static_cast<int64_t>(hits.size()));
}

void Model::AddAreas() {
  for (const char* name :
       {"GEORADIUS", "GEORADIUS_RO", "GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO", "GEOSEARCH"}) {
    commands_[name] = [this](const Words& w) { return SearchOf(w, 1); };
  }
  commands_["GEOSEARCHSTORE"] = [this](const Words& w) { return SearchOf(w, 2); };
}

}  // namespace norn::reference
