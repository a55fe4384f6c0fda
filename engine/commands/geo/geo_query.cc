#include "engine/commands/geo/geo_query.h"

#include <fmt/format.h>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/geo/geo_words.h"
#include "engine/types/zset_value.h"

namespace norn {
namespace {

using Center = GeoSyntax::Center;
using Kind = geo::Shape::Kind;

class QueryReader {
 public:
  QueryReader(CommandContext& c, const GeoSyntax& syntax, EntryRef source)
      : c_(c), syntax_(syntax), source_(source) {}

  // False: the error is replied.
  bool Read() {
    if (!ReadFixedWords()) return false;
    while (at_ < c_.count()) {
      if (!ReadOption()) return false;
    }
    return Check();
  }
  const GeoQuery& query() const { return query_; }

 private:
  bool Fail(std::string_view error) {
    c_.reply.Error(error);
    return false;
  }
  // Whether this word is there, and so many behind it.
  bool Is(std::string_view lower, size_t more = 0) const {
    return at_ + more < c_.count() && WordIs(c_.word(at_), lower);
  }

  bool ReadFixedWords() {
    if (syntax_.center == Center::kOptions) {
      at_ = syntax_.source_at + 1;
      if (syntax_.stores) query_.store_at = 1;
      return true;
    }
    const bool by_member = syntax_.center == Center::kMember;
    at_ = by_member ? 5 : 6;
    // Valkey: around a member of nothing the distance may be anything.
    if (by_member && !source_) return true;
    return (by_member ? ReadMember(2) : ReadPlace(2)) && ReadRadius(at_ - 2);
  }

  bool ReadPlace(size_t at) {
    const std::optional<geo::Point> point = PointAt(c_, at);
    if (point) query_.shape.center = *point;
    return point.has_value();
  }
  bool ReadMember(size_t at) {
    const std::optional<double> score = ZsetReader(*source_).Score(c_.word(at));
    if (!score) return Fail("ERR could not decode requested zset member");
    query_.shape.center = geo::PointOf(*score);
    return true;
  }
  bool ReadUnit(size_t at) {
    const std::optional<double> unit_m = UnitAt(c_, at);
    if (unit_m) query_.shape.unit_m = *unit_m;
    return unit_m.has_value();
  }
  bool ReadRadius(size_t at) {
    const std::optional<double> radius = ParseDouble(c_.word(at));
    if (!radius) return Fail("ERR need numeric radius");
    if (*radius < 0) return Fail("ERR radius cannot be negative");
    query_.shape.kind = Kind::kCircle;
    query_.shape.radius = *radius;
    return ReadUnit(at + 1);
  }
  bool ReadBox(size_t at) {
    const std::optional<double> width = ParseDouble(c_.word(at));
    if (!width) return Fail("ERR need numeric width");
    const std::optional<double> height = ParseDouble(c_.word(at + 1));
    if (!height) return Fail("ERR need numeric height");
    if (*width < 0 || *height < 0) return Fail("ERR height or width cannot be negative");
    query_.shape.kind = Kind::kBox;
    query_.shape.width = *width;
    query_.shape.height = *height;
    return ReadUnit(at + 2);
  }

  bool ReadOption() {
    if (ReadFlag()) return true;
    if (Is("count", 1)) return ReadCount();
    if (syntax_.store_option && (Is("store", 1) || Is("storedist", 1))) {
      query_.store_distances = Is("storedist");
      query_.store_at = at_ + 1;
      at_ += 2;
      return true;
    }
    if (syntax_.center == Center::kOptions) return ReadShapeOption();
    return Fail(kSyntaxError);
  }

  // A word that stands alone.
  bool ReadFlag() {
    if (Is("withdist")) {
      query_.with_distance = true;
    } else if (Is("withhash")) {
      query_.with_score = true;
    } else if (Is("withcoord")) {
      query_.with_place = true;
    } else if (Is("any")) {
      query_.any = true;
    } else if (Is("asc")) {
      query_.order = GeoQuery::Order::kNearest;
    } else if (Is("desc")) {
      query_.order = GeoQuery::Order::kFarthest;
    } else if (syntax_.stores && Is("storedist")) {
      query_.store_distances = true;
    } else {
      return false;
    }
    ++at_;
    return true;
  }

  bool ReadCount() {
    const std::optional<int64_t> count = IntegerAt(c_, at_ + 1);
    if (!count) return false;
    if (*count <= 0) return Fail("ERR COUNT must be > 0");
    query_.count = static_cast<size_t>(*count);
    at_ += 2;
    return true;
  }

  bool ReadShapeOption() {
    const size_t words_at = at_ + 1;
    if (Is("frommember", 1) && !has_place_) {
      has_member_ = true;
      at_ += 2;
      return !source_ || ReadMember(words_at);
    }
    if (Is("fromlonlat", 2) && !has_member_) {
      has_place_ = true;
      at_ += 3;
      return ReadPlace(words_at);
    }
    if (Is("byradius", 2) && !has_box_) {
      has_radius_ = true;
      at_ += 3;
      return ReadRadius(words_at);
    }
    if (Is("bybox", 3) && !has_radius_) {
      has_box_ = true;
      at_ += 4;
      return ReadBox(words_at);
    }
    return Fail(kSyntaxError);
  }

  // What excludes each other, and what must be there.
  bool Check() {
    const bool with = query_.with_distance || query_.with_score || query_.with_place;
    if (query_.store_at != 0 && with) {
      return Fail(
          fmt::format("ERR {} is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                      syntax_.stores ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"));
    }
    const bool by_options = syntax_.center == Center::kOptions;
    const std::string_view name = UpToNul(c_.word(0));
    if (by_options && !has_member_ && !has_place_) {
      return Fail(
          fmt::format("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {}", name));
    }
    if (by_options && !has_radius_ && !has_box_) {
      return Fail(
          fmt::format("ERR exactly one of BYRADIUS and BYBOX can be specified for {}", name));
    }
    if (query_.any && query_.count == 0) {
      return Fail("ERR the ANY argument requires COUNT argument");
    }
    return true;
  }

  CommandContext& c_;
  const GeoSyntax& syntax_;
  EntryRef source_;
  size_t at_ = 0;
  GeoQuery query_;
  bool has_member_ = false;
  bool has_place_ = false;
  bool has_radius_ = false;
  bool has_box_ = false;
};

}  // namespace

std::optional<GeoQuery> ReadGeoQuery(CommandContext& c, const GeoSyntax& syntax, EntryRef source) {
  QueryReader reader(c, syntax, source);
  if (!reader.Read()) return std::nullopt;
  return reader.query();
}

}  // namespace norn
