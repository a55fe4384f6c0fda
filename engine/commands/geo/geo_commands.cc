// GEOADD, and what is known of members one by one.

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/geo/geo_handlers.h"
#include "engine/commands/geo/geo_words.h"
#include "engine/commands/typed_key.h"
#include "engine/commands/zsets/zset_handlers.h"
#include "engine/types/zset_value.h"

namespace norn {

std::optional<geo::Point> PointAt(CommandContext& c, size_t at) {
  const std::optional<double> longitude = ParseDouble(c.word(at));
  const std::optional<double> latitude = longitude ? ParseDouble(c.word(at + 1)) : std::nullopt;
  if (!latitude) {
    c.reply.Error(kNotFloat);
    return std::nullopt;
  }
  const geo::Point point{*longitude, *latitude};
  if (geo::IsOnMap(point)) return point;
  c.reply.Error(
      fmt::format("ERR invalid longitude,latitude pair {:f},{:f}", *longitude, *latitude));
  return std::nullopt;
}

std::optional<double> UnitAt(CommandContext& c, size_t at) {
  const std::string_view word = c.word(at);
  if (WordIs(word, "m")) return 1;
  if (WordIs(word, "km")) return 1000;
  if (WordIs(word, "ft")) return 0.3048;
  if (WordIs(word, "mi")) return 1609.34;
  c.reply.Error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return std::nullopt;
}

void ReplyDistance(CommandContext& c, double distance) {
  // Rounded as a whole number of the last decimal, as Valkey does; distances on earth are far from its end.
  const auto scaled = static_cast<uint64_t>(std::llrint(distance * 10000));
  char text[kInt64CharsMax + 5];
  size_t bytes = FormatInt64(static_cast<int64_t>(scaled / 10000), text);
  text[bytes++] = '.';
  for (uint64_t unit = 1000; unit > 0; unit /= 10) {
    text[bytes++] = static_cast<char>('0' + scaled / unit % 10);
  }
  c.reply.Bulk({text, bytes});
}

void ReplyPoint(CommandContext& c, const geo::Point& point) {
  c.reply.Array(2);
  c.reply.LongDouble(point.longitude);
  c.reply.LongDouble(point.latitude);
}

namespace handlers {
namespace {

constexpr ValueType kType = ValueType::kZset;

std::optional<geo::Point> PlaceOfMember(EntryRef found, std::string_view member) {
  const std::optional<double> score = found ? ZsetReader(*found).Score(member) : std::nullopt;
  if (!score) return std::nullopt;
  return geo::PointOf(*score);
}

// Calls reply(place) for each member asked for.
template <typename Reply>
void ReplyForMembers(CommandContext& c, Reply&& reply) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  c.reply.Array(c.count() - 2);
  for (size_t i = 2; i < c.count(); ++i) reply(PlaceOfMember(*found, c.word(i)));
}

bool IsAddOption(std::string_view word) {
  return WordIs(word, "nx") || WordIs(word, "xx") || WordIs(word, "ch");
}

}  // namespace

// It is ZADD with the scores of the places: that does the work, and is what is repeated elsewhere.
void GeoAdd(CommandContext& c) {
  size_t first = 2;
  bool only_new = false;
  bool only_existing = false;
  for (; first < c.count() && IsAddOption(c.word(first)); ++first) {
    only_new |= WordIs(c.word(first), "nx");
    only_existing |= WordIs(c.word(first), "xx");
  }
  if ((c.count() - first) % 3 != 0 || (only_new && only_existing)) {
    return c.reply.Error(kSyntaxError);
  }
  std::vector<std::string> scores;
  for (size_t i = first; i < c.count(); i += 3) {
    const std::optional<geo::Point> point = PointAt(c, i);
    if (!point) return;
    scores.push_back(fmt::format("{}", static_cast<uint64_t>(geo::ScoreOf(*point))));
  }
  std::vector<std::string_view> words = {"ZADD"};
  words.insert(words.end(), c.words.begin() + 1, c.words.begin() + static_cast<ptrdiff_t>(first));
  for (size_t i = 0; i < scores.size(); ++i) {
    words.push_back(scores[i]);
    words.push_back(c.word(first + 3 * i + 2));
  }
  const KeyspaceStats& stats = c.keys.ShardFor(c.KeyAt(1)).stats();
  const uint64_t changes_before = stats.changes;
  CommandContext zadd = c;
  zadd.words = words;
  ZAdd(zadd);
  if (stats.changes != changes_before) c.effect.Instead(words);
}

void GeoPos(CommandContext& c) {
  ReplyForMembers(c, [&](const std::optional<geo::Point>& place) {
    place ? ReplyPoint(c, *place) : c.reply.NullArray();
  });
}

void GeoHash(CommandContext& c) {
  ReplyForMembers(c, [&](const std::optional<geo::Point>& place) {
    place ? c.reply.Bulk(geo::GeohashText(*place)) : c.reply.Null();
  });
}

void GeoDist(CommandContext& c) {
  if (c.count() > 5) return c.reply.Error(kSyntaxError);
  const std::optional<double> unit_m = c.count() == 5 ? UnitAt(c, 4) : 1;
  if (!unit_m) return;
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  const std::optional<geo::Point> from = PlaceOfMember(*found, c.word(2));
  const std::optional<geo::Point> to = PlaceOfMember(*found, c.word(3));
  if (!from || !to) return c.reply.Null();
  ReplyDistance(c, geo::Distance(*from, *to) / *unit_m);
}

}  // namespace handlers
}  // namespace norn
