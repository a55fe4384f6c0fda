#pragma once
// A key with its value, deadline and access history: one allocation for small strings.
//
//     0        3      4       5        6        7        8
//     | access | kind | flags | key_n  | val_n  | ...
//     | 24 bit | 4+4  |       |  u8    |  u8    |
//
//   access   LRU clock (seconds, 24 bits) or LFU (16 bits minutes, 8 bits logarithmic counter), as maxmemory-policy says
//   kind     ValueType in the high, Encoding in the low four bits
//   flags    kHasDeadline, kWide, kModified ...
//   key_n    key length in bytes; kWide: u32 key length follows the header (key_n unused)
//   val_n    bytes of the embedded value (0..255); unused when the value is not embedded
//   then     [u32 key length, u32 zero]    if kWide
//            [i64 deadline in unix ms]     if kHasDeadline
//            [i64 integer | pointer to the outside value]  if the encoding is kInt or kOutside
//            key bytes
//            value bytes                   if embedded
//
//   I1  An entry's size follows from its header alone; the pool needs nothing else to free it.
//   I2  An entry never changes its key, nor its size: what would change it makes a new entry (Db replaces the pointer).
//   I3  Entries are 8-byte aligned, and their addresses fit in 48 bits (the table keeps hash bits in the rest).

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/number.h"

namespace norn {

enum class ValueType : uint8_t { kString = 0, kList = 1, kSet = 2, kZset = 3, kHash = 4, kStream = 6 };

enum class Encoding : uint8_t {
  kInt,       // string that is a canonical int64
  kEmbedded,  // string bytes inside the entry
  kOutside,   // string bytes in a block of its own (StringBlock)
  kObject,    // any other type: an object behind a pointer
};

inline constexpr int64_t kNoDeadline = -1;

// Room for the digits of an integer value.
struct StringScratch {
  char digits[kInt64CharsMax];
};

// A string outside its entry, with room to grow in place (APPEND, SETRANGE, SETBIT).
struct StringBlock {
  uint64_t size_bytes;
  uint64_t capacity_bytes;
  char bytes[];
};

class Entry {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  std::string_view key() const;
  ValueType type() const { return static_cast<ValueType>(kind_ >> 4); }
  Encoding encoding() const { return static_cast<Encoding>(kind_ & 15); }
  bool IsString() const { return type() == ValueType::kString; }

  bool has_deadline() const { return (flags_ & kHasDeadline) != 0; }
  // Unix ms, or kNoDeadline.
  int64_t deadline_ms() const;
  bool ExpiredAt(int64_t now_ms) const { return has_deadline() && deadline_ms() <= now_ms; }

  // Requires IsString(). The view lies in the entry, its block, or `scratch` (integers); it dies with the next change of
  // this entry or with `scratch`.
  std::string_view String(StringScratch& scratch) const;
  size_t StringLength() const;
  // Requires encoding() == kInt.
  int64_t Integer() const;
  // Requires encoding() == kObject.
  void* object() const;

  // "int", "embstr", "raw" as Valkey would answer: embstr up to 44 bytes unless the value was built by a partial write
  // (APPEND, SETRANGE). Requires IsString().
  std::string_view EncodingName() const;

  // The raw 24 bits (access.h gives them meaning).
  uint32_t access() const { return access_; }
  void set_access(uint32_t access) { access_ = access & 0xffffff; }

  // Bytes of this allocation as the pool sees it; without an outside value's.
  size_t SizeBytes() const;
  // Bytes of the outside value (string block, object); 0 for embedded and integer values.
  size_t OutsideBytes() const;

 private:
  friend class EntryBuilder;

  static constexpr uint8_t kHasDeadline = 1;
  static constexpr uint8_t kWide = 2;      // lengths do not fit a byte
  static constexpr uint8_t kModified = 4;  // built by a partial write: reports "raw"

  Entry() = default;

  uint32_t access_ : 24;
  uint32_t kind_ : 8;
  uint8_t flags_;
  uint8_t key_bytes_;
  uint8_t value_bytes_;
  uint8_t reserved_;
};
static_assert(sizeof(Entry) == 8);

}  // namespace norn
