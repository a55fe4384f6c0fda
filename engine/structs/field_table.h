#pragma once
// FieldTable: names, each with a value if it is given one and a deadline if it is given one. What a big hash is, and, with
// names alone, a big set.
//
// A field is one allocation:
//
//     | head u8 | name length 1..5 | value length 1..5, if any | deadline i64, if any | name | value |
//
//     head      bit 0: has a deadline; bit 1: has a value; lengths: 7 bits a byte, lowest first, bit 7: more follow
//
// so that a member of 14 bytes takes 16, and a field of two short strings 32. The table (hash_table.h) adds 11 to 13 bytes and
// knows which fields have deadlines.
//
// Runs anywhere, never parks. Deadlines are unix ms; what they mean is the owner's business.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/prng.h"
#include "engine/structs/by_name.h"
#include "engine/structs/hash_table.h"

namespace norn {

class Field {
 public:
  static constexpr int64_t kNoDeadline = -1;

  Field(const Field&) = delete;
  Field& operator=(const Field&) = delete;

  std::string_view name() const { return Read().name; }
  std::string_view value() const { return Read().value; }  // "" when it has none
  int64_t deadline_ms() const { return Read().deadline_ms; }
  bool has_deadline() const { return (head_ & kHasDeadline) != 0; }
  size_t AllocatedBytes() const;

 private:
  friend class FieldTable;

  static constexpr uint8_t kHasDeadline = 1;
  static constexpr uint8_t kHasValue = 2;

  struct Parts {
    std::string_view name;
    std::string_view value;
    int64_t deadline_ms = kNoDeadline;
  };

  Field() = default;
  static Field* New(const Parts& parts);
  static void Free(Field* field);
  Parts Read() const;
  bool OverwriteValue(std::string_view value);

  uint8_t head_;
};

class FieldTable {
 public:
  explicit FieldTable(uint64_t hash_seed) : table_(ByName<Field>{hash_seed}) {}
  FieldTable(const FieldTable& other);
  FieldTable(FieldTable&&) = delete;
  FieldTable& operator=(FieldTable&&) = delete;
  ~FieldTable();

  size_t size() const { return table_.size(); }
  size_t DeadlineCount() const { return table_.marked_size(); }
  size_t UsedBytes() const { return sizeof(*this) + table_.UsedBytes() + field_bytes_; }

  // The field, until the next change; null when there is none.
  const Field* Find(std::string_view name) const;
  // Two steps of what Find will read, as HashTable's.
  uint64_t HashOf(std::string_view name) const { return table_.traits().HashOf(name); }
  void PrefetchLine(uint64_t hash) const { table_.PrefetchLine(hash); }
  void PrefetchItem(uint64_t hash) const { table_.PrefetchItem(hash); }
  // Gives the field that value and deadline (kNoDeadline: none); true when there was no such field. Neither text may lie in
  // this table.
  bool Set(std::string_view name, std::string_view value, int64_t deadline_ms);
  // A name without a value; false when it was there.
  bool Add(std::string_view name);
  // False when there is no such field.
  bool SetDeadline(std::string_view name, int64_t deadline_ms);
  bool Erase(std::string_view name);

  // Each equally likely; null when there is none.
  const Field* Random(Prng& prng) const;
  // As HashTable::Scan.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, size_t count, Visit&& visit) const {
    return table_.Scan(cursor, count, [&](const Field& field) { visit(field); });
  }
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    table_.ForEach([&](const Field& field) { visit(field); });
  }
  // Erases fields whose deadline is at or before `now_ms`, calling visit(field) for each first, going round the table: for
  // about `lines` lines of it. True at the end of a round, which may miss some: the table shrinks meanwhile, and moves fields.
  template <typename Visit>
  bool EraseDue(int64_t now_ms, size_t lines, Visit&& visit);

  // Frees about `effort` fields of a table that is good for nothing else any more; true when none is left.
  bool FreeSome(size_t effort);

  void CheckInvariants() const;  // for tests

 private:
  using Table = HashTable<ByName<Field>>;

  void Replace(Table::Found found, const Field::Parts& parts);
  void Insert(const Field::Parts& parts, uint64_t hash);
  void EraseAt(Table::Found found);

  Table table_;
  size_t field_bytes_ = 0;
  uint64_t due_point_ = 0;  // where EraseDue goes on
};

template <typename Visit>
bool FieldTable::EraseDue(int64_t now_ms, size_t lines, Visit&& visit) {
  constexpr size_t kLinesAtOnce = 8;
  while (lines > 0 && DeadlineCount() > 0) {
    Table::Found due[7 * (kLinesAtOnce + 1)];
    size_t due_count = 0;
    const size_t work = table_.VisitMarked(&due_point_, std::min(lines, kLinesAtOnce),
                                           [&](Field& field, Table::Position at) {
                                             if (field.deadline_ms() <= now_ms)
                                               due[due_count++] = {&field, at};
                                           });
    for (size_t i = 0; i < due_count; ++i) {
      visit(static_cast<const Field&>(*due[i].item));
      field_bytes_ -= due[i].item->AllocatedBytes();
      table_.EraseKeepingSize(due[i].at);
      Field::Free(due[i].item);
    }
    table_.CompactSome(due_count / 8 + 1);
    lines -= std::min(lines, work);
    if (due_point_ == 0) return true;
  }
  return DeadlineCount() == 0;
}

}  // namespace norn
