#pragma once
// Listpack: strings and integers one behind the other in one run of bytes, walkable both ways. What small lists, hashes,
// sets and sorted sets are, in memory as in snapshots and DUMP payloads: the bytes are the format of Redis 5 and later
// (listpack specification, Sanfilippo 2017), so that saving and loading copies them.
//
//     0          4          6
//     | bytes u32 | count u16 | element | element | ... | 0xFF |
//
//     element   | head | text, of a string | back: length of head and text, 1 to 5 bytes, read from the right |
//
//     head      0xxxxxxx                       integer 0..127
//               10llllll                       string of 0..63 bytes
//               110xxxxx xxxxxxxx              integer -4096..4095
//               1110llll llllllll              string of 64..4095 bytes
//               F0 u32                         longer string
//               F1 i16   F2 i24   F3 i32   F4 i64
//     back      7 bits a byte, the lowest rightmost; bit 7 is set where more stand to the left
//
//   I1  bytes is the length of all of it; the last byte is 0xFF, and no element begins with that.
//   I2  count is the number of elements, or 65535: more than 65534, or once were; then who asks counts.
//   I3  A string that is a canonical int64 is stored as an integer, in the shortest head that holds it. So equal elements have
//       equal bytes, and a search compares bytes.
//
// Bytes from outside satisfy I1 and I2 when ListpackIsValid; I3 is ours only: what another server or a forger wrote may
// store an integer in a longer head or as text. Find compares values, hence finds those too.
//
// Runs anywhere, never parks. All positions are offsets into the bytes; they die with the next change.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/number.h"
#include "engine/structs/packed_bytes.h"

namespace norn {

// Room for the digits of an integer element.
struct PackedScratch {
  char digits[kInt64CharsMax];
};

// What an element is: text, or an integer that stands for its digits. Text is not owned.
class PackedValue {
 public:
  // As a client wrote it: an integer when canonical (I3).
  template <typename T>
  requires std::convertible_to<const T&, std::string_view> PackedValue(const T& text)
      : text_(text) {
    DetectInteger();
  }
  static PackedValue Integer(int64_t value) { return PackedValue(true, {}, value); }
  // Text that is kept as text, whatever it says.
  static PackedValue Text(std::string_view text) { return PackedValue(false, text, 0); }

  bool is_integer() const { return is_integer_; }
  int64_t integer() const { return integer_; }     // Requires is_integer()
  std::string_view text() const { return text_; }  // Requires !is_integer()
  // The text, or the integer's digits, put into `scratch`.
  std::string_view View(PackedScratch& scratch) const {
    if (!is_integer_) return text_;
    return {scratch.digits, FormatInt64(integer_, scratch.digits)};
  }
  std::string ToString() const {
    PackedScratch scratch;
    return std::string(View(scratch));
  }
  size_t Length() const {
    PackedScratch scratch;
    return View(scratch).size();
  }

 private:
  PackedValue(bool is_integer, std::string_view text, int64_t integer)
      : text_(text), integer_(integer), is_integer_(is_integer) {}
  void DetectInteger();

  std::string_view text_;
  int64_t integer_ = 0;
  bool is_integer_ = false;
};

// Whether both stand for the same bytes.
bool operator==(const PackedValue& a, const PackedValue& b);

// Reads. Requires bytes that satisfy I1 and I2, and stay.
class ListpackView {
 public:
  using Position = uint32_t;

  explicit ListpackView(std::string_view bytes) : bytes_(bytes) {}

  std::string_view bytes() const { return bytes_; }
  size_t Count() const;
  bool empty() const { return first() == end(); }

  // A walk: from first() by Next to end(), or from end() by Previous to first().
  Position first() const;
  Position end() const { return static_cast<Position>(bytes_.size() - 1); }
  Position Next(Position at) const;
  Position Previous(Position at) const;               // Requires at != first()
  Position Skip(Position at, size_t elements) const;  // end() when there are not so many
  // Of the element with that index, negative: from the end; end() when there is none.
  Position Seek(int64_t index) const;

  PackedValue At(Position at) const;
  // The first element equal to `value` from `from` on, looking at one element and passing over `skipped`, in turn.
  Position Find(const PackedValue& value, Position from, size_t skipped) const;

 private:
  std::string_view bytes_;
};

// Changes. Each function is one splice of the bytes. Positions of before are void; those returned are good. Values given must
// not lie in these very bytes.
class Listpack {
 public:
  using Position = ListpackView::Position;

  // The bytes of one without elements.
  static std::string_view Empty();
  // What the bytes grow by when `value` is added. No change may make them more than kBytesMax.
  static size_t BytesFor(const PackedValue& value);
  static constexpr size_t kBytesMax = size_t{1} << 30;

  explicit Listpack(PackedBytes& storage) : storage_(&storage) {}

  ListpackView view() const { return ListpackView(storage_->bytes()); }

  // Before the element at `at` (end(): behind the last), in this order; returns the position of the first.
  Position Insert(Position at, std::span<const PackedValue> values);
  Position Insert(Position at, std::initializer_list<PackedValue> values) {
    return Insert(at, std::span<const PackedValue>(values.begin(), values.size()));
  }
  Position Append(std::initializer_list<PackedValue> values) {
    return Insert(view().end(), values);
  }
  // The `elements` elements of another from `from` up to `to`, in their order.
  void AppendRange(const ListpackView& other, Position from, Position to, size_t elements);
  Position Replace(Position at, const PackedValue& value);
  // `elements` from `at` on, or as many as there are; returns the position behind them.
  Position Erase(Position at, size_t elements);

 private:
  Position Rewrite(Position at, size_t removed_bytes, size_t removed_count,
                   std::span<const PackedValue> values);
  static void SetHeader(std::span<char> bytes, size_t count);

  PackedBytes* storage_;
};

// For who writes elements into bytes of his own: each returns what it wrote, at most 9 bytes in front
// of the text and 5 behind it.
size_t WriteListpackTextHead(size_t text_bytes, char* out);
size_t WriteListpackBack(size_t element_bytes, char* out);
size_t WriteListpackElement(const PackedValue& value, char* out);

// Whether bytes from outside are a listpack: I1, I2, every element within, both ways alike. Reads all of them.
bool ListpackIsValid(std::string_view bytes);

}  // namespace norn
