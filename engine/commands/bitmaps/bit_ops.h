#pragma once
// Strings as rows of bits, and what is done to them: no words, no replies, no keys.
//
// Bit 0 is the highest bit of byte 0, bit 8 the highest of byte 1. A field of n bits at an offset is a number whose highest
// bit comes first, wherever bytes begin:
//
//      byte 0    byte 1
//     |00000001|01110000|     u5 at offset 7 is 0b10111, 23
//
// Where a string ends, zeros go on. The long walks (Count, Find, Combine) take eight bytes a step, whatever the alignment.
//
// Runs anywhere, never parks.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace norn::bit_ops {

// Bits `first` to `last`, both included.
struct BitRange {
  uint64_t first = 0;
  uint64_t last = 0;
};

inline bool Get(std::string_view bytes, uint64_t offset) {
  const uint64_t byte = offset / 8;
  return byte < bytes.size() && ((static_cast<uint8_t>(bytes[byte]) >> (7 - offset % 8)) & 1) != 0;
}
// Requires offset < 8 * bytes.size().
void Set(std::span<char> bytes, uint64_t offset, bool bit);

// The number of ones.
uint64_t Count(std::string_view bytes);
// The same of a part. Requires first <= last < 8 * bytes.size().
uint64_t Count(std::string_view bytes, const BitRange& range);

// The offset of the first bit that is `bit`; nullopt where there is none. Requires first <= last < 8 * bytes.size().
std::optional<uint64_t> Find(std::string_view bytes, bool bit, const BitRange& range);

enum class Operation : uint8_t { kAnd, kOr, kXor, kNot };

// As long as the longest source. Requires one source at least; of kNot, exactly one.
std::string Combine(Operation operation, std::span<const std::string_view> sources);

// ---- fields ----
struct FieldType {
  bool is_signed = false;
  uint32_t bits = 1;  // 1 to 64; unsigned ones up to 63
};

// "u8", "i64".
std::optional<FieldType> ParseFieldType(std::string_view text);

int64_t GetField(std::string_view bytes, FieldType type, uint64_t offset);
// The lower bits of `value`. Requires offset + type.bits <= 8 * bytes.size().
void SetField(std::span<char> bytes, FieldType type, uint64_t offset, int64_t value);

// What becomes of a value that its type cannot hold.
enum class Overflow : uint8_t { kWrap, kSaturate, kFail };

// What a field holds that is to hold `value`, or to grow by `by`. nullopt: kFail, and it cannot. `old` is a value of the type.
// Valkey: to an unsigned field a negative value to be set is one beyond its highest; to a signed one the lowest int64s are, too.
std::optional<int64_t> Fit(FieldType type, int64_t value, Overflow overflow);
std::optional<int64_t> Grow(FieldType type, int64_t old, int64_t by, Overflow overflow);

}  // namespace norn::bit_ops
