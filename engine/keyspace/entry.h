#pragma once
// A key with its value, deadline and access history: one allocation for small strings.
//
//     0        3      4       5        6        7        8
//     | access | kind | flags | key_n  | val_n  | ...
//     | 24 bit | 4+4  |       |  u8    |  u8    |
//
//   access   LRU clock (seconds, 24 bits) or LFU (16 bits minutes, 8 bits logarithmic counter), as maxmemory-policy says
//   kind     ValueType in the high, Encoding in the low four bits
//   flags    kHasDeadline, kWide, kModified
//   key_n    key length in bytes; kWide: u32 key length follows the header (key_n unused)
//   val_n    bytes of the embedded value (0..255); unused when the value is not embedded
//   then     [u64 key length]              if kWide
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
#include <cstring>
#include <string_view>

#include "engine/base/allocation.h"
#include "engine/base/number.h"
#include "engine/keyspace/object.h"

namespace norn {

enum class ValueType : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kZset = 3,
  kHash = 4,
  kStream = 6
};

enum class Encoding : uint8_t {
  kInt,       // string that is a canonical int64
  kEmbedded,  // bytes inside the entry: a string's, or those of a packed value
  kOutside,   // the same bytes in a block of their own (StringBlock)
  kObject,    // what is too big to be packed: an object behind a pointer
};

inline constexpr int64_t kNoDeadline = -1;

// Room for the digits of an integer value.
struct StringScratch {
  char digits[kInt64CharsMax];
};

// Longer strings live outside. Embedding saves the pointer, the block's header, the allocator's rounding (40 bytes at this
// length) and a cache miss; a string of another length class then moves its whole entry, which at this length still
// costs less than a miss.
inline constexpr size_t kEmbeddedBytesMax = 192;

// A string outside its entry, with room to grow in place (APPEND, SETRANGE, SETBIT).
struct StringBlock {
  uint64_t size_bytes;
  uint64_t capacity_bytes;

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view view() const { return {bytes(), size_bytes}; }
  size_t UsedBytes() const { return sizeof(StringBlock) + capacity_bytes; }

  // The capacity is what the allocator rounds up to anyway. Bytes are not set.
  static StringBlock* New(size_t size_bytes);
  static StringBlock* New(std::string_view value);
  // Makes room for `size_bytes` and sets the size; keeps what was there, does not set what is new. Grows by a quarter at
  // least, so that a string built by appending is copied a constant number of times a byte.
  static StringBlock* Resize(StringBlock* block, size_t size_bytes);
  static void Free(StringBlock* block);
};

// A value apart from its entry, not owned.
struct ValueView {
  ValueType type = ValueType::kString;
  Encoding encoding = Encoding::kEmbedded;
  bool modified = false;      // see Entry::kModified
  std::string_view embedded;  // kEmbedded
  uint64_t word = 0;          // kInt: the integer; kOutside: StringBlock*; kObject: Object*

  int64_t integer() const { return static_cast<int64_t>(word); }
  StringBlock* block() const { return reinterpret_cast<StringBlock*>(word); }
  Object* object() const { return reinterpret_cast<Object*>(word); }
};

class Entry {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  std::string_view key() const {
    const char* base = reinterpret_cast<const char*>(this);
    return {base + KeyOffset(), KeyBytes()};
  }
  ValueType type() const { return static_cast<ValueType>(kind_ >> 4); }
  Encoding encoding() const { return static_cast<Encoding>(kind_ & 15); }
  bool IsString() const { return type() == ValueType::kString; }
  // A small value of another type, whose bytes are a listpack or an intset.
  bool IsPacked() const { return !IsString() && encoding() != Encoding::kObject; }

  bool has_deadline() const { return (flags_ & kHasDeadline) != 0; }
  // Unix ms, or kNoDeadline.
  int64_t deadline_ms() const {
    return has_deadline() ? static_cast<int64_t>(LoadWord(DeadlineOffset())) : kNoDeadline;
  }
  bool ExpiredAt(int64_t now_ms) const { return has_deadline() && deadline_ms() <= now_ms; }

  // Requires IsString(). The view lies in the entry, its block, or `scratch` (integers); it dies with the next change of
  // this entry or with `scratch`.
  std::string_view String(StringScratch& scratch) const;
  size_t StringLength() const;
  // Requires IsPacked(). Dies with the next change of this entry.
  std::string_view packed() const;
  // Requires encoding() == kInt.
  int64_t Integer() const;
  // Requires encoding() == kObject.
  Object* object() const;
  ValueView value() const;

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
  static constexpr uint8_t kWide = 2;      // the key's length does not fit a byte
  static constexpr uint8_t kModified = 4;  // built by a partial write: reports "raw"

  Entry() = default;

  // Where things are, in bytes from the entry's begin.
  bool has_word() const { return encoding() != Encoding::kEmbedded; }
  size_t DeadlineOffset() const { return 8 + 4 * (flags_ & kWide); }
  size_t WordOffset() const { return DeadlineOffset() + 8 * (flags_ & kHasDeadline); }
  size_t KeyOffset() const { return WordOffset() + (has_word() ? 8 : 0); }
  size_t KeyBytes() const {
    return (flags_ & kWide) == 0 ? key_bytes_ : static_cast<uint32_t>(LoadWord(8));
  }
  size_t ValueOffset() const { return KeyOffset() + KeyBytes(); }

  uint64_t LoadWord(size_t offset) const {
    uint64_t word;
    std::memcpy(&word, reinterpret_cast<const char*>(this) + offset, sizeof(word));
    return word;
  }
  void StoreWord(size_t offset, uint64_t word) {
    std::memcpy(reinterpret_cast<char*>(this) + offset, &word, sizeof(word));
  }

  uint32_t access_ : 24;
  uint32_t kind_ : 8;
  uint8_t flags_;
  uint8_t key_bytes_;
  uint8_t value_bytes_;
  uint8_t reserved_;
};
static_assert(sizeof(Entry) == 8);

}  // namespace norn
