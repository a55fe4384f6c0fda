#include "engine/types/zset_value.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "engine/base/check.h"
#include "engine/base/number.h"

namespace norn {
namespace {

SortedMembers& MembersOf(Object& object) { return static_cast<SortedObject&>(object).members; }

ZsetMember MemberAt(const ListpackView& view, ListpackView::Position at) {
  return {view.At(at), PackedScore(view.At(view.Next(at)))};
}

ZsetMember AsMember(const ScoredMember& member) {
  return {PackedValue::Text(member.name()), member.score};
}

// As a listpack stores it: whole numbers as integers, so that they need no text.
class ScoreText {
 public:
  explicit ScoreText(double score) : text_(score) {}
  PackedValue value() const { return PackedValue(text_.view()); }

 private:
  DoubleText text_;
};

int CompareNames(const PackedValue& a, std::string_view b) {
  PackedScratch scratch;
  return a.View(scratch).compare(b);
}

bool IsBeforeLex(const PackedValue& name, const LexBound& bound, bool or_equal) {
  switch (bound.kind) {
    case LexBound::Kind::kBelowAll:
      return false;
    case LexBound::Kind::kAboveAll:
      return true;
    case LexBound::Kind::kIncluded:
    case LexBound::Kind::kExcluded: {
      const int order = CompareNames(name, bound.text);
      return or_equal ? order <= 0 : order < 0;
    }
  }
  return false;
}

RankRange Between(size_t first, size_t end) { return {first, end > first ? end - first : 0}; }

}  // namespace

double PackedScore(const PackedValue& value) {
  if (value.is_integer()) return static_cast<double>(value.integer());
  return ParseDouble(value.text()).value_or(0);
}

bool IsSortedListpack(std::string_view bytes) {
  const ListpackView view(bytes);
  std::set<std::string> names;
  std::string last_name;
  double last_score = -HUGE_VAL;
  for (auto at = view.first(); at != view.end(); at = view.Skip(at, 2)) {
    const auto score_at = view.Next(at);
    if (score_at == view.end()) return false;
    const PackedValue score_value = view.At(score_at);
    if (!score_value.is_integer() && !ParseDouble(score_value.text())) return false;
    const double score = PackedScore(score_value);
    std::string name = view.At(at).ToString();
    const bool first = at == view.first();
    if (!first && (score < last_score || (score == last_score && name <= last_name))) return false;
    if (!names.insert(name).second) return false;
    last_name = std::move(name);
    last_score = score;
  }
  return true;
}

// ---- ZsetReader ----

ZsetReader::ZsetReader(const Object* object, std::string_view packed)
    : packed_(packed),
      members_(object == nullptr ? nullptr : &static_cast<const SortedObject*>(object)->members) {}

ZsetReader::ZsetReader(const Entry& entry)
    : ZsetReader(entry.IsPacked() ? nullptr : entry.object(),
                 entry.IsPacked() ? entry.packed() : std::string_view()) {
  CHECK(entry.type() == ValueType::kZset);
}

ZsetReader::ZsetReader(const ValuePlace& place)
    : ZsetReader(place.object(), place.object() == nullptr ? place.bytes() : std::string_view()) {}

size_t ZsetReader::size() const {
  return is_packed() ? ListpackView(packed_).Count() / 2 : members_->size();
}

std::optional<double> ZsetReader::Score(std::string_view name) const {
  if (!is_packed()) {
    const ScoredMember* member = members_->Find(name);
    return member == nullptr ? std::nullopt : std::optional<double>(member->score);
  }
  const ListpackView view(packed_);
  const auto at = view.Find(name, view.first(), 1);
  if (at == view.end()) return std::nullopt;
  return MemberAt(view, at).score;
}

std::optional<size_t> ZsetReader::Rank(std::string_view name) const {
  if (!is_packed()) {
    const ScoredMember* member = members_->Find(name);
    if (member == nullptr) return std::nullopt;
    return members_->tree().RankOf(*member);
  }
  const ListpackView view(packed_);
  const PackedValue wanted(name);
  size_t rank = 0;
  for (auto at = view.first(); at != view.end(); at = view.Skip(at, 2), ++rank) {
    if (view.At(at) == wanted) return rank;
  }
  return std::nullopt;
}

size_t ZsetReader::CountWhile(absl::FunctionRef<bool(const ZsetMember& member)> before) const {
  if (!is_packed()) {
    return members_->tree().CountWhile(
        [&](double, const ScoredMember& member) { return before(AsMember(member)); });
  }
  const ListpackView view(packed_);
  size_t count = 0;
  for (auto at = view.first(); at != view.end(); at = view.Skip(at, 2), ++count) {
    if (!before(MemberAt(view, at))) break;
  }
  return count;
}

RankRange ZsetReader::InScores(const ScoreRange& range) const {
  const auto below = [&](double score) {
    return range.min_excluded ? score <= range.min : score < range.min;
  };
  const auto within = [&](double score) {
    return range.max_excluded ? score < range.max : score <= range.max;
  };
  if (!is_packed()) {
    // Scores stand in the tree's nodes: no member is touched.
    const ScoreTree& tree = members_->tree();
    return Between(
        tree.CountWhile([&](double score, const ScoredMember&) { return below(score); }),
        tree.CountWhile([&](double score, const ScoredMember&) { return within(score); }));
  }
  return Between(CountWhile([&](const ZsetMember& member) { return below(member.score); }),
                 CountWhile([&](const ZsetMember& member) { return within(member.score); }));
}

RankRange ZsetReader::InLex(const LexRange& range) const {
  const bool min_passed = range.min.kind == LexBound::Kind::kExcluded;
  const bool max_taken = range.max.kind == LexBound::Kind::kIncluded;
  return Between(CountWhile([&](const ZsetMember& member) {
                   return IsBeforeLex(member.name, range.min, min_passed);
                 }),
                 CountWhile([&](const ZsetMember& member) {
                   return IsBeforeLex(member.name, range.max, max_taken);
                 }));
}

void ZsetReader::Visit(const RankRange& range, Direction direction,
                       absl::FunctionRef<bool(const ZsetMember& member)> visit) const {
  CHECK(range.first + range.count <= size());
  if (range.count == 0) return;
  const bool up = direction == Direction::kUp;
  const size_t rank = up ? range.first : range.first + range.count - 1;
  size_t left = range.count;
  if (!is_packed()) {
    const ScoreTree& tree = members_->tree();
    ScoreTree::Place at = tree.AtRank(rank);
    while (visit(AsMember(*at)) && --left > 0) at = up ? tree.Next(at) : tree.Previous(at);
    return;
  }
  const ListpackView view(packed_);
  auto at = view.Seek(static_cast<int64_t>(2 * rank));
  while (visit(MemberAt(view, at)) && --left > 0) {
    at = up ? view.Skip(at, 2) : view.Previous(view.Previous(at));
  }
}

void ZsetReader::VisitScores(double min, absl::FunctionRef<Choice(double score)> choose,
                             absl::FunctionRef<bool(const ZsetMember& member)> take) const {
  if (!is_packed()) {
    const ScoreTree& tree = members_->tree();
    const size_t rank =
        tree.CountWhile([min](double score, const ScoredMember&) { return score < min; });
    for (ScoreTree::Place at = tree.AtRank(rank); at; at = tree.Next(at)) {
      const Choice choice = choose(at.score());
      if (choice == Choice::kStop) return;
      if (choice == Choice::kTake && !take(AsMember(*at))) return;
    }
    return;
  }
  const ListpackView view(packed_);
  for (auto at = view.first(); at != view.end(); at = view.Skip(at, 2)) {
    const ZsetMember member = MemberAt(view, at);
    if (member.score < min) continue;
    const Choice choice = choose(member.score);
    if (choice == Choice::kStop) return;
    if (choice == Choice::kTake && !take(member)) return;
  }
}

void ZsetReader::ForEach(absl::FunctionRef<void(const ZsetMember& member)> visit) const {
  Visit({0, size()}, Direction::kUp, [&](const ZsetMember& member) {
    visit(member);
    return true;
  });
}

ZsetMember ZsetReader::Random(Prng& prng) const {
  if (!is_packed()) return AsMember(*members_->Random(prng));
  const ListpackView view(packed_);
  return MemberAt(view, view.Seek(static_cast<int64_t>(2 * prng.Below(size()))));
}

uint64_t ZsetReader::Scan(uint64_t cursor, size_t count,
                          absl::FunctionRef<void(const ZsetMember& member)> visit) const {
  if (!is_packed()) {
    return members_->Scan(cursor, count,
                          [&](const ScoredMember& member) { visit(AsMember(member)); });
  }
  ForEach(visit);
  return 0;
}

// ---- ZsetWriter ----

bool ZsetWriter::Fits(size_t members, size_t longest_bytes) const {
  return members <= static_cast<size_t>(rules_.options.zset_max_listpack_entries) &&
         longest_bytes <= static_cast<size_t>(rules_.options.zset_max_listpack_value);
}

void ZsetWriter::Expect(size_t members, size_t longest_bytes) {
  if (place_->exists()) return;
  if (Fits(members, longest_bytes)) {
    place_->Create(Listpack::Empty());
  } else {
    place_->Unpack(std::make_unique<SortedObject>(rules_.hash_seed));
  }
}

bool ZsetWriter::Set(std::string_view name, double score) {
  CHECK(!std::isnan(score));
  // Valkey: -0 stays so in a skiplist and is 0 in a listpack; here it is 0, or a replica that loads a small one would differ.
  score += 0.0;
  if (!place_->exists()) Expect(1, name.size());
  bool added = false;
  if (place_->object() == nullptr) {
    added = SetPacked(name, score);
  } else {
    place_->Change([&](Object& object) { added = MembersOf(object).Set(name, score); });
  }
  place_->NoteChanges(1);
  return added;
}

bool ZsetWriter::SetPacked(std::string_view name, double score) {
  Listpack listpack(*place_);
  const auto old = listpack.view().Find(name, listpack.view().first(), 1);
  const bool added = old == listpack.view().end();
  if (added && !Fits(size() + 1, name.size())) {
    Unpack();
    place_->Change([&](Object& object) { MembersOf(object).Set(name, score); });
    return true;
  }
  if (!added) listpack.Erase(old, 2);
  const ListpackView view = listpack.view();
  auto at = view.first();
  for (; at != view.end(); at = view.Skip(at, 2)) {
    const ZsetMember member = MemberAt(view, at);
    if (member.score > score) break;
    if (member.score == score && CompareNames(member.name, name) > 0) break;
  }
  const ScoreText text(score);
  listpack.Insert(at, {PackedValue(name), text.value()});
  return added;
}

bool ZsetWriter::Erase(std::string_view name) {
  if (!place_->exists()) return false;
  if (place_->object() != nullptr) {
    bool erased = false;
    place_->Change([&](Object& object) { erased = MembersOf(object).Erase(name); });
    if (erased) NoteErased(1);
    return erased;
  }
  const ListpackView view(place_->bytes());
  const auto at = view.Find(name, view.first(), 1);
  if (at == view.end()) return false;
  Listpack(*place_).Erase(at, 2);
  NoteErased(1);
  return true;
}

void ZsetWriter::EraseRanks(const RankRange& range) {
  if (range.count == 0) return;
  if (place_->object() != nullptr) {
    place_->Change([&](Object& object) { MembersOf(object).EraseRanks(range.first, range.count); });
  } else {
    Listpack listpack(*place_);
    listpack.Erase(listpack.view().Seek(static_cast<int64_t>(2 * range.first)), 2 * range.count);
  }
  NoteErased(range.count);
}

// Erasing the place is a change of its own.
void ZsetWriter::NoteErased(size_t members) {
  size() == 0 ? place_->Erase() : place_->NoteChanges(members);
}

void ZsetWriter::Unpack() {
  auto object = std::make_unique<SortedObject>(rules_.hash_seed);
  ZsetReader(*place_).ForEach([&](const ZsetMember& member) {
    PackedScratch scratch;
    CHECK(object->members.Set(member.name.View(scratch), member.score));
  });
  place_->Unpack(std::move(object));
}

void ZsetWriter::TakePacked(std::string_view bytes) {
  place_->Create(bytes);
  size_t longest_bytes = 0;
  ZsetReader(*place_).ForEach([&](const ZsetMember& member) {
    longest_bytes = std::max(longest_bytes, member.name.Length());
  });
  if (!Fits(size(), longest_bytes)) Unpack();
}

}  // namespace norn
