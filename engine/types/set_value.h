#pragma once
// Sets: members in no order, each once.
//
//   intset     integers only, up to set-max-intset-entries
//   listpack   up to set-max-listpack-entries members of up to set-max-listpack-value bytes
//   hashtable  the rest: a FieldTable of names
//
// A form only ever changes to the right. Which of the packed forms the bytes are they say themselves: an intset begins with its
// width, 2, 4 or 8, a listpack with its length, which is never one of those.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "engine/base/prng.h"
#include "engine/keyspace/db.h"
#include "engine/structs/intset.h"
#include "engine/structs/listpack.h"
#include "engine/types/table_object.h"
#include "engine/types/type_rules.h"
#include "engine/types/value_place.h"

namespace norn {

enum class SetForm : uint8_t { kIntset, kListpack, kTable };

// Looks at a set; dies with its next change.
class SetReader {
 public:
  // Requires entry.type() == kSet.
  explicit SetReader(const Entry& entry);
  // Requires place.exists().
  explicit SetReader(const ValuePlace& place);

  SetForm form() const { return form_; }
  std::string_view EncodingName() const;
  size_t size() const;
  bool Contains(std::string_view member) const;
  void ForEach(absl::FunctionRef<void(const PackedValue& member)> visit) const;
  // Each equally likely. Text lies in the set.
  PackedValue Random(Prng& prng) const;
  // As Db::Scan; a packed set is visited at once, whatever `count` says.
  uint64_t Scan(uint64_t cursor, size_t count,
                absl::FunctionRef<void(const PackedValue& member)> visit) const;

  // For codecs. Require a packed form, or kTable.
  std::string_view packed() const { return packed_; }
  const FieldTable& table() const { return *table_; }

 private:
  SetReader(const Object* object, std::string_view packed);

  SetForm form_;
  std::string_view packed_;
  const FieldTable* table_ = nullptr;
};

// Changes a set, or makes it with the first member.
class SetWriter {
 public:
  SetWriter(ValuePlace& place, const TypeRules& rules) : place_(&place), rules_(rules) {}

  size_t size() const { return place_->exists() ? SetReader(*place_).size() : 0; }

  // About so many members are to be added, this one first: a form that would not hold them is left, or not begun with.
  void Expect(std::string_view first_member, size_t members);
  // False: it was a member already. `member` must not lie in this set.
  bool Add(std::string_view member);
  // False: it was none. The place is empty after the last.
  bool Remove(std::string_view member);
  // A packed set from elsewhere; becomes a table if it is beyond the limits. Requires an empty place, valid bytes with
  // members, none twice.
  void TakePacked(std::string_view bytes);

 private:
  bool AddToIntset(std::string_view member);
  bool AddToListpack(std::string_view member);
  bool AddToTable(std::string_view member);
  void BecomeListpack();
  void BecomeTable();

  ValuePlace* place_;
  TypeRules rules_;
};

}  // namespace norn
