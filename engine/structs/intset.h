#pragma once
// Intset: integers in ascending order, all of the width that the widest needs. What a small set of integers is, in memory as
// in snapshots: the bytes are Redis' format.
//
//     0           4           8
//     | width u32 | count u32 | integer | integer | ...      width 2, 4 or 8 bytes, two's complement, little-endian
//
//   I1  The integers ascend strictly.
//   I2  One that needs more than `width` bytes is not there. (The width never shrinks.)
//
// Membership is a binary search, a change moves what lies behind it: right for the few hundred members that
// set-max-intset-entries allows, wrong beyond.
//
// Runs anywhere, never parks.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/structs/packed_bytes.h"

namespace norn {

// Reads. Requires bytes that satisfy I1, and stay.
class IntsetView {
 public:
  explicit IntsetView(std::string_view bytes) : bytes_(bytes) {}

  size_t Count() const;
  size_t WidthBytes() const;
  // In ascending order. Requires index < Count().
  int64_t At(size_t index) const;
  // Where `value` is, or would be.
  size_t LowerBound(int64_t value) const;
  bool Contains(int64_t value) const;

 private:
  std::string_view bytes_;
};

// Changes.
class Intset {
 public:
  // The bytes of one without members.
  static std::string_view Empty();

  explicit Intset(PackedBytes& storage) : storage_(&storage) {}

  IntsetView view() const { return IntsetView(storage_->bytes()); }

  // False: it was there already, or not.
  bool Insert(int64_t value);
  bool Erase(int64_t value);

 private:
  // Gives every member the width that `value` needs, and adds it at the end where it then belongs.
  void Widen(int64_t value);

  PackedBytes* storage_;
};

// Whether bytes from outside are an intset: lengths that fit, and I1. Reads all of them.
bool IntsetIsValid(std::string_view bytes);

}  // namespace norn
