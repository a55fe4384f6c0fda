#include "engine/commands/bitmaps/bit_ops.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/base/check.h"
#include "engine/base/number.h"

namespace norn::bit_ops {
namespace {

// Sources are combined piece by piece, so that what is being built stays in the nearest cache however many there are.
constexpr size_t kPieceBytes = 16 * 1024;

uint64_t LoadWord(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}
void StoreWord(char* at, uint64_t word) { std::memcpy(at, &word, sizeof(word)); }

uint64_t CountPlain(std::string_view bytes) {
  uint64_t sum = 0;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (; end - at >= 8; at += 8) sum += static_cast<uint64_t>(std::popcount(LoadWord(at)));
  uint64_t rest = 0;
  if (at != end) std::memcpy(&rest, at, static_cast<size_t>(end - at));
  return sum + static_cast<uint64_t>(std::popcount(rest));
}

#if defined(__x86_64__)
// The instruction is older than any server in use, but not part of the least x86-64, which is what we compile for.
__attribute__((target("popcnt"))) uint64_t CountWord(uint64_t word) {
  return static_cast<uint64_t>(__builtin_popcountll(word));
}
__attribute__((target("popcnt"))) uint64_t CountByInstruction(std::string_view bytes) {
  uint64_t sums[4] = {};  // the counts of one step do not wait for each other
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (; end - at >= 32; at += 32) {
    sums[0] += CountWord(LoadWord(at));
    sums[1] += CountWord(LoadWord(at + 8));
    sums[2] += CountWord(LoadWord(at + 16));
    sums[3] += CountWord(LoadWord(at + 24));
  }
  const std::string_view rest(at, static_cast<size_t>(end - at));
  return sums[0] + sums[1] + sums[2] + sums[3] + CountPlain(rest);
}
#endif

// The bits of a range's first and last byte that are in it.
uint8_t FirstMask(const BitRange& range) { return static_cast<uint8_t>(0xff >> (range.first % 8)); }
uint8_t LastMask(const BitRange& range) {
  return static_cast<uint8_t>(0xff << (7 - range.last % 8));
}

// The first byte from `from` on that is not all `skipped`, up to `end`, which means none.
size_t SkipBytes(std::string_view bytes, size_t from, size_t end, uint8_t skipped) {
  const uint64_t word = skipped == 0 ? 0 : ~uint64_t{0};
  while (end - from >= 8 && LoadWord(bytes.data() + from) == word) from += 8;
  while (from < end && static_cast<uint8_t>(bytes[from]) == skipped) ++from;
  return from;
}

template <typename CombineWords>
void CombineInto(std::span<char> to, std::string_view with, CombineWords combine) {
  size_t at = 0;
  for (; at + 32 <= with.size(); at += 32) {
    for (size_t i = at; i < at + 32; i += 8) {
      StoreWord(&to[i], combine(LoadWord(&to[i]), LoadWord(&with[i])));
    }
  }
  for (; at < with.size(); ++at) {
    to[at] =
        static_cast<char>(combine(static_cast<uint8_t>(to[at]), static_cast<uint8_t>(with[at])));
  }
}

// `with` is no longer than `to`; what is missing of it is zeros.
void CombineInto(Operation operation, std::span<char> to, std::string_view with) {
  switch (operation) {
    case Operation::kAnd:
      CombineInto(to, with, [](uint64_t a, uint64_t b) { return a & b; });
      std::fill(to.begin() + static_cast<ptrdiff_t>(with.size()), to.end(), '\0');
      return;
    case Operation::kOr:
      return CombineInto(to, with, [](uint64_t a, uint64_t b) { return a | b; });
    case Operation::kXor:
      return CombineInto(to, with, [](uint64_t a, uint64_t b) { return a ^ b; });
    case Operation::kNot:
      return CombineInto(to, with, [](uint64_t, uint64_t b) { return ~b; });
  }
}

// Nine bytes hold a field of 64 bits at any offset in a byte.
constexpr size_t kFieldBytes = 9;
using Window = unsigned __int128;

Window LoadWindow(std::string_view bytes, size_t from) {
  Window window = 0;
  for (size_t i = from; i < from + kFieldBytes; ++i) {
    window = (window << 8) | (i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0);
  }
  return window;
}

int WindowShift(FieldType type, uint64_t offset) {
  return static_cast<int>(8 * kFieldBytes - offset % 8 - type.bits);
}

uint64_t LowBits(uint32_t bits) { return bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }

// The value that the lower bits of `raw` mean.
int64_t Meaning(FieldType type, uint64_t raw) {
  raw &= LowBits(type.bits);
  const bool negative = type.is_signed && ((raw >> (type.bits - 1)) & 1) != 0;
  return static_cast<int64_t>(negative ? raw | ~LowBits(type.bits) : raw);
}

std::optional<int64_t> FitWide(FieldType type, __int128 value, Overflow overflow) {
  const uint64_t max = LowBits(type.is_signed ? type.bits - 1 : type.bits);
  const __int128 min = type.is_signed ? -static_cast<__int128>(max) - 1 : 0;
  if (value >= min && value <= static_cast<__int128>(max)) return static_cast<int64_t>(value);
  switch (overflow) {
    case Overflow::kFail:
      return std::nullopt;
    case Overflow::kSaturate:
      return static_cast<int64_t>(value < min ? min : static_cast<__int128>(max));
    case Overflow::kWrap:
      break;
  }
  return Meaning(type, static_cast<uint64_t>(value));
}

}  // namespace

void Set(std::span<char> bytes, uint64_t offset, bool bit) {
  CHECK(offset / 8 < bytes.size());
  char& byte = bytes[offset / 8];
  const int mask = 1 << (7 - offset % 8);
  byte = static_cast<char>(bit ? byte | mask : byte & ~mask);
}

uint64_t Count(std::string_view bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("popcnt")) return CountByInstruction(bytes);
#endif
  return CountPlain(bytes);
}

