#pragma once
// Sorted sets: members, each with a score, in order of score and, within one score, of bytes.
//
//   listpack   up to zset-max-listpack-entries members of up to zset-max-listpack-value bytes: member, score, member, score ...
//   skiplist   the rest: SortedMembers (a table and a tree; the name is what OBJECT ENCODING says)
//
// A form only ever changes to the right. Every range, by score, by bytes or by rank, is a range of ranks here: finding one takes
// log n steps, or a walk over a listpack, and what is done with it is the same for all.
//
// Scores are never NaN.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "engine/base/prng.h"
#include "engine/keyspace/db.h"
#include "engine/structs/listpack.h"
#include "engine/structs/sorted_members.h"
#include "engine/types/type_rules.h"
#include "engine/types/value_place.h"

namespace norn {

// A big sorted set as the keyspace owns it.
class SortedObject final : public Object {
 public:
  explicit SortedObject(uint64_t hash_seed) : members(hash_seed) {}
  explicit SortedObject(const SortedMembers& other) : members(other) {}

  size_t UsedBytes() const override { return sizeof(Object) + members.UsedBytes(); }
  std::unique_ptr<Object> Copy() const override { return std::make_unique<SortedObject>(members); }
  size_t FreeEffort() const override { return members.size(); }
  bool FreeSome(size_t effort) override { return members.FreeSome(effort); }

  SortedMembers members;
};

struct ZsetMember {
  PackedValue name = PackedValue::Text({});  // text lies in the sorted set
  double score = 0;
};

// Members from rank `first` on, `count` of them; rank 0 has the lowest score.
struct RankRange {
  size_t first = 0;
  size_t count = 0;
};

struct ScoreRange {
  double min = 0;
  double max = 0;
  bool min_excluded = false;
  bool max_excluded = false;
};

// An end of a range of bytes: "-", "+", "[text" or "(text".
struct LexBound {
  enum class Kind : uint8_t { kBelowAll, kIncluded, kExcluded, kAboveAll };
  Kind kind = Kind::kBelowAll;
  std::string_view text;
};

struct LexRange {
  LexBound min;
  LexBound max;
};

// Looks at a sorted set; dies with its next change.
class ZsetReader {
 public:
  // Requires entry.type() == kZset, or place.exists().
  explicit ZsetReader(const Entry& entry);
  explicit ZsetReader(const ValuePlace& place);

  bool is_packed() const { return members_ == nullptr; }
  std::string_view EncodingName() const { return is_packed() ? "listpack" : "skiplist"; }
  size_t size() const;

  std::optional<double> Score(std::string_view name) const;
  // The number of members before it.
  std::optional<size_t> Rank(std::string_view name) const;

  RankRange InScores(const ScoreRange& range) const;
  // Means something only where all scores are equal.
  RankRange InLex(const LexRange& range) const;

  enum class Direction : uint8_t { kUp, kDown };
  // Visits the range from its lowest rank up, or from its highest down, until visit returns false. Requires a range within
  // size().
  void Visit(const RankRange& range, Direction direction,
             absl::FunctionRef<bool(const ZsetMember& member)> visit) const;
  // From the first member with a score of at least `min` up: `choose` sees each score, and `take`, until it returns false, those
  // members that are chosen. The others are not touched.
  enum class Choice : uint8_t { kTake, kSkip, kStop };
  void VisitScores(double min, absl::FunctionRef<Choice(double score)> choose,
                   absl::FunctionRef<bool(const ZsetMember& member)> take) const;
  // All, from the lowest rank up.
  void ForEach(absl::FunctionRef<void(const ZsetMember& member)> visit) const;
  // Each equally likely.
  ZsetMember Random(Prng& prng) const;
  // As Db::Scan; a packed sorted set is visited at once, whatever `count` says.
  uint64_t Scan(uint64_t cursor, size_t count,
                absl::FunctionRef<void(const ZsetMember& member)> visit) const;

  // For codecs. Requires is_packed().
  std::string_view packed() const { return packed_; }

 private:
  ZsetReader(const Object* object, std::string_view packed);
  // As ScoreTree::CountWhile, in either form.
  size_t CountWhile(absl::FunctionRef<bool(const ZsetMember& member)> before) const;

  std::string_view packed_;
  const SortedMembers* members_ = nullptr;
};

// Changes a sorted set, or makes it with the first member. Each call that changes anything is one change.
class ZsetWriter {
 public:
  ZsetWriter(ValuePlace& place, const TypeRules& rules) : place_(&place), rules_(rules) {}

  size_t size() const { return place_->exists() ? ZsetReader(*place_).size() : 0; }

  // So many members are to be added, the longest of that length: a form that would not hold them is not begun with.
  void Expect(size_t members, size_t longest_bytes);
  // Gives the member that score; true when there was no such member. `name` must not lie in this sorted set.
  bool Set(std::string_view name, double score);
  // False when there is no such member. The place is empty after the last.
  bool Erase(std::string_view name);
  // Requires a range within size(). The place is empty after the last.
  void EraseRanks(const RankRange& range);
  // A listpack from elsewhere; becomes a tree if it is beyond the limits. Requires an empty place, valid bytes in order, with
  // members, none twice.
  void TakePacked(std::string_view bytes);

 private:
  bool SetPacked(std::string_view name, double score);
  bool Fits(size_t members, size_t longest_bytes) const;
  void Unpack();
  void NoteErased(size_t members);

  ValuePlace* place_;
  TypeRules rules_;
};

// The score in a listpack's element.
double PackedScore(const PackedValue& value);
// Whether a valid listpack is a sorted set: scores that are numbers, members in order, none twice.
bool IsSortedListpack(std::string_view bytes);

}  // namespace norn
