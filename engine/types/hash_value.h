#pragma once
// Hashes: fields with values, in no order; a field may have a deadline of its own (Valkey 9).
//
//   listpack   up to hash-max-listpack-entries fields, names and values of up to hash-max-listpack-value bytes, no deadlines
//   hashtable  the rest: a FieldTable
//
// A form only ever changes to the right. A field past its deadline is not there for a reader that is told the time; it counts in
// size() until somebody erases it, as in Valkey.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "engine/base/prng.h"
#include "engine/keyspace/db.h"
#include "engine/structs/listpack.h"
#include "engine/types/table_object.h"
#include "engine/types/type_rules.h"
#include "engine/types/value_place.h"

namespace norn {

// A field as it is stored; text lies in the hash.
struct HashField {
  PackedValue name = PackedValue::Text({});
  PackedValue value = PackedValue::Text({});
  int64_t deadline_ms = Field::kNoDeadline;
};

// Looks at a hash; dies with its next change.
class HashReader {
 public:
  // Fields with a deadline up to `expired_up_to_ms` are not there. Requires entry.type() == kHash, or place.exists().
  HashReader(const Entry& entry, int64_t expired_up_to_ms);
  HashReader(const ValuePlace& place, int64_t expired_up_to_ms);

  bool is_table() const { return table_ != nullptr; }
  std::string_view EncodingName() const { return is_table() ? "hashtable" : "listpack"; }
  size_t size() const;
  bool has_deadlines() const { return is_table() && table_->DeadlineCount() > 0; }

  std::optional<HashField> Find(std::string_view name) const;
  void ForEach(absl::FunctionRef<void(const HashField& field)> visit) const;
  // Each equally likely; nothing when all there are have expired.
  std::optional<HashField> Random(Prng& prng) const;
  // As Db::Scan; a packed hash is visited at once, whatever `count` says.
  uint64_t Scan(uint64_t cursor, size_t count,
                absl::FunctionRef<void(const HashField& field)> visit) const;

  // For codecs. Require the form.
  std::string_view packed() const { return packed_; }
  const FieldTable& table() const { return *table_; }

 private:
  HashReader(const Object* object, std::string_view packed, int64_t expired_up_to_ms);
  bool Hides(const Field& field) const;

  std::string_view packed_;
  const FieldTable* table_ = nullptr;
  int64_t expired_up_to_ms_;
};

// Changes a hash, or makes it with the first field. Each call that changes anything is one change.
class HashWriter {
 public:
  HashWriter(ValuePlace& place, const TypeRules& rules) : place_(&place), rules_(rules) {}

  // All of the place, expired fields included.
  size_t size() const;

  // These names and values, in turn, are to be set: a form that would not hold them is left, or not begun with.
  void Expect(std::span<const std::string_view> names_and_values);
  // Sets a value. The field's deadline becomes `deadline_ms`, kNoDeadline: none. True when there was no such field. Neither text
  // may lie in this hash.
  bool Set(std::string_view name, std::string_view value, int64_t deadline_ms = Field::kNoDeadline);
  // False when there is no such field.
  bool SetDeadline(std::string_view name, int64_t deadline_ms);
  // False when there is no such field. The place is empty after the last.
  bool Erase(std::string_view name);
  // Erases fields with deadlines up to `now_ms`, calling visit(name) for each first, for about `lines` lines of the table; true
  // at the end of a round, which may leave some to the next. The place is empty after the last.
  bool EraseDue(int64_t now_ms, size_t lines, absl::FunctionRef<void(std::string_view)> visit);
  // A listpack from elsewhere; becomes a table if it is beyond the limits. Requires an empty place, valid bytes with fields,
  // none twice.
  void TakePacked(std::string_view bytes);

 private:
  bool is_table() const { return place_->object() != nullptr; }
  FieldTable& table(Object& object) const { return TableObject::Of(object).table; }
  bool SetPacked(std::string_view name, std::string_view value);
  bool Fits(size_t fields, size_t longest_bytes) const;
  void BecomeTable();
  void NoteErased();

  ValuePlace* place_;
  TypeRules rules_;
};

}  // namespace norn