uint64_t Count(std::string_view bytes, const BitRange& range) {
  CHECK(range.first <= range.last && range.last / 8 < bytes.size());
  const size_t first = range.first / 8;
  const size_t last = range.last / 8;
  const auto first_byte = static_cast<uint8_t>(bytes[first]);
  const auto last_byte = static_cast<uint8_t>(bytes[last]);
  const auto beyond_first = static_cast<uint8_t>(first_byte & ~FirstMask(range));
  const auto beyond_last = static_cast<uint8_t>(last_byte & ~LastMask(range));
  return Count(bytes.substr(first, last - first + 1)) -
         static_cast<uint64_t>(std::popcount(beyond_first) + std::popcount(beyond_last));
}

std::optional<uint64_t> Find(std::string_view bytes, bool bit, const BitRange& range) {
  CHECK(range.first <= range.last && range.last / 8 < bytes.size());
  const uint8_t skipped = bit ? 0x00 : 0xff;
  const size_t last = range.last / 8;
  for (size_t at = range.first / 8; at <= last; ++at) {
    at = SkipBytes(bytes, at, last + 1, skipped);
    if (at > last) break;
    auto wanted = static_cast<uint8_t>(bytes[at] ^ static_cast<char>(skipped));
    if (at == range.first / 8) wanted &= FirstMask(range);
    if (at == last) wanted &= LastMask(range);
    if (wanted != 0) return at * 8 + static_cast<uint64_t>(std::countl_zero(wanted));
  }
  return std::nullopt;
}

std::string Combine(Operation operation, std::span<const std::string_view> sources) {
  CHECK(operation == Operation::kNot ? sources.size() == 1 : !sources.empty());
  size_t size_bytes = 0;
  for (const std::string_view source : sources) size_bytes = std::max(size_bytes, source.size());
  std::string result(size_bytes, '\0');
  for (size_t from = 0; from < size_bytes; from += kPieceBytes) {
    const std::span<char> piece(result.data() + from, std::min(kPieceBytes, size_bytes - from));
    const auto part = [&](std::string_view source) {
      return source.substr(std::min(from, source.size()), piece.size());
    };
    const std::string_view first = part(sources[0]);
    if (operation == Operation::kNot) {
      CombineInto(operation, piece, first);
    } else {
      first.copy(piece.data(), first.size());
    }
    for (const std::string_view source : sources.subspan(1)) {
      CombineInto(operation, piece, part(source));
    }
  }
  return result;
}

std::optional<FieldType> ParseFieldType(std::string_view text) {
  if (text.empty() || (text[0] != 'i' && text[0] != 'u')) return std::nullopt;
  const bool is_signed = text[0] == 'i';
  const std::optional<int64_t> bits = ParseInt64(text.substr(1));
  if (!bits || *bits < 1 || *bits > (is_signed ? 64 : 63)) return std::nullopt;
  return FieldType{is_signed, static_cast<uint32_t>(*bits)};
}

int64_t GetField(std::string_view bytes, FieldType type, uint64_t offset) {
  if (offset / 8 >= bytes.size()) return 0;
  const Window window = LoadWindow(bytes, offset / 8);
  return Meaning(type, static_cast<uint64_t>(window >> WindowShift(type, offset)));
}

void SetField(std::span<char> bytes, FieldType type, uint64_t offset, int64_t value) {
  CHECK(offset + type.bits <= 8 * bytes.size());
  const size_t from = offset / 8;
  const int shift = WindowShift(type, offset);
  const Window mask = static_cast<Window>(LowBits(type.bits)) << shift;
  const Window set = static_cast<Window>(static_cast<uint64_t>(value) & LowBits(type.bits))
                     << shift;
  const Window window = (LoadWindow({bytes.data(), bytes.size()}, from) & ~mask) | set;
  for (size_t i = 0; i < kFieldBytes && from + i < bytes.size(); ++i) {
    bytes[from + i] = static_cast<char>(window >> (8 * (kFieldBytes - 1 - i)));
  }
}

std::optional<int64_t> Fit(FieldType type, int64_t value, Overflow overflow) {
  if (!type.is_signed) return FitWide(type, static_cast<uint64_t>(value), overflow);
  // Valkey: a value so low that its distance to the highest passes an int64 is taken for one too high.
  const auto max = static_cast<int64_t>(LowBits(type.bits - 1));
  const bool mistaken = type.bits < 64 && value < max - INT64_MAX;
  if (mistaken && overflow == Overflow::kSaturate) return max;
  return FitWide(type, value, overflow);
}

std::optional<int64_t> Grow(FieldType type, int64_t old, int64_t by, Overflow overflow) {
  return FitWide(type, static_cast<__int128>(old) + by, overflow);
}

}  // namespace norn::bit_ops
