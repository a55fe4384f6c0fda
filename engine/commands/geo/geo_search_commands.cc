// Members by area: GEOSEARCH, GEORADIUS and their kin.

#include <algorithm>
#include <string>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/geo/geo_handlers.h"
#include "engine/commands/geo/geo_query.h"
#include "engine/commands/geo/geo_words.h"
#include "engine/commands/typed_key.h"
#include "engine/types/zset_value.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kZset;
using Order = GeoQuery::Order;

struct Hit {
  std::string member;
  double score;
  geo::Point place;
  double distance_m;
  size_t found_as;  // equal distances stay in the order in which they were found
};

// The members of a cell that are in the shape; up to `limit` in `hits`, where it is not 0.
void SearchCell(const ZsetReader& reader, const geo::Cell& cell, const geo::Shape& shape,
                const geo::Reach& reach, size_t limit, std::vector<Hit>* hits) {
  using Choice = ZsetReader::Choice;
  const geo::Interval scores = geo::ScoresOf(cell);
  Hit hit{};
  const auto choose = [&](double score) {
    if (score >= scores.max) return Choice::kStop;
    hit.score = score;
    hit.place = geo::PointOf(score);
    if (geo::IsBeyond(shape, reach, hit.place)) return Choice::kSkip;
    return geo::Contains(shape, hit.place, &hit.distance_m) ? Choice::kTake : Choice::kSkip;
  };
  reader.VisitScores(scores.min, choose, [&](const ZsetMember& member) {
    hit.member = member.name.ToString();
    hit.found_as = hits->size();
    hits->push_back(std::move(hit));
    return limit == 0 || hits->size() < limit;
  });
}

std::vector<Hit> Search(const ZsetReader& reader, const GeoQuery& query) {
  std::vector<Hit> hits;
  const size_t limit = query.any ? query.count : 0;
  const std::array<geo::Cell, 9> cells = geo::CellsAround(query.shape);
  const geo::Reach reach = geo::ReachOf(query.shape);
  geo::Cell before;
  for (size_t i = 0; i < cells.size(); ++i) {
    // Where cells are halves of the world, the neighbours on either side are the same. Valkey: the middle is not compared.
    if (cells[i].steps == 0 || cells[i] == before) continue;
    if (limit != 0 && hits.size() >= limit) break;
    SearchCell(reader, cells[i], query.shape, reach, limit, &hits);
    if (i > 0) before = cells[i];
  }
  return hits;
}

// Leaves what is asked for, in the order asked for.
void Arrange(const GeoQuery& query, std::vector<Hit>* hits) {
  Order order = query.order;
  // The first so many are meant to be the nearest.
  if (query.count != 0 && order == Order::kNone && !query.any) order = Order::kNearest;
  const size_t kept = query.count == 0 ? hits->size() : std::min(query.count, hits->size());
  const auto before = [order](const Hit& a, const Hit& b) {
    if (a.distance_m != b.distance_m) {
      return order == Order::kNearest ? a.distance_m < b.distance_m : a.distance_m > b.distance_m;
    }
    return a.found_as < b.found_as;
  };
  if (order != Order::kNone && kept < hits->size() / 4) {
    std::partial_sort(hits->begin(), hits->begin() + static_cast<ptrdiff_t>(kept), hits->end(),
                      before);
  } else if (order != Order::kNone) {
    std::sort(hits->begin(), hits->end(), before);
  }
  hits->erase(hits->begin() + static_cast<ptrdiff_t>(kept), hits->end());
}

void ReplyHits(CommandContext& c, const GeoQuery& query, const std::vector<Hit>& hits) {
  const size_t parts =
      1 + (query.with_distance ? 1 : 0) + (query.with_score ? 1 : 0) + (query.with_place ? 1 : 0);
  c.reply.Array(hits.size());
  for (const Hit& hit : hits) {
    if (parts > 1) c.reply.Array(parts);
    c.reply.Bulk(hit.member);
    if (query.with_distance) ReplyDistance(c, hit.distance_m / query.shape.unit_m);
    if (query.with_score) c.reply.Integer(static_cast<int64_t>(hit.score));
    if (query.with_place) ReplyPoint(c, hit.place);
  }
}

void StoreHits(CommandContext& c, const GeoQuery& query, const GeoSyntax& syntax,
               const std::vector<Hit>& hits) {
  LoosePlace result;
  ZsetWriter writer(result, c.rules());
  size_t longest_bytes = 0;
  for (const Hit& hit : hits) longest_bytes = std::max(longest_bytes, hit.member.size());
  if (!hits.empty()) writer.Expect(hits.size(), longest_bytes);
  for (const Hit& hit : hits) {
    writer.Set(hit.member, query.store_distances ? hit.distance_m / query.shape.unit_m : hit.score);
  }
  const std::string_view event = syntax.stores ? "geosearchstore" : "georadiusstore";
  StoreResult(c, c.KeyAt(query.store_at), result, kType, config::kNotifyZset, event);
  c.reply.Integer(static_cast<int64_t>(hits.size()));
}

void Run(CommandContext& c, const GeoSyntax& syntax) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(syntax.source_at), kType);
  if (!found) return;
  const std::optional<GeoQuery> query = ReadGeoQuery(c, syntax, *found);
  if (!query) return;
  std::vector<Hit> hits;
  if (*found) hits = Search(ZsetReader(**found), *query);
  Arrange(*query, &hits);
  query->store_at != 0 ? StoreHits(c, *query, syntax, hits) : ReplyHits(c, *query, hits);
}

using Center = GeoSyntax::Center;

}  // namespace

void GeoSearch(CommandContext& c) { Run(c, {}); }
void GeoSearchStore(CommandContext& c) { Run(c, {.source_at = 2, .stores = true}); }
void GeoRadius(CommandContext& c) { Run(c, {.center = Center::kPlace, .store_option = true}); }
void GeoRadiusRo(CommandContext& c) { Run(c, {.center = Center::kPlace}); }
void GeoRadiusByMember(CommandContext& c) {
  Run(c, {.center = Center::kMember, .store_option = true});
}
void GeoRadiusByMemberRo(CommandContext& c) { Run(c, {.center = Center::kMember}); }

}  // namespace norn::handlers
